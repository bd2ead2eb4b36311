"""What a page shows of a night with dreams: its stages one after the other, on one time axis."""

from __future__ import annotations

import numpy as np
from brian2.units import Quantity, ms, second

from ...devices.activity import Spikes
from ...dreams import DreamNight
from ...dreams.night_cycles import stage_kind
from ...night.describing.up_down_states import StageInterval
from ...support.files import JsonObject
from .shown_night import NightSection
from .spike_panels import counted_panel, panel
from .weight_charts import weight_histograms, weight_rows


def dream_section(night: DreamNight, title: str, most: int) -> NightSection:
    """Return what a page shows of a night with dreams.

    Parameters
    ----------
    night : DreamNight
        The night.
    title : str
        What it is called.
    most : int
        Spikes that a raster draws, at most.
    """
    lengths = {
        stage: max((len(one.counts) for one in rates.values()), default=0)
        for stage, rates in night.rates.items()
    }
    n_steps, dt = sum(lengths.values()), _dt(night)
    ends = np.cumsum(list(lengths.values()))
    segments = [
        StageInterval(stage_kind(stage).upper(), float((end - length) * dt), float(end * dt))
        for (stage, length), end in zip(lengths.items(), ends, strict=True)
    ]
    drawn = {
        "n_steps": n_steps,
        "dt": float(dt / ms),
        "panels": [
            _panel(night, name, lengths, dt, most)
            for name in dict.fromkeys(name for rates in night.rates.values() for name in rates)
        ],
        "weights": weight_histograms(night, {}),
        "segments": [
            [one.name, one.start * 1000, (one.stop - one.start) * 1000] for one in segments
        ],
        "up": [],
    }
    return NightSection(
        title,
        steps=n_steps,
        drawn=drawn,
        weights=weight_rows(night, {}),
        segments=segments,
        timings=night.timings,
    )


def _dt(night: DreamNight) -> Quantity:
    """Return the time step, which all populations have."""
    return next((one.dt for rates in night.rates.values() for one in rates.values()), 1 * ms)


def _panel(
    night: DreamNight, name: str, lengths: dict[str, int], dt: Quantity, most: int
) -> JsonObject:
    """Return what is drawn of a population; in a stage that does not have it, it is silent."""
    rates = {stage: own[name] for stage, own in night.rates.items() if name in own}
    n_neurons = next(iter(rates.values())).n_neurons
    if not any(name in trains for trains in night.spikes.values()):
        counts = [
            rates[stage].counts if stage in rates else np.zeros(n, np.int32)
            for stage, n in lengths.items()
        ]
        return counted_panel(np.concatenate(counts), n_neurons, name, dt)
    starts = dict(zip(lengths, np.cumsum([0, *lengths.values()]), strict=False))
    trains = {stage: own[name] for stage, own in night.spikes.items() if name in own}
    seconds = [np.asarray(one.t / second) + starts[at] * float(dt) for at, one in trains.items()]
    joined = Spikes(
        np.concatenate([one.i for one in trains.values()]),
        np.concatenate(seconds) * second,
        n_neurons,
    )
    return panel(joined, name, n_steps=sum(lengths.values()), dt=dt, most=most)
