"""Brian2's own synapses: how they join populations, and which plans they can run."""

from __future__ import annotations

from collections.abc import Mapping

from brian2 import NeuronGroup, Quantity, Synapses, second

from .plan import NetworkPlan, ProjectionPlan

#: Bytes of a stock synapse besides its variables: the indices of both neurons, and its place in two
#: lists that lead from neurons to synapses.
STOCK_BYTES = 4 * 4


def connect_stock(
    source: NeuronGroup, target: NeuronGroup, projection: ProjectionPlan, **arguments: object
) -> Synapses:
    """Join two groups with stock Brian2 synapses, those of one postsynaptic neuron side by side.

    Parameters
    ----------
    source, target : NeuronGroup
        The groups.
    projection : ProjectionPlan
        Says which pairs of neurons are joined.
    **arguments
        What `Synapses` takes.
    """
    synapses = Synapses(source, target, delay=no_delays(arguments), **arguments)
    if projection.window is not None:
        pre, post, _ = projection.window.unrolled()
        synapses.connect(i=pre, j=post)
    elif projection.wiring is not None:
        recurrent = projection.source == projection.target
        pre, post = projection.wiring.pairs(len(source), len(target), recurrent)
        synapses.connect(i=pre, j=post)
    elif projection.kind == "one_to_one":
        synapses.connect(j="i")
    else:
        # post-major without an index array in Python
        synapses.connect(i="k for k in range(N_pre)")
    return synapses


def unsupported_by_stock(plan: NetworkPlan) -> str | None:
    """Say why stock Brian2 synapses cannot run a plan, or return None if they can.

    They have a weight of their own at each synapse, where a convolution that learns has one for
    all positions.
    """
    for link in plan.projections:
        if link.window is not None and link.has_weights and link.is_plastic:
            return f"{plan.labels.link(link.source, link.target)} is a convolution that learns"
    return None


def no_delays(arguments: Mapping[str, object]) -> dict[str, Quantity]:
    """Return a delay of zero for each pathway that the arguments of `Synapses` make.

    One delay per pathway rather than one per synapse: 8 bytes per synapse less.
    """
    return {name: 0 * second for name in pathways(arguments)}


def pathways(arguments: Mapping[str, object]) -> list[str]:
    """Return the names of the pathways that the arguments of `Synapses` make."""
    names: list[str] = []
    for side in ("pre", "post"):
        code = arguments.get(f"on_{side}")
        if isinstance(code, dict):
            names += code
        elif code:
            names.append(side)
    return names
