"""A gate modulated by the faster rhythms of NREM sleep: spindles, and ripples in them.

Each rhythm is a factor, one number per time step, on what opens and closes the gate to replay; 1
leaves the gate as it is. Up states of the slow oscillation start spindles; troughs of spindles hold
ripples (Staresina et al. 2015). `modulated` puts all three together.
"""

from __future__ import annotations

import numpy.typing as npt
from brian2.units import ms

from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.quantities import Time
from .rhythm import FloatArray, read_up
from .ripples import Ripples
from .spindles import Spindles


@public
def modulated(
    gate: npt.ArrayLike,
    spindles: Spindles | None = None,
    ripples: Ripples | None = None,
    *,
    dt: Time = 1 * ms,
    seed: int = 0,
    up: npt.ArrayLike | None = None,
) -> FloatArray:
    r"""Multiply a gate by spindles, and by ripples in their troughs.

    .. math:: g'_k = g_k \, s_k \, r_k

    where :math:`s` is the factor of the spindles and :math:`r` that of the ripples.

    Parameters
    ----------
    gate : array_like of float, shape (n_steps,)
        What the slow oscillation lets through in each time step, at least 0.
    spindles : Spindles, optional
        Without them the gate stays as it is.
    ripples : Ripples, optional
        Only together with spindles.
    dt : Quantity or str
        Time step.
    seed : int
        Equal seeds give equal gates.
    up : array_like of bool, shape (n_steps,), optional
        Where the slow oscillation is up. Default: where the gate lies above the mean of its
        smallest and its largest value.

    Returns
    -------
    ndarray of float64, shape (n_steps,)
        At least 0. It may be larger than the gate, so probabilities multiplied by it need an upper
        bound.

    Raises
    ------
    ParameterError
        If the gate is negative or NaN, shapes differ, or there are ripples but no spindles.
    UnitsError
        If an argument is of the wrong kind, or `dt` is not a time.

    Examples
    --------
    >>> import numpy as np
    >>> gate = np.tile(np.repeat([0.1, 1.0], 500), 5)  # a slow oscillation of 1 Hz
    >>> replay = modulated(gate, Spindles(probability=1), Ripples())
    >>> bool(replay.max() > 1), bool(replay.min() >= 0)
    (True, True)
    """
    values = _read_gate(gate)
    check_rhythms(spindles, ripples)
    if spindles is None:
        return values
    states = values > (values.min() + values.max()) / 2 if up is None else read_up(up)
    if states.shape != values.shape:
        raise ParameterError(
            f"up has {len(states)} time steps, but the gate has {len(values)}; give one value per "
            "step."
        )
    result = values * spindles.wave(states, dt, seed)
    if ripples is not None:
        result *= ripples.wave(spindles.phase(states, dt, seed), dt, seed)
    return result


def check_rhythms(spindles: Spindles | None, ripples: Ripples | None) -> None:
    """Check that spindles and ripples go together.

    Raises
    ------
    ParameterError
        If there are ripples but no spindles.
    """
    if ripples is not None and spindles is None:
        raise ParameterError(
            "ripples: they lie in troughs of spindles, but spindles is None; give both."
        )


def _read_gate(given: npt.ArrayLike) -> FloatArray:
    """Check a gate and return a copy of it, as floats."""
    return numbers(given, "gate", shape=(None,), minimum=0).copy()
