"""How regularly neurons fire."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..support.calls import public
from ..support.checks import whole_number
from .trains import FloatArray, IntArray, SpikeTrain, as_raster, is_train, read_train


@dataclass(frozen=True)
class IntervalVariation:
    """How irregularly neurons fired.

    Attributes
    ----------
    by_neuron : ndarray of float64, shape (n_neurons,)
        Coefficient of variation of each neuron; NaN for one with too few spikes.
    """

    by_neuron: FloatArray

    @property
    def mean(self) -> float:
        """Mean over the neurons with enough spikes; NaN if there is none."""
        known = self.by_neuron[~np.isnan(self.by_neuron)]
        return float(known.mean()) if known.size else math.nan


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
    order = np.lexsort((times, neurons))
    neurons, times = neurons[order], times[order]
    same = neurons[1:] == neurons[:-1]
    whose, intervals = neurons[1:][same], np.diff(times)[same]
    n = np.bincount(whose, minlength=n_neurons)
    with np.errstate(divide="ignore", invalid="ignore"):  # of neurons left out below
        mean = np.bincount(whose, weights=intervals, minlength=n_neurons) / n
        squares = (intervals - mean[whose]) ** 2
        sd = np.sqrt(np.bincount(whose, weights=squares, minlength=n_neurons) / n)
        variation = sd / mean
    variation[n + 1 < fewest] = math.nan
    return IntervalVariation(variation)


def _by_spike(spikes: SpikeTrain | npt.ArrayLike) -> tuple[IntArray, FloatArray, int]:
    """Return the neuron of each spike, its time (in any unit), and the number of neurons."""
    if is_train(spikes):
        return read_train(spikes)
    raster = as_raster(spikes)
    steps, neurons = np.nonzero(raster)
    return neurons, steps.astype(np.float64), raster.shape[1]
