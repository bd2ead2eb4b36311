"""Variables of neurons that rules name: found missing before anything is compiled."""

from __future__ import annotations

from brian2.utils.stringtools import get_identifiers

from ..errors import ParameterError
from .inflow import Inflow
from .model_names import model_names
from .plan import NetworkPlan
from .traces import Traces

#: Variables that every population has by itself, or that Brian2 gives it.
OF_ALL_NEURONS = {"N", "i", "t", "dt", "t_in_timesteps", "lastspike", "not_refractory"}


def check_named_variables(plan: NetworkPlan) -> None:
    """Raise unless the neurons on both sides have the variables that rules name.

    In a rule's statements ``x_post`` is x of the postsynaptic neuron, and ``x_pre`` that of the
    presynaptic one.

    Parameters
    ----------
    plan : NetworkPlan
        What is to be built.

    Raises
    ------
    ParameterError
        Naming the projection and the variable.
    """
    for link in plan.projections:
        named = get_identifiers("\n".join(link.synapse.statements))
        named -= model_names(link.synapse.model)
        for side, population in (("pre", link.source), ("post", link.target)):
            known = variables_of(plan, population)
            for name in sorted(name for name in named if name.endswith(f"_{side}")):
                own = name.removesuffix(f"_{side}")
                if own not in known:
                    raise ParameterError(
                        f"plasticity: the rule of {plan.labels.link(link.source, link.target)} "
                        f"reads {name}, but the {side}synaptic neurons have no variable {own!r}; "
                        "take a neuron model that has it."
                    )


def variables_of(plan: NetworkPlan, population: int) -> set[str]:
    """Return the names of all variables and parameters of a population's neurons."""
    texts = [Traces.sent(plan, population).model, Traces.received(plan, population).model]
    known = set(OF_ALL_NEURONS)
    if population > 0:
        texts += [plan.neurons[population - 1].model, Inflow.of(plan, population).model]
        known |= {"bias", "pooled", "pool_strength", *plan.signals_of(population)}
    return known.union(*map(model_names, texts))
