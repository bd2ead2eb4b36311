"""What all neurons of a population get anew in each step: the signals of a run, checked by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ..devices.arguments import read_modulation
from ..errors import ParameterError, suggest
from ..network.plan import MODULATION, NetworkPlan
from ..support.array_values import numbers
from ..support.names import table


def read_signals(
    plan: NetworkPlan,
    n_steps: int,
    modulation: npt.ArrayLike | None,
    given: Mapping[str, npt.ArrayLike] | None,
) -> dict[str, np.ndarray]:
    """Read the signals of a run, the modulation of learning among them.

    Parameters
    ----------
    plan : NetworkPlan
        Of the circuit.
    n_steps : int
        Number of time steps of the run.
    modulation : array_like or None
        Factor on learning in each step, or None.
    given : mapping of str to array_like, or None
        The other signals, by name.

    Returns
    -------
    dict of str to ndarray, each (n_steps,)

    Raises
    ------
    ParameterError, UnitsError
        If a signal is missing or not known, or is not one finite number per step.
    """
    values: dict[str, np.ndarray] = {}
    wanted = dict(plan.signals)
    if wanted.pop(MODULATION, None) is not None:
        values[MODULATION] = read_modulation(modulation, n_steps, "the circuit")
    elif modulation is not None:
        raise ParameterError(
            "modulation: the circuit was prepared without; prepare it with is_modulated=True."
        )
    named = table({} if given is None else given, "signals", "arrays by name")
    for name in named:
        if name not in wanted:
            raise ParameterError(
                f"signals: no population gets a signal {name!r}.{suggest(name, list(wanted))}"
            )
    for name, numbers_of in wanted.items():
        if name not in named:
            raise ParameterError(
                f"signals: {plan.labels.name(numbers_of[0])!r} gets the signal {name!r}; pass "
                f"signals={{{name!r}: ...}} with one number for each of {n_steps} steps."
            )
        values[name] = numbers(
            named[name], f"signals: {name!r}, one number per step,", shape=(n_steps,)
        )
    return values
