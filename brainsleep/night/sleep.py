"""One night of sleep: translate, run, write back; and what came of it."""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Quantity, second

from ..devices import Device, Outcome
from ..devices.activity import Spikes
from ..errors import NightError, ParameterError
from ..neurons import Neuron
from ..plasticity import Plasticity
from ..support.files import require_free
from ..support.quantities import whole_number
from ..translation import write_back
from .lateral import Lateral
from .preparation import PreparedNight, prepare_night
from .result import Night
from .streaming import StreamedSpikes, open_night_directory, streamed_counts

if TYPE_CHECKING:
    from torch import nn

logger = logging.getLogger("brainsleep")


def sleep(
    ann: nn.Module,
    stimulus: Any,
    data: Any = None,
    duration: Any = None,
    neuron: Neuron | None = None,
    plasticity: Plasticity | None = None,
    device: str | Device = "cpp",
    dtype: str = "float32",
    dt: Any = None,
    record: str | Sequence[str] | None = "all",
    seed: int = 0,
    progress: bool = True,
    directory: str | os.PathLike[str] | None = None,
    snapshot_every: int | None = None,
    resume: bool = False,
    should_stop: Callable[[], bool] | None = None,
    record_rates: str | Sequence[str] | None = None,
    input_shape: Sequence[int] | None = None,
    input_at: str | None = None,
    frozen: str | Sequence[str] = (),
    max_pooling: str = "any_spike",
    modulation: Any = None,
    stages: Any = None,
    lateral: Mapping[str, Lateral] | None = None,
) -> Night:
    """Let a trained network sleep for a night.

    The network's layers become Brian2 populations joined by plastic synapses, the stimulus
    drives them, spikes change the weights by a local rule, and the weights go back into a
    copy of the network.

    Parameters
    ----------
    ann : torch.nn.Module
        A feed-forward ReLU network of fully connected or convolutional layers; see
        `brainsleep.translate`. Never modified; it may be in training mode or on a GPU.
    stimulus : bs.stimuli object or ndarray
        What drives the input. A float array (n_inputs,) or input-shaped: spike probability per
        step, in [0, 1]. A bool array (n_steps, n_inputs): these very spikes.
    data : array_like or Tensor, shape (n, ...), optional
        What `ann` takes; needed where gains are computed from its activity (``gain="tadros"``).
    duration : Quantity, str or int, optional
        Simulated time, or a number of steps; 0.5 s unless given. With explicit spikes it is
        their length, and any other value is an error.
    neuron : Heaviside, LIF or a model of your own, optional
        The default experiment's unless given, for networks with three layers of weights.
    plasticity : SRC or a rule of your own, optional
        The default experiment's unless given.
    device : str or Device
        ``"cpp"`` (default), ``"cpp_stock"`` or ``"runtime"``. ``"cuda"`` was never run on a GPU so
        far, and says what is missing.
    dtype : str
        ``"float32"`` or ``"float64"``, the exact mode.
    dt : Quantity or str, optional
        Time step; 1 ms unless given.
    record : "all", None or sequence of str
        Populations whose spikes are kept, by name.
    seed : int
        Fixes the night: the same call gives the same spikes and weights, bit for bit.
    progress : bool
        Show a progress bar where there is a terminal or a notebook.
    directory : path, optional
        Write the night there while it runs: spikes go to disk and never to memory, however
        long the night is, and `Night.load` finds it all again. C++ devices only.
    snapshot_every : int, optional
        With `directory`: keep the whole state every so many steps.
    resume : bool
        Go on with the night in `directory`, from its last snapshot, to the very weights it
        would have had; a night that is finished is read back.
    should_stop : callable, optional
        Asked some thirty steps apart; when it returns True the night ends with what it has.
        Ctrl-C does the same. `Night.stopped` tells.
    record_rates : "all", None or sequence of str
        Populations of which the number of spikes in each step is kept (`Night.rates`), by
        name; those whose spikes are recorded have rates anyway. Unless given, no others.
    input_shape : sequence of int, optional
        Shape of one input, where neither the module nor `data` nor `stimulus` tells it.
    input_at : str, optional
        Layer at which sleep begins: the layers before it do not sleep. A stimulus made of images
        is then made of what they make of these images, divided by its maximum; any other
        stimulus has as many inputs as the layer.
    frozen : str or sequence of str
        Layers that spike but do not learn.
    max_pooling : str
        ``"any_spike"``, a logical or, or ``"most_active"``, the spikes of the input that has spiked
        most.
    modulation : array_like, shape (n_steps,), optional
        A factor on learning in each step: 0 where nothing is to be learned. For `RewardSTDP`, the
        reward.
    stages : Wake, NREM, REM or Hypnogram, optional
        A stage of sleep, or several: the up and down states of a simulated patch of cortex open
        and close the night's stimulus and its learning. See `brainsleep.stages`.
    lateral : dict of str to MeanInhibition, WinnerTakeAll, Recurrent or InhibitoryPopulation
        Inhibition and recurrence within layers, by name. See `brainsleep.night.lateral`.

    Returns
    -------
    Night

    Raises
    ------
    TranslationError
        If a part of the network cannot be translated.
    ParameterError, UnitsError
        If an argument makes no sense; nothing has been compiled or run by then.
    CompilerError
        If the device needs a C++ compiler and there is none.
    NightError
        If the night was started but did not end well.

    Examples
    --------
    >>> night = bs.sleep(ann, images.mean(axis=0) * 0.1, data=images)  # doctest: +SKIP
    >>> night.plot_raster()  # doctest: +SKIP
    """
    started = time.perf_counter()
    prepared = prepare_night(
        ann,
        stimulus,
        data,
        duration,
        neuron,
        plasticity,
        device,
        dtype,
        dt,
        record,
        seed,
        record_rates,
        input_shape,
        input_at,
        frozen,
        max_pooling,
        modulation,
        stages,
        lateral,
    )
    where = None if directory is None else Path(directory)
    _check_directory(where, snapshot_every, resume, prepared)
    _announce_memory(prepared, progress)
    translated = time.perf_counter()
    engine = prepared.device.prepare(prepared.plan, progress)
    built = time.perf_counter()
    thresholds = prepared.find_thresholds(engine)
    calibrated = time.perf_counter()
    prepared = prepared.in_stages(stages)  # thresholds are found with the gate open
    staged = time.perf_counter()
    job = replace(prepared.job(thresholds), should_stop=should_stop)
    if where is not None:
        weight_names = prepared.assembly.weight_names()
        place = open_night_directory(where, prepared.plan, job, weight_names, resume)
        if place.finished:
            return Night.load(where, ann)
        job = replace(
            prepared.job_from(job, place.first_step),
            folder=place.stream,
            snapshot=place.snapshot,
            snapshot_every=snapshot_every or 0,
        )
    outcome = engine.run(job, progress)
    stopped = outcome.n_steps < prepared.n_steps
    if stopped:
        warnings.warn(
            f"the night was stopped after {outcome.n_steps} of {prepared.n_steps} steps.",
            stacklevel=2,
        )

    _check_finite(prepared, outcome)
    before, after = prepared.assembly.before_and_after(outcome.weights)
    awake = write_back(ann, after)
    names, populations = prepared.layer_names, prepared.populations
    night = Night(
        ann=awake,
        spikes=_spikes(outcome, prepared) if where is None else _streamed(where, prepared),
        weights_before=before,
        weights_after=after,
        timings={
            "translate": translated - started,
            "build": built - translated,
            "calibrate": calibrated - built,
            "stages": staged - calibrated,
            **outcome.timings,
            "total": time.perf_counter() - started,
            "steps": outcome.n_steps,
            "synapses": prepared.plan.n_synapses,
            "build_cached": engine.build_cached,
            "peak_memory": outcome.peak_memory,
        },
        gains=dict(zip(names, prepared.gains, strict=True)),
        thresholds=dict(zip(names, thresholds, strict=True)),
        sizes=dict(zip(populations, prepared.plan.sizes, strict=True)),
        n_steps=outcome.n_steps,
        dt=Quantity(prepared.plan.dt, dim=second.dim),
        settings={
            "seed": int(seed),
            "device": prepared.device.name,
            "dtype": dtype,
            "neuron": repr(prepared.assembly.neuron),
            "plasticity": repr(prepared.assembly.plasticity),
            "stages": None if stages is None else repr(stages),
            "lateral": {name: repr(one) for name, one in (lateral or {}).items()},
            "stopped": stopped,
        },
        counts=_rates_only(outcome, prepared, where),
        assembly=prepared.assembly.awake(outcome.weights, prepared.gains, thresholds),
    )
    if where is not None:
        night._write(where, streamed=list(prepared.recorded))
    return night


def _check_directory(
    directory: Path | None, snapshot_every: int | None, resume: bool, prepared: PreparedNight
) -> None:
    """Check what concerns writing to disk, before anything is built."""
    if directory is None:
        if snapshot_every is not None or resume:
            raise ParameterError("snapshot_every and resume need a directory.")
        return
    if snapshot_every is not None:
        whole_number(snapshot_every, "snapshot_every", minimum=1)
    if not prepared.device.writes_to_disk:
        raise ParameterError(
            f"directory: device {prepared.device.name!r} cannot write a night to disk as it runs; "
            "use 'cpp'."
        )
    if not (resume and (directory / "request.json").exists()):
        require_free(directory)


def _streamed(directory: Path, prepared: PreparedNight) -> dict[str, Any]:
    """Name the spikes on disk."""
    dt = Quantity(prepared.plan.dt, dim=second.dim)
    return {
        prepared.populations[index]: StreamedSpikes(
            directory / "stream", index, prepared.plan.sizes[index], dt
        )
        for index in prepared.recorded
    }


def _rates_only(
    outcome: Outcome, prepared: PreparedNight, directory: Path | None
) -> dict[str, np.ndarray]:
    """Name the counts of the populations of which only rates are wanted."""
    return {
        prepared.populations[index]: outcome.counts[index]
        if directory is None
        else streamed_counts(directory / "stream", index)
        for index in prepared.counted
    }


def _spikes(outcome: Outcome, prepared: PreparedNight) -> dict[str, Spikes]:
    """Name the spikes of the wanted populations and give them times with units."""
    dt = Quantity(prepared.plan.dt, dim=second.dim)
    return {
        prepared.populations[index]: Spikes(indices, steps * dt, prepared.plan.sizes[index])
        for index, (indices, steps) in sorted(outcome.spikes.items())
        if index in prepared.recorded
    }


def _check_finite(prepared: PreparedNight, outcome: Outcome) -> None:
    """Raise if a weight left the finite numbers."""
    for (layer, _), weights in zip(prepared.assembly.links, outcome.weights, strict=False):
        if weights is not None and not np.isfinite(weights).all():
            raise NightError(
                f"the weights of layer {layer.name!r} grew beyond all bounds; lower its increase "
                "and decrease, or choose another weight_factor."
            )


def _announce_memory(prepared: PreparedNight, progress: bool) -> None:
    """Say, before building, how much memory the night will take."""
    plan, device = prepared.plan, prepared.device
    megabytes = device.memory(plan) / 2**20
    text = f"sleep: {plan.n_synapses:,} synapses, about {megabytes:,.0f} MiB on {device.name}"
    logger.info(text)
    if progress and sys.stderr.isatty():
        print(text, file=sys.stderr)
