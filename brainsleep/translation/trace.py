"""Trace a torch module and read its layers; refuse by name what cannot be translated."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping

import torch
from torch import fx, nn

from ..errors import KindError, ParameterError, TranslationError, brief
from .layers import WEIGHTED
from .operations import HINT, Operation, classify, place_of
from .reader import Reader
from .steps import run_steps
from .tensors import Tensors
from .translated_network import Translation

#: What messages ask for where the shape of one input cannot be known, by dimensions of space.
_ASKED = {1: "(channels, length)", 2: "(channels, height, width)"}


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
    if not isinstance(ann, nn.Module):
        raise KindError(f"ann must be a torch.nn.Module, not {type(ann).__name__}.")
    given = None if input_shape is None else _checked_shape(input_shape)
    graph = _trace(ann)
    entrance, output = _ends(graph)
    operations, shapes = classify(graph)
    if not any(operation.kind in WEIGHTED for operation in operations.values()):
        raise TranslationError(f"the module has no Linear or Conv layer; {HINT}.")
    shape = _first_shape(graph, operations) if given is None else given
    try:
        steps = run_steps(graph, shape, operations, shapes)
    except TranslationError as error:
        if given is not None:
            raise
        raise TranslationError(
            f"{error} (Tried with inputs of shape {shape}, which the first Linear takes; if the "
            "network takes others, pass bs.translate(ann, input_shape=...), the shape of one "
            "input.)"
        ) from error
    reader = Reader(Tensors(graph), entrance, shape)
    for step in steps:
        reader.read(step)
    return Translation(shape, reader.finish(output), graph, ann)


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


def _trace(ann: nn.Module) -> fx.GraphModule:
    """Trace a copy of the module, in evaluation mode on the CPU."""
    for path, module in ann.named_modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor) and not value.is_leaf:  # it cannot be copied
                raise TranslationError(
                    f"{path or 'the module'}: its {name!r} is computed in each forward pass "
                    "(pruning or weight_norm?); make it permanent before sleep, for example with "
                    "torch.nn.utils.prune.remove."
                )
    try:
        duplicate = copy.deepcopy(ann).cpu().eval()
        graph = fx.symbolic_trace(duplicate)
    except Exception as error:  # torch.fx raises whatever the user's forward raises
        reason = str(error).partition("\n")[0]
        raise TranslationError(
            f"{type(ann).__name__} cannot be traced by torch.fx ({reason}); its forward must not "
            "branch on the data."
        ) from error
    _check_types(graph)
    return graph


def _check_types(graph: fx.GraphModule) -> None:
    """Refuse parameters of other than floating-point types before anything is computed."""
    for name, parameter in graph.named_parameters():
        if isinstance(parameter, nn.UninitializedParameter) or parameter.is_floating_point():
            continue
        path = name.rpartition(".")[0] or name
        raise TranslationError(
            f"{path}: {name!r} is of type {parameter.dtype}; it must be of a floating-point type."
        )


def _ends(graph: fx.GraphModule) -> tuple[fx.Node, fx.Node]:
    """Return the node of the input, and the node that the module returns."""
    placeholders = [node for node in graph.graph.nodes if node.op == "placeholder"]
    if not placeholders:
        raise TranslationError("the module's forward takes no input; it must take one.")
    for node in placeholders[1:]:
        if not node.args:  # an optional argument is left at its default
            raise TranslationError(
                f"the module's forward takes a second input, {node.target!r}; only networks with "
                "one input can sleep."
            )
    (returned,) = (node.args[0] for node in graph.graph.nodes if node.op == "output")
    if not isinstance(returned, fx.Node):
        raise TranslationError(
            "the module must return the activity of its last layer alone; it returns "
            f"{brief(returned)}."
        )
    return placeholders[0], returned


def _first_shape(graph: fx.GraphModule, operations: Mapping[fx.Node, Operation]) -> tuple[int, ...]:
    """Return the shape of one input that the first layer tells, or ask for it."""
    for node, operation in operations.items():
        if operation.kind == "dense":
            return (_in_features(graph, node),)
        if operation.dimensions:
            raise TranslationError(
                f"{place_of(node)}: acts on images, whose size cannot be known from the module; "
                f"pass bs.translate(ann, input_shape={_ASKED[operation.dimensions]})."
            )
    raise AssertionError("there is a layer")


def _in_features(graph: fx.GraphModule, node: fx.Node) -> int:
    """Return how many inputs a Linear takes."""
    if node.op == "call_module":
        return int(graph.get_submodule(str(node.target)).in_features)  # type: ignore[arg-type]
    weight = node.args[1] if len(node.args) > 1 else node.kwargs.get("weight")
    parameter = graph.state_dict().get(str(getattr(weight, "target", None)))
    if parameter is None or parameter.ndim != 2:
        raise TranslationError(
            f"{place_of(node)}: must be called with parameters of the module itself, a weight of "
            "two dimensions first."
        )
    return int(parameter.shape[1])
