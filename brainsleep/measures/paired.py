"""Two series of values that belong together pair by pair, as of equal seeds."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number
from ..support.names import items
from .summary import summarise

#: With fewer pairs the signed-rank test cannot give a p below 0.05, whatever the values.
LEAST_PAIRS_RANKED = 6

#: Differences that spread by less than this part of the values are rounding.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class PairedDifference:
    """How much the second of each pair is above the first, on average.

    Attributes
    ----------
    mean, sd : float
        Of the differences; the sample standard deviation (divided by n - 1).
    low, high : float
        The 95 % confidence interval of the mean, from Student's t distribution.
    t, p : float
        Of the paired t-test, two-sided, with n - 1 degrees of freedom. NaN where all differences
        are the same: then no test says anything.
    p_ranks : float
        Of Wilcoxon's signed-rank test, two-sided, which supposes no normal distribution; NaN where
        all differences are the same, or with fewer than six pairs, of which it can say nothing.
    n : int
        Number of pairs.
    """

    mean: float
    sd: float
    low: float
    high: float
    t: float
    p: float
    p_ranks: float
    n: int

    def __str__(self) -> str:
        return self.text()

    def text(self, scale: float = 1.0, unit: str = "", digits: int = 3) -> str:
        """Return the difference with its interval and its tests, in one line.

        Parameters
        ----------
        scale : float
            On values: 100 shows percentage points.
        unit : str
            Written after the difference.
        digits : int
            After the decimal point of values.
        """
        mean, low, high = (
            f"{scale * value:+.{digits}f}" for value in (self.mean, self.low, self.high)
        )
        difference = f"{mean}{unit and f' {unit}'}"
        if math.isnan(self.p):
            return f"{difference} in each of {self.n} pairs, so that there is nothing to test"
        tests = f"paired t-test: t({self.n - 1}) = {self.t:.2f}, p = {self.p:.2g}"
        if not math.isnan(self.p_ranks):
            tests += f"; Wilcoxon signed-rank test: p = {self.p_ranks:.2g}"
        return f"{difference}, 95 % CI {low} to {high}; {tests}"


@public
def paired_difference(first: Iterable[float], second: Iterable[float]) -> PairedDifference:
    r"""Compare two series pair by pair: by how much the second is above the first.

    .. math:: d_i = b_i - a_i, \qquad \bar d \pm t_{0.975, n-1} \, s_d / \sqrt{n}

    Parameters
    ----------
    first, second : iterable of float
        For example one accuracy per seed, for the same seeds in the same order; two or more.

    Returns
    -------
    PairedDifference
        As text, ``+0.100, 95 % CI +0.040 to +0.160; paired t-test: t(4) = 4.63, p = 0.0098``.

    Raises
    ------
    ParameterError
        If the series are not of the same length, or shorter than two.

    Examples
    --------
    >>> found = paired_difference([0.5, 0.6, 0.7], [0.6, 0.8, 0.8])
    >>> print(f"{found.mean:.3f}, p = {found.p:.3f}")
    0.133, p = 0.057
    """
    # here, as loading scipy takes a second that other measures need not wait for
    from scipy import stats

    before, after = (
        np.array([number(one, name) for one in items(values, name, "numbers")])
        for values, name in ((first, "first"), (second, "second"))
    )
    n = before.size
    if n != after.size or n < 2:
        raise ParameterError(
            f"first and second must be two or more values each, in pairs, but are {n} and "
            f"{after.size}."
        )
    differences = after - before
    mean, sd = summarise(differences).mean, summarise(differences).sd
    if sd <= _ROUNDING * max(np.abs(before).max(), np.abs(after).max()):
        nan = math.nan
        return PairedDifference(mean, 0.0, mean, mean, t=nan, p=nan, p_ranks=nan, n=n)
    test = stats.ttest_rel(after, before)
    margin = float(stats.t.ppf(0.975, n - 1)) * sd / math.sqrt(n)
    p_ranks = stats.wilcoxon(differences).pvalue if n >= LEAST_PAIRS_RANKED else math.nan
    return PairedDifference(
        mean,
        sd,
        mean - margin,
        mean + margin,
        t=float(test.statistic),
        p=float(test.pvalue),
        p_ranks=float(p_ranks),
        n=n,
    )
