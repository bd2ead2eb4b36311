"""How much memory the synapses of a program take."""

from __future__ import annotations

import math

import numpy as np

from ...network.plan import NetworkPlan, ProjectionPlan
from ...network.stock import STOCK_BYTES
from ..dense import is_frozen

#: Bytes of an index of a neuron or of a synapse.
_INDEX = 4

#: Indices of a synapse between chosen pairs: of both neurons, in the list that it is made from and
#: in vectors that double as they grow, so that a third of them is empty on average.
_PAIR = 2 * (1 + 1.5)


def stock_memory(plan: NetworkPlan, link: ProjectionPlan) -> int:
    """Estimate the bytes of stock Brian2 synapses.

    Parameters
    ----------
    plan : NetworkPlan
        The network.
    link : ProjectionPlan
        One of its projections.
    """
    return plan.n_synapses_of(link) * (_itemsize(plan) * (1 + link.is_masked) + STOCK_BYTES)


def computed_memory(plan: NetworkPlan, link: ProjectionPlan) -> int:
    """Estimate the bytes of the synapses of device ``"cpp"``; frozen ones are read from a copy.

    Parameters
    ----------
    plan : NetworkPlan
        The network.
    link : ProjectionPlan
        One of its projections.
    """
    values = _itemsize(plan) * link.has_weights
    if link.wiring is not None:
        copied = is_frozen(link) * (values + 2 * _INDEX)
        n_pathways = 1 + bool(link.synapse.on_post.strip())
        indices = round(_INDEX * (_PAIR + n_pathways))
        return plan.n_synapses_of(link) * (values * (1 + link.is_masked) + indices + copied)
    n_copies = is_frozen(link) and link.kind != "one_to_one"
    return values * math.prod(plan.weight_shape(link)) * (1 + link.is_masked + n_copies)


def _itemsize(plan: NetworkPlan) -> int:
    return np.dtype(plan.dtype).itemsize
