"""How weights change, for example in a night."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError, brief
from ..support.array_values import numbers
from ..support.calls import public
from ..support.names import table

Weights: TypeAlias = npt.NDArray[np.floating]

#: Weights that are compared at a time: what is computed of them stays near the processor.
_BLOCK = 2**15


@dataclass(frozen=True)
class WeightChange:
    r"""How one layer's weights changed, :math:`\Delta w = w_{after} - w_{before}`.

    Attributes
    ----------
    n_up : int
        Weights that grew, :math:`\Delta w > 0`.
    n_down : int
        Weights that shrank (towards minus infinity), :math:`\Delta w < 0`.
    n_unchanged : int
        Weights that are the same to the last bit.
    mean_change : float
        :math:`\langle \Delta w \rangle` over all weights, unchanged ones too.
    mean_absolute_change : float
        :math:`\langle |\Delta w| \rangle` over all weights.
    max_absolute_change : float
        :math:`\max |\Delta w|`.
    norm_before, norm_after : float
        Frobenius norms :math:`\sqrt{\sum w^2}` before and after.
    norm_of_change : float
        Frobenius norm of :math:`\Delta w`.
    """

    n_up: int
    n_down: int
    n_unchanged: int
    mean_change: float
    mean_absolute_change: float
    max_absolute_change: float
    norm_before: float
    norm_after: float
    norm_of_change: float

    @property
    def n_weights(self) -> int:
        """Number of weights."""
        return self.n_up + self.n_down + self.n_unchanged


@dataclass(frozen=True)
class WeightChangeBySign:
    """How one layer's weights changed, by what they were before.

    Attributes
    ----------
    positive, negative, zero : WeightChange
        Of the weights that were above, below and at 0 before.
    """

    positive: WeightChange
    negative: WeightChange
    zero: WeightChange


@public
def weight_change(before: npt.ArrayLike, after: npt.ArrayLike) -> WeightChange:
    r"""Measure the difference between two arrays of weights.

    Computed in float64, whatever the weights' own type:
    :math:`\Delta w = w_{after} - w_{before}`, weight by weight.

    Parameters
    ----------
    before, after : array_like, same shape
        Weights before and after. Not changed.

    Returns
    -------
    WeightChange
        All its numbers are 0 if there are no weights.

    Raises
    ------
    ParameterError
        If the shapes differ, or a weight is NaN or infinite.

    Examples
    --------
    >>> change = weight_change([3.0, 4.0, 0.0], [3.5, 3.0, 0.0])
    >>> change.n_up, change.n_down, change.n_unchanged
    (1, 1, 1)
    >>> change.mean_absolute_change
    0.5
    >>> change.norm_before
    5.0
    """
    old, new = _pair(before, after)
    return _change(old.ravel(), new.ravel())


@public
def weight_change_by_sign(before: npt.ArrayLike, after: npt.ArrayLike) -> WeightChangeBySign:
    r"""Measure the difference between two arrays of weights, by the sign that weights had.

    :func:`weight_change` of the weights with :math:`w_{before} > 0`, of those with
    :math:`w_{before} < 0`, and of those that were 0. Under the published weight factor a weight of
    -0.005 moves more than a hundred times as fast as one of +0.005.

    Parameters
    ----------
    before, after : array_like, same shape
        Weights before and after. Not changed.

    Returns
    -------
    WeightChangeBySign
        What was excitatory, inhibitory and absent before.

    Raises
    ------
    ParameterError
        If the shapes differ, or a weight is NaN or infinite.

    References
    ----------
    The weight factor: Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742.

    Examples
    --------
    >>> found = weight_change_by_sign([0.5, -0.5, -1.0], [0.5, -0.75, -0.5])
    >>> found.positive.n_unchanged, found.negative.n_up, found.negative.n_down
    (1, 1, 1)
    """
    old, new = _pair(before, after)
    return WeightChangeBySign(
        *(_change(old[chosen], new[chosen]) for chosen in (old > 0, old < 0, old == 0))
    )


@public
def weight_changes(
    before: Mapping[str, npt.ArrayLike], after: Mapping[str, npt.ArrayLike]
) -> dict[str, WeightChange]:
    r"""Measure the difference between two sets of weights, layer by layer.

    For each layer, :func:`weight_change` of :math:`w_{before}` and :math:`w_{after}`.

    Parameters
    ----------
    before, after : mapping of str to array_like
        By name, as `Night.weights_before` and `Night.weights_after`. Not changed.

    Returns
    -------
    dict of str to WeightChange
        By name, in the order of `before`.

    Raises
    ------
    ParameterError
        If the names differ; and as :func:`weight_change`.

    Examples
    --------
    >>> weight_changes({"0.weight": [[1.0, 2.0]]}, {"0.weight": [[1.0, 1.5]]})["0.weight"].n_down
    1
    """
    before = table(before, "before", "arrays by name")
    after = table(after, "after", "arrays by name")
    if before.keys() != after.keys():
        alone = brief(sorted(before.keys() ^ after.keys())).strip("[]")
        raise ParameterError(
            f"before and after must hold the same weights, but only one of them has {alone}."
        )
    return {name: weight_change(old, after[name]) for name, old in before.items()}


def _change(old: Weights, new: Weights) -> WeightChange:
    """Measure the difference between two flat arrays, some of their weights at a time."""
    n_up, n_down, largest = 0, 0, 0.0
    sums = np.zeros(5)  # of changes, of their sizes, of squares before, after and of changes
    for start in range(0, old.size, _BLOCK):
        before, after = (flat[start : start + _BLOCK].astype(np.float64) for flat in (old, new))
        change = after - before
        size = np.abs(change)
        n_up += int(np.count_nonzero(change > 0))
        n_down += int(np.count_nonzero(change < 0))
        largest = max(largest, float(size.max()))
        sums += change.sum(), size.sum(), before @ before, after @ after, change @ change
    n_weights = max(old.size, 1)
    return WeightChange(
        n_up=n_up,
        n_down=n_down,
        n_unchanged=old.size - n_up - n_down,
        mean_change=float(sums[0]) / n_weights,
        mean_absolute_change=float(sums[1]) / n_weights,
        max_absolute_change=largest,
        norm_before=math.sqrt(sums[2]),
        norm_after=math.sqrt(sums[3]),
        norm_of_change=math.sqrt(sums[4]),
    )


def _pair(before: npt.ArrayLike, after: npt.ArrayLike) -> tuple[Weights, Weights]:
    """Return weights before and after, in their own types; raise unless they have one shape."""
    old, new = _weights(before, "before"), _weights(after, "after")
    if old.shape != new.shape:
        raise ParameterError(
            f"weights have shape {old.shape} before, but {new.shape} after; they must be equal."
        )
    return old, new


def _weights(values: npt.ArrayLike, name: str) -> Weights:
    """Return weights, of float32 as they are, else as float64; raise if one is not finite."""
    is_single = getattr(values, "dtype", None) == np.float32
    dtype = np.float32 if is_single else np.float64
    return numbers(values, f"weights {name}", empty=True, dtype=dtype)
