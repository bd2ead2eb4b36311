"""C++ standalone: a plan becomes one compiled program, and a night is one launch of it.

Brian2 generates the code. Three things differ from its stock C++ standalone mode:

- all generated files are compiled as one translation unit (a few seconds instead of dozens);
- weights, parameters, stimulus and duration go in when the program is launched, so one
  program serves every night on the same plan, in this process and in later ones;
- input spikes are streamed into the program's standard input, packed eight to a byte, which
  makes them the same on every device, needs no memory, and tells how far the night is.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import brian2
import numpy as np
from brian2 import second

from ..errors import NightError
from ..network import BuiltNetwork, NetworkPlan, build_network, post_major_weights
from ..progress import progress_bar
from .base import Job, Outcome
from .cache import MANIFEST, PROGRAM, cache_directory, is_complete, publish
from .compiler import compiler_version, require_compiler
from .isolation import isolated_brian2
from .unity import UnityDevice, feed_from_stdin

#: Raise it when the generated program's own conventions change.
PROGRAM_VERSION = 2

#: float64 is the exact mode: every operation is rounded as NumPy rounds it.
FLAGS = {
    "float64": ["-O3", "-march=native", "-std=c++11", "-w", "-ffp-contract=off"],
    "float32": ["-O3", "-march=native", "-std=c++11", "-w", "-ffast-math"],
}


#: Steps fed to the program between two updates of the progress bar.
STEPS_PER_REPORT = 32


@dataclass
class Manifest:
    """Where a compiled program keeps what, so that a launch needs no Brian2.

    Attributes
    ----------
    populations, projections : list of str
        Brian2's names, to address their variables on the command line.
    weight_files : list of str
        Result file of each projection's weights.
    spike_files : dict of str to (str, str)
        By recorded population: result files of neuron indices (int32) and times (float64, s).
    """

    populations: list[str]
    projections: list[str]
    weight_files: list[str]
    spike_files: dict[str, tuple[str, str]]


class CppStandalone:
    """Run nights in Brian2's C++ standalone code.

    Parameters
    ----------
    name : str
        ``"cpp"`` or ``"cpp_stock"``.
    """

    def __init__(self, name: str = "cpp") -> None:
        self.name = name

    def check(self) -> None:
        """Raise if there is no C++ compiler, or no folder to keep programs in."""
        require_compiler()
        cache_directory()

    def memory(self, plan: NetworkPlan) -> int:
        """Estimate the memory of a night in bytes."""
        # the weight; indices of pre and post, and two lists that lead from neurons to synapses
        per_synapse = np.dtype(plan.dtype).itemsize + 4 * 4
        return plan.n_synapses * per_synapse

    def prepare(self, plan: NetworkPlan, progress: bool = False) -> CppEngine:
        """Find the plan's program in the cache, or compile it."""
        started = time.perf_counter()
        directory = cache_directory() / self._key(plan)
        cached = is_complete(directory)
        if not cached:
            with progress_bar(1, "compile", progress, unit="program") as bar:
                with tempfile.TemporaryDirectory(dir=cache_directory(), prefix="building-") as work:
                    _build(plan, Path(work))
                    publish(Path(work), directory)
                bar.update(1)
        manifest = Manifest(**json.loads((directory / MANIFEST).read_text()))
        return CppEngine(plan, directory, manifest, cached, time.perf_counter() - started)

    def _key(self, plan: NetworkPlan) -> str:
        """Return a name that differs whenever the program could."""
        command = require_compiler()
        parts = [
            plan.key(),
            str(PROGRAM_VERSION),
            brian2.__version__,
            command,
            compiler_version(command),
            platform.machine() + _processor(),  # -march=native
            *FLAGS[plan.dtype],
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _processor() -> str:
    """Return the instruction sets of this processor, as far as the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith(("flags", "Features")):
                return line
    return platform.processor()


def _build(plan: NetworkPlan, directory: Path) -> None:
    """Generate and compile a plan's program, and write its manifest."""
    device = UnityDevice(FLAGS[plan.dtype])
    preferences = {
        "codegen.target": "cython",  # C++ standalone overrides it; "auto" would probe for Cython
        "core.default_float_dtype": np.dtype(plan.dtype).type,
        "codegen.cpp.extra_compile_args": None,
        "codegen.cpp.define_macros": [],
        "devices.cpp_standalone.openmp_threads": 0,
    }
    with isolated_brian2(device, preferences):
        built = build_network(plan, feed_from_stdin)
        device.apply_run_args()
        for group in built.populations[1:]:
            for name, expression in plan.neuron.initial:
                setattr(group, name, expression)
        device.time_the_loop()
        # The duration is only an upper bound: the night ends with its input stream.
        built.network.run(1e9 * second, namespace={})
        device.build(directory=str(directory), compile=True, run=False)
        manifest = _manifest(device, built)
    (directory / MANIFEST).write_text(json.dumps(asdict(manifest)))


def _manifest(device: UnityDevice, built: BuiltNetwork) -> Manifest:
    """Note where the program keeps weights and spikes."""
    return Manifest(
        populations=[group.name for group in built.populations],
        projections=[synapses.name for synapses in built.projections],
        weight_files=[
            device.get_array_filename(synapses.variables["w"]) for synapses in built.projections
        ],
        spike_files={
            str(index): (
                device.get_array_filename(monitor.variables["i"]),
                device.get_array_filename(monitor.variables["t"]),
            )
            for index, monitor in built.monitors.items()
        },
    )


@dataclass
class CppEngine:
    """A compiled program and what is needed to launch it."""

    plan: NetworkPlan
    directory: Path
    manifest: Manifest
    build_cached: bool
    build_seconds: float

    def run(self, job: Job, progress: bool = False, description: str = "sleep") -> Outcome:
        """Launch the program once; several launches may run at the same time."""
        with tempfile.TemporaryDirectory(prefix="brainsleep-") as scratch:
            results = Path(scratch)
            arguments = self._arguments(job, results)
            loop_seconds = self._launch(arguments, job, results, progress, description)
            started = time.perf_counter()
            outcome = self._read(results)
            outcome.timings = {"run": loop_seconds, "read": time.perf_counter() - started}
        return outcome

    def _arguments(self, job: Job, results: Path) -> list[str]:
        """Write the arrays a night starts from and name them on the command line."""
        arguments = ["--results_dir", f"{results}/"]

        def add_array(name: str, values: np.ndarray) -> None:
            file = results / f"{name}.initial"
            values.tofile(file)
            arguments.append(f"{name}={file}")

        names = self.manifest.populations + self.manifest.projections
        for name, parameters in zip(
            names, [*job.population_parameters, *job.projection_parameters], strict=True
        ):
            arguments += [f"{name}.{key}={float(value)!r}" for key, value in parameters.items()]
        for index, projection in enumerate(self.manifest.projections):
            weights = post_major_weights(self.plan, index, job.weights[index])
            add_array(f"{projection}.w", weights)
            bias = job.biases[index]
            if bias is not None:
                population = self.manifest.populations[index + 1]
                add_array(f"{population}.bias", np.asarray(bias, dtype=self.plan.dtype))
        return arguments

    def _launch(
        self, arguments: list[str], job: Job, results: Path, progress: bool, description: str
    ) -> float:
        """Run the program, feed it input spikes, and return the seconds its loop took."""
        log = results / "stderr.txt"
        with log.open("w") as errors, progress_bar(job.n_steps, description, progress) as bar:
            try:
                process = subprocess.Popen(
                    [str(self.directory / PROGRAM), *arguments],
                    cwd=self.directory,
                    stdin=subprocess.PIPE,
                    stdout=errors,
                    stderr=errors,
                )
            except OSError as error:
                raise NightError(
                    f"the night's program cannot be started ({error.strerror}); delete "
                    f"{self.directory} to have it compiled again."
                ) from error
            assert process.stdin is not None
            try:
                with process.stdin as stream:
                    _shrink_pipe(stream.fileno())
                    for chunk in job.input_spikes:
                        rows = np.packbits(chunk, axis=1, bitorder="little")
                        for start in range(0, len(rows), STEPS_PER_REPORT):
                            piece = rows[start : start + STEPS_PER_REPORT]
                            stream.write(piece.tobytes())
                            bar.update(len(piece))
            except BrokenPipeError:
                pass  # the program died; its exit status says more
            except BaseException:
                process.kill()
                process.wait()
                raise
            status = process.wait()
        # Brian2's program prints about arrays it could not read and carries on.
        complaint = log.read_text().strip()
        report = results / "loop.txt"
        if status != 0 or complaint or not report.exists():
            raise NightError(
                f"the night's program ended with status {status}"
                f" ({complaint[:500] or 'it says nothing'}); was {self.directory} damaged?"
            )
        n_steps, seconds = report.read_text().split()
        if int(n_steps) != job.n_steps:
            raise NightError(f"the night ran {n_steps} of {job.n_steps} steps.")
        return float(seconds)

    def _read(self, results: Path) -> Outcome:
        """Read spikes and weights."""
        sizes = self.plan.sizes
        weights = []
        for index, name in enumerate(self.manifest.weight_files):
            shape = (sizes[index + 1], sizes[index])
            weights.append(np.fromfile(results / name, dtype=self.plan.dtype).reshape(shape))
        spikes = {}
        for population, (index_file, time_file) in self.manifest.spike_files.items():
            times = np.fromfile(results / time_file)
            steps = np.rint(times / self.plan.dt).astype(np.int64)
            spikes[int(population)] = (np.fromfile(results / index_file, dtype=np.int32), steps)
        return Outcome(spikes=spikes, weights=weights)


def _shrink_pipe(descriptor: int) -> None:
    """Let a pipe hold no more than a page, so that what was fed tells how far the night is."""
    with suppress(ImportError, AttributeError, OSError):  # Linux only
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, 4096)
