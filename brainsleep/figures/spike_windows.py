"""Which part of a recording is drawn, in which bins, and its spikes a few at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from brian2.units import Quantity, second

from ..devices.activity import Spikes
from ..devices.recorded_spikes import RecordedSpikes
from ..errors import KindError, ParameterError, brief
from ..measures import SpikeTrain
from ..measures.trains import FloatArray, IntArray, read_train
from ..support.quantities import Time, quantity
from .time_axis import time_unit

#: Fraction of a bin by which rounding may be off.
_ROUNDING = 1e-6


class Recording(Protocol):
    """What has spikes to draw: a `Night`, a `CircuitRun` or a `CorticalActivity`."""

    @property
    def spikes(self) -> Mapping[str, SpikeTrain]:
        """Spikes by population."""

    @property
    def duration(self) -> Quantity:
        """Simulated time."""


@dataclass(frozen=True)
class TimeWindow:
    """The part of a recording that is drawn, in seconds.

    Attributes
    ----------
    start, stop : float
        What the axis shows.
    end : float
        Where the recording ends, if that is before `stop`; else `stop`.
    step : float
        Time step of the recording; 0 where it is not known.
    """

    start: float
    stop: float
    end: float
    step: float

    @property
    def seconds(self) -> float:
        """How much of the recording is seen."""
        return self.end - self.start

    @property
    def unit(self) -> tuple[float, str]:
        """Seconds in one unit of the time axis, and its name."""
        return time_unit(self.stop)

    def bins(self, most: int) -> FloatArray:
        """Return edges of bins, of which the axis takes at most so many; the last may be shorter.

        Each is a whole number of time steps, and as wide for all recordings on an axis.
        """
        width = (self.stop - self.start) / most
        if self.step:
            width = max(math.ceil(width / self.step - _ROUNDING), 1) * self.step
        n_bins = max(math.ceil(self.seconds / width - _ROUNDING), 1)
        return np.append(self.start + np.arange(n_bins) * width, self.end)


def read_window(recording: Recording, start: Time | None, stop: Time | None) -> TimeWindow:
    """Read which part of a recording is to be drawn.

    Raises
    ------
    KindError
        If it is no recording.
    UnitsError
        Unless both are times.
    ParameterError
        If `start` is negative, not before `stop`, or after the end of the recording.
    """
    if not isinstance(getattr(recording, "spikes", None), Mapping) or not hasattr(
        recording, "duration"
    ):
        raise KindError(f"night must be a Night, or another recording, not {brief(recording)}.")
    duration = quantity(recording.duration, second, "duration", minimum=0, exclusive_minimum=True)
    first = 0.0 if start is None else quantity(start, second, "start", minimum=0)
    last = duration if stop is None else quantity(stop, second, "stop", minimum=0)
    if first >= duration:
        raise ParameterError(
            f"start: {brief(start)} is after the end of the night, which lasts {duration:g} s."
        )
    if last <= first:
        raise ParameterError(f"stop must be after start, but {brief(stop)} is not.")
    dt = getattr(recording, "dt", None)
    step = float(dt / second) if isinstance(dt, Quantity) and dt.dim == second.dim else 0.0
    return TimeWindow(first, last, min(last, duration), step)


def spikes_in(train: SpikeTrain, window: TimeWindow) -> Iterator[tuple[IntArray, FloatArray]]:
    """Yield neurons, and times in seconds, of the spikes in a window, some millions at a time.

    Raises
    ------
    KindError, UnitsError, ParameterError
        If `train` is no spikes of a population.
    DirectoryError
        If they are on disk and were damaged.
    """
    if isinstance(train, Spikes) or not isinstance(train, RecordedSpikes):
        read_train(train)
    if not isinstance(train, RecordedSpikes):
        train = Spikes(np.asarray(train.i), train.t, train.n_neurons)
    for piece in train.pieces(window.start * second, window.end * second):
        neurons, seconds, _ = read_train(piece)
        yield neurons, seconds
