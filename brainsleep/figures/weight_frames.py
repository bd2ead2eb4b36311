"""Weights in the course of a night, or from night to night, averaged over neurons: frames."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import second

from ..errors import KindError, ParameterError, brief, suggest
from ..measures.trains import FloatArray
from ..support.names import items, text
from .time_axis import time_unit

if TYPE_CHECKING:
    from ..night.result import Night


@dataclass(frozen=True)
class WeightFrames:
    """Mean weights one after another.

    Attributes
    ----------
    weight : str
        Name in the state dict.
    means : ndarray, shape (n_frames, n_inputs)
        Weights from each input, averaged over neurons (of kernels: over channels); NaN where none
        was recorded.
    shape : tuple of int
        Shape of the weights of one neuron.
    titles : list of str
        What each frame is.
    """

    weight: str
    means: FloatArray
    shape: tuple[int, ...]
    titles: list[str]


def read_frames(source: object, weight: str | None, max_frames: int) -> WeightFrames:
    """Return frames of a night that recorded weights, or of a run or several nights.

    Raises
    ------
    KindError
        If it is none of these.
    ParameterError
        If there is no such weight, none was recorded, or there is no night.
    """
    if isinstance(getattr(source, "weight_traces", None), Mapping):
        _require_night(source, source)
        night: Night = source  # type: ignore[assignment]
        return _of_night(night, _name(night, weight), max_frames)
    nights: Any = getattr(source, "nights", source)
    if not isinstance(nights, Sequence):  # those of a run are read when they are looked at
        nights = items(nights, "nights", "a Night, a Run or several nights")
    if not len(nights):
        raise ParameterError("nights: there is none to draw; give at least one.")
    _require_night(nights[0], source)
    return _of_nights(nights, _name(nights[0], weight), max_frames)


def _name(night: Night, weight: str | None) -> str:
    """Return which weights are drawn: those of the first layer unless named."""
    known = night.weights_before
    if not known:
        raise ParameterError("the night holds no weights to draw.")
    name = next(iter(known)) if weight is None else text(weight, "weight")
    if name not in known:
        raise ParameterError(f"weight: there is no {brief(name)}.{suggest(name, known)}")
    return name


def _of_night(night: Night, name: str, max_frames: int) -> WeightFrames:
    """Return what weights were in the course of a night, at most so many times."""
    if name not in night.weight_traces:
        n_rows = len(night.weights_before[name])
        raise ParameterError(
            f"the night did not record {name!r}; pass record=bs.Record(weights={{{name!r}: "
            f"range({n_rows})}}, every=10) to bs.sleep, or give several nights."
        )
    trace, shape = night.weight_traces[name], np.shape(night.weights_before[name])[1:]
    if not shape:
        raise ParameterError(f"weight: {name!r} has one value per neuron, and none per input.")
    places = np.ravel_multi_index(tuple(trace.index[:, 1:].T), shape)
    n_inputs = math.prod(shape)
    n_of_each = np.bincount(places, minlength=n_inputs).astype(np.float64)
    n_of_each[n_of_each == 0] = np.nan
    rows, samples = trace.values.read(), _evenly(len(trace), max_frames)
    means = [np.bincount(places, rows[at], minlength=n_inputs) / n_of_each for at in samples]
    seconds = np.asarray(trace.t / second)[samples]
    scale, unit = time_unit(float(night.duration / second))
    titles = [f"{time / scale:.4g} {unit}" for time in seconds.tolist()]
    return WeightFrames(name, np.stack(means), shape, titles)


def _of_nights(nights: Sequence[Night], name: str, max_frames: int) -> WeightFrames:
    """Return what weights were before and after each night."""
    means: list[FloatArray] = []
    titles: list[str] = []
    shape: tuple[int, ...] = ()
    frames = [(number, when) for number in range(len(nights)) for when in ("before", "after")]
    for number, when in (frames[at] for at in _evenly(len(frames), max_frames)):
        _require_night(nights[number], nights)
        weights = np.asarray(getattr(nights[number], f"weights_{when}")[name], dtype=np.float64)
        if means and weights.shape[1:] != shape:
            raise ParameterError(
                f"weight: {name!r} of night {number + 1} has another shape than that of the first; "
                "give nights of one network."
            )
        shape = weights.shape[1:]
        means.append(weights.mean(axis=0).ravel())
        titles.append(f"{when} night {number + 1}")
    return WeightFrames(name, np.stack(means), shape, titles)


def _require_night(one: object, given: object) -> None:
    """Raise unless an object holds the weights before and after a night."""
    kept = (getattr(one, f"weights_{when}", None) for when in ("before", "after"))
    if not all(isinstance(weights, Mapping) for weights in kept):
        raise KindError(f"nights must be a Night, a Run or several nights, not {brief(given)}.")


def _evenly(n: int, most: int) -> list[int]:
    """Return at most so many of n numbers from 0 on, evenly spaced, the first and last too."""
    return sorted({int(at) for at in np.linspace(0, n - 1, min(n, most)).round()})
