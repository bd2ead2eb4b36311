"""Means with their spread."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number
from ..support.names import items


@dataclass(frozen=True)
class MeanSD:
    """A mean and its spread, over seeds for example.

    Attributes
    ----------
    mean : float
        Arithmetic mean.
    sd : float
        Sample standard deviation (divided by n - 1); NaN for a single value, which has none.
    n : int
        Number of values.
    """

    mean: float
    sd: float
    n: int

    def __str__(self) -> str:
        spread = "" if math.isnan(self.sd) else f" ± {self.sd:.3f}"
        return f"{self.mean:.3f}{spread} (n = {self.n})"


@public
def summarise(values: Iterable[float]) -> MeanSD:
    r"""Return the mean and the sample standard deviation.

    .. math:: m = \frac{1}{n} \sum_i x_i, \qquad s = \sqrt{\frac{1}{n-1} \sum_i (x_i - m)^2}

    Parameters
    ----------
    values : iterable of float
        For example one value per seed.

    Returns
    -------
    MeanSD
        As text, ``0.695 ± 0.027 (n = 5)``.

    Raises
    ------
    ParameterError
        If there are no values, or one is NaN or infinite.

    Examples
    --------
    >>> summarise([0.5, 0.75, 1.0])
    MeanSD(mean=0.75, sd=0.25, n=3)
    >>> print(summarise([0.5, 0.75, 1.0]))
    0.750 ± 0.250 (n = 3)
    """
    array = np.array([number(one, "values") for one in items(values, "values", "numbers")])
    if array.size == 0:
        raise ParameterError("values: there are none to summarise; give at least one.")
    sd = float(array.std(ddof=1)) if array.size > 1 else math.nan
    return MeanSD(mean=math.fsum(array) / array.size, sd=sd, n=array.size)
