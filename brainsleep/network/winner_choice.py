"""Populations that compete: of the neurons at threshold those with the highest potentials spike.

In the slot ``compete`` of a step, each neuron first notes whether it is at threshold
(`candidates`); then a device leaves the note to so many of them (`winners_in_memory` does in this
process). Those that still have it spike.
"""

from __future__ import annotations

import numpy as np
from brian2 import Equations, NetworkOperation, NeuronGroup

from ..errors import ParameterError
from ..neurons import NeuronEquations

#: What a competing population has besides its model: who may spike, and how many at most.
MODEL = "is_candidate : boolean\nn_winners : 1 (shared, constant)"


def candidates(neuron: NeuronEquations) -> str:
    """Return the statement by which the neurons note whether they are at threshold."""
    ready = "" if neuron.refractory is None else " and not_refractory"
    return f"is_candidate = ({neuron.threshold}){ready}"


def require_potential(neuron: NeuronEquations, population: str) -> None:
    """Raise a ParameterError unless a model has a potential ``v`` by which neurons compete."""
    if "v" not in Equations(neuron.model).names:
        raise ParameterError(
            f"winners: the neurons of {population!r} compete by their potential v, but their model "
            "has no variable v."
        )


def winners_in_memory(group: NeuronGroup) -> NetworkOperation:
    """Make what chooses the winners of a step, where Brian2 runs in this process."""
    flags, potentials = group.variables["is_candidate"], group.variables["v"]
    most = group.variables["n_winners"]

    def choose() -> None:
        found = np.flatnonzero(flags.get_value())
        n_winners = int(most.get_value().item())
        if len(found) > n_winners:
            order = np.argsort(-potentials.get_value()[found], kind="stable")
            flags.get_value()[found[order[n_winners:]]] = False

    return NetworkOperation(
        choose, when=f"{group.name}_compete", clock=group.clock, name=f"{group.name}_winners"
    )
