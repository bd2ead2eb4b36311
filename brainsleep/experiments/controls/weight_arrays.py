"""Which arrays of a network's state are weights, and which of their entries are there."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ..run_directory.run_state import State

FloatArray = npt.NDArray[np.floating]
BoolArray = npt.NDArray[np.bool_]


def is_weight(name: str, values: np.ndarray) -> bool:
    """Tell weights, with a row per neuron or kernel, from biases, masks of pruning and counters."""
    return values.ndim >= 2 and values.dtype.kind == "f" and not name.endswith("_mask")


def present(name: str, before: State, after: State) -> BoolArray:
    """Return which weights are there: absent synapses are 0, or left out by a mask of pruning."""
    there = np.asarray((before[name] != 0) | (after[name] != 0))
    mask = name.removesuffix("_orig") + "_mask"
    return there & (before[mask] != 0) if name.endswith("_orig") and mask in before else there


def change_replaced(
    before: State, after: State, replace: Callable[[FloatArray, BoolArray], FloatArray]
) -> dict[str, np.ndarray]:
    """Return weights to wake up with whose change is another one.

    Parameters
    ----------
    before, after : mapping of str to ndarray
        A network's state before and after a night.
    replace : callable
        Takes what changed of an array in float64, one row per neuron or kernel, and which weights
        are there; returns another change, of which only that of weights that are there counts.

    Returns
    -------
    dict of str to ndarray
        All arrays of numbers that the night changed, in their own types.
    """
    altered = {}
    for name, old in before.items():
        if old.dtype.kind != "f" or np.array_equal(old, after[name]):
            continue
        rows = (len(old), -1) if old.ndim > 1 else (1, -1)
        change = (after[name].astype(np.float64) - old).reshape(rows)
        there = present(name, before, after)
        other = replace(change, there.reshape(rows)).reshape(old.shape)
        altered[name] = np.where(there, old + other, after[name]).astype(old.dtype)
    return altered
