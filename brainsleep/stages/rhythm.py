"""What spindles and ripples have in common: how they read time steps and up states."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..devices.arguments import LONGEST_STEP, SHORTEST_STEP, read_time_step
from ..errors import KindError, ParameterError, brief
from ..support.array_values import read_array
from ..support.checks import number, read_seed, whole_number
from ..support.quantities import Time

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]


def read_step(dt: Time, hertz: float, rhythm: str) -> float:
    """Read a time step in which a rhythm can be drawn, in seconds.

    Parameters
    ----------
    dt : Quantity or str
        Time step.
    hertz : float
        Frequency of the rhythm.
    rhythm : str
        What error messages call it.

    Returns
    -------
    float

    Raises
    ------
    ParameterError
        If the step is not shorter than half a cycle.
    UnitsError
        If it is not a time.
    """
    step = read_time_step(dt)
    if 2 * hertz * step >= 1:
        raise ParameterError(
            f"{rhythm}: dt ({step * 1e3:g} ms) must be shorter than half a cycle of {hertz:g} Hz."
        )
    return step


def read_night(n_steps: object, dt: object, seed: object = 0) -> tuple[int, float, int]:
    """Read the length of a night in steps, its time step in seconds, and its seed.

    Raises
    ------
    ParameterError, UnitsError
        Naming the argument.
    """
    seconds = number(dt, "dt (in seconds)", minimum=SHORTEST_STEP, maximum=LONGEST_STEP)
    return whole_number(n_steps, "n_steps", minimum=1), seconds, read_seed(seed)


def read_up(up: npt.ArrayLike) -> BoolArray:
    """Return which steps are up, a bool array of shape (n_steps,).

    Raises
    ------
    KindError
        If `up` is not a bool array.
    ParameterError
        If it has another shape.
    """
    states = read_array(up, "up")
    if states.dtype != bool:
        raise KindError(f"up must be a bool array, not {brief(up)}.")
    if states.ndim != 1 or states.size == 0:
        raise ParameterError(f"up must have shape (n_steps,), not {states.shape}.")
    return states
