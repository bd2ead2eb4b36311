"""Launch a compiled program: a night is one launch."""

from __future__ import annotations

import math
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

import numpy as np

from ...errors import NightError
from ...network.plan import NetworkPlan
from ...support.progress import progress_bar, waiting_bar
from ..base import Job, Outcome
from ..cache import PROGRAM, Program, obtain
from ..dense import default_threads
from ..recording import SpikeFiles, read_result, state_file
from ..sampling import Sampling
from .failure import failure, in_memory, start_failure, text_of
from .feeding import feed
from .manifest import Manifest
from .scratch import scratch_folder
from .start_files import presentation_environment, start_arguments, write_chosen
from .watching import Watch


@dataclass(frozen=True)
class LoopReport:
    """What a program tells about its loop.

    Attributes
    ----------
    n_steps : int
        Number of steps made.
    seconds : float
        Wall-clock time of the loop alone.
    peak_memory : int
        The most bytes that the program held; 0 where the system does not tell.
    """

    n_steps: int
    seconds: float
    peak_memory: int


@dataclass
class CppEngine:
    """A compiled program and what is needed to launch it.

    Attributes
    ----------
    plan : NetworkPlan
        What the program runs.
    directory : Path
        The program's folder.
    manifest : Manifest
        Where the program keeps what.
    build_cached : bool
        Whether the program was compiled before.
    build_seconds : float
        Time that finding or compiling it took.
    program : Program or None
        Keeps the program from being removed from the cache.
    computed : bool
        Whether indices of synapses are computed, so that weights are laid out as in torch.
    """

    plan: NetworkPlan
    directory: Path
    manifest: Manifest
    build_cached: bool
    build_seconds: float
    program: Program | None = None
    computed: bool = True

    @classmethod
    def obtained(
        cls,
        plan: NetworkPlan,
        key: str,
        build: Callable[[Path], None],
        description: dict[str, str],
        *,
        computed: bool,
        progress: bool,
    ) -> Self:
        """Find a plan's program in the cache, or build it there.

        Parameters
        ----------
        plan : NetworkPlan
            What the program runs.
        key : str
            The program's name in the cache.
        build : callable
            Takes an empty folder and leaves the program there.
        description : dict of str to str
            What the program is, for people.
        computed : bool
            As in the class.
        progress : bool
            Whether to show a progress bar while compiling.

        Raises
        ------
        CompilerError, DirectoryError
            If it cannot be compiled, or the cache cannot be written.
        """
        started = time.perf_counter()

        def build_visibly(directory: Path) -> None:
            with waiting_bar("compile", progress):
                build(directory)

        found = obtain(key, build_visibly, Manifest.read, description)
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
        """Launch the program once; several launches may run at the same time.

        Parameters
        ----------
        job : Job
            What to run.
        progress : bool
            Whether to show a progress bar.
        description : str
            Text beside the progress bar.

        Raises
        ------
        NightError
            If the program does not finish, or ends early although it was not stopped.
        DirectoryError
            If it cannot write a file.
        """
        with scratch_folder() as scratch:
            folder = scratch.path
            arguments = [
                *("--results_dir", f"{folder}/"),  # Brian2's program expects it first
                *start_arguments(self.plan, self.manifest, job, folder, self.computed),
            ]
            report = self._launch(arguments, scratch.tokens, job, folder, progress, description)
            started = time.perf_counter()
            outcome = self._read(folder, job, report.n_steps)
        outcome.timings = {"run": report.seconds, "read": time.perf_counter() - started}
        outcome.n_steps = report.n_steps
        outcome.peak_memory = report.peak_memory
        return outcome

    def environment(self, job: Job) -> dict[str, str]:
        """Return the environment variables with which a job's program runs."""
        others = {k: one for k, one in os.environ.items() if not k.startswith("BRAINSLEEP_")}
        # huge pages of memory save cache misses
        environment = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1", **others}
        every = {job.snapshot_every, *(job.observer.every if job.observer else ())} - {0}
        environment["BRAINSLEEP_SNAPSHOT_EVERY"] = ",".join(map(str, sorted(every)))
        environment["BRAINSLEEP_SAMPLE_EVERY"] = str(job.sampling.every)
        environment["BRAINSLEEP_FIRST_STEP"] = str(job.first_step)
        n_threads = default_threads(self.plan) if job.n_threads is None else job.n_threads
        environment["BRAINSLEEP_THREADS"] = str(n_threads)
        if job.input_spikes is None:
            environment["BRAINSLEEP_SILENT_STEPS"] = str(job.n_steps - job.first_step)
        if job.folder is not None:
            environment["BRAINSLEEP_FOLDER"] = str(job.folder.resolve())
        if job.snapshot is not None:
            environment["BRAINSLEEP_RESUME"] = str(job.snapshot.resolve())
        return environment

    def _launch(
        self,
        arguments: list[str],
        tokens: tuple[int, ...],
        job: Job,
        results: Path,
        progress: bool,
        description: str,
    ) -> LoopReport:
        """Run the program, and feed it the night's input."""
        environment = self.environment(job)
        environment |= presentation_environment(self.plan, self.manifest, job, results)
        watch = None
        if job.observer is not None:
            watch = Watch(self.plan, self.manifest, job, job.observer, job.folder or results)
            watch.begin()
        write_chosen(self.plan, self.manifest, job.sampling, results)
        with in_memory() as messages, progress_bar(job.n_steps, description, progress) as bar:
            process = self._start(arguments, (*tokens, *job.kept_open), environment, messages)
            assert process.stdin is not None
            try:
                stopped = feed(
                    process.stdin,
                    job,
                    self.plan.sizes[0],
                    self.plan.signals,
                    bar,
                    watch,
                    lambda: process.poll() is None,
                )
                status = process.wait()
                if watch is not None and status == 0:
                    watch.look()  # where it was stopped
                    watch.close()
            except BaseException:
                process.kill()
                process.wait()
                raise
            report = self._report(status, text_of(messages), results / "loop.txt")
        if report.n_steps != job.n_steps and not stopped:
            raise NightError(
                f"the night ran {report.n_steps} of {job.n_steps} steps: its input ended too early."
            )
        return report

    def _start(
        self,
        arguments: list[str],
        kept_open: tuple[int, ...],
        environment: dict[str, str],
        messages: IO[bytes],
    ) -> subprocess.Popen[bytes]:
        """Start the program; what it prints goes to `messages`."""
        try:
            return subprocess.Popen(
                [str(self.directory / PROGRAM), *arguments],
                cwd=self.directory,
                stdin=subprocess.PIPE,
                stdout=messages,
                stderr=messages,
                env=environment,
                # Ctrl-C is for this process; the program ends with its input
                start_new_session=True,
                pass_fds=kept_open,  # its folders stay, and stay locked, as long as it runs
            )
        except OSError as error:
            raise start_failure(error, self.directory) from error

    def _report(self, status: int, message: str, file: Path) -> LoopReport:
        """Read what the program tells about its loop, if it finished."""
        # Brian2's program prints about arrays it could not read, and carries on
        if status != 0 or message or not file.exists():
            raise failure(status, message, self.directory, file.parent)
        n_steps, seconds, peak_memory = file.read_text().split()
        return LoopReport(int(n_steps), float(seconds), int(peak_memory))

    def _read(self, results: Path, job: Job, n_steps: int) -> Outcome:
        """Read weights, and spikes unless they are to stay on disk."""
        outcome = Outcome(spikes={}, weights=self._weights(results, job))
        if job.folder is None:
            for index in self.plan.recorded:
                outcome.spikes[index] = SpikeFiles.of(index).read(results, n_steps)
            for index in self.plan.counted:
                outcome.counts[index] = SpikeFiles.of(index).read_counts(results, n_steps)
            n_shown = n_steps // job.presentation_steps if job.presentation_steps else 0
            for index in self.plan.tallied:
                outcome.tallies[index] = SpikeFiles.of(index).read_tallies(
                    results, n_shown, self.plan.sizes[index]
                )
            self._read_samples(outcome, results, job.sampling, n_steps)
        for index, variable in job.final_values:
            file = results / self.manifest.population_files[index][variable]
            size = self.plan.sizes[index]
            outcome.final_values[index, variable] = read_result(file, self.plan.dtype, size)
        return outcome

    def _read_samples(
        self, outcome: Outcome, results: Path, sampling: Sampling, n_steps: int
    ) -> None:
        """Read the values that are kept of what the plan watches."""

        def read(group: str, variable: str, n_elements: int) -> np.ndarray:
            shape = sampling.n_samples(n_steps), n_elements
            file = results / state_file(group, variable)
            return read_result(file, self.plan.dtype, math.prod(shape)).reshape(shape)

        for index, variable in self.plan.watched:
            n_neurons = len(sampling.neurons.get(index, range(self.plan.sizes[index])))
            name = self.manifest.populations[index]
            outcome.states[index, variable] = read(name, variable, n_neurons)
        for index in self.plan.watched_weights:
            shape = self.plan.weight_shape(self.plan.projections[index])
            n_synapses = len(sampling.synapses.get(index, range(math.prod(shape))))
            name = self.manifest.projections[index]
            outcome.weight_samples[index] = read(name, "w", n_synapses)

    def _weights(self, results: Path, job: Job) -> list[np.ndarray | None]:
        """Read the weights that have changed; the others are those of the job."""
        weights = list(job.weights)
        for index, name in enumerate(self.manifest.weight_files):
            if name is None:
                continue
            shape = self.plan.weight_shape(self.plan.projections[index])
            values = read_result(results / name, self.plan.dtype, math.prod(shape))
            weights[index] = values.reshape(shape)
        return weights
