"""Arguments of all that runs on a device: duration, time step, data type, recording."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from brian2.units import Quantity, ms, second

from ..errors import ParameterError, UnitsError, suggest
from ..stimuli import Stimulus
from ..support.checks import whole_number
from ..support.quantities import quantity

DTYPES = ("float32", "float64")


def number_of_steps(duration: Any, dt: float, stimulus: Stimulus) -> int:
    """Turn a duration into a number of steps, and hold it against the stimulus' own."""
    if duration is None:
        return stimulus.n_steps if stimulus.n_steps is not None else _steps(0.5 * second, dt)
    n_steps = _steps(duration, dt)
    if stimulus.n_steps is not None and n_steps != stimulus.n_steps:
        raise ParameterError(
            f"duration: {n_steps} steps, but the explicit spikes have {stimulus.n_steps}."
        )
    return n_steps


def _steps(duration: Any, dt: float) -> int:
    """Read a duration given as time or as a number of steps."""
    if isinstance(duration, (Quantity, str)):
        seconds = quantity(duration, second, "duration", minimum=0, exclusive_minimum=True)
        n_steps = round(seconds / dt)
        if n_steps < 1 or abs(n_steps * dt - seconds) > 1e-6 * dt * max(n_steps, 1):
            raise ParameterError(
                f"duration: {seconds:g} s is not a whole number of time steps of {dt * 1e3:g} ms."
            )
        return n_steps
    if isinstance(duration, (float, np.floating)):
        raise UnitsError(
            f"duration: {duration!r} has no units; write {duration!r}*second, or a whole number "
            "of steps."
        )
    return whole_number(duration, "duration", minimum=1)


def read_modulation(values: Any, n_steps: int, learner: str) -> np.ndarray:
    """Read the factor on learning, or the reward, of each step.

    Raises
    ------
    ParameterError, UnitsError
        Unless it is an array of finite numbers, one a step; `learner` is what needs it.
    """
    if values is None:
        raise ParameterError(
            f"modulation: {learner} learns when there is a reward; pass an array with the reward "
            f"of each of the {n_steps} steps."
        )
    try:
        modulation = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise UnitsError(
            f"modulation: must be numbers, one a step, not {type(values).__name__}."
        ) from None
    if modulation.shape != (n_steps,):
        raise ParameterError(
            f"modulation: must have shape ({n_steps},), one number a step, not {modulation.shape}."
        )
    if not np.isfinite(modulation).all():
        raise ParameterError("modulation: holds NaN or infinite values.")
    return modulation


def read_time_step(dt: Any) -> float:
    """Return a time step in seconds; 1 ms if it is None."""
    return quantity(1 * ms if dt is None else dt, ms, "dt", minimum=0, exclusive_minimum=True)


def check_dtype(dtype: str) -> str:
    """Return a data type of ours, or raise a ParameterError."""
    if dtype not in DTYPES:
        raise ParameterError(f"dtype {dtype!r}.{suggest(str(dtype), DTYPES)}")
    return dtype


def recorded_populations(record: Any, populations: Sequence[str], argument: str) -> tuple[int, ...]:
    """Return the indices of the populations to record."""
    if record is None or record is False:
        return ()
    if isinstance(record, str) and record == "all":
        return tuple(range(len(populations)))
    if not isinstance(record, (str, Sequence)):
        raise UnitsError(f"{argument} must be 'all', None or names of populations, not {record!r}.")
    names = [record] if isinstance(record, str) else record
    for name in names:
        if name not in populations:
            raise ParameterError(
                f"{argument}: no population is called {name!r}.{suggest(str(name), populations)}"
            )
    return tuple(index for index, name in enumerate(populations) if name in names)
