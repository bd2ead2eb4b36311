"""Which variables of its neurons a population has, as Brian2 declares them."""

from __future__ import annotations

from brian2 import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION, FLOAT, PARAMETER
from brian2.units.fundamentalunits import Dimension

from .plan import NetworkPlan
from .traces import Traces, joined_lines


def state_variables(plan: NetworkPlan, population: int) -> dict[str, Dimension]:
    """Return the variables that each neuron of a population has, with their dimensions.

    Those of the neuron model, and those that plasticity rules keep on the neurons, such as traces
    of spikes. What all neurons have in common, what stays constant, and what is computed from other
    variables is none of them; nor are the sums of a step's spikes, which are 0 after each step.

    Parameters
    ----------
    plan : NetworkPlan
        The plan of the network.
    population : int
        Number of the population, 0 for the input.
    """
    models = [Traces.sent(plan, population).model]
    if population > 0:
        models = [plan.neurons[population - 1].model, Traces.received(plan, population).model]
        models.append(Traces.sent(plan, population).model)
    return {
        name: equation.dim
        for name, equation in Equations(joined_lines(models)).items()
        if equation.type in (DIFFERENTIAL_EQUATION, PARAMETER)
        and equation.var_type == FLOAT
        and not {"shared", "constant"} & set(equation.flags)
    }
