"""How much spike counts vary from window to window."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity, ms, second

from ..support.calls import public
from ..support.quantities import Time
from .short_reprs import ShortRepr
from .time_bins import bin_train
from .trains import FloatArray, SpikeTrain


@dataclass(frozen=True, repr=False)
class FanoFactor(ShortRepr):
    """How much spike counts vary, over what a Poisson process of constant rate would.

    Attributes
    ----------
    by_neuron : ndarray of float64, shape (n_neurons,)
        Of each neuron's count, without unit; NaN for a silent neuron.
    of_population : float
        Of the count of the whole population; NaN if it was silent. It is the larger, the more
        neurons fire together: for independent neurons it is about the mean of `by_neuron`.
    bin_size : Quantity
        Length of a window.
    """

    by_neuron: FloatArray
    of_population: float
    bin_size: Quantity

    @property
    def mean(self) -> float:
        """Mean over the neurons that fired; NaN if none did."""
        known = self.by_neuron[~np.isnan(self.by_neuron)]
        return float(known.mean()) if known.size else math.nan


@public
def fano_factor(
    train: SpikeTrain, *, n_steps: int, dt: Time, bin_size: Time = 50 * ms
) -> FanoFactor:
    r"""Return the Fano factor of spike counts in windows that follow one another.

    .. math:: F = \frac{\langle (n_b - \bar n)^2 \rangle_b}{\bar n}

    where :math:`n_b` is the number of spikes in window :math:`b`, of one neuron or of all. It is 0
    for a clock and 1 for a Poisson process of constant rate; it depends on the window, and a rate
    that changes from window to window makes it larger.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["0"]``. Not changed.
    n_steps : int
        Length of the recording in time steps, as `Night.n_steps`.
    dt : Quantity or str
        Time step, as `Night.dt`.
    bin_size : Quantity or str
        Length of a window, a whole number of time steps. A last one that is not complete is left
        out.

    Returns
    -------
    FanoFactor
        ``by_neuron``, ``of_population`` and ``mean``.

    Raises
    ------
    ParameterError
        If the window is longer than the recording or not a whole number of steps, or there are
        spikes after the last step.
    KindError, UnitsError
        If one is something else.

    References
    ----------
    Fano 1947, Physical Review 72:26; of spikes in windows: Teich, Heneghan, Lowen, Ozaki, Kaplan
    1997, Journal of the Optical Society of America A 14:529.

    Examples
    --------
    The first neuron fires 2, 0 times; the second once in each window.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> train = Spikes(i=np.array([0, 1, 0, 1]), t=[0, 1, 2, 11] * ms, n_neurons=2)
    >>> found = fano_factor(train, n_steps=20, dt=1 * ms, bin_size=10 * ms)
    >>> found.by_neuron.tolist(), found.of_population
    ([1.0, 0.0], 0.5)
    """
    binned = bin_train(train, n_steps=n_steps, dt=dt, bin_size=bin_size)
    mean, variance = binned.moments()
    by_neuron = np.full(binned.n_neurons, np.nan)
    np.divide(variance, mean, out=by_neuron, where=mean > 0)
    counts = binned.of_population
    of_all = float(counts.var() / counts.mean()) if counts.any() else math.nan
    return FanoFactor(by_neuron, of_all, binned.width * second)
