"""What a run of a circuit changes for itself: weights and parameters, checked by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from brian2 import Equations
from brian2.equations.equations import SUBEXPRESSION

from ..errors import KindError, ParameterError, brief, suggest
from ..network.plan import NetworkPlan
from ..network.traces import Traces
from ..neurons import fixed_parameters
from ..plasticity import at_scale, postsynaptic_parameters, resting_parameters
from ..support.array_values import numbers
from ..support.names import table, text
from ..support.weight_scale import weight_scale
from .description import CircuitDescription
from .parts import INPUT, Population, Projection

#: Values of parameters in SI units: one number, or an array of one value per neuron.
ParameterValues: TypeAlias = Mapping[str, float | npt.NDArray[np.floating]]


def run_weights(
    circuit: CircuitDescription, changed: Mapping[str, npt.ArrayLike]
) -> list[np.ndarray | None]:
    """Return the weights with which a run begins.

    Parameters
    ----------
    circuit : CircuitDescription
        Has weights of its own.
    changed : mapping of str to array_like
        By projection: weights to use instead, one per synapse.

    Returns
    -------
    list of ndarray
        One per projection.

    Raises
    ------
    ParameterError
        If a name is unknown, a shape is wrong, or a weight is not finite.
    """
    for name in table(changed, "weights", "arrays by projection"):
        if name not in circuit.weights:
            raise ParameterError(
                f"weights: there is no projection {name!r}.{suggest(name, circuit.weights)}"
            )
    found: list[np.ndarray | None] = []
    for name, own in circuit.weights.items():
        found.append(numbers(changed.get(name, own), f"weights: {name!r}", shape=own.shape))
    return found


def run_parameters(
    circuit: CircuitDescription, plan: NetworkPlan, changed: Mapping[str, ParameterValues]
) -> list[dict[str, float | np.ndarray]]:
    """Return the parameters of all populations in a run.

    Parameters
    ----------
    circuit : CircuitDescription
        Its models have parameters of their own.
    plan : NetworkPlan
        Of the circuit.
    changed : mapping of str to mapping
        By population and parameter: values to use instead.

    Returns
    -------
    list of dict
        One per population, the input first.

    Raises
    ------
    ParameterError
        If a population or parameter is unknown, or the shape of a value is wrong.
    """
    read: dict[str, dict[str, float | np.ndarray]] = {}
    for name, values in table(changed, "parameters", "parameters by population").items():
        if name not in circuit.populations:
            raise ParameterError(
                f"parameters: there is no population {name!r}.{suggest(name, circuit.populations)}"
            )
        read[name] = {
            parameter: _read_parameter(circuit, plan, name, parameter, value)
            for parameter, value in table(values, f"parameters of {name!r}", "numbers").items()
        }
    return [
        {**_own_parameters(circuit, plan, name), **read.get(name, {})} for name in circuit.names
    ]


def synapse_parameters(
    circuit: CircuitDescription, link: Projection, *, plastic: bool
) -> dict[str, float]:
    """Return the parameters of a projection's rule; without learning, its rates are zero.

    Percentages are of the circuit's own weights, whatever a run begins with.
    """
    if link.plasticity is None:
        return {}
    scale = weight_scale([circuit.weights[link.name]], circuit.sizes[link.source])
    rule = at_scale(link.plasticity, [link.target], [scale])
    (values,) = rule.synapse_parameters([link.target])
    return values if plastic else resting_parameters(rule, values)


def check_variable(circuit: CircuitDescription, plan: NetworkPlan, pair: object) -> tuple[str, str]:
    """Read a population and one of its variables, with one value per neuron.

    Raises
    ------
    KindError
        If it is no such pair.
    ParameterError
        If there is no such population or variable.
    """
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        raise KindError(
            f"final_values must be pairs of population and variable, not {brief(pair)}."
        )
    name, variable = (text(one, "final_values") for one in pair)
    if name not in circuit.names:
        raise ParameterError(
            f"final_values: there is no population {name!r}.{suggest(name, circuit.names)}"
        )
    known = [
        equation.varname
        for equation in _equations(circuit, plan, name).values()
        if "shared" not in equation.flags and equation.type != SUBEXPRESSION
    ]
    if variable not in known:
        raise ParameterError(
            f"final_values: population {name!r} has no variable {variable!r} with one value per "
            f"neuron.{suggest(variable, known)}"
        )
    return name, variable


def _read_parameter(
    circuit: CircuitDescription, plan: NetworkPlan, name: str, parameter: str, value: object
) -> float | npt.NDArray[np.floating]:
    """Read a value of a parameter that a population's equations have, in this shape."""
    equations = _equations(circuit, plan, name)
    known = sorted(equations.parameter_names)
    if parameter not in known:
        raise ParameterError(
            f"parameters: population {name!r} has no parameter {parameter!r}."
            f"{suggest(parameter, known)}"
        )
    n_neurons = circuit.sizes[name]
    is_shared = "shared" in equations[parameter].flags
    field = f"parameters: {parameter} of {name!r}"
    values = numbers(value, field)
    if values.ndim != 0 and (is_shared or values.shape != (n_neurons,)):
        expected = "a number" if is_shared else f"a number, or {n_neurons} of them"
        raise ParameterError(f"{field} must be {expected}, not of shape {brief(values.shape)}.")
    return values if values.ndim else float(values)


def _own_parameters(
    circuit: CircuitDescription, plan: NetworkPlan, name: str
) -> dict[str, float | np.ndarray]:
    """Return the parameters of a population's model, and of the traces that rules keep on it."""
    sent = [link for link in circuit.projections if link.source == name]
    received = [link for link in circuit.projections if link.target == name]
    own: dict[str, float | np.ndarray] = {}
    if name != INPUT:
        own |= _model_parameters(circuit.populations[name], name)
        if len(received) > 1:
            own |= {f"factor{number}": 1.0 for number in range(1, len(received) + 1)}
    for link in sent:
        if link.plasticity is not None:
            _add(own, link.plasticity.presynaptic_parameters(plan.dt), link, name)
    for link in received:
        if link.plasticity is not None:
            _add(own, postsynaptic_parameters(link.plasticity, plan.dt), link, name)
    return own


def _add(
    own: dict[str, float | np.ndarray],
    more: Mapping[str, float | np.ndarray],
    link: Projection,
    name: str,
) -> None:
    """Add what a rule keeps on a population, or raise if another has given it other values."""
    for parameter, value in more.items():
        if not np.array_equal(own.setdefault(parameter, value), value):
            raise ParameterError(
                f"circuit: the rule of {link.name!r} wants {parameter} = {brief(value)} at "
                f"{name!r}, where another rule has {brief(own[parameter])}; give both the same "
                "time constants."
            )


def _model_parameters(population: Population, name: str) -> dict[str, float]:
    """Return the parameters of a population's own model."""
    values = fixed_parameters(population.neuron, name)
    if population.mean_inhibition != 0:
        values = {**values, "pool_strength": population.mean_inhibition}
    if population.winners is not None:
        values = {**values, "n_winners": population.winners}
    return values


def _equations(circuit: CircuitDescription, plan: NetworkPlan, name: str) -> Equations:
    """Return the equations of a population, with the traces that rules keep on its neurons."""
    number = circuit.number_of(name)
    traces = Traces.sent(plan, number) + Traces.received(plan, number)
    own = plan.neurons[number - 1].model if number > 0 else ""
    return Equations(f"{own}\n{traces.model}")
