"""The later part of a network, so that sleep can begin at any layer."""

from __future__ import annotations

import operator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx

from ..errors import TranslationError
from ..support.calls import public
from ..wake.given_data import Images
from .activation_recording import as_input, record_activations
from .layers import INPUT, Layer
from .stored_module import unknown_function
from .tracing.trace import descendants
from .translated_network import Translation


@public
def start_at(translation: Translation, path: str) -> Translation:
    """Return the part of a network that begins with a layer.

    The layer and all after it remain, in the order of the translation. The population that drives
    the layer becomes the input of the part.

    Parameters
    ----------
    translation : Translation
        The whole network.
    path : str
        Name of the first layer that remains.

    Returns
    -------
    Translation
        Its ``input_shape`` is the shape of the population that has become the input, and its graph
        takes that population's activity, which :func:`features` computes. Names of layers and
        weights stay; `whole` is the whole network.

    Raises
    ------
    ParameterError
        If no layer has that name; the message suggests the nearest spelling.
    TranslationError
        Naming a layer that remains and is also driven by one that does not.
    """
    first = translation.layer(path)
    cut = first.connections[0].source
    index = translation.layers.index(first)
    remaining = translation.layers[index:]
    names = {layer.name for layer in remaining}
    for layer in remaining:
        for connection in layer.connections:
            if connection.source != cut and connection.source not in names:
                raise TranslationError(
                    f"sleep cannot start at {path!r}: layer {layer.name!r} is also driven by "
                    f"{connection.source!r} ({connection.kind}), which comes before the cut at "
                    f"{cut!r}; start at a layer that all activity passes."
                )
    graph, renamed = _cut_graph(translation, cut, path)
    constants = {
        kind: {name: value for name, value in values.items() if name in names}
        for kind, values in translation.constants.items()
    }
    return replace(
        translation,
        input_shape=_shape_of(translation, cut),
        layers=tuple(_rewired(layer, cut, renamed) for layer in remaining),
        graph=graph,
        frozen=translation.frozen & names,
        input_at=path,
        whole=translation,
        constants=constants,
    )


@public
def features(translation: Translation, path: str, images: Images) -> NDArray[np.floating]:
    r"""Return the activity that drives a layer: the input of the part that starts there.

    Parameters
    ----------
    translation : Translation
        The whole network.
    path : str
        Name of the layer.
    images : array_like or Tensor, shape (n, ...); Dataset or DataLoader
        What the network takes.

    Returns
    -------
    ndarray, shape (n, \*start_at(translation, path).input_shape)
        Rectified activations of the population that drives the layer, which may be the input.

    Raises
    ------
    ParameterError
        If no layer has that name, or if the images do not fit.
    TranslationError
        If several populations drive the layer.
    KindError
        If the images cannot be read as an array.
    """
    layer = translation.layer(path)
    sources = {connection.source for connection in layer.connections}
    if len(sources) > 1:
        raise TranslationError(
            f"layer {path!r} is driven by several populations, "
            f"{', '.join(map(repr, sorted(sources)))}; start at a layer that one population drives."
        )
    (source,) = sources
    if source == INPUT:
        tensor = as_input(images, translation)
        is_double = tensor.dtype == torch.float64  # NumPy has no bfloat16
        return np.maximum((tensor if is_double else tensor.float()).numpy(), 0)
    return record_activations(translation, images, None, [source])[source]


def _shape_of(translation: Translation, population: str) -> tuple[int, ...]:
    """Return the shape of a population."""
    return translation.input_shape if population == INPUT else translation.layer(population).shape


def _rewired(layer: Layer, cut: str, renamed: dict[str, str]) -> Layer:
    """Let the input drive what the population before the cut drove."""
    connections = tuple(
        replace(connection, source=INPUT) if connection.source == cut else connection
        for connection in layer.connections
    )
    return replace(layer, node=renamed[layer.node], connections=connections)


def _cut_graph(
    translation: Translation, cut: str, path: str
) -> tuple[fx.GraphModule, dict[str, str]]:
    """Copy what follows a population in the graph; return also the nodes' new names."""
    old = translation.graph.graph
    start = _start(old, translation, cut)
    after = descendants([start]) - {start}
    copier = _Copier(start, path)
    for node in old.nodes:
        if node in after:
            copier.copy(node)
    if not any(node.op == "output" for node in after):
        raise TranslationError(
            f"sleep cannot start at {path!r}: the output is not computed from node {start.name!r} "
            "of the graph; avoid operations in place (relu_, add_, inplace=True) around it."
        )
    graph = fx.GraphModule(translation.graph, copier.graph)
    return graph, {node.name: copy.name for node, copy in copier.copies.items()}


def _start(graph: fx.Graph, translation: Translation, population: str) -> fx.Node:
    """Return the node that holds a population's activity."""
    if population == INPUT:
        return next(node for node in graph.nodes if node.op == "placeholder")
    name = translation.layer(population).node
    found = next((node for node in graph.nodes if node.name == name), None)
    if found is None:
        raise unknown_function()
    return found


class _Copier:
    """Copies the nodes that follow one node, which becomes the input.

    Parameters
    ----------
    start : fx.Node
        The node that becomes the input.
    path : str
        The layer at which sleep begins, for messages.
    """

    def __init__(self, start: fx.Node, path: str) -> None:
        self.graph = fx.Graph()
        self.entrance = self.graph.placeholder("features")
        self.copies = {start: self.entrance}
        self.path = path

    def copy(self, node: fx.Node) -> fx.Node:
        """Copy a node, after whatever it takes from before the cut."""
        if node not in self.copies:
            for argument in node.all_input_nodes:
                if argument not in self.copies:
                    self._copy_from_before(argument)
            self.copies[node] = self.graph.node_copy(node, lambda old: self.copies[old])
        return self.copies[node]

    def _copy_from_before(self, node: fx.Node) -> None:
        """Copy a parameter or a size; nothing else may come from before the cut."""
        if node.op == "get_attr":
            self.copies[node] = self.graph.node_copy(node)
        elif _is_batch_size(node):
            self.copies[node] = self.graph.call_method("size", (self.entrance, 0))
        elif node.op == "call_function" and node.target is not getattr:
            self.copy(node)  # arithmetic on sizes
        else:
            raise TranslationError(
                f"sleep cannot start at {self.path!r}: forward uses {node.name!r} there, which is "
                "computed before it; start at an earlier layer."
            )


def _is_batch_size(node: fx.Node) -> bool:
    """Tell whether a node reads the size of the batch, which is the same everywhere."""
    if node.op == "call_method" and node.target == "size":
        return [*node.args[1:], *node.kwargs.values()] == [0]
    if node.op != "call_function" or node.target is not operator.getitem or node.args[1] != 0:
        return False
    (read,) = node.all_input_nodes
    return read.target == "size" or (read.target is getattr and read.args[1] == "shape")
