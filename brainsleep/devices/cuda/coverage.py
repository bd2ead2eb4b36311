"""What a GPU can run, and in which way: told from a plan, without Brian2CUDA."""

from __future__ import annotations

import re

import numpy as np
from brian2 import Equations

from ...groups import why_not_stock
from ...plan import NetworkPlan, ProjectionPlan, assigned

#: What draws random numbers in equations.
RANDOM = re.compile(r"\b(rand|randn|poisson|binomial)\(|\bxi\b")

#: What lets synapses set a neuron's variable, rather than add to it.
OVERWRITES = re.compile(r"\w_(pre|post)\s*=(?!=)")

#: Bytes of a stock synapse besides its variables: both neurons, and both neurons' lists of it.
STOCK_BYTES = 4 * 4


def why_not_cuda(plan: NetworkPlan) -> str | None:
    """Say why a plan is not for this device, or None if it is.

    It covers what stock synapses do, unless random numbers are drawn or the outcome depends on the
    order in which synapses act: on a GPU there is none.
    """
    if RANDOM.search(repr((plan.neurons, plan.projections))) is not None:
        return "it draws random numbers"
    for link in plan.projections:
        for statement in link.synapse.statements:
            if OVERWRITES.search(statement) is not None:
                return "synapses overwrite a variable of neurons, in no fixed order on a GPU"
    return why_not_stock(plan)


def why_not_rows(projection: ProjectionPlan) -> str | None:
    """Say why a projection needs Brian2CUDA's stock synapses, or None if rows of threads will do.

    A thread follows the presynaptic spikes along its row, and may change what its neuron has; for
    a postsynaptic event many threads share a row, and each may change its own synapse.
    """
    rule = projection.synapse
    if projection.kind not in ("all_to_all", "one_to_one"):
        return "which neurons are joined takes a list"
    if Equations(rule.model).diff_eq_names:
        return "the rule integrates at every synapse"
    shared = {name for name in assigned(rule.on_pre) if name.endswith("_pre")}
    for code in (rule.on_post, *rule.on_event):
        shared |= {name for name in assigned(code) if name.endswith(("_pre", "_post"))}
    if shared:
        return f"many synapses change {min(shared)}"
    return None


def bytes_on_gpu(plan: NetworkPlan) -> int:
    """Estimate the memory that a plan's synapses take."""
    size, total = np.dtype(plan.dtype).itemsize, 0
    for link in plan.projections:
        if why_not_rows(link) is None:
            total += size * plan.n_synapses_of(link) * link.has_weights
        else:
            total += (size + STOCK_BYTES) * plan.n_synapses_of(link)
    return total
