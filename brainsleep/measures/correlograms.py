"""Cross-correlograms: when one population fires, relative to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity, ms
from brian2.units import second as unit_second  # an argument is called second

from ..errors import ParameterError
from ..support.calls import public
from ..support.quantities import Time, quantity
from .time_bins import bin_train
from .trains import ROUNDING, FloatArray, IntArray, SpikeTrain


@dataclass(frozen=True)
class CrossCorrelogram:
    """How often one population fires before and after another.

    Attributes
    ----------
    lags : Quantity, shape (n_lags,)
        From minus the largest lag to the largest; positive where the second population is later.
    counts : ndarray of int64, shape (n_lags,)
        Pairs of spikes, one of each population, at each lag.
    coefficients : ndarray of float64, shape (n_lags,)
        Correlation of the populations' counts at each lag, between -1 and 1; NaN if one of them
        never varies.
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
        \rho(\tau) = \frac{C(\tau) - n_a n_c / B}{\sqrt{(\sum_b a^2 - n_a^2/B)
        (\sum_b c^2 - n_c^2/B)}}

    where :math:`a(b)` and :math:`c(b)` are the spikes of the two populations in bin :math:`b` of
    :math:`B`, and :math:`n_a`, :math:`n_c` all their spikes. At large lags fewer bins overlap, so
    that both become smaller there: take lags that are short against the recording. Of one
    population with itself this is the autocorrelogram, and each spike is its own partner at lag 0.

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
    Perkel, Gerstein, Moore 1967, Biophysical Journal 7:419; the coefficient as in Elephant's
    ``cross_correlation_histogram``.

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
    one, other = a.of_population.astype(np.float64), c.of_population.astype(np.float64)
    lags = np.arange(-n_lags, n_lags + 1)
    counts = np.array([_pairs(one, other, lag) for lag in lags.tolist()])
    scale = np.sqrt(one.var() * other.var()) * a.n_bins
    expected = one.sum() * other.sum() / a.n_bins
    coefficients = (counts - expected) / scale if scale > 0 else np.full(len(lags), np.nan)
    return CrossCorrelogram(
        lags * a.width * unit_second, np.rint(counts).astype(np.int64), coefficients
    )


def _pairs(one: FloatArray, other: FloatArray, lag: int) -> float:
    """Return the sum of the products of what lies a lag apart."""
    if lag < 0:
        one, other, lag = other, one, -lag
    return float(one[: len(one) - lag] @ other[lag:])
