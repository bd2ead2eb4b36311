"""A NIR graph as layers of integers; what a chip does not have is refused by its name."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brian2.units import second

from ..errors import TranslationError
from ..neurons import given_gains, given_thresholds
from ..support.quantities import Time
from ..translation import Translation, translate
from ..translation.nir import NirWarning, from_nir
from ..translation.nir.graph_files import read_graph
from ..translation.nir.graph_paths import POOLS, Wiring
from ..translation.nir.membranes import membranes
from ..translation.nir.node_values import kind_of
from .chip_layers import ChipLayer, chip_layer
from .fixed_point import FixedPoint

if TYPE_CHECKING:
    import nir

#: Why networks with max pooling are refused, and what to do.
NO_MAXIMUM = (
    "max pooling is not there on Loihi, which has no maximum over neurons; train the network with "
    "average pooling (nn.AvgPool2d), or with strides."
)

#: Neurons with a synaptic current of their own.
WITH_CURRENT = ("CubaLIF", "CubaLI")


@dataclass(frozen=True, eq=False)
class ChipGraph:
    """A network in integers.

    Attributes
    ----------
    translation : Translation
        The network that was read, with real numbers.
    layers : tuple of ChipLayer
        Its layers, each after all that lead to it.
    delay_steps : int
        Steps that a spike takes to the next layer.
    """

    translation: Translation
    layers: tuple[ChipLayer, ...]
    delay_steps: int


def read_chip_graph(
    graph: str | os.PathLike[str] | nir.NIRGraph,
    format_: FixedPoint,
    *,
    n_steps: int,
    reset: str,
    dt: Time | None,
) -> ChipGraph:
    """Read a NIR graph and turn it into integers.

    Raises
    ------
    TranslationError
        Naming the node that cannot be emulated, and what to do.
    """
    found = read_graph(graph)
    refuse_nodes(found)
    with warnings.catch_warnings():  # outputs do not spike: here they are read
        warnings.filterwarnings("ignore", ".*ends without neurons that spike", NirWarning)
        network = from_nir(found, dt)
    translation = translate(network.ann, network.input_shape)
    names = translation.layer_names
    of_layer = membranes(
        network.neuron,
        names,
        given_gains(network.neuron, names),
        given_thresholds(network.neuron, names),
        1.0 if network.dt is None else float(network.dt / second),
    )
    layers = tuple(
        chip_layer(layer, of_layer.get(layer.name), format_, n_steps, reset)
        for layer in translation.layers
    )
    if layers[-1].threshold is not None:
        raise TranslationError(
            f"layer {layers[-1].name!r}: the outputs of this graph spike, while those of a "
            "network that classifies are read as potentials; write the graph with "
            "bs.spiking_accuracy(...).to_nir(path)."
        )
    return ChipGraph(translation, layers, network.neuron.delay_steps)


def refuse_max_pooling(translation: Translation) -> None:
    """Refuse a network that pools by a maximum, before it is written.

    Raises
    ------
    TranslationError
        Naming the layer.
    """
    for layer in translation.layers:
        if layer.kind == "max_pool":
            raise TranslationError(f"layer {layer.name!r}: {NO_MAXIMUM}")


def refuse_nodes(graph: nir.NIRGraph) -> None:
    """Refuse what the chip does not have, or what is not emulated.

    Raises
    ------
    TranslationError
        Naming the node, and what to do.
    """
    nodes = dict(graph.nodes)
    before: dict[str, list[str]] = {name: [] for name in nodes}
    for source, target in graph.edges:
        before.setdefault(target, []).append(source)
    for name, node in nodes.items():
        kind = kind_of(node)
        pooled = [one for one in before[name] if one in nodes and kind_of(nodes[one]) in POOLS]
        if "Max" in kind or (kind == "Threshold" and pooled):
            raise TranslationError(f"node {name!r}: {NO_MAXIMUM}")
        if kind in WITH_CURRENT:
            raise TranslationError(
                f"node {name!r}: synaptic currents of a time constant ({kind}) are not emulated; "
                "use IF or LIF, to which spikes come at once."
            )
    _refuse_loops(graph)


def _refuse_loops(graph: nir.NIRGraph) -> None:
    """Refuse recurrent graphs in words that speak of emulation."""
    try:
        Wiring(graph)
    except TranslationError as error:
        if "recurrent" not in str(error):
            raise
        raise TranslationError(
            f"{str(error).partition('; only')[0]}; recurrent networks are not emulated, only "
            "graphs without loops."
        ) from None
