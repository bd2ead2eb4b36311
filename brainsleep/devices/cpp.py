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
import logging
import math
import os
import platform
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Self

import brian2
import numpy as np
from brian2 import Synapses, second
from brian2.core.variables import ArrayVariable

from ..errors import NightError
from ..network.build import BuiltNetwork, build_network, flat_weights, stock_weights
from ..network.groups import STOCK_BYTES, connect_stock, why_not_stock
from ..network.plan import NetworkPlan
from ..support.progress import progress_bar
from .base import Job, Outcome, require_plan
from .cache import MANIFEST, PROGRAM, Program, cache_directory, obtain, size_limit
from .compiler import compiler_version, require_compiler
from .dense import (
    ComputedSynapses,
    connect_computed,
    go_in_single_precision,
    go_in_tiles,
    night_loop,
    why_not_computed,
    why_not_in_blocks,
)
from .digest import source_digest
from .isolation import isolated_brian2, standalone_preferences
from .recording import (
    CountStream,
    PresentationStarter,
    SnapshotWriter,
    SpikeFiles,
    SpikeStream,
    StateStream,
    state_file,
)
from .snapshots import LAYOUT
from .unity import UnityDevice, feed_from_stdin, feed_in_blocks, feed_rows_from_stdin

logger = logging.getLogger("brainsleep")

#: float64 is the exact mode: every operation is rounded as NumPy rounds it.
FLAGS = {
    "float64": ["-O3", "-march=native", "-std=c++11", "-w", "-ffp-contract=off"],
    "float32": ["-O3", "-march=native", "-std=c++11", "-w", "-ffast-math"],
}


def compiler_flags(dtype: str) -> list[str]:
    """Return the flags for a data type; those in ``BRAINSLEEP_CXXFLAGS`` come last, and win."""
    return FLAGS[dtype] + shlex.split(os.environ.get("BRAINSLEEP_CXXFLAGS", ""))


#: More steps than any night has, and few enough for Brian2 not to warn of them.
MOST_STEPS = 1e12

#: Steps fed to the program between two updates of the progress bar.
STEPS_PER_REPORT = 32


@dataclass
class Manifest:
    """Where a compiled program keeps what, so that a launch needs no Brian2.

    Attributes
    ----------
    populations, projections : list of str
        Brian2's names, to address their variables on the command line.
    weight_files : list of str or None
        Result file of each projection's weights; None if it has none that change.
    state : list of (str, str, int)
        What a snapshot holds, in order: ``group.variable``, NumPy type, number of values.
    population_files : list of dict of str to str
        Result files of each population's variables, by their names.
    """

    populations: list[str]
    projections: list[str]
    weight_files: list[str | None]
    state: list[tuple[str, str, int]]
    population_files: list[dict[str, str]]


class CppStandalone:
    """Run nights in Brian2's C++ standalone code.

    Parameters
    ----------
    name : str
        ``"cpp"`` or ``"cpp_stock"``.
    """

    writes_to_disk = True

    def __init__(self, name: str = "cpp") -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"CppStandalone({self.name!r})"

    def join(self, plan: NetworkPlan) -> Callable[..., Synapses]:
        """Return how this device joins populations: densely where it can, else as Brian2 does."""
        if self.name == "cpp_stock" or why_not_computed(plan) is not None:
            return connect_stock
        return connect_computed

    def check(self, plan: NetworkPlan) -> None:
        """Raise if there is no C++ compiler, no folder for programs, or the plan cannot run."""
        require_plan(self.name, why_not_stock(plan) if self.join(plan) is connect_stock else None)
        require_compiler()
        cache_directory()
        size_limit()

    def memory(self, plan: NetworkPlan) -> int:
        """Estimate the memory of a night in bytes."""
        itemsize = np.dtype(plan.dtype).itemsize
        if self.join(plan) is connect_stock:
            return plan.n_synapses * (itemsize + STOCK_BYTES)
        weighted = [link for link in plan.projections if link.has_weights]
        return itemsize * sum(math.prod(plan.weight_shape(link)) for link in weighted)

    def prepare(self, plan: NetworkPlan, progress: bool = False) -> CppEngine:
        """Find the plan's program in the cache, or compile it."""
        join = self.join(plan)
        if join is connect_stock and self.name != "cpp_stock":
            reason = why_not_computed(plan)
            logger.info("device 'cpp' uses Brian2's stock synapses: %s", reason)
        return CppEngine.obtained(
            plan,
            self._key(plan),
            lambda directory: _build(plan, directory, join),
            describe(plan, "cpp_stock" if join is connect_stock else "cpp"),
            computed=join is connect_computed,
            progress=progress,
        )

    def _key(self, plan: NetworkPlan) -> str:
        """Return a name that differs whenever the program could."""
        command = require_compiler()
        parts = [
            plan.key(),
            source_digest(),
            brian2.__version__,
            command,
            compiler_version(command),
            platform.machine() + _processor(),  # -march=native
            " ".join(platform.libc_ver()),  # a home folder may be shared by unlike machines
            *compiler_flags(plan.dtype),
            self.join(plan).__name__,
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


def describe(plan: NetworkPlan, device: str) -> dict[str, str]:
    """Say in a few words what a program is, for ``brainsleep cache list``."""
    return {
        "network": "-".join(map(str, plan.sizes)),
        "neuron": plan.labels.neuron,
        "plasticity": plan.labels.plasticity,
        "dtype": plan.dtype,
        "device": device,
    }


def _read_manifest(directory: Path) -> Manifest:
    """Read where a program keeps what."""
    return Manifest(**json.loads((directory / MANIFEST).read_text()))


def _build(plan: NetworkPlan, directory: Path, join: Callable[..., Synapses]) -> None:
    """Generate and compile a plan's program, and write its manifest."""
    device = UnityDevice(compiler_flags(plan.dtype))
    preferences = standalone_preferences(plan.dtype)
    preferences["devices.cpp_standalone.openmp_threads"] = 0
    blocks = _in_blocks(plan, join)
    with isolated_brian2(device, preferences):
        feed = feed_in_blocks if blocks else feed_rows_from_stdin
        feed = feed_from_stdin if join is connect_stock else feed
        built = build_network(plan, feed, join, SpikeStream, CountStream, StateStream)
        device.apply_run_args()
        if blocks:
            go_in_tiles(built)
            device.make_loop = lambda: night_loop(plan, built, device)
        else:
            if join is connect_computed:
                go_in_single_precision(built)
            built.network.add(SnapshotWriter(built.populations[0]))
            built.network.add(PresentationStarter(built.populations[0]))
        device.populations, device.projections = built.populations, built.projections
        device.n_synaptic_values = {
            synapses.name: synapses.n_values
            if isinstance(synapses, ComputedSynapses)
            else plan.n_synapses_of(link)
            for synapses, link in zip(built.projections, plan.projections, strict=True)
        }
        run_from_rest(built, plan)
        device.build(directory=str(directory), compile=True, run=False)
        manifest = manifest_of(device, built, plan)
    (directory / MANIFEST).write_text(json.dumps(asdict(manifest)))


def run_from_rest(built: BuiltNetwork, plan: NetworkPlan) -> None:
    """Generate the code of a night: initial values, and a run that ends with its input."""
    for group, neuron in zip(built.populations[1:], plan.neurons, strict=True):
        for name, expression in neuron.initial:
            setattr(group, name, expression)
    built.network.run(MOST_STEPS * plan.dt * second, namespace={})  # an upper bound


def _in_blocks(plan: NetworkPlan, join: Callable[..., Synapses]) -> bool:
    """Tell whether the layers take turns in blocks of steps, and log why if they do not."""
    if join is connect_stock:
        return False
    reason = why_not_in_blocks(plan)
    if reason is not None:
        logger.info("device 'cpp' goes step by step: %s", reason)
    return reason is None


def manifest_of(device: Any, built: BuiltNetwork, plan: NetworkPlan) -> Manifest:
    """Note where the program keeps weights and spikes."""
    return Manifest(
        populations=[group.name for group in built.populations],
        projections=[synapses.name for synapses in built.projections],
        weight_files=[
            device.get_array_filename(synapses.variables["w"]) if link.is_plastic else None
            for synapses, link in zip(built.projections, plan.projections, strict=True)
        ],
        state=[(block.name, block.dtype, block.size) for block in device.state_blocks],
        population_files=[
            {
                name: device.get_array_filename(variable)
                for name, variable in group.variables.items()
                if isinstance(variable, ArrayVariable)
                and variable.owner.name == group.name
                and variable.dtype == np.dtype(plan.dtype)
                and not variable.scalar
            }
            for group in built.populations
        ],
    )


@dataclass(frozen=True)
class LoopReport:
    """What a program tells about its loop: steps, seconds, and the most bytes it held."""

    n_steps: int
    seconds: float
    peak_memory: int


@dataclass
class CppEngine:
    """A compiled program and what is needed to launch it."""

    plan: NetworkPlan
    directory: Path
    manifest: Manifest
    build_cached: bool
    build_seconds: float
    program: Program | None = None  # keeps it from being removed
    computed: bool = True  # whether synapses are laid out as the dense device has them

    @classmethod
    def obtained(
        cls,
        plan: NetworkPlan,
        key: str,
        build: Callable[[Path], None],
        description: dict[str, str],
        computed: bool,
        progress: bool,
    ) -> Self:
        """Find a plan's program in the cache by its key, or build it there."""
        started = time.perf_counter()

        def build_visibly(directory: Path) -> None:
            with progress_bar(1, "compile", progress, unit="program") as bar:
                build(directory)
                bar.update(1)

        found = obtain(key, build_visibly, _read_manifest, description)
        return cls(
            plan,
            found.program.directory,
            found.contents,
            found.cached,
            time.perf_counter() - started,
            found.program,
            computed,
        )

    def run(self, job: Job, progress: bool = False, description: str = "sleep") -> Outcome:
        """Launch the program once; several launches may run at the same time."""
        with tempfile.TemporaryDirectory(prefix="brainsleep-") as scratch:
            initial = Path(scratch)
            results = initial if job.folder is None else job.folder.resolve()
            if job.folder is not None:
                (results / LAYOUT).write_text(json.dumps(self.manifest.state))
            arguments = self._arguments(job, initial, results)
            report = self._launch(arguments, job, results, progress, description)
            started = time.perf_counter()
            outcome = self._read(results, job)
        outcome.timings = {"run": report.seconds, "read": time.perf_counter() - started}
        outcome.n_steps = report.n_steps
        outcome.peak_memory = report.peak_memory
        return outcome

    def _arguments(self, job: Job, initial: Path, results: Path) -> list[str]:
        """Write the arrays a night starts from and name them on the command line."""
        arguments = ["--results_dir", f"{results}/"]

        def add_array(name: str, values: np.ndarray) -> None:
            file = initial / f"{name}.initial"
            values.tofile(file)
            arguments.append(f"{name}={file}")

        names = self.manifest.populations + self.manifest.projections
        for name, parameters in zip(
            names, [*job.population_parameters, *job.projection_parameters], strict=True
        ):
            for key, value in parameters.items():
                if isinstance(value, np.ndarray):
                    add_array(f"{name}.{key}", value.astype(self.plan.dtype))
                else:
                    arguments.append(f"{name}.{key}={float(value)!r}")
        lay_out = flat_weights if self.computed else stock_weights
        for index, projection in enumerate(self.manifest.projections):
            weights = job.weights[index]
            if weights is not None:
                add_array(f"{projection}.w", lay_out(self.plan, index, weights))
        for population, bias in zip(self.manifest.populations[1:], job.biases, strict=True):
            if bias is not None:
                add_array(f"{population}.bias", np.asarray(bias, dtype=self.plan.dtype))
        return arguments

    def environment(self, job: Job) -> dict[str, str]:
        """Return the program's environment; huge pages, asked of glibc, spare cache misses."""
        environment = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", **os.environ}
        environment["BRAINSLEEP_SNAPSHOT_EVERY"] = str(job.snapshot_every)
        environment["BRAINSLEEP_FIRST_STEP"] = str(job.first_step)
        if job.snapshot is not None:
            environment["BRAINSLEEP_RESUME"] = str(job.snapshot.resolve())
        return environment

    def _presentations(self, job: Job, folder: Path) -> dict[str, str]:
        """Write the biases of all presentations; return what tells the program about them."""
        if job.presentation_steps == 0:
            return {}
        environment = {"BRAINSLEEP_PRESENTATION_STEPS": str(job.presentation_steps)}
        wanted = [
            (name, biases)
            for name, biases in zip(
                self.manifest.populations[1:], job.presentation_biases or [], strict=False
            )
            if biases is not None
        ]
        if wanted:
            file = folder / "currents"
            rows = np.hstack([np.asarray(biases, dtype=self.plan.dtype) for _, biases in wanted])
            rows.tofile(file)
            environment["BRAINSLEEP_CURRENTS"] = str(file.resolve())
            environment["BRAINSLEEP_CURRENTS_OF"] = ",".join(name for name, _ in wanted)
        return environment

    def _launch(
        self, arguments: list[str], job: Job, results: Path, progress: bool, description: str
    ) -> LoopReport:
        """Run the program and feed it input spikes."""
        log = results / "stderr.txt"
        with log.open("w") as errors, progress_bar(job.n_steps, description, progress) as bar:
            try:
                process = subprocess.Popen(
                    [str(self.directory / PROGRAM), *arguments],
                    cwd=self.directory,
                    stdin=subprocess.PIPE,
                    stdout=errors,
                    stderr=errors,
                    env=self.environment(job) | self._presentations(job, results),
                    # Ctrl-C is for this process; the program ends with its input
                    start_new_session=True,
                )
            except OSError as error:
                raise NightError(
                    f"the night's program cannot be started ({error.strerror}); delete "
                    f"{self.directory} to have it compiled again."
                ) from error
            assert process.stdin is not None
            stopped = False
            try:
                stopped = _feed(
                    process.stdin, job, self.plan.sizes[0], bool(self.plan.modulated), bar
                )
                status = process.wait()
            except BaseException:
                process.kill()
                process.wait()
                raise
        # Brian2's program prints about arrays it could not read and carries on.
        complaint = log.read_text().strip()
        report = results / "loop.txt"
        if status != 0 or complaint or not report.exists():
            raise NightError(
                f"the night's program ended with status {status}"
                f" ({complaint[:500] or 'it says nothing'}); was {self.directory} damaged?"
            )
        n_steps, seconds, peak_memory = report.read_text().split()
        if int(n_steps) != job.n_steps and not stopped:
            raise NightError(f"the night ran {n_steps} of {job.n_steps} steps.")
        return LoopReport(int(n_steps), float(seconds), int(peak_memory))

    def _read(self, results: Path, job: Job) -> Outcome:
        """Read weights, and spikes unless they are to stay on disk."""
        weights = list(job.weights)
        for index, name in enumerate(self.manifest.weight_files):
            if name is not None:
                shape = self.plan.weight_shape(self.plan.projections[index])
                values = np.fromfile(results / name, dtype=self.plan.dtype)
                if values.size != math.prod(shape):
                    raise NightError(
                        f"the night's program wrote {values.size} of {math.prod(shape)} weights "
                        f"of projection {index}; is the disk with {results} full?"
                    )
                weights[index] = values.reshape(shape)
        spikes, counts, states = {}, {}, {}
        if job.folder is None:
            for index in self.plan.recorded:
                spikes[index] = SpikeFiles.of(index).read(results)
            for index in self.plan.counted:
                counts[index] = SpikeFiles.of(index).read_counts(results)
            for index, variable in self.plan.watched:
                file = results / state_file(self.manifest.populations[index], variable)
                values = np.fromfile(file, dtype=self.plan.dtype)
                states[index, variable] = values.reshape(-1, self.plan.sizes[index])
        finals = {
            (index, name): np.fromfile(
                results / self.manifest.population_files[index][name], dtype=self.plan.dtype
            )
            for index, name in job.wanted
        }
        return Outcome(spikes, weights, counts, states, finals)


def _shrink_pipe(descriptor: int, row_bytes: int) -> None:
    """Let a pipe hold few steps (or a page), so that what was fed tells how far the night is."""
    with suppress(ImportError, AttributeError, OSError):  # Linux only
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, max(4096, STEPS_PER_REPORT * row_bytes))


def _rows(job: Job, modulated: bool) -> Iterator[np.ndarray]:
    """Yield what the program reads, a row a step: packed spikes, and the step's modulation."""
    step = job.first_step
    for chunk in job.input_spikes:
        rows = np.packbits(chunk, axis=1, bitorder="little")
        if modulated:
            assert job.modulation is not None
            values = np.ascontiguousarray(job.modulation[step : step + len(rows)], dtype=float)
            rows = np.hstack([rows, values.view(np.uint8).reshape(len(rows), -1)])
        step += len(rows)
        yield rows


def _feed(stream: IO[bytes], job: Job, n_inputs: int, modulated: bool, bar: Any) -> bool:
    """Write a night's input spikes to its program; tell whether it was stopped before the end.

    Ctrl-C, or `should_stop`, ends the input, and so the night, which writes what it has.
    """
    fed = 0
    bar.update(job.first_step)
    try:
        with stream:
            _shrink_pipe(stream.fileno(), (n_inputs + 7) // 8)
            for rows in _rows(job, modulated):
                for start in range(0, len(rows), STEPS_PER_REPORT):
                    if job.should_stop is not None and job.should_stop():
                        return True
                    piece = rows[start : start + STEPS_PER_REPORT]
                    stream.write(piece.tobytes())
                    bar.update(len(piece))
                    fed += len(piece)
    except BrokenPipeError:
        pass  # the program died; its exit status says more
    except KeyboardInterrupt:
        if fed == 0:
            raise  # nothing to keep
        return True
    return False
