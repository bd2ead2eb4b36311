"""Populations: each number is encoded by a row of neurons with tuning curves of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms

from ...errors import ParameterError
from ...support.array_values import numbers
from ...support.calls import public
from ...support.checks import number, whole_number
from ...support.quantities import Time
from .rate_codes import poisson


@public
@dataclass(frozen=True)
class GaussianTuning:
    r"""A row of neurons, each of which responds most to a number of its own.

    Neuron i of :math:`m` prefers :math:`c_i`. Its response to a number x is

    .. math::

        f_i(x) = \exp\left(-\frac{(x - c_i)^2}{2 \sigma^2}\right), \qquad
        c_i = \mathrm{low} + i \, \frac{\mathrm{high} - \mathrm{low}}{m - 1}

    Parameters
    ----------
    n_neurons : int, optional
        :math:`m`, at least 2.
    low, high : float, optional
        Range of the numbers, and what the first and the last neuron prefer.
    width : float, optional
        :math:`\sigma`. Default: the distance between two preferred values, divided by 1.5
        (Bohte et al. 2002).

    Raises
    ------
    ParameterError
        If a value is out of range.
    UnitsError
        If a value has units or is not a number.

    References
    ----------
    Georgopoulos, Schwartz, Kettner 1986, Science 233:1416; Bohte, La Poutré, Kok 2002, IEEE
    Transactions on Neural Networks 13:426.

    Examples
    --------
    >>> tuning = GaussianTuning(n_neurons=5)
    >>> tuning.preferred.tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    >>> round(float(tuning.decode(tuning.responses([0.3]))[0]), 3)
    0.3
    """

    n_neurons: int = 10
    low: float = 0.0
    high: float = 1.0
    width: float | None = None

    def __post_init__(self) -> None:
        whole_number(self.n_neurons, "codes: n_neurons", minimum=2, maximum=100_000)
        low = number(self.low, "codes: low")
        high = number(self.high, "codes: high")
        if low >= high:
            raise ParameterError(f"codes: low ({low:g}) must lie below high ({high:g}).")
        if self.width is not None:
            number(self.width, "codes: width", minimum=0, exclusive_minimum=True)

    @property
    def preferred(self) -> npt.NDArray[np.float64]:
        """What each neuron prefers, shape (n_neurons,)."""
        return np.linspace(float(self.low), float(self.high), self.n_neurons)

    @property
    def sigma(self) -> float:
        """Width of the tuning curves."""
        if self.width is not None:
            return float(self.width)
        return (float(self.high) - float(self.low)) / (self.n_neurons - 1) / 1.5

    @public
    def responses(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return how much each neuron responds to each number.

        Parameters
        ----------
        values : array_like
            Numbers between `low` and `high`; any shape, made flat.

        Returns
        -------
        ndarray of float64, shape (n_values, n_neurons)
            Between 0 and 1.

        Raises
        ------
        ParameterError
            If a value is out of range or NaN, or there is none.
        UnitsError
            If a value has units or is not a number.
        """
        x = numbers(values, "codes: values", minimum=float(self.low), maximum=float(self.high))
        return np.exp(self._exponent(x.reshape(-1, 1)))

    @public
    def decode(self, activity: npt.ArrayLike) -> npt.NDArray[np.float64]:
        r"""Read the numbers back from what the neurons did.

        The population vector of a row of neurons is their centre of mass,
        :math:`\sum_i a_i c_i / \sum_i a_i`. The row ends at `low` and at `high`, which draws the
        centre of mass inward. But it still grows with x, so the number that would have given
        this centre of mass is looked up. Without noise, decoding is exact to about a thousandth
        of the range.

        Parameters
        ----------
        activity : array_like, shape (n_values, n_neurons) or (n_values * n_neurons,)
            Responses, rates or spike counts, as ``spikes.sum(axis=0)``; at least 0.

        Returns
        -------
        ndarray of float64, shape (n_values,)
            NaN where no neuron was active.

        Raises
        ------
        ParameterError
            If the activity is negative or NaN, or does not divide into rows of neurons.
        UnitsError
            If it has units or is not made of numbers.
        """
        given = numbers(activity, "codes: activity", minimum=0)
        if given.size % self.n_neurons or (given.ndim > 1 and given.shape[-1] != self.n_neurons):
            raise ParameterError(
                f"codes: activity of shape {given.shape} does not divide into rows of "
                f"{self.n_neurons} neurons."
            )
        rows = given.reshape(-1, self.n_neurons)
        total = rows.sum(axis=1)
        centre = np.full(len(rows), math.nan)
        active = total > 0
        centre[active] = rows[active] @ self.preferred / total[active]
        return np.interp(centre, *self._centres())

    def _exponent(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the logarithm of the responses to a column of numbers."""
        return -((x - self.preferred) ** 2) / (2 * self.sigma**2)

    def _centres(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return centres of mass in rising order, and the numbers they belong to."""
        x = np.linspace(float(self.low), float(self.high), 200 * self.n_neurons + 1)
        exponent = self._exponent(x[:, None])
        # Subtracting the largest changes no centre, and keeps narrow curves from vanishing.
        mass = np.exp(exponent - exponent.max(axis=1, keepdims=True))
        return mass @ self.preferred / mass.sum(axis=1), x


@public
def population(
    values: npt.ArrayLike,
    n_steps: int,
    n_neurons: int = 10,
    *,
    low: float = 0.0,
    high: float = 1.0,
    width: float | None = None,
    max_rate: Quantity | str = 100 * Hz,
    dt: Time = 1 * ms,
    seed: int = 0,
) -> npt.NDArray[np.bool_]:
    r"""Encode each number by a row of neurons with Gaussian tuning curves.

    In each step, neuron i of the row that reads x spikes with probability

    .. math:: p_i = \min(1, \ \Delta t \, r_\mathrm{max} \, f_i(x))

    where :math:`f_i` is its tuning curve: see :class:`GaussianTuning`, which also reads the
    numbers back.

    Parameters
    ----------
    values : array_like
        Numbers between `low` and `high`; any shape, made flat.
    n_steps : int
        Number of time steps.
    n_neurons, low, high, width : optional
        As in :class:`GaussianTuning`.
    max_rate : Quantity or str, optional
        Rate of a neuron that gets what it prefers, in Hz, literally.
    dt : Quantity or str, optional
        Time step.
    seed : int, optional
        Equal seeds give equal spikes.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_values * n_neurons)
        True where a neuron spikes; the neurons of the first number come first.

    Raises
    ------
    ParameterError
        If a value is out of range or NaN, or there is none.
    UnitsError
        If units are wrong or missing.

    References
    ----------
    See :class:`GaussianTuning`.

    Examples
    --------
    >>> spikes = population([0.2, 0.7], n_steps=1000, n_neurons=8)
    >>> spikes.shape
    (1000, 16)
    >>> GaussianTuning(n_neurons=8).decode(spikes.sum(axis=0)).round(1).tolist()
    [0.2, 0.7]
    """
    responses = GaussianTuning(n_neurons, low, high, width).responses(values)
    return poisson(responses, n_steps, max_rate, dt=dt, seed=seed)
