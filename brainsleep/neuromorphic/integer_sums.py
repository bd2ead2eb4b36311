"""Sums of integer weights over spikes, exactly.

They are computed as sums of floating-point numbers that hold integers: exact as long as no partial
sum exceeds 2**24 in float32 or 2**53 in float64, and fast, as libraries of linear algebra do them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..network.windows import Window
from ..translation import Connection

#: Up to this sum of absolute values float32 holds every integer.
EXACT_IN_FLOAT32 = 2**24


@dataclass(frozen=True, eq=False)
class IntegerSum:
    """What one connection adds to the potentials of its target, in weight steps.

    Attributes
    ----------
    weight : ndarray of float32 or float64
        Integers, of shape (n_out, n_in), or (groups, channels of a group, synapses of a neuron) for
        windows; of shape (1,) where activity is passed on, or where a window has a single weight.
    places : ndarray of int, shape (groups, positions, synapses of a neuron), or None
        For windows: the source neurons; the number of source neurons stands for the padding.
    largest : int
        The largest sum of absolute weights of a neuron.
    """

    weight: NDArray[np.floating[Any]]
    places: NDArray[np.int64] | None
    largest: int

    def __call__(self, activity: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
        """Return the sums for activity that consists of integers.

        Parameters
        ----------
        activity : ndarray, shape (n_in, n)
            0 or 1 for spikes, of n images side by side.

        Returns
        -------
        ndarray, shape (n_out, n)
            Integers.
        """
        if self.places is None:
            if self.weight.ndim == 1:
                return activity * self.weight
            return self.weight @ activity
        padded = np.concatenate([activity, np.zeros_like(activity[:1])])
        if self.weight.ndim == 1:
            parts = np.moveaxis(self.places, 2, 0).reshape(self.places.shape[2], -1)
            return sum(padded[part] for part in parts) * self.weight
        found = [
            (weight @ padded[places]).transpose(1, 0, 2).reshape(-1, activity.shape[1])
            for places, weight in zip(self.places, self.weight, strict=True)
        ]
        return found[0] if len(found) == 1 else np.concatenate(found)

    def in_float64(self) -> IntegerSum:
        """Return the same sum for activity of larger integers, such as pixels."""
        return IntegerSum(self.weight.astype(np.float64), self.places, self.largest)


def integer_sum(link: Connection, weights: NDArray[np.int64]) -> IntegerSum:
    """Return what a connection adds.

    Parameters
    ----------
    link : Connection
        The connection.
    weights : ndarray of int
        Its weights in steps; a single number for activity that is passed on and for pooling.
    """
    window, table = link.window, weights
    if link.weight is not None and window is not None:
        table = weights.reshape(window.groups, window.out_shape[0] // window.groups, -1)
    largest = int(np.abs(table).sum(axis=-1).max(initial=0))
    if link.weight is None and window is not None:
        largest *= math.prod(window.kernel_size)
    # the smaller type in which sums are exact
    kind = np.float32 if largest < EXACT_IN_FLOAT32 else np.float64
    places = None if window is None else _places(window)
    return IntegerSum(np.ascontiguousarray(table).astype(kind), places, largest)


def _places(window: Window) -> NDArray[np.int64]:
    """Return the source neurons at each position of a window, group by group."""
    channels, height, width = window.in_shape
    per_group = channels // window.groups
    rows, columns = window.places(0), window.places(1)
    group, y, x, inner, ky, kx = np.ix_(
        np.arange(window.groups),
        np.arange(len(rows)),
        np.arange(len(columns)),
        np.arange(per_group),
        np.arange(rows.shape[1]),
        np.arange(columns.shape[1]),
    )
    at_y, at_x = rows[y, ky], columns[x, kx]
    source = ((group * per_group + inner) * height + at_y) * width + at_x
    inside = np.broadcast_to((at_y >= 0) & (at_x >= 0), source.shape)
    return np.where(inside, source, channels * height * width).reshape(
        window.groups, len(rows) * len(columns), -1
    )
