"""Whether a population goes back and forth between two states."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity

from ..devices.activity import PopulationRate
from ..errors import ParameterError
from ..support.calls import public
from .trains import FloatArray, read_rate

#: Sarle's coefficient of a uniform distribution; above it, a distribution counts as bimodal.
BIMODAL_ABOVE = 5 / 9


@dataclass(frozen=True)
class Bimodality:
    """Whether a rate has two modes.

    Attributes
    ----------
    coefficient : float
        Sarle's bimodality coefficient of the square root of the rate; NaN for a rate that never
        changes.
    fraction_silent : float
        Fraction of the bins without any spike.
    """

    coefficient: float
    fraction_silent: float

    @property
    def bimodal(self) -> bool:
        """Whether the coefficient lies above 5/9, that of a uniform distribution."""
        return self.coefficient > BIMODAL_ABOVE


@public
def bimodality(rate: PopulationRate | tuple[Quantity, FloatArray]) -> Bimodality:
    r"""Measure whether a population goes back and forth between two states.

    Sarle's bimodality coefficient of the square root of the rate, whose noise is then the same at
    low and high rates (Anscombe 1948, for counts):

    .. math:: b = \frac{g^2 + 1}{k + \frac{3 (n-1)^2}{(n-2)(n-3)}}

    where :math:`g` is the skewness and :math:`k` the excess kurtosis of the :math:`n` bins, both
    corrected for the sample's size. It is 1/3 for a normal distribution, 5/9 for a uniform one,
    and 1 for two values alone; above 5/9 a distribution counts as bimodal. A distribution with
    one long tail may lie above as well, so look at the fraction of silent bins too.

    Parameters
    ----------
    rate : PopulationRate or tuple
        One of `Night.rates`, or what :func:`binned_rate` or :func:`population_rate` returns. Its
        bins should be shorter than the states, and long enough for several spikes in an up state.

    Returns
    -------
    Bimodality
        ``coefficient``, ``bimodal`` and ``fraction_silent``.

    Raises
    ------
    ParameterError
        If there are fewer than 4 bins.
    UnitsError
        If `rate` is not a population rate.

    References
    ----------
    Anscombe 1948, Biometrika 35:246; SAS Institute 1990, SAS/STAT User's Guide, version 6; Pfister,
    Schwarz, Janczyk, Dale, Freeman 2013, Frontiers in Psychology 4:700.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import PopulationRate
    >>> rate = PopulationRate(np.tile([0, 0, 9, 10], 50), n_neurons=10, dt=20 * ms)
    >>> found = bimodality(rate)
    >>> found.bimodal, found.fraction_silent
    (True, 0.5)
    """
    # here, as loading scipy takes a second that other measures need not wait for
    from scipy import stats

    hertz, _ = read_rate(rate)
    n = len(hertz)
    if n < 4:
        raise ParameterError(f"rate: needs at least 4 bins, but has {n}.")
    silent = float(np.mean(hertz == 0))
    if np.ptp(hertz) == 0:
        return Bimodality(math.nan, silent)
    values = np.sqrt(hertz)
    skewness = float(stats.skew(values, bias=False))
    kurtosis = float(stats.kurtosis(values, bias=False))
    expected = 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
    return Bimodality((skewness**2 + 1) / (kurtosis + expected), silent)
