"""Controls of what sleep changes: as much of it, at other places."""

from __future__ import annotations

import numpy as np

from ..run_directory.run_state import State
from .control import ANY_NIGHTS, Control
from .weight_arrays import BoolArray, FloatArray, change_replaced, is_weight


def permute_change(before: State, after: State, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the weights after a night, what changed in each array being permuted within it."""

    def permuted(change: FloatArray, there: BoolArray) -> FloatArray:
        other = change.copy()
        other[there] = rng.permutation(change[there])
        return other

    return change_replaced(before, after, permuted)


def average_change(before: State, after: State, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the weights after a night, all of a neuron or kernel having changed alike.

    A bias is the only one of its neuron: it stays as after the night.
    """

    def averaged(change: FloatArray, there: BoolArray) -> FloatArray:
        totals = np.where(there, change, 0).sum(axis=1, keepdims=True)
        return np.broadcast_to(
            totals / np.maximum(there.sum(axis=1, keepdims=True), 1), there.shape
        )

    altered = change_replaced(before, after, averaged)
    return {name: values for name, values in altered.items() if is_weight(name, values)}


CHANGE_PERMUTED = Control(
    name="change_permuted",
    label="sleep, ΔW permuted within layers",
    question="Does it matter which weights change, or only how much is changed?",
    alter=permute_change,
    nights=ANY_NIGHTS,
)
CHANGE_AVERAGED = Control(
    name="change_averaged",
    label="sleep, ΔW replaced by its row mean",
    question="Does it matter which weights of a neuron change, or only the sum over each neuron?",
    alter=average_change,
    nights=ANY_NIGHTS,
)
