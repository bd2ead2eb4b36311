"""Rates: the larger a number, the more often its input spikes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms

from ...support.array_values import numbers
from ...support.calls import public
from ...support.quantities import Time, quantity
from ..given import ConstantRates


@public
def poisson(
    values: npt.ArrayLike,
    n_steps: int,
    max_rate: Quantity | str,
    *,
    dt: Time = 1 * ms,
    seed: int = 0,
) -> npt.NDArray[np.bool_]:
    r"""Encode numbers as rates: the larger a number, the more often its input spikes.

    In each step, input i spikes with probability

    .. math:: p_i = \min(1, \ \Delta t \, r_\mathrm{max} \, x_i)

    independently of all else.

    Parameters
    ----------
    values : array_like
        Numbers x in [0, 1]; any shape, made flat.
    n_steps : int
        Number of time steps.
    max_rate : Quantity or str
        Rate of x = 1, in Hz, literally.
    dt : Quantity or str, optional
        Time step.
    seed : int, optional
        Equal seeds give equal spikes.

    Returns
    -------
    ndarray of bool, shape (n_steps, n_values)
        True where an input spikes.

    Raises
    ------
    ParameterError
        If a value is out of range or NaN, or there is none.
    UnitsError
        If units are wrong or missing.

    References
    ----------
    Adrian, Zotterman 1926, Journal of Physiology 61:151.

    Examples
    --------
    >>> from brian2 import Hz
    >>> poisson([0, 1], n_steps=2, max_rate=1000 * Hz).tolist()
    [[False, True], [False, True]]
    """
    x = numbers(values, "codes: values", minimum=0, maximum=1).ravel()
    hertz = quantity(max_rate, Hz, "codes: max_rate", minimum=0)
    return ConstantRates(hertz * x * Hz).draw(n_steps, dt, seed)
