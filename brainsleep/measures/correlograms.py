"""Cross-correlograms: when one population fires, relative to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity, ms
from brian2.units import second as unit_second  # an argument is called second

from ..errors import ParameterError
from ..support.calls import public
from ..support.quantities import Time, quantity
from .short_reprs import ShortRepr
from .time_bins import bin_train
from .trains import ROUNDING, FloatArray, IntArray, SpikeTrain


@dataclass(frozen=True, repr=False)
class CrossCorrelogram(ShortRepr):
    """How often one population fires before and after another.

    Attributes
    ----------
    lags : Quantity, shape (n_lags,)
        From minus the largest lag to the largest; positive where the second population is later.
    counts : ndarray of int64, shape (n_lags,)
        Pairs of spikes, one of each population, at each lag.
    coefficients : ndarray of float64, shape (n_lags,)
        Correlation of the populations' counts at each lag, between -1 and 1; NaN where one of
        them never varies.
    """

    lags: Quantity
    counts: IntArray
    coefficients: FloatArray

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def peak(self) -> Quantity:
        """The lag of the most pairs; the first, of several."""
        return self.lags[int(np.argmax(self.counts))]


@public
def cross_correlation(
    first: SpikeTrain,
    second: SpikeTrain,
    *,
    n_steps: int,
    dt: Time,
    max_lag: Time = 50 * ms,
    bin_size: Time | None = None,
) -> CrossCorrelogram:
    r"""Count pairs of spikes of two populations by their lag.

    .. math:: C(\tau) = \sum_b a(b) \, c(b + \tau), \qquad
        \rho(\tau) = \frac{C(\tau) - A \, C' / B_\tau}{\sqrt{(\sum_b a^2 - A^2 / B_\tau)
        (\sum_b c^2 - C'^2 / B_\tau)}}

    where :math:`a(b)` and :math:`c(b)` are the spikes of the two populations in bin :math:`b`. All
    sums are over the :math:`B_\tau` bins in which both were recorded at the lag :math:`\tau`, and
    :math:`A`, :math:`C'` are the spikes of the two in these: :math:`\rho(\tau)` is Pearson's
    correlation of the bins that overlap, between -1 and 1 at any lag. :math:`C(\tau)` is a plain
    count and becomes smaller at large lags, where fewer bins overlap. Of one population with itself
    this is the autocorrelogram, and each spike is its own partner at lag 0.

    Parameters
    ----------
    first, second : Spikes
        Spikes of two populations, such as ``night.spikes["input"]``. Not changed. Of single
        neurons: ``night.spikes["0"].of([3])``.
    n_steps : int
        Length of the recording in time steps, as `Night.n_steps`.
    dt : Quantity or str
        Time step, as `Night.dt`.
    max_lag : Quantity or str
        The largest lag; best a whole number of bins.
    bin_size : Quantity or str, optional
        A whole number of time steps. Default: one time step.

    Returns
    -------
    CrossCorrelogram
        ``lags``, ``counts`` and ``coefficients``.

    Raises
    ------
    ParameterError
        If `max_lag` is not shorter than the recording, a length is not a whole number of steps, or
        there are spikes after the last step.
    KindError, UnitsError
        If one is something else.

    References
    ----------
    Perkel, Gerstein, Moore 1967, Biophysical Journal 7:419. Counts are those of Elephant's
    ``cross_correlation_histogram``, and so is the coefficient at lag 0. At other lags Elephant
    subtracts what the whole recording would give, so that its coefficient leaves [-1, 1] where
    rates are high and lags are long.

    Examples
    --------
    The second fires 2 ms after the first.

    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> one = Spikes(i=np.array([0, 0]), t=[20, 60] * ms, n_neurons=1)
    >>> other = Spikes(i=np.array([0, 0]), t=[22, 62] * ms, n_neurons=1)
    >>> found = cross_correlation(one, other, n_steps=100, dt=1 * ms, max_lag=3 * ms)
    >>> found.counts.tolist(), found.peak
    ([0, 0, 0, 0, 0, 2, 0], 2. * msecond)
    """
    width = dt if bin_size is None else bin_size
    a = bin_train(first, n_steps=n_steps, dt=dt, bin_size=width, field="first")
    c = bin_train(second, n_steps=n_steps, dt=dt, bin_size=width, field="second")
    longest = quantity(max_lag, unit_second, "max_lag", minimum=0)
    n_lags = int(longest / a.width + ROUNDING)
    if n_lags >= a.n_bins:
        raise ParameterError(
            f"max_lag: {longest * 1e3:g} ms is not shorter than the recording of "
            f"{a.n_bins * a.width * 1e3:g} ms."
        )
    one, other = a.of_population, c.of_population
    lags = np.arange(-n_lags, n_lags + 1)
    counts = _pairs(one.astype(np.float64), other.astype(np.float64), lags)
    return CrossCorrelogram(
        lags * a.width * unit_second, counts, _pearson(one, other, lags, counts)
    )


def _pairs(one: FloatArray, other: FloatArray, lags: IntArray) -> IntArray:
    """Return, for each lag, the sum of the products of what lies so far apart."""
    n = len(one)
    sums = [
        one[max(-lag, 0) : n - max(lag, 0)] @ other[max(lag, 0) : n - max(-lag, 0)] for lag in lags
    ]
    return np.rint(sums).astype(np.int64)


def _pearson(one: IntArray, other: IntArray, lags: IntArray, pairs: IntArray) -> FloatArray:
    """Return the correlation of the bins that overlap at each lag, from whole numbers."""
    n = len(one)
    begin, end = np.maximum(-lags, 0), n - np.maximum(lags, 0)  # of those of the first
    sum_one, squares_one = _sums(one, begin, end)
    sum_other, squares_other = _sums(other, begin + lags, end + lags)
    overlap = end - begin
    variation = [
        (overlap * squares - total**2).astype(np.float64)
        for total, squares in ((sum_one, squares_one), (sum_other, squares_other))
    ]
    found = np.full(len(lags), np.nan)
    scale = np.sqrt(variation[0]) * np.sqrt(variation[1])
    np.divide(overlap * pairs - sum_one * sum_other, scale, out=found, where=scale > 0)
    return found.clip(-1, 1)  # rounding


def _sums(counts: IntArray, begin: IntArray, end: IntArray) -> tuple[IntArray, IntArray]:
    """Return the sums of some bins, and of their squares, for each of several ranges."""
    up_to, squares = (np.append(0, np.cumsum(values)) for values in (counts, counts**2))
    return up_to[end] - up_to[begin], squares[end] - squares[begin]
