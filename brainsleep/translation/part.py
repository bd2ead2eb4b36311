"""The later part of a network, so that sleep can begin at a layer of choice."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import fx

from ..errors import TranslationError
from .activations import as_input, record_activations
from .layers import INPUT, Layer, Translation


def start_at(translation: Translation, path: str) -> Translation:
    """Return the part of a network that begins with a layer.

    Its input is what drives that layer: a population that is cut off with all before it. In the
    order of the translation, the layer and all after it remain.

    Parameters
    ----------
    translation : Translation
        The whole network.
    path : str
        Name of the first layer that remains.

    Returns
    -------
    Translation
        With the shape of the cut population as ``input_shape``, and a graph that takes its
        activity, which :func:`features` computes. Names of layers and weights stay; `whole` is
        the network it was cut from.

    Raises
    ------
    ParameterError
        If no layer has that name, with the nearest spelling.
    TranslationError
        Naming a connection that comes from elsewhere than from the cut population or a layer that
        remains.
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


def features(translation: Translation, path: str, images: Any) -> np.ndarray:
    r"""Return what drives a layer, for images: the input of the part that starts there.

    Parameters
    ----------
    translation : Translation
        The whole network.
    path : str
        Name of the layer.
    images : array_like or Tensor, shape (n, ...)
        What the network takes.

    Returns
    -------
    ndarray, shape (n, \*start_at(translation, path).input_shape)
        Rectified activations of the population that drives the layer; of the input, if that does.

    Raises
    ------
    ParameterError
        If no layer has that name, or if the images do not fit.
    TranslationError
        If several populations drive the layer.
    UnitsError
        If the images cannot be read as an array.
    """
    layer = translation.layer(path)
    sources = {connection.source for connection in layer.connections}
    if len(sources) > 1:
        raise TranslationError(
            f"layer {path!r} is driven by several populations, "
            f"{', '.join(map(repr, sorted(sources)))}; features are those of one."
        )
    (source,) = sources
    if source == INPUT:
        tensor = as_input(images, translation)
        wide = tensor.dtype == torch.float64  # NumPy has no bfloat16
        return np.maximum((tensor if wide else tensor.float()).numpy(), 0)
    return record_activations(translation, images, None, [source])[source]


def _shape_of(translation: Translation, population: str) -> tuple[int, ...]:
    """Return the shape of a population."""
    return translation.input_shape if population == INPUT else translation.layer(population).shape


def _rewired(layer: Layer, cut: str, renamed: dict[str, str]) -> Layer:
    """Let the input drive what the cut population drove."""
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
    after = _descendants(start)
    copier = _Copier(start, path)
    for node in old.nodes:
        if node in after:
            copier.copy(node)
    if not any(node.op == "output" for node in after):
        raise TranslationError(
            f"sleep cannot start at {path!r}: the output does not follow from node {start.name!r} "
            "of the graph; avoid operations in place around it."
        )
    graph = fx.GraphModule(translation.graph, copier.graph)
    return graph, {node.name: copy.name for node, copy in copier.copies.items()}


def _start(graph: fx.Graph, translation: Translation, population: str) -> fx.Node:
    """Return the node that holds a population's activity."""
    if population == INPUT:
        return next(node for node in graph.nodes if node.op == "placeholder")
    name = translation.layer(population).node
    return next(node for node in graph.nodes if node.name == name)


def _descendants(start: fx.Node) -> set[fx.Node]:
    """Return all nodes that are computed from one."""
    found: set[fx.Node] = set()
    waiting = [start]
    while waiting:
        for user in waiting.pop().users:
            if user not in found:
                found.add(user)
                waiting.append(user)
    return found


class _Copier:
    """Copies the nodes that follow one, which becomes the input."""

    def __init__(self, start: fx.Node, path: str) -> None:
        self.graph = fx.Graph()
        self.entrance = self.graph.placeholder("features")
        self.copies = {start: self.entrance}
        self.path = path

    def copy(self, node: fx.Node) -> fx.Node:
        """Copy a node, and first what it takes in from before the cut."""
        if node not in self.copies:
            for argument in node.all_input_nodes:
                if argument not in self.copies:
                    self._copy_from_before(argument)
            self.copies[node] = self.graph.node_copy(node, lambda old: self.copies[old])
        return self.copies[node]

    def _copy_from_before(self, node: fx.Node) -> None:
        """Copy parameters and sizes; nothing else may cross the cut."""
        if node.op == "get_attr":
            self.copies[node] = self.graph.node_copy(node)
        elif _is_batch_size(node):
            self.copies[node] = self.graph.call_method("size", (self.entrance, 0))
        elif node.op == "call_function" and node.target is not getattr:
            self.copy(node)  # arithmetic on sizes
        else:
            raise TranslationError(
                f"sleep cannot start at {self.path!r}: forward uses {node.name!r}, which comes "
                "from before it."
            )


def _is_batch_size(node: fx.Node) -> bool:
    """Tell whether a node reads the size of the batch, which is the same everywhere."""
    if node.op == "call_method" and node.target == "size":
        return [*node.args[1:], *node.kwargs.values()] == [0]
    if node.op != "call_function" or node.target is not operator.getitem or node.args[1] != 0:
        return False
    (read,) = node.all_input_nodes
    return read.target == "size" or (read.target is getattr and read.args[1] == "shape")
