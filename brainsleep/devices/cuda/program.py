"""Generate and compile a plan's CUDA program. Imports Brian2CUDA."""

from __future__ import annotations

import json
import logging
import re
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

from brian2 import BrianObject, NeuronGroup

from ...errors import CompilerError
from ...network.build import build_network
from ...network.plan import MODULATION, NetworkPlan
from ..cache import MANIFEST, PROGRAM
from ..compiler import require_compiler
from ..cpp import Manifest, manifest_of, run_from_rest
from ..isolation import isolated_brian2, standalone_preferences
from ..recording import SpikeFiles, state_file
from ..unity import MEMORY_CODE, STOP_CLOCK, rewrite_run
from .dense import connect_on_gpu, goes_in_graphs, list_in_order
from .flags import compiler_flags
from .sources import write_unit
from .toolkit import Toolkit

import_module("brian2cuda")  # registers its preferences and functions
CUDAStandaloneDevice: Any = import_module("brian2cuda.device").CUDAStandaloneDevice
gputools: Any = import_module("brian2cuda.utils.gputools")

#: The loop, which is ours, and the time it takes.
RUN_NIGHT = """
const auto _loop_start = std::chrono::steady_clock::now();
brainsleep::run_night();
"""

NIGHT = Path(__file__).with_name("night.cu")


class CudaProject(CUDAStandaloneDevice):
    """Brian2CUDA's device, with our input and output, compiled as a single file.

    Parameters
    ----------
    plan : NetworkPlan
        What is recorded of it.
    toolkit : Toolkit
        The compiler.
    flags : list of str
        Its flags.

    Attributes
    ----------
    populations : list of NeuronGroup
        Set before the network is run.
    goes_in_graphs : bool
        Whether steps are launched as graphs; set before the program is built.
    state_blocks : list
        What a snapshot would hold: nothing.
    """

    def __init__(self, plan: NetworkPlan, toolkit: Toolkit, flags: list[str]) -> None:
        super().__init__()
        self.plan = plan
        self.toolkit = toolkit
        self.flags = flags
        self.populations: list[NeuronGroup] = []
        self.goes_in_graphs = False
        self.state_blocks: list[Any] = []

    def network_run(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Generate what a run needs, with our input, our records and a clock around the loop."""
        super().network_run(net, *args, **kwargs)
        rewrite_run(
            self,
            net,
            lambda before, _, after: [
                *self._with_ours(net.name, before),
                RUN_NIGHT,
                STOP_CLOCK,
                *after,
            ],
        )

    def _with_ours(self, net: str, lines: list[str]) -> list[str]:
        """Put our functions among the lines that fill a network."""

        def adds(function: str) -> str:
            return f"{net}.add(&night_clock, {function});"

        threshold = self.populations[0].thresholder["spike"].codeobj.name
        instead = {
            adds(f"_run_{threshold}"): adds("brainsleep::feed"),
            adds("_run_random_number_buffer"): adds("brainsleep::modulate"),  # none are drawn
        }
        assert instead.keys() <= set(lines)
        return [*(instead.get(line, line) for line in lines), adds("brainsleep::record")]

    def generate_makefile(self, writer: Any, *args: Any, **kwargs: Any) -> None:
        """Write ``unity.cu`` instead of a makefile."""
        write_unit(Path(self.project_dir), writer.source_files, self._night() + MEMORY_CODE)

    def compile_source(self, directory: str, *args: Any, **kwargs: Any) -> None:
        """Compile the one file."""
        compile_unit(Path(directory).resolve(), self.toolkit, self.flags)

    def _night(self) -> str:
        """Return our own code for this network."""
        code = NIGHT.read_text()
        for name, value in {
            "N_INPUTS": str(self.plan.sizes[0]),
            "N_MODULATIONS": str(int(bool(self.plan.modulated))),
            "GOES_IN_GRAPHS": str(self.goes_in_graphs).lower(),
            "INPUT_SPIKES": self._spikes(self.populations[0]),
            "MODULATE": "\n".join(self._modulate()),
            "RECORD": "\n".join([*self._record_spikes(), *self._record_values()]),
        }.items():
            code = code.replace(f"%{name}%", value)
        return code

    def _modulate(self) -> list[str]:
        """Return C++ that hands a step's modulation to populations."""
        return [
            f"    take_modulation<<<1, 1>>>(rows, {self._on_gpu(index, MODULATION)});"
            for index in self.plan.modulated
        ]

    def _record_spikes(self) -> list[str]:
        """Return C++ that keeps a step's spikes."""
        lines = []
        for index in sorted({*self.plan.recorded, *self.plan.counted}):
            files, size = SpikeFiles.of(index), self.plan.sizes[index]
            kept = f'"{files.indices}"' if index in self.plan.recorded else "0"
            lines += [
                f'    static SpikeRecord spikes{index}({size}, "{files.counts}", {kept});',
                f"    spikes{index}.keep({self._spikes(self.populations[index])});",
            ]
        return lines

    def _record_values(self) -> list[str]:
        """Return C++ that keeps the values of variables after a step."""
        scalar = {"float32": "float", "float64": "double"}[self.plan.dtype]
        lines = []
        for number, (index, name) in enumerate(self.plan.watched):
            group = self.populations[index]
            file = state_file(group.name, name)
            lines += [
                f'    static ValueRecord<{scalar}> values{number}({group.N}, "{file}");',
                f"    values{number}.keep({self._on_gpu(index, name)});",
            ]
        return lines

    def _on_gpu(self, population: int, name: str) -> str:
        """Return the C++ expression for where on the GPU a population's variable is."""
        variable = self.populations[population].variables[name]
        return self.get_array_name(variable, prefix="dev")

    def _spikes(self, group: NeuronGroup) -> str:
        """Return the C++ expression for where on the GPU a population's spikes of a step are."""
        array = self.get_array_name(group.variables["_spikespace"], access_data=False)
        return f"brian::dev{array}[brian::current_idx{array}]"


def build_program(plan: NetworkPlan, directory: Path, toolkit: Toolkit, capability: str) -> None:
    """Generate and compile a plan's program, and write its manifest.

    Parameters
    ----------
    plan : NetworkPlan
        One that `why_not_cuda` has nothing against.
    directory : Path
        Empty folder for ``main`` and ``manifest.json``.
    toolkit : Toolkit
        The compiler.
    capability : str
        Compute capability to compile for, as ``"9.0"``.

    Raises
    ------
    CompilerError
        If nvcc fails.
    """
    project = CudaProject(plan, toolkit, compiler_flags(plan.dtype, capability))
    with _quiet(), isolated_brian2(project, _preferences(plan, toolkit, capability)):
        manifest = _generate(plan, project, directory)
    (directory / MANIFEST).write_text(json.dumps(asdict(manifest)))


def _generate(plan: NetworkPlan, project: CudaProject, directory: Path) -> Manifest:
    """Build the network, write its code, and compile it."""
    built = build_network(plan, _fed, connect_on_gpu, record=_ours, count=_ours, watch=_ours)
    list_in_order(built)
    project.populations = built.populations
    project.insert_code("before_start", "brainsleep::be_quiet();")
    project.apply_run_args()
    run_from_rest(built, plan)
    project.goes_in_graphs = goes_in_graphs(built)
    project.build(directory=str(directory), compile=True, run=False)
    return manifest_of(project, built, plan)


def compile_unit(directory: Path, toolkit: Toolkit, flags: list[str]) -> None:
    """Compile ``unity.cu`` in a folder to ``main``.

    Raises
    ------
    CompilerError
        With nvcc's first messages and the place of the full log.
    """
    library = toolkit.curand_library
    command = [str(toolkit.nvcc), "-ccbin", require_compiler(), *flags, "-I."]
    # after nvcc's own headers: a wheel's folder may hold others, of another release
    command += ["-isystem", str(toolkit.curand_include), "unity.cu", "-o", PROGRAM]
    command += ["-Xlinker", str(library), "-Xlinker", f"-rpath={library.parent}"]
    result = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        log = directory.with_name("last_failure.log")
        log.write_text(f"{shlex.join(command)}\n{result.stdout}{result.stderr}")
        errors = [line for line in result.stderr.splitlines() if re.search("error|fatal", line)][:3]
        raise CompilerError(
            f"nvcc could not compile the generated code (see {log}): "
            + (" | ".join(errors) or f"exit status {result.returncode}")
        )


def _fed(group: NeuronGroup, modulated: list[NeuronGroup]) -> list[BrianObject]:
    """Make nothing for the input: the code that takes it is ours."""
    return []


def _ours(group: NeuronGroup, what: int | str) -> BrianObject:
    """Make what stands for a record in the network; the code that keeps it is ours."""
    return BrianObject(clock=group.clock, when="end", name=f"record_{group.name}_{what}")


def _preferences(plan: NetworkPlan, toolkit: Toolkit, capability: str) -> dict[str, Any]:
    """Return the preferences that code generation reads; nothing is detected, and nothing run."""
    backend = "devices.cuda_standalone.cuda_backend."
    return {
        **standalone_preferences(plan.dtype),
        backend + "detect_gpus": False,
        backend + "detect_cuda": False,
        backend + "gpu_id": 0,
        backend + "compute_capability": float(capability),
        backend + "cuda_runtime_version": float(toolkit.version),
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what Brian2CUDA logs, and let it forget the GPU it was last told of."""
    logger, selection = logging.getLogger("brian2.brian2cuda"), dict(gputools._gpu_selection)
    level = logger.level
    try:
        logger.setLevel(logging.WARNING)
        gputools.reset_gpu_selection()
        yield
    finally:
        logger.setLevel(level)
        gputools.restore_gpu_selection(selection)
