"""How much the neurons of a population fire together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity, ms, second

from ..errors import ParameterError
from ..support.array_values import check_memory
from ..support.calls import public
from ..support.quantities import Time
from .short_reprs import ShortRepr
from .time_bins import BinnedTrain, bin_train, steps_per_bin
from .trains import FloatArray, IntArray, SpikeTrain


@dataclass(frozen=True, repr=False)
class Synchrony(ShortRepr):
    r"""How much a population fired together, in windows that follow one another.

    Attributes
    ----------
    times : Quantity, shape (n_windows,)
        The middle of each window.
    chi : ndarray of float64, shape (n_windows,)
        :math:`\chi`, between 0 and 1; NaN for a window without spikes.
    correlation : ndarray of float64, shape (n_windows,)
        Mean correlation of two neurons' counts, between -1 and 1; NaN where fewer than two fired.
    n_active : ndarray of int64, shape (n_windows,)
        Neurons whose count varies, of which both are computed.
    """

    times: Quantity
    chi: FloatArray
    correlation: FloatArray
    n_active: IntArray

    def __len__(self) -> int:
        return len(self.chi)


@public
def synchrony(
    train: SpikeTrain,
    *,
    n_steps: int,
    dt: Time,
    bin_size: Time = 5 * ms,
    window: Time | None = None,
) -> Synchrony:
    r"""Return how much neurons fire together: of a recording, or over time.

    .. math:: \chi = \sqrt{\frac{\mathrm{Var}_b \left( \frac{1}{N} \sum_i n_i(b) \right)}
        {\frac{1}{N} \sum_i \mathrm{Var}_b \, n_i(b)}}, \qquad
        \bar\rho = \frac{1}{N(N-1)} \sum_{i \ne j} \rho_{ij}

    where :math:`n_i(b)` is the number of spikes of neuron :math:`i` in bin :math:`b`, and
    :math:`\rho_{ij}` is Pearson's correlation of the counts of two neurons. :math:`\chi` is 1 if
    all do the same and :math:`1/\sqrt{N}` if they are independent: compare it with that.
    :math:`\bar\rho` is 0 for independent neurons. Neurons whose count does not vary (silent ones)
    are left out of both.

    Parameters
    ----------
    train : Spikes
        Spikes of one population, such as ``night.spikes["0"]``. Not changed.
    n_steps : int
        Length of the recording in time steps, as `Night.n_steps`.
    dt : Quantity or str
        Time step, as `Night.dt`.
    bin_size : Quantity or str
        Spikes in one bin count as together; a whole number of time steps.
    window : Quantity or str, optional
        A whole number of bins, at least 2; the last window is left out if not complete. Default:
        one window, all complete bins.

    Returns
    -------
    Synchrony
        ``times``, ``chi``, ``correlation`` and ``n_active``, one entry per window.

    Raises
    ------
    ParameterError
        If a window has fewer than 2 bins or is longer than the recording, a length is not a whole
        number, or there are spikes after the last step.
    KindError, UnitsError
        If one is something else.

    References
    ----------
    :math:`\chi`: Golomb, Rinzel 1993, Physical Review E 48:4810, and Golomb 2007, Scholarpedia
    2:1347. Mean correlation of counts: de la Rocha, Doiron, Shea-Brown, Josić, Reyes 2007, Nature
    448:802.

    Examples
    --------
    Two neurons that fire together, and a third that is silent.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> train = Spikes(i=np.array([0, 1, 0, 1]), t=[0, 0, 20, 20] * ms, n_neurons=3)
    >>> found = synchrony(train, n_steps=40, dt=1 * ms)
    >>> found.chi.tolist(), found.correlation.round(6).tolist(), found.n_active.tolist()
    ([1.0], [1.0], [2])
    """
    binned = bin_train(train, n_steps=n_steps, dt=dt, bin_size=bin_size)
    n = binned.n_bins
    if window is not None:
        n = steps_per_bin(window, binned.width, "window")
    if not 2 <= n <= binned.n_bins:
        raise ParameterError(
            f"window: must hold at least 2 bins and at most the {binned.n_bins} of the recording, "
            f"not {n}."
        )
    starts = np.arange(0, binned.n_bins - n + 1, n)
    check_memory(len(starts) * binned.n_neurons, "window")
    order = np.argsort(binned.bins, kind="stable")
    edges = np.searchsorted(binned.bins[order], np.append(starts, starts[-1] + n))
    found = []
    for start, first, last in zip(starts, edges[:-1], edges[1:], strict=True):
        chosen = order[first:last]
        found.append(
            _of_window(
                BinnedTrain(
                    binned.neurons[chosen],
                    binned.bins[chosen] - start,
                    binned.n_neurons,
                    n,
                    binned.width,
                )
            )
        )
    chi, correlation, n_active = zip(*found, strict=True)
    return Synchrony(
        (starts + n / 2) * binned.width * second,
        np.array(chi),
        np.array(correlation),
        np.array(n_active),
    )


def _of_window(binned: BinnedTrain) -> tuple[float, float, int]:
    """Return chi, the mean correlation, and the number of neurons whose count varies."""
    _, variance = binned.moments()
    active = variance > 0
    n = int(active.sum())
    if n == 0:
        return np.nan, np.nan, 0
    scale = np.zeros(binned.n_neurons)
    scale[active] = 1 / np.sqrt(variance[active])
    seen = active[binned.neurons]
    neurons, bins = binned.neurons[seen], binned.bins[seen]
    total = np.bincount(bins, minlength=binned.n_bins)
    chi = np.sqrt(total.var() / n / variance.sum())
    # the counts of each neuron over their standard deviation, summed over neurons
    scaled = np.bincount(bins, weights=scale[neurons], minlength=binned.n_bins)
    correlation = (scaled.var() - n) / (n * (n - 1)) if n > 1 else np.nan
    return float(chi), float(correlation), n
