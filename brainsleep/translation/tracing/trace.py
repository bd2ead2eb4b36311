"""What two runs of a module show: the torch functions that lead from its input to its output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import fx, nn

from ...errors import TranslationError
from .merging import Merged, Merger
from .module_copy import type_of
from .operations import FUNCTIONS, USING_WEIGHTS
from .recorder import record

#: Numbers of inputs of the two runs. More than one, so that a batch is no dimension of size 1.
BATCHES = (2, 3)


@dataclass(frozen=True, eq=False)
class Traced:
    """What two runs of a module showed.

    Attributes
    ----------
    graph : fx.GraphModule
        The torch functions that lead to the output, or that use weights.
    entrance : fx.Node
        The node of the input.
    returned : object
        What the module returns, of any type.
    calls : list of Merged
        The calls of these functions, in order.
    """

    graph: fx.GraphModule
    entrance: fx.Node
    returned: object
    calls: list[Merged]

    def output(self) -> fx.Node:
        """Return the node of the activity that the module returns.

        Raises
        ------
        TranslationError
            If it returns something else.
        """
        (node,) = (node.args[0] for node in self.graph.graph.nodes if node.op == "output")
        if isinstance(node, fx.Node):
            return node
        if isinstance(self.returned, torch.Tensor):
            raise TranslationError(
                "the module must return activity that torch computes from its input; it returns a "
                "tensor that comes from elsewhere."
            )
        raise TranslationError(
            "the module must return the activity of its last layer alone; it returns a "
            f"{type(self.returned).__name__}."
        )


def trace(
    module: nn.Module,
    shape: tuple[int, ...],
    original: nn.Module,
    steps_at: int | None = None,
) -> Traced:
    """Run a copy of a module twice and return what it does.

    Parameters
    ----------
    module : nn.Module
        The copy, in evaluation mode on the CPU.
    shape : tuple of int
        Shape of one input.
    original : nn.Module
        The user's module, which must not be used.
    steps_at : int, optional
        For a module that takes sequences: the dimension of their steps, 0 or 1. It is shown
        sequences of one step, whose inputs have the shape.

    Returns
    -------
    Traced

    Raises
    ------
    TranslationError
        If it cannot be run, does not do the same each time, or returns no single activity.
    """
    dtype = type_of(module)
    generator = torch.Generator().manual_seed(0)
    runs = []
    for n_inputs in BATCHES:
        values = torch.rand(n_inputs, *shape, generator=generator, device="cpu").to(dtype)
        if steps_at is not None:
            values = values.unsqueeze(steps_at)
        runs.append(record(module, values, original, n_inputs))
    merger = Merger(*runs)
    kept = _kept(merger, merger.merge())
    for node in reversed(list(merger.graph.nodes)):
        if node.op not in ("placeholder", "output") and node not in kept and not node.users:
            merger.graph.erase_node(node)
    graph = fx.GraphModule(merger.attributes, merger.graph)
    calls = [call for call in merger.calls if call.node in kept]
    return Traced(graph, merger.entrance, runs[0].result, calls)


def _kept(merger: Merger, returned: list[fx.Node]) -> set[fx.Node]:
    """Return the nodes that lead to the output or change activity, and all that use weights.

    The others only observe, as a hook that records activity does.
    """
    kept = _ancestors([*returned, *(call.node for call in merger.calls if call.call.mutates)])
    weighted = [call.node for call in merger.calls if _has_weights(call)]
    loose = descendants([node for node in weighted if node not in kept])
    return kept | _ancestors(loose)


def _has_weights(merged: Merged) -> bool:
    """Tell whether a call uses weights."""
    operation = FUNCTIONS.get(merged.call.function)
    return operation is not None and operation.kind in USING_WEIGHTS


def _ancestors(nodes: Iterable[fx.Node]) -> set[fx.Node]:
    """Return some nodes, and all from which they are computed."""
    return _reached(nodes, lambda node: node.all_input_nodes)


def descendants(nodes: Iterable[fx.Node]) -> set[fx.Node]:
    """Return some nodes, and all that are computed from them."""
    return _reached(nodes, lambda node: node.users)


def _reached(
    nodes: Iterable[fx.Node], neighbours: Callable[[fx.Node], Iterable[fx.Node]]
) -> set[fx.Node]:
    """Return some nodes, and all that can be reached from them."""
    found: set[fx.Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(neighbours(node))
    return found
