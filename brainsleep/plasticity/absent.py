"""Rules where some synapses of a projection are absent: they pass nothing on, and learn nothing.

All pairs of neurons keep their places in the arrays, and a synapse that is absent has the weight 0.
A rule need only be kept from changing it, and from counting it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from brian2 import Equations
from brian2.parsing.statements import parse_statement
from brian2.parsing.sympytools import str_to_sympy

from ..errors import ParameterError
from .rule import SynapseEquations

#: A synaptic parameter: 1 where there is a synapse, and 0 where it is absent.
EXISTS = "synapse_exists"

#: The statement that takes a weight back to 0 where the synapse is absent, and changes no other.
PUT_BACK = f"w *= {EXISTS}"


def needs_mask(equations: SynapseEquations) -> bool:
    """Tell whether a rule knows `EXISTS`, and so must be told which synapses are there."""
    return EXISTS in equations.model


def with_absent(equations: SynapseEquations, neuron_names: Collection[str]) -> SynapseEquations:
    """Return a rule for a projection in which some synapses are absent; their weights are 0.

    Where there is a synapse, it does exactly what the rule does. A rule that leaves weights of 0
    alone, such as one that only scales them, comes back as it is.

    Parameters
    ----------
    equations : SynapseEquations
        The rule.
    neuron_names : collection of str
        Variables of the postsynaptic neurons.

    Returns
    -------
    SynapseEquations

    Raises
    ------
    ParameterError
        If it cannot be told what a synapse that is absent would do: the rule integrates its weight,
        or overwrites what belongs to a neuron.
    """
    _check_integration(equations.model)
    of_neurons = set(neuron_names)
    for model in (equations.presynaptic_model, equations.postsynaptic_model):
        of_neurons |= Equations(model).names
    of_neurons -= Equations(equations.model).names
    on_pre, on_post, *on_event = (_kept(code, of_neurons) for code in equations.statements)
    changed = replace(equations, on_pre=on_pre, on_post=on_post, on_event=tuple(on_event))
    if not any(EXISTS in code for code in changed.statements):
        return equations
    return replace(changed, model=f"{equations.model}\n{EXISTS} : 1 (constant)")


def _kept(code: str, of_neurons: Collection[str]) -> str:
    """Keep statements from what a synapse that is absent does not do."""
    lines = []
    for line in filter(None, (part.strip() for part in re.split(r"[;\n]", code))):
        if line.startswith("#"):
            continue
        name, operation, expression, _ = parse_statement(line)
        added = operation in ("+=", "-=")
        nothing = _is_zero_at_no_weight(expression)
        if name == "w":
            lines.append(line)
            if not (nothing and (added or operation == "=")):
                lines.append(PUT_BACK)
        elif not (name.endswith(("_pre", "_post")) or name in of_neurons) or (nothing and added):
            lines.append(line)
        elif added:
            lines.append(f"{name} {operation} ({expression})*{EXISTS}")
        else:
            raise ParameterError(
                f"masks: the rule overwrites {name} of a neuron ({line}), which a synapse that is "
                f"absent must not do; write '{name} += ...', or leave the masks out."
            )
    return "\n".join(lines)


def _is_zero_at_no_weight(expression: str) -> bool:
    """Tell whether an expression is 0 wherever the weight is, whatever else it holds."""
    parsed = str_to_sympy(expression)
    weights = {symbol: 0 for symbol in parsed.free_symbols if symbol.name == "w"}
    return bool(parsed.subs(weights) == 0)


def _check_integration(model: str) -> None:
    """Raise a ParameterError if a weight of 0 would not stay 0 by itself."""
    equations = Equations(model)
    if "w" in equations.diff_eq_names and not _is_zero_at_no_weight(equations["w"].expr.code):
        raise ParameterError(
            f"masks: the rule integrates the weight (dw/dt = {equations['w'].expr.code}), which "
            "would let a synapse grow that is absent; change it on spikes, or leave the masks out."
        )
