"""Arguments of all that runs on a device: duration, time step, data type, recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from brian2.units import Quantity, ms, second
from numpy.typing import ArrayLike, NDArray

from ..errors import ParameterError, UnitsError, brief
from ..stimuli import Stimulus
from ..support.array_values import numbers
from ..support.checks import LARGEST_COUNT, known_name, whole_number
from ..support.names import known_names
from ..support.quantities import Time, quantity

#: Data types of neurons and synapses.
DTYPES = ("float32", "float64")

#: Time steps, in seconds, that membranes and spikes may have: a nanosecond to a minute.
SHORTEST_STEP, LONGEST_STEP = 1e-9, 60.0


def number_of_steps(duration: Time | int | None, dt: float, stimulus: Stimulus) -> int:
    """Turn a duration into a number of steps, and compare it with the stimulus' own.

    Parameters
    ----------
    duration : Quantity, str, int or None
        Simulated time, or a number of time steps; None for the stimulus' own, or 0.5 s.
    dt : float
        Time step in seconds.
    stimulus : Stimulus
        What drives the input; explicit spikes have a number of steps of their own.

    Raises
    ------
    ParameterError
        If the duration is not a whole number of steps, or the stimulus has another length.
    UnitsError
        If it is a number with a fraction and has no units.
    """
    if duration is None:
        return stimulus.n_steps if stimulus.n_steps is not None else _steps(0.5 * second, dt)
    n_steps = _steps(duration, dt)
    if stimulus.n_steps is not None and n_steps != stimulus.n_steps:
        raise ParameterError(
            f"duration: {n_steps} steps, but the explicit spikes have {stimulus.n_steps}."
        )
    return n_steps


def _steps(duration: Time | int, dt: float) -> int:
    """Read a duration given as time or as a number of steps."""
    if isinstance(duration, (Quantity, str)):
        seconds = quantity(duration, second, "duration", minimum=0, exclusive_minimum=True)
        if seconds / dt > LARGEST_COUNT:
            raise ParameterError(
                f"duration: {seconds:g} s are more than {LARGEST_COUNT} steps of {dt * 1e3:g} ms."
            )
        n_steps = round(seconds / dt)
        if n_steps < 1 or abs(n_steps * dt - seconds) > 1e-6 * dt * max(n_steps, 1):
            raise ParameterError(
                f"duration: {seconds:g} s is not a whole number of time steps of {dt * 1e3:g} ms."
            )
        return n_steps
    if isinstance(duration, (float, np.floating)):
        raise UnitsError(
            f"duration: {brief(duration)} has no units; write {brief(duration)}*second, or a "
            "whole number of steps."
        )
    return whole_number(duration, "duration", minimum=1)


def read_modulation(values: ArrayLike | None, n_steps: int, learner: str) -> NDArray[np.float64]:
    """Read the factor on learning, or the reward, of each step.

    Parameters
    ----------
    values : array_like of float, shape (n_steps,)
        What the user gave.
    n_steps : int
        Number of steps of the night.
    learner : str
        What needs the modulation, for messages.

    Raises
    ------
    ParameterError, UnitsError
        Unless it is an array of finite numbers, one per step.
    """
    if values is None:
        raise ParameterError(
            f"modulation: {learner} learns when there is a reward; pass an array with the reward "
            f"of each of the {n_steps} steps."
        )
    return numbers(values, "modulation, one number per step,", shape=(n_steps,))


def read_time_step(dt: Time | None) -> float:
    """Return a time step in seconds; 1 ms if it is None.

    Raises
    ------
    ParameterError, UnitsError
        Unless it is a time above zero.
    """
    seconds = quantity(1 * ms if dt is None else dt, ms, "dt", minimum=0, exclusive_minimum=True)
    if not SHORTEST_STEP <= seconds <= LONGEST_STEP:
        raise ParameterError(
            f"dt must lie between {SHORTEST_STEP * 1e3:g} ms and {LONGEST_STEP * 1e3:g} ms, but is "
            f"{seconds * 1e3:g} ms."
        )
    return seconds


def check_dtype(dtype: str) -> str:
    """Return a data type if it is one of :data:`DTYPES`.

    Raises
    ------
    ParameterError
        If it is none of them.
    """
    return known_name(dtype, "dtype", DTYPES)


def recorded_populations(
    record: str | Sequence[str] | bool | None, populations: Sequence[str], argument: str
) -> tuple[int, ...]:
    """Return the numbers of the populations to record.

    Parameters
    ----------
    record : str, sequence of str, None or False
        ``"all"``, or names of populations; None or False for none.
    populations : sequence of str
        All populations, the input first.
    argument : str
        What messages call the argument.

    Raises
    ------
    ParameterError
        If there is no population of a name.
    UnitsError
        If it is none of these.
    """
    if record is None or record is False:
        return ()
    if isinstance(record, str) and record == "all":
        return tuple(range(len(populations)))
    names = known_names(record, argument, populations, "population")
    return tuple(index for index, name in enumerate(populations) if name in names)
