"""Several tests at once: p values that allow for their number."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number
from ..support.names import items


@public
def holm(p_values: Iterable[float]) -> list[float]:
    r"""Correct p values for the number of tests, by Holm's step-down method.

    .. math:: \tilde p_{(i)} = \max_{j \le i} \min\left(1, (m - j + 1) \, p_{(j)}\right)

    with :math:`p_{(1)} \le \ldots \le p_{(m)}`. The chance that any true null hypothesis is
    rejected stays at or below the level, whatever the tests have to do with each other.

    Parameters
    ----------
    p_values : iterable of float
        In [0, 1]; NaN of a test that could say nothing, which does not count and stays.

    Returns
    -------
    list of float
        In the same order.

    Raises
    ------
    ParameterError
        If a value is not between 0 and 1.

    References
    ----------
    Holm 1979, Scandinavian Journal of Statistics 6:65.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    given = [_checked(one) for one in items(p_values, "p_values", "numbers")]
    order = sorted((p, place) for place, p in enumerate(given) if not math.isnan(p))
    corrected, highest = list(given), 0.0
    for step, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - step) * p))
        corrected[place] = highest
    return corrected


def _checked(p: object) -> float:
    if isinstance(p, float) and math.isnan(p):
        return p
    try:
        return float(number(p, "p_values", minimum=0, maximum=1))
    except ParameterError:
        raise ParameterError("p_values must be numbers from 0 to 1, or NaN.") from None
