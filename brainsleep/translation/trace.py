"""Record a torch module and read its layers; refuse by name what cannot be translated."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import fx, nn

from ..errors import KindError, ParameterError, TranslationError, brief
from .layers import WEIGHTED
from .merging import Merged, Merger
from .module_copy import runnable_copy, type_of
from .operations import FUNCTIONS, HINT
from .reader import Reader
from .recorder import RunError, record
from .steps import read_step
from .tensors import Tensors
from .translated_network import Translation
from .verification import verify

#: Numbers of inputs of the two runs. More than one, so that a batch is no dimension of size 1.
BATCHES = (2, 3)

#: What messages ask for where the shape of one input cannot be known, by dimensions of a kernel.
_ASKED = {3: "(channels, length)", 4: "(channels, height, width)"}


def read_network(ann: nn.Module, input_shape: Iterable[int] | None = None) -> Translation:
    """Read a feed-forward ReLU network into an ordered list of layers.

    Parameters
    ----------
    ann : torch.nn.Module
        The network. It is not modified.
    input_shape : iterable of int, optional
        Shape of one input, without the batch; that which the first Linear takes unless given.

    Returns
    -------
    Translation

    Raises
    ------
    TranslationError, ParameterError, KindError
        As `brainsleep.translate` raises them.
    """
    given = None if input_shape is None else _checked_shape(input_shape)
    module = runnable_copy(ann)
    _check_arguments(module)
    if given is not None:
        return _read(ann, module, given)
    failed: TranslationError | None = None
    for shape in _possible_shapes(module):
        try:
            return _read(ann, module, shape)
        except RunError as error:
            if failed is None:
                failed = RunError(
                    f"{error} (Tried with inputs of shape {shape}, which the first Linear takes; "
                    "if the network takes others, pass bs.translate(ann, input_shape=...), the "
                    "shape of one input.)"
                )
                failed.__cause__ = error
    assert failed is not None
    raise failed


def _read(ann: nn.Module, module: nn.Module, shape: tuple[int, ...]) -> Translation:
    """Read a network that takes inputs of a shape."""
    traced = trace(module, shape)
    steps = [read_step(merged) for merged in traced.calls]
    if not any(step.operation.kind in WEIGHTED for step in steps):
        raise TranslationError(f"the module has no Linear or Conv layer that it calls; {HINT}.")
    reader = Reader(Tensors(), traced.entrance, shape)
    for step in steps:
        reader.read(step)
    layers = reader.finish(traced.output())
    translation = Translation(shape, layers, traced.graph, ann)
    verify(translation, module)
    return translation


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


def trace(module: nn.Module, shape: tuple[int, ...]) -> Traced:
    """Run a copy of a module twice and return what it does.

    Parameters
    ----------
    module : nn.Module
        The copy, in evaluation mode on the CPU.
    shape : tuple of int
        Shape of one input.

    Returns
    -------
    Traced

    Raises
    ------
    TranslationError
        If it cannot be run, does not do the same each time, or returns no single activity.
    """
    dtype = type_of(module)
    before = torch.get_rng_state()
    generator = torch.Generator().manual_seed(0)
    runs = []
    for n_inputs in BATCHES:
        values = torch.rand(n_inputs, *shape, generator=generator, device="cpu").to(dtype)
        runs.append(record(module, values))
    if not torch.equal(torch.get_rng_state(), before):
        torch.set_rng_state(before)  # the user's random numbers stay as they were
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
    loose = _descendants([node for node in weighted if node not in kept])
    return kept | _ancestors(loose)


def _has_weights(merged: Merged) -> bool:
    """Tell whether a call uses weights."""
    operation = FUNCTIONS.get(merged.call.function)
    return operation is not None and operation.kind in WEIGHTED


def _ancestors(nodes: Iterable[fx.Node]) -> set[fx.Node]:
    """Return some nodes, and all from which they are computed."""
    found: set[fx.Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(node.all_input_nodes)
    return found


def _descendants(nodes: Iterable[fx.Node]) -> set[fx.Node]:
    """Return some nodes, and all that are computed from them."""
    found: set[fx.Node] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting.extend(node.users)
    return found


def _checked_shape(shape: object) -> tuple[int, ...]:
    """Check the shape of one input."""
    if isinstance(shape, str) or not isinstance(shape, Iterable):
        raise KindError(
            f"input_shape must be the shape of one input, like (1, 28, 28), not {brief(shape)}."
        )
    sizes = tuple(shape)
    if any(isinstance(size, bool) or not hasattr(size, "__index__") for size in sizes):
        raise KindError(f"input_shape must hold whole numbers, not {brief(shape)}.")
    sizes = tuple(int(size) for size in sizes)
    if not sizes or min(sizes) < 1:
        raise ParameterError(
            f"input_shape {sizes}: must hold at least one number, and only positive ones; leave "
            "the batch out."
        )
    return sizes


def _check_arguments(module: nn.Module) -> None:
    """Refuse a forward that takes no input, or that needs more than one."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    positional = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    if not any(parameter.kind in positional for parameter in parameters):
        raise TranslationError("the module's forward takes no input; it must take one.")
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    for parameter in parameters[1:]:
        if parameter.default is inspect.Parameter.empty and parameter.kind not in variable:
            raise TranslationError(
                f"the module's forward takes a second input, {parameter.name!r}; only networks "
                "with one input can sleep, so give it a default."
            )


def _possible_shapes(module: nn.Module) -> Iterator[tuple[int, ...]]:
    """Yield the shapes of one input that a network of Linears may take, the likeliest first."""
    weights = [
        (path, child.weight)
        for path, child in module.named_modules()
        if isinstance(child, nn.Linear | nn.Conv1d | nn.Conv2d)
    ]
    weights = weights or [
        (name, parameter) for name, parameter in module.named_parameters() if parameter.ndim > 1
    ]
    if not weights:
        raise TranslationError(f"the module has no Linear or Conv layer; {HINT}.")
    path, first = weights[0]
    if first.ndim in _ASKED:
        raise TranslationError(
            f"{path}: acts on images, whose size cannot be known from the module; pass "
            f"bs.translate(ann, input_shape={_ASKED[first.ndim]})."
        )
    yield from dict.fromkeys((weight.shape[1],) for _, weight in weights if weight.ndim == 2)
