"""Which plans a GPU can run, and in which way: told from the plan, without Brian2CUDA."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from brian2 import Equations
from brian2.utils.stringtools import get_identifiers

from ...network.plan import MODULATION, NetworkPlan, ProjectionPlan, assigned
from ...network.stock import STOCK_BYTES, unsupported_by_stock
from ..dense.suitability import reason_for_single_steps

#: What draws random numbers in equations.
RANDOM = re.compile(r"\b(rand|randn|poisson|binomial)\(|\bxi\b")


def unsupported_by_cuda(plan: NetworkPlan) -> str | None:
    """Say why the device cannot run a plan, or return None if it can.

    It covers what stock synapses do, unless random numbers are drawn or the outcome depends on the
    order in which synapses act: on a GPU there is no such order.
    """
    if RANDOM.search(repr((plan.neurons, plan.projections))) is not None:
        return "it draws random numbers"
    if plan.tallied:
        return "spikes are counted in presentations, which it does not run"
    if plan.competing:
        return "only some neurons of a population may spike at a time"
    signals = [name for name in plan.signals if name != MODULATION]
    if signals:
        return f"its neurons get signals ({', '.join(signals)})"
    for link in plan.projections:
        name = _overwritten(plan, link)
        if name is not None:
            return f"synapses overwrite {name} of neurons, in no fixed order on a GPU"
    return unsupported_by_stock(plan)


def unsupported_by_rows(projection: ProjectionPlan) -> str | None:
    """Say why a projection needs Brian2CUDA's stock synapses, or return None if rows will do.

    A thread follows the presynaptic spikes along its row, and may change variables of its neuron;
    for a postsynaptic event many threads share a row, and each may change its own synapse.
    """
    rule = projection.synapse
    if projection.kind not in ("all_to_all", "one_to_one"):
        return "the pairs of neurons that are joined need a list"
    if Equations(rule.model).diff_eq_names:
        return "the rule integrates at every synapse"
    own = _synaptic(rule.model)
    for name in sorted(assigned(rule.on_pre) - own):
        if name.endswith("_pre") or name in Equations(rule.model).names:
            return f"many synapses change {name}"
    for code in (rule.on_post, *rule.on_event):
        for name in sorted(assigned(code) - own):  # `x` may stand for `x_post`
            return f"many synapses change {name}"
    if projection.source == projection.target:
        written = {name for name in assigned(rule.on_pre) if name.endswith("_post")}
        both = {name.removesuffix("_post") + "_pre" for name in written}
        for name in sorted(both & get_identifiers(rule.on_pre)):
            return f"synapses change {name}, which other synapses read in the same step"
    return None


def only_sums(code: str, names: Iterable[str]) -> bool:
    """Tell whether statements do nothing with some variables but add to them.

    Parameters
    ----------
    code : str
        Statements, one per line.
    names : iterable of str
        The variables.
    """
    names = set(names)
    for statement in filter(None, (line.strip() for line in code.splitlines())):
        target, added, expression = statement.partition("+=")
        if not added or target.strip() not in names:
            expression = statement
        if get_identifiers(expression) & names:
            return False
    return True


def reason_for_steps(plan: NetworkPlan) -> str | None:
    """Say why a network must go step by step on a GPU, or return None if it may go in blocks."""
    for link in plan.projections:
        reason = unsupported_by_rows(link)
        if reason is not None:
            return reason
    return reason_for_single_steps(plan)


def _synaptic(model: str) -> set[str]:
    """Return the variables of which each synapse has its own."""
    equations = Equations(model)
    return {name for name in equations.names if "shared" not in equations[name].flags}


def _overwritten(plan: NetworkPlan, link: ProjectionPlan) -> str | None:
    """Return a variable of neurons to which synapses assign, rather than add, or None."""
    rule, neuron = link.synapse, plan.neurons[link.target - 1]
    of_target = set(Equations(f"{neuron.model}\n{rule.postsynaptic_model}").names)
    of_target |= set(neuron.receptors)
    for statement in rule.statements:
        for name in re.findall(r"(\w+)\s*=(?!=)", statement):
            if name.endswith(("_pre", "_post")) or name in of_target:
                return name
    return None


def bytes_on_gpu(plan: NetworkPlan) -> int:
    """Estimate the memory that a plan's synapses take on the GPU, in bytes."""
    size, total = np.dtype(plan.dtype).itemsize, 0
    for link in plan.projections:
        values = size * (1 + link.is_masked)
        if unsupported_by_rows(link) is None:
            total += values * plan.n_synapses_of(link) * link.has_weights
        else:
            total += (values + STOCK_BYTES) * plan.n_synapses_of(link)
    return total
