"""Code for the neurons of a tile: a part of a population whose weights fit into the cache."""

from __future__ import annotations

from brian2 import NeuronGroup
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from ...network.build import BuiltNetwork
from ...network.plan import NetworkPlan
from ..code_templates import CODE_TEMPLATES
from .blocks import tile_neurons
from .code import DenseCodeObject
from .synapses import ComputedPathway

#: Templates in place of Brian2's own. A population is one tile where nothing else is said.
TILED = {"threshold": "tile_threshold", "reset": "tile_reset", "stateupdate": "tile_update"}
#: From this many neurons on, conditions of a tile are also computed for 64 neurons at once. Each
#: loop takes time to compile, and a small tile hardly gains from it.
LARGE_TILE = 256


class TileCodeObject(CPPStandaloneCodeObject):
    """A code object for the neurons of a tile: Brian2's code in this folder's templates."""

    templater = CODE_TEMPLATES


def use_tiles(built: BuiltNetwork, plan: NetworkPlan) -> None:
    """Let the network's code go through the neurons of a tile; call before code is made."""
    for index, group in enumerate(built.populations):
        lengths = _lengths(len(group), tile_neurons(plan, index))
        for runner in group.contained_objects:
            if runner.template in TILED:
                runner.template = TILED[runner.template]
                runner.codeobj_class = TileCodeObject
                if runner.template == "tile_threshold":
                    runner.template_kwds["lengths"] = lengths
    for synapses in built.projections:
        for pathway in synapses._pathways:
            pathway.expect_rows_in_cache()
            if isinstance(pathway, ComputedPathway):
                pathway.add_rows()


def _lengths(n_neurons: int, in_a_tile: int) -> list[int]:
    """Return for how many neurons at once conditions are computed, the most first.

    Together they make up every tile, also the last one.
    """
    smallest = min(n_neurons, in_a_tile)
    lengths = [length for length, least in ((64, LARGE_TILE), (16, 16)) if smallest >= least]
    fits = all(n % 16 == 0 for n in (n_neurons, in_a_tile))
    return lengths if fits else [*lengths, 1]


def use_single_precision(built: BuiltNetwork) -> None:
    """Let neurons' equations be computed without doubles, several neurons at once.

    For networks that go step by step; call before code is made. In double precision the code is
    the same as otherwise.
    """
    for group in built.populations[1:]:
        for runner in group.contained_objects:
            if runner.template in (
                "stateupdate",
                "threshold",
            ):  # the first of regular operations, too
                runner.template = TILED[runner.template]
                runner.codeobj_class = DenseCodeObject


def take_spikes_from_row(group: NeuronGroup) -> None:
    """Let the input population take its spikes from the current row of bits."""
    thresholder = group.thresholder["spike"]
    thresholder.template = "input_spikes"
    thresholder.template_kwds["clock"] = group.clock.name
    thresholder.codeobj_class = TileCodeObject
