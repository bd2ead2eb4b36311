"""Code for the neurons of a tile: a part of a population whose weights fit into the cache."""

from __future__ import annotations

from brian2 import NeuronGroup
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.utils.stringtools import get_identifiers

from ...network.build import BuiltNetwork
from .code import DenseCodeObject


class TileCodeObject(CPPStandaloneCodeObject):
    """A code object for the neurons of a tile: Brian2's code in this folder's templates."""

    templater = CPPStandaloneCodeObject.templater.derive("brainsleep.devices.dense")


def use_tiles(built: BuiltNetwork) -> None:
    """Let the network's code go through the neurons of a tile; call before code is made."""
    tiled = {"threshold": "tile_threshold", "reset": "tile_reset", "stateupdate": "tile_update"}
    for group in built.populations:
        for runner in group.contained_objects:
            if runner.template in tiled:
                runner.template = tiled[runner.template]
                runner.codeobj_class = TileCodeObject
    for synapses in built.projections:
        for pathway in synapses._pathways:
            pathway.expect_rows_in_cache()


def use_single_precision(built: BuiltNetwork) -> None:
    """Let neurons' equations be computed without doubles, several neurons at once.

    For networks that go step by step; call before code is made. In double precision the code is
    the same as otherwise.
    """
    for group in built.populations[1:]:
        for runner in group.contained_objects:
            if runner.template == "stateupdate":  # of regular operations, too
                runner.template = "tile_update"
                runner.codeobj_class = DenseCodeObject
            elif runner.template == "threshold":
                runner.template = "step_threshold"
                runner.template_kwds["draws_numbers"] = _draws_numbers(group)
                runner.codeobj_class = DenseCodeObject


def _draws_numbers(group: NeuronGroup) -> bool:
    """Tell whether a population's equations or conditions may draw random numbers."""
    texts = [str(group.equations), *group.events.values()]
    named = set().union(*map(get_identifiers, texts))
    return any(not DEFAULT_FUNCTIONS[name].stateless for name in named & set(DEFAULT_FUNCTIONS))


def take_spikes_from_row(group: NeuronGroup) -> None:
    """Let the input population take its spikes from the current row of bits."""
    thresholder = group.thresholder["spike"]
    thresholder.template = "input_spikes"
    thresholder.template_kwds["clock"] = group.clock.name
    thresholder.codeobj_class = TileCodeObject
