"""A night that is ready to run: compiled, thresholds found, stages simulated."""

from __future__ import annotations

import functools
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import Quantity, second

from ..devices import Engine, Job, Outcome
from ..devices.activity import Spikes
from ..devices.moments import Moment
from ..errors import NightError
from ..support.progress import bars_aside, bars_if, on_terminal
from ..support.user_warnings import warn_user
from ..translation import under_masks
from .describing.up_down_states import up_steps
from .files.streaming import StreamedSpikes
from .preparing.night_setup import NightSetup
from .preparing.preparation import PreparedNight, counts_of, n_spikes
from .result import Night, awake_copy, with_hidden
from .resuming.night_directory import NightDirectory, open_night_directory, require_place
from .resuming.night_source import SleptSource
from .resuming.saved_request import SavedRequest
from .watching.examination import Examination
from .watching.observation import Observation
from .watching.state_results import kept_states, kept_weights

if TYPE_CHECKING:
    pass

logger = logging.getLogger("brainsleep")


@dataclass(frozen=True, eq=False)
class ReadyNight:
    """A night that only has to be run.

    Attributes
    ----------
    asked : PreparedNight
        What was checked, all constants known.
    prepared : PreparedNight
        The same, where its stages gate its stimulus and learning.
    engine : Engine
        Its program.
    directory : NightDirectory or None
        Where it writes while it runs.
    timings : dict of str to float
        Seconds: ``"translate"``, ``"build"``, ``"calibrate"``, ``"stages"``.
    """

    asked: PreparedNight
    prepared: PreparedNight
    engine: Engine
    directory: NightDirectory | None
    timings: dict[str, float]

    @property
    def is_finished(self) -> bool:
        """Whether this very night ran to its end before, and only has to be read."""
        return self.directory is not None and self.directory.finished

    def run(self, *, progress: bool = True) -> Outcome:
        """Run the night.

        Warns
        -----
        UserWarning
            If it was stopped before its end.

        Raises
        ------
        NightError
            If it did not end well, or a weight left the finite numbers.
        """
        job = self._job()
        observation = Observation(self.prepared, job)
        with observation.running():
            outcome = self.engine.run(replace(job, observer=observation.observer), progress)
            if outcome.n_steps < self.prepared.n_steps:
                warn_user(
                    f"the night was stopped after {outcome.n_steps} of {self.prepared.n_steps} "
                    "steps."
                )
            self._check_finite(outcome)
            if self.prepared.callbacks:
                observation.look_at_end(self._last_moment(outcome))
        return outcome

    def _last_moment(self, outcome: Outcome) -> Moment:
        """Return the night as it is at its end."""
        on_disk = self._on_disk(outcome)
        counts = {
            number: on_disk[name].counts if on_disk else counts_of(outcome, number)
            for number, name in enumerate(self.prepared.populations)
        }
        return Moment(outcome.n_steps, outcome.weights, counts)

    def night(self, outcome: Outcome) -> Night:
        """Return what the night did, with the weights in a copy of the network."""
        prepared = self.prepared
        names, plan, constants = prepared.layer_names, prepared.plan, prepared.constants
        before, after = prepared.assembly.before_and_after(outcome.weights)
        under = under_masks(prepared.translation)
        stream = None if self.directory is None else self.directory.stream
        night = Night(
            ann=awake_copy(prepared.translation.module, with_hidden(after, under)),
            spikes=self._spikes(outcome),
            weights_before=before,
            weights_after=after,
            timings={},
            gains=dict(zip(names, constants.known_gains, strict=True)),
            thresholds=dict(zip(names, constants.known_thresholds, strict=True)),
            sizes={name: plan.sizes[number] for name, number in prepared.assembly.shown},
            n_steps=outcome.n_steps,
            dt=self._dt,
            settings=self._settings(outcome),
            counts=self._counts(outcome),
            states=kept_states(prepared, outcome, stream),
            weight_traces=kept_weights(prepared, outcome, stream),
            masks=prepared.assembly.masks_by_name(),
            under_masks=under,
            up_steps=up_steps(prepared.gate, outcome.n_steps),
            findings=Examination(prepared, outcome, self._n_spikes(outcome)).findings(),
            source=SleptSource(NightSetup.of(self.asked), outcome.weights, prepared.translation),
        )
        night.timings |= {
            **self.timings,
            **outcome.timings,
            "total": time.perf_counter() - prepared.started,
            "steps": outcome.n_steps,
            "synapses": prepared.assembly.n_synapses(plan),
            "build_cached": self.engine.build_cached,
            "peak_memory": outcome.peak_memory,
        }
        if self.directory is not None:
            for name, train in self._on_disk(outcome).items():
                train.check(indices=name in night.spikes)
            night.write(self.directory.path, streamed=list(prepared.recorded))
        return night

    @property
    def _dt(self) -> Quantity:
        return Quantity(self.prepared.plan.dt, dim=second.dim)

    def _on_disk(self, outcome: Outcome) -> dict[str, StreamedSpikes]:
        """Return the spikes on disk of all populations, kept or only counted; none in memory."""
        if self.directory is None:
            return {}
        stream, n_steps = self.directory.stream, outcome.n_steps
        return {
            name: StreamedSpikes(stream, index, size, self._dt, n_steps)
            for index, (name, size) in enumerate(
                zip(self.prepared.populations, self.prepared.plan.sizes, strict=True)
            )
        }

    def _job(self) -> Job:
        """Return the job, which begins where a snapshot was taken."""
        prepared = self.prepared
        job = prepared.job()
        if self.directory is not None:
            save = prepared.save
            job = replace(
                prepared.job_from(job, self.directory.first_step, self.directory.stream),
                folder=self.directory.stream,
                kept_open=() if self.directory.lock is None else (self.directory.lock,),
                snapshot=self.directory.snapshot,
                snapshot_every=(save.snapshot_every or 0) if save is not None else 0,
            )
        return replace(job, should_stop=prepared.request.should_stop)

    def _spikes(self, outcome: Outcome) -> dict[str, Spikes | StreamedSpikes]:
        """Name the spikes of the wanted populations; their times get units."""
        prepared, sizes = self.prepared, self.prepared.plan.sizes
        on_disk = self._on_disk(outcome)
        found: dict[str, Spikes | StreamedSpikes] = {}
        for index in prepared.recorded:
            name = prepared.populations[index]
            if on_disk:
                found[name] = on_disk[name]
            elif index in outcome.spikes:
                neurons, steps = outcome.spikes[index]
                found[name] = Spikes(neurons, steps * self._dt, sizes[index])
        return found

    def _counts(self, outcome: Outcome) -> dict[str, np.ndarray]:
        """Name the counts of the populations of which only rates are wanted."""
        names, on_disk = self.prepared.populations, self._on_disk(outcome)
        return {
            names[index]: on_disk[names[index]].counts if on_disk else outcome.counts[index]
            for index in self.prepared.counted
        }

    def _n_spikes(self, outcome: Outcome) -> dict[str, int]:
        """Count the spikes of each population, kept or not."""
        on_disk = self._on_disk(outcome)
        if on_disk:
            return {name: int(one.counts.sum(dtype=np.int64)) for name, one in on_disk.items()}
        names = self.prepared.populations
        return {name: n_spikes(outcome, index) for index, name in enumerate(names)}

    def _settings(self, outcome: Outcome) -> dict[str, object]:
        """Return what the night was asked to be, as text."""
        prepared, request = self.prepared, self.prepared.request
        return {
            "seed": prepared.seed,
            "device": prepared.device.name,
            "dtype": prepared.plan.dtype,
            "neuron": repr(prepared.assembly.neuron),
            "plasticity": repr(prepared.rule),
            "learning_rates": prepared.assembly.learning_rates(),
            "stages": None if request.stages is None else repr(request.stages),
            "biases": request.biases,
            "lateral": {name: repr(one) for name, one in (request.lateral or {}).items()},
            "stopped": outcome.n_steps < prepared.n_steps,
        }

    def _check_finite(self, outcome: Outcome) -> None:
        """Raise if a weight left the finite numbers."""
        for (layer, _), weights in zip(self.prepared.assembly.links, outcome.weights, strict=False):
            if weights is not None and not np.isfinite(weights).all():
                raise NightError(
                    f"the weights of layer {layer.name!r} grew beyond all bounds; lower the rule's "
                    "learning rates (SRC: increase and decrease), or choose another weight_factor."
                )


@contextmanager
def make_ready(prepared: PreparedNight, *, progress: bool = True) -> Iterator[ReadyNight]:
    """Compile a night, find its thresholds, simulate its stages, and hold its directory meanwhile.

    Raises
    ------
    CompilerError
        If its program cannot be built.
    DirectoryError
        If the directory of the night holds something else, or another process writes there.
    """
    if prepared.save is not None:
        require_place(prepared.save.path, prepared.save.resume)
    _announce_memory(prepared, progress)
    laps = [time.perf_counter()]
    engine = prepared.device.prepare(prepared.plan, progress)
    laps.append(time.perf_counter())
    with bars_if(progress):
        prepared, _ = prepared.calibrate(engine)
        laps.append(time.perf_counter())
        staged = prepared.in_stages()  # constants are found with the gate open
        laps.append(time.perf_counter())
    build, calibrate, stages = np.diff(laps).tolist()
    timings = {
        "translate": prepared.seconds,
        "build": build,
        "calibrate": calibrate,
        "stages": stages,
    }
    with _directory(prepared, staged, engine) as directory:
        yield ReadyNight(prepared, staged, engine, directory, timings)


def _directory(
    prepared: PreparedNight, staged: PreparedNight, engine: Engine
) -> AbstractContextManager[NightDirectory | None]:
    """Hold the directory of a night, if it has one."""
    if prepared.save is None:
        return nullcontext()
    request = SavedRequest.of(prepared, staged, engine)
    return open_night_directory(prepared.save.path, request, resume=prepared.save.resume)


def _announce_memory(prepared: PreparedNight, progress: bool) -> None:
    """Say, before building, how much memory the night will take."""
    plan, device = prepared.plan, prepared.device
    megabytes = device.memory(plan) / 2**20
    n_synapses = prepared.assembly.n_synapses(plan)
    text = f"sleep: {n_synapses:,} synapses, about {megabytes:,.0f} MiB on {device.name}"
    logger.info(text)
    if progress and on_terminal():
        _tell_once(text)


@functools.cache  # the nights of a run are alike
def _tell_once(text: str) -> None:
    """Print a line to standard error, unless it was printed before."""
    with bars_aside():
        print(text, file=sys.stderr)
