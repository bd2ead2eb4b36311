"""Which plans computed synapses can run, and in which way: told from the plan alone."""

from __future__ import annotations

from brian2 import Equations
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.parsing.sympytools import str_to_sympy
from brian2.utils.stringtools import get_identifiers

from ...network.model_names import differential_names
from ...network.plan import MODULATION, NetworkPlan, ProjectionPlan, assigned
from ...plasticity import PUT_BACK

#: What all neurons of a population have in common, by the name that rules use.
SHARED = {f"{MODULATION}_post"}


def unsupported_by_computed(plan: NetworkPlan) -> str | None:
    """Say why a network needs Brian2's stock synapses, or return None if computed ones will do.

    They act when a spike arrives, and at no other time: a rule may have synaptic parameters,
    variables and subexpressions, but no synaptic differential equations.
    """
    for link in plan.projections:
        differential = differential_names(link.synapse.model)
        if differential:
            return f"the rule integrates {', '.join(sorted(differential))} at every synapse"
        if link.window is not None and link.has_weights:
            if "w" in assigned(link.synapse.on_pre):
                return "a shared kernel does not learn from presynaptic spikes"
            if link.synapse.on_event:
                return "a shared kernel is not regulated"
            reason = unsupported_by_shared_kernel(link.synapse.on_post)
            if reason is not None:
                return reason
    return None


def is_frozen(projection: ProjectionPlan) -> bool:
    """Tell whether nothing changes synapses, so that a copy of them in another order will do.

    Then they need not lie as those that learn do, whose postsynaptic spikes change whole rows.

    Parameters
    ----------
    projection : ProjectionPlan
        Whose synapses are meant. All that its rule does must be to change, at a presynaptic spike,
        variables of postsynaptic neurons.
    """
    rule = projection.synapse
    if rule.on_post.strip() or rule.on_event:
        return False
    return all(name.endswith("_post") for name in assigned(rule.on_pre))


def unsupported_by_shared_kernel(on_post: str) -> str | None:
    """Say why a rule cannot act on a shared kernel, or return None if it can.

    The sum of a change over many positions is taken as their number times the change at the
    mean of the presynaptic variables, which is the same where the change is a linear function of
    these variables and depends on no postsynaptic variable.

    Parameters
    ----------
    on_post : str
        The rule's statements for a postsynaptic spike.
    """
    for statement in filter(None, (line.strip() for line in on_post.splitlines())):
        if statement == PUT_BACK:  # after the change, and the same at all positions
            continue
        target, _, expression = statement.partition("+=")
        if not expression or not target.strip().isidentifier():
            return f"a shared kernel needs statements like 'w += ...', not {statement!r}"
        names = get_identifiers(expression)
        own = sorted(name for name in names - SHARED if name.endswith("_post"))
        if own:
            return f"a shared kernel has no {own[0]}"
        change = str_to_sympy(expression)
        symbols = [symbol for symbol in change.free_symbols if symbol.name.endswith("_pre")]
        for symbol in symbols:
            if change.diff(symbol).free_symbols & set(symbols):
                return f"the change of a shared kernel must be linear in {symbol.name}"
    return None


def reason_for_single_steps(plan: NetworkPlan) -> str | None:
    """Say why a network must go step by step, or return None if layers may take turns in blocks."""
    if plan.is_recurrent:
        return "spikes flow back"
    if plan.pooled:
        return "neurons know the mean drive of their population"
    if any(link.wiring is not None for link in plan.projections):
        return "pairs of neurons are joined one by one"
    texts, models = [], []
    for neuron in dict.fromkeys(plan.neurons):
        texts += [neuron.model, neuron.on_input, neuron.threshold, neuron.reset]
        models.append(neuron.model)
    for synapse in dict.fromkeys(link.synapse for link in plan.projections):
        if synapse.on_event:
            return "the rule regulates synapses"
        for written in sorted(assigned(synapse.on_pre) | assigned(synapse.on_post)):
            if written.endswith("_pre"):
                return f"the rule changes {written} of the presynaptic neurons"
        texts += [synapse.on_pre, synapse.on_post]
        texts += [synapse.presynaptic_step, synapse.presynaptic_reset]
        texts += [synapse.postsynaptic_step, synapse.postsynaptic_reset]
        models += [synapse.presynaptic_model, synapse.postsynaptic_model]
    random = {name for name, function in DEFAULT_FUNCTIONS.items() if not function.stateless}
    used = sorted((random | {"xi"}) & set().union(*map(get_identifiers, texts)))
    if used:
        return f"the model draws random numbers ({', '.join(used)})"
    for model in models:
        for equation in Equations(model).values():
            if "shared" in equation.flags and "constant" not in equation.flags:
                return f"the neurons share {equation.varname}, which changes"
    return None
