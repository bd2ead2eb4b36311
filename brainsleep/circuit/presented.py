"""Presentations of a run: how long each is, and which biases populations have in it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError, suggest
from ..support.array_values import numbers
from ..support.checks import whole_number
from ..support.names import table
from .description import CircuitDescription


def read_presentations(
    circuit: CircuitDescription,
    n_steps: int,
    presentation_steps: int | None,
    given: Mapping[str, npt.ArrayLike] | None,
) -> tuple[int, list[np.ndarray | None]]:
    """Read the length of presentations, and the biases that change with them.

    Parameters
    ----------
    circuit : CircuitDescription
        What runs.
    n_steps : int
        Number of time steps of the run.
    presentation_steps : int or None
        Number of steps of a presentation, or None.
    given : mapping of str to array_like, or None
        By population: biases, one row per presentation.

    Returns
    -------
    int, list of ndarray or None
        As in `brainsleep.devices.Job`: `presentation_steps`, `presentation_biases`.

    Raises
    ------
    ParameterError, UnitsError
        Naming the argument.
    """
    wanted = table({} if given is None else given, "presentation_biases", "arrays by population")
    if presentation_steps is None:
        if wanted:
            raise ParameterError("presentation_biases need presentation_steps, the steps of each.")
        return 0, []
    steps = whole_number(presentation_steps, "presentation_steps", minimum=1)
    for name in wanted:
        if name not in circuit.populations:
            raise ParameterError(
                f"presentation_biases: there is no population {name!r}."
                f"{suggest(name, circuit.populations)}"
            )
    return steps, [
        numbers(
            wanted[name],
            f"presentation_biases of {name!r}",
            shape=(-(-n_steps // steps), population.n_neurons),
        )
        if name in wanted
        else None
        for name, population in circuit.populations.items()
    ]
