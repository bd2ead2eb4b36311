"""Brian2CUDA's device, with our input, output and loop, compiled as a single file.

Imports Brian2CUDA.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from brian2 import Network, NeuronGroup
from brian2.devices.cpp_standalone.device import CPPWriter

from ...network.plan import MODULATION, NetworkPlan
from ..cache import PROGRAM
from ..compiler import require_compiler
from ..compiler_failure import run_compiler
from ..cpp.unity import rewrite_run
from ..recording import SpikeFiles, state_file
from ..rendering import render
from .block_description import BLOCK_STEPS, BlockLoop, LoopDescription
from .sources import write_unit
from .toolkit import Toolkit

import_module("brian2cuda")  # registers its preferences and functions
CUDAStandaloneDevice: Any = import_module("brian2cuda.device").CUDAStandaloneDevice

#: Steps of which the input is handed over at once where a night goes step by step.
STEPS_OF_GRAPHS = 128


class CudaProject(CUDAStandaloneDevice):
    """Brian2CUDA's device, with our input, output and loop, compiled as a single file.

    Parameters
    ----------
    plan : NetworkPlan
        Says what is recorded.
    toolkit : Toolkit
        The compiler.
    flags : sequence of str
        The compiler's flags.

    Attributes
    ----------
    populations : list of NeuronGroup
        All populations, the input first; set before the network is run.
    goes_in_graphs : bool
        Whether steps are launched as graphs; set before the program is built.
    loop_description : LoopDescription or None
        Describes the loop of a night in blocks of steps; None for one that goes step by step.
    """

    def __init__(self, plan: NetworkPlan, toolkit: Toolkit, flags: Sequence[str]) -> None:
        super().__init__()
        self.plan = plan
        self.toolkit = toolkit
        self.flags = list(flags)
        self.populations: list[NeuronGroup] = []
        self.goes_in_graphs = False
        self.loop_description: LoopDescription | None = None

    def network_run(self, net: Network, *args: object, **kwargs: object) -> None:
        """Generate what a run needs, with our input, our records and a clock around the loop."""
        super().network_run(net, *args, **kwargs)
        timed = render("cuda/templates/run_night.cu")
        rewrite_run(
            self,
            net,
            lambda before, _, after: [*self._with_ours(net.name, before), timed, *after],
        )

    def _with_ours(self, net: str, lines: Sequence[str]) -> list[str]:
        """Put our functions among the lines that fill a network."""
        if self.loop_description is not None:
            return [line for line in lines if not line.startswith(f"{net}.add(")]

        def adds(function: str) -> str:
            return f"{net}.add(&night_clock, {function});"

        threshold = self.populations[0].thresholder["spike"].codeobj.name
        instead = {
            adds(f"_run_{threshold}"): adds("brainsleep::feed"),
            adds("_run_random_number_buffer"): adds("brainsleep::modulate"),  # none are drawn
        }
        assert instead.keys() <= set(lines)
        return [*(instead.get(line, line) for line in lines), adds("brainsleep::record")]

    def generate_makefile(self, writer: CPPWriter, *args: object, **kwargs: object) -> None:
        """Write ``unity.cu`` instead of a makefile."""
        write_unit(Path(self.project_dir), writer.source_files, self._night())

    def compile_source(self, directory: str, *args: object, **kwargs: object) -> None:
        """Compile the one file."""
        compile_unit(Path(directory).resolve(), self.toolkit, self.flags)

    def _night(self) -> dict[str, object]:
        """Return what our own code, ``templates/night.cu``, needs to know of this network."""
        loop = None if self.loop_description is None else self.loop_description.loop()
        return {
            "block_loop": loop,
            "block_steps": STEPS_OF_GRAPHS if loop is None else BLOCK_STEPS,
            "n_inputs": self.plan.sizes[0],
            "n_modulations": int(bool(self.plan.modulated)),
            "goes_in_graphs": str(self.goes_in_graphs).lower(),
            "input_spikes": self._spikes(self.populations[0]),
            "modulations": [self._on_gpu(index, MODULATION) for index in self.plan.modulated],
            "spike_records": self._spike_records(),
            "value_records": self._value_records(loop),
        }

    def _spike_records(self) -> list[dict[str, object]]:
        """Return what is kept of a step's spikes, for the template."""
        records: list[dict[str, object]] = []
        for index in sorted({*self.plan.recorded, *self.plan.counted}):
            files = SpikeFiles.of(index)
            records.append(
                {
                    "name": f"spikes{index}",
                    "population": index,
                    "size": self.plan.sizes[index],
                    "count_file": files.counts,
                    "index_file": files.indices if index in self.plan.recorded else None,
                    "source": self._spikes(self.populations[index]),
                }
            )
        return records

    def _value_records(self, loop: BlockLoop | None) -> list[dict[str, object]]:
        """Return which values are kept after a step, for the template."""
        scalar = {"float32": "float", "float64": "double"}[self.plan.dtype]
        return [
            {
                "c_type": scalar,
                "name": f"values{number}",
                "size": self.plan.sizes[index],
                "file": state_file(self.populations[index].name, name),
                "source": self._on_gpu(index, name),
                "history": "" if loop is None else loop.layers[index].trace(name),
            }
            for number, (index, name) in enumerate(self.plan.watched)
        ]

    def _on_gpu(self, population: int, name: str) -> str:
        """Return the C++ expression for where on the GPU a population's variable is."""
        variable = self.populations[population].variables[name]
        return str(self.get_array_name(variable, prefix="dev"))

    def _spikes(self, group: NeuronGroup) -> str:
        """Return the C++ expression for where on the GPU a population's spikes of a step are."""
        array = self.get_array_name(group.variables["_spikespace"], access_data=False)
        return f"brian::dev{array}[brian::current_idx{array}]"


def compile_unit(directory: Path, toolkit: Toolkit, flags: Sequence[str]) -> None:
    """Compile ``unity.cu`` in a folder to ``main``.

    Parameters
    ----------
    directory : Path
        The folder.
    toolkit : Toolkit
        The compiler.
    flags : sequence of str
        The compiler's flags.

    Raises
    ------
    CompilerError
        With nvcc's first messages and the place of the full log; or that it was killed.
    DirectoryError
        If a disk that it writes to is full.
    """
    library = toolkit.curand_library
    command = [str(toolkit.nvcc), "-ccbin", require_compiler(), *flags, "-I."]
    # after nvcc's own headers: a wheel's folder may hold others, of another release
    command += ["-isystem", str(toolkit.curand_include), "unity.cu", "-o", PROGRAM]
    command += ["-Xlinker", str(library), "-Xlinker", f"-rpath={library.parent}"]
    run_compiler(command, directory)
