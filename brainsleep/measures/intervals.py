"""Intervals between spikes, and how regularly neurons fire."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import Quantity, second

from ..support.calls import public
from ..support.checks import whole_number
from .short_reprs import ShortRepr
from .trains import FloatArray, IntArray, SpikeTrain, as_raster, by_neuron, is_train, read_train


@dataclass(frozen=True, repr=False)
class IntervalVariation(ShortRepr):
    """How irregularly neurons fired.

    Attributes
    ----------
    by_neuron : ndarray of float64, shape (n_neurons,)
        Of each neuron, without unit; NaN for one with too few spikes.
    """

    by_neuron: FloatArray

    @property
    def mean(self) -> float:
        """Mean over the neurons with enough spikes; NaN if there is none."""
        known = self.by_neuron[~np.isnan(self.by_neuron)]
        return float(known.mean()) if known.size else math.nan


@dataclass(frozen=True, repr=False)
class Intervals(ShortRepr):
    """The intervals between spikes of one population.

    Attributes
    ----------
    neurons : ndarray of int64, shape (n_intervals,)
        Whose each interval is, from 0 on; intervals of a neuron are in time order.
    durations : Quantity, shape (n_intervals,)
        How long each is.
    n_neurons : int
        Size of the population.
    """

    neurons: IntArray
    durations: Quantity
    n_neurons: int

    def __len__(self) -> int:
        return len(self.neurons)


@public
def interspike_intervals(train: SpikeTrain) -> Intervals:
    r"""Return the intervals between successive spikes of each neuron (ISI).

    .. math:: \tau_{k} = t_{k+1} - t_{k}

    where :math:`t_k` are the spike times of one neuron.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["0"]``, in any order. Not changed.

    Returns
    -------
    Intervals
        ``neurons`` and ``durations``; a neuron with n spikes has n - 1.

    Raises
    ------
    KindError, UnitsError
        If `train` is something else.

    References
    ----------
    Perkel, Gerstein, Moore 1967, Biophysical Journal 7:391.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> train = Spikes(i=np.array([1, 0, 1, 1]), t=[0, 5, 10, 40] * ms, n_neurons=2)
    >>> found = interspike_intervals(train)
    >>> found.neurons.tolist(), found.durations
    ([1, 1], array([10., 30.]) * msecond)
    """
    neurons, seconds, n_neurons = read_train(train, "train")
    whose, durations = _intervals(neurons, seconds, n_neurons)
    return Intervals(whose, durations * second, n_neurons)


@public
def cv_isi(spikes: SpikeTrain | npt.ArrayLike, minimum_spikes: int = 3) -> IntervalVariation:
    r"""Return how much the intervals between a neuron's spikes vary.

    .. math:: \mathrm{CV} = \frac{\sqrt{\langle (\tau - \bar\tau)^2 \rangle}}{\bar\tau}

    where :math:`\tau` are the intervals between successive spikes of one neuron. It is 0 for a
    clock and 1 for a Poisson process of constant rate; with few spikes it is underestimated.

    Parameters
    ----------
    spikes : Spikes or array_like of bool, shape (n_steps, n_neurons)
        Spikes of one population, in any order.
    minimum_spikes : int
        Neurons with fewer spikes are left out; at least 3.

    Returns
    -------
    IntervalVariation
        ``by_neuron`` and ``mean``.

    Raises
    ------
    ParameterError
        If `minimum_spikes` is less than 3, or an array has the wrong shape.
    UnitsError
        If `spikes` is neither spikes nor a bool array.

    References
    ----------
    Softky, Koch 1993, Journal of Neuroscience 13:334.

    Examples
    --------
    The first neuron fires like a clock; the second fires once.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> spikes = Spikes(i=np.array([0, 1, 0, 0]), t=[0, 3, 10, 20] * ms, n_neurons=2)
    >>> cv_isi(spikes).by_neuron.tolist()
    [0.0, nan]
    """
    fewest = whole_number(minimum_spikes, "minimum_spikes", minimum=3)
    neurons, times, n_neurons = _by_spike(spikes)
    whose, intervals = _intervals(neurons, times, n_neurons)
    n = np.bincount(whose, minlength=n_neurons)
    with np.errstate(divide="ignore", invalid="ignore"):  # of neurons left out below
        mean = np.bincount(whose, weights=intervals, minlength=n_neurons) / n
        squares = (intervals - mean[whose]) ** 2
        sd = np.sqrt(np.bincount(whose, weights=squares, minlength=n_neurons) / n)
        variation = sd / mean
    variation[n + 1 < fewest] = math.nan
    return IntervalVariation(variation)


@public
def cv2(train: SpikeTrain, minimum_spikes: int = 3) -> IntervalVariation:
    r"""Return how much successive intervals between a neuron's spikes differ.

    .. math:: \mathrm{CV}_2 = \left\langle \frac{2 \, |\tau_{k+1} - \tau_k|}{\tau_{k+1} + \tau_k}
        \right\rangle_k

    where :math:`\tau_k` are the intervals of one neuron, in time order. It is 0 for a clock and 1
    for a Poisson process, of constant rate or of one that changes slowly: where :func:`cv_isi` is
    large and this is not, the rate changes.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["0"]``, in any order. Not changed.
    minimum_spikes : int
        Neurons with fewer spikes are left out; at least 3.

    Returns
    -------
    IntervalVariation
        ``by_neuron`` and ``mean``, between 0 and 2.

    Raises
    ------
    ParameterError
        If `minimum_spikes` is less than 3.
    KindError, UnitsError
        If `train` is something else.

    References
    ----------
    Holt, Softky, Koch, Douglas 1996, Journal of Neurophysiology 75:1806.

    Examples
    --------
    Intervals of 10, 30 and 30 ms.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> cv2(Spikes(i=np.array([0, 0, 0, 0]), t=[0, 10, 40, 70] * ms, n_neurons=1)).mean
    0.5
    """
    return _mean_of_pairs(train, minimum_spikes, lambda contrast: 2 * np.abs(contrast))


@public
def local_variation(train: SpikeTrain, minimum_spikes: int = 3) -> IntervalVariation:
    r"""Return the local variation (LV) of the intervals between a neuron's spikes.

    .. math:: \mathrm{LV} = \left\langle 3 \left( \frac{\tau_{k+1} - \tau_k}{\tau_{k+1} + \tau_k}
        \right)^2 \right\rangle_k

    where :math:`\tau_k` are the intervals of one neuron, in time order. It is 0 for a clock, 1 for
    a Poisson process, and larger for bursts.

    Parameters
    ----------
    train, minimum_spikes
        As in :func:`cv2`.

    Returns
    -------
    IntervalVariation
        ``by_neuron`` and ``mean``, between 0 and 3.

    Raises
    ------
    ParameterError, KindError, UnitsError
        As :func:`cv2`.

    References
    ----------
    Shinomoto, Shima, Tanji 2003, Neural Computation 15:2823.

    Examples
    --------
    Intervals of 10, 30 and 30 ms.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> train = Spikes(i=np.array([0, 0, 0, 0]), t=[0, 10, 40, 70] * ms, n_neurons=1)
    >>> round(local_variation(train).mean, 6)
    0.375
    """
    return _mean_of_pairs(train, minimum_spikes, lambda contrast: 3 * contrast**2)


def _by_spike(spikes: SpikeTrain | npt.ArrayLike) -> tuple[IntArray, FloatArray, int]:
    """Return the neuron of each spike, its time (in any unit), and the number of neurons."""
    if is_train(spikes):
        return read_train(spikes)
    raster = as_raster(spikes)
    steps, neurons = np.nonzero(raster)
    return neurons, steps.astype(np.float64), raster.shape[1]


def _intervals(neurons: IntArray, times: FloatArray, n_neurons: int) -> tuple[IntArray, FloatArray]:
    """Return whose each interval is, and its length in the unit of the times."""
    neurons, times = by_neuron(neurons, times, n_neurons)
    same = neurons[1:] == neurons[:-1]
    return neurons[1:][same], np.diff(times)[same]


def _mean_of_pairs(
    train: SpikeTrain, minimum_spikes: int, of: Callable[[FloatArray], FloatArray]
) -> IntervalVariation:
    """Average a function of each two successive intervals: their difference over their sum."""
    fewest = whole_number(minimum_spikes, "minimum_spikes", minimum=3)
    neurons, seconds, n_neurons = read_train(train, "train")
    whose, intervals = _intervals(neurons, seconds, n_neurons)
    same = whose[1:] == whose[:-1]
    both = (intervals[1:] + intervals[:-1])[same]
    contrast = np.zeros_like(both)
    np.divide(np.diff(intervals)[same], both, out=contrast, where=both > 0)
    n = np.bincount(whose[1:][same], minlength=n_neurons)
    total = np.bincount(whose[1:][same], weights=of(contrast), minlength=n_neurons)
    enough = n + 2 >= fewest
    return IntervalVariation(np.divide(total, n, out=np.full(n_neurons, np.nan), where=enough))
