"""Which `Synapses` join two populations."""

from __future__ import annotations

from brian2 import NeuronGroup, Synapses

from ...network.plan import ProjectionPlan
from .suitability import is_frozen
from .synapses import DenseSynapses, FrozenSynapses, OneToOneSynapses
from .window_synapses import FrozenWindowSynapses, WindowSynapses
from .wired import connect_wired


def connect_computed(
    source: NeuronGroup, target: NeuronGroup, projection: ProjectionPlan, **arguments: object
) -> Synapses:
    """Join two groups as `connect_stock` does, without index arrays unless pairs are drawn."""
    if projection.window is not None:
        kind = FrozenWindowSynapses if is_frozen(projection) else WindowSynapses
        return kind(source, target, window=projection.window, **arguments)
    if projection.wiring is not None:
        return connect_wired(source, target, projection, **arguments)
    if projection.kind == "one_to_one":
        return OneToOneSynapses(source, target, **arguments)
    if projection.kind == "all_to_all" and is_frozen(projection):
        return FrozenSynapses(source, target, **arguments)
    return DenseSynapses(source, target, **arguments)
