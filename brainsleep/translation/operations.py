"""The torch operations that can be translated, in all the ways they can be written."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import fx, nn
from torch.nn import functional
from torch.nn.utils.parametrize import is_parametrized

from ..errors import TranslationError

#: What messages say about an operation for which there is no better hint.
HINT = (
    "brainsleep translates Linear, Conv1d, Conv2d, ReLU, average and max pooling, additions and "
    "BatchNorm beside a Linear or Conv, and passes Dropout, Flatten, reshaping and Identity through"
)

#: What to do about operations that are often met, by their names in lower case.
HINTS = {
    **dict.fromkeys(
        ("softmax", "logsoftmax", "log_softmax", "sigmoid", "logsigmoid", "softmin"),
        "at the output, return the logits and leave it to the loss (nn.CrossEntropyLoss, "
        "nn.BCEWithLogitsLoss); elsewhere, train with ReLU",
    ),
    **dict.fromkeys(
        ("gelu", "silu", "elu", "selu", "celu", "mish", "hardswish", "hardsigmoid", "softplus")
        + ("tanh", "hardtanh", "leakyrelu", "leaky_relu", "prelu", "rrelu", "relu6", "clamp")
        + ("clamp_", "clip", "threshold", "glu", "abs"),
        "a spiking neuron stands for a ReLU neuron: train with nn.ReLU",
    ),
    **dict.fromkeys(
        ("lstm", "gru", "rnn", "lstmcell", "grucell", "rnncell", "multiheadattention")
        + ("scaled_dot_product_attention", "transformerencoderlayer", "bmm", "matmul", "einsum"),
        "only feed-forward networks without attention can sleep",
    ),
    **dict.fromkeys(
        ("layernorm", "layer_norm", "groupnorm", "group_norm", "instancenorm1d", "instancenorm2d")
        + ("rmsnorm", "localresponsenorm", "normalize"),
        "it divides by statistics of each input, which fixed weights cannot; train with BatchNorm",
    ),
    **dict.fromkeys(
        ("permute", "transpose", "t", "movedim", "swapaxes", "getitem", "chunk", "split", "cat")
        + ("concat", "stack", "roll", "flip", "select", "narrow", "channelshuffle"),
        "a layer takes all neurons of the previous one, in their order; leave transposing, slicing "
        "and concatenating out of forward",
    ),
}


@dataclass(frozen=True)
class Operation:
    """What one module, function or method computes.

    Attributes
    ----------
    kind : str
        ``"dense"``, ``"convolution"``, ``"norm"``, ``"relu"``, ``"average_pool"``,
        ``"max_pool"``, ``"adaptive_pool"``, ``"mean"``, ``"add"``, ``"dropout"`` or ``"pass"``.
    dimensions : int
        Dimensions of space; 0 where they do not matter.
    arguments : tuple of str
        Names of a function's arguments, in order.
    """

    kind: str
    dimensions: int = 0
    arguments: tuple[str, ...] = ()


_CONVOLUTION = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_POOL = ("input", "kernel_size", "stride", "padding")
_AVERAGE_POOL = (*_POOL, "ceil_mode", "count_include_pad", "divisor_override")
_MAX_POOL = (*_POOL, "dilation", "ceil_mode", "return_indices")

_DENSE = Operation("dense", 0, ("input", "weight", "bias"))
_RELU = Operation("relu", 0, ("input", "inplace"))
_MEAN = Operation("mean", 0, ("input", "dim", "keepdim", "dtype"))
_ADD = Operation("add", 0, ("input", "other", "alpha"))
_DROPOUT = Operation("dropout", 0, ("input", "p", "training", "inplace"))
_PASS = Operation("pass")

MODULES: dict[type, Operation] = {
    nn.Linear: _DENSE,
    nn.Conv1d: Operation("convolution", 1),
    nn.Conv2d: Operation("convolution", 2),
    nn.BatchNorm1d: Operation("norm"),
    nn.BatchNorm2d: Operation("norm", 2),
    nn.ReLU: _RELU,
    nn.AvgPool1d: Operation("average_pool", 1),
    nn.AvgPool2d: Operation("average_pool", 2),
    nn.MaxPool1d: Operation("max_pool", 1),
    nn.MaxPool2d: Operation("max_pool", 2),
    nn.AdaptiveAvgPool1d: Operation("adaptive_pool", 1),
    nn.AdaptiveAvgPool2d: Operation("adaptive_pool", 2),
    **dict.fromkeys((nn.Identity, nn.Flatten, nn.Unflatten), _PASS),
    **dict.fromkeys((nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d), _PASS),
    **dict.fromkeys((nn.AlphaDropout, nn.FeatureAlphaDropout), _PASS),
}

FUNCTIONS: dict[Callable[..., object], Operation] = {
    functional.linear: _DENSE,
    functional.conv1d: Operation("convolution", 1, _CONVOLUTION),
    functional.conv2d: Operation("convolution", 2, _CONVOLUTION),
    **dict.fromkeys((functional.relu, functional.relu_, torch.relu, torch.relu_), _RELU),
    functional.avg_pool1d: Operation("average_pool", 1, _AVERAGE_POOL),
    functional.avg_pool2d: Operation("average_pool", 2, _AVERAGE_POOL),
    functional.max_pool1d: Operation("max_pool", 1, _MAX_POOL),
    functional.max_pool2d: Operation("max_pool", 2, _MAX_POOL),
    torch.max_pool1d: Operation("max_pool", 1, _MAX_POOL),
    torch.max_pool2d: Operation("max_pool", 2, _MAX_POOL),
    functional.adaptive_avg_pool1d: Operation("adaptive_pool", 1, ("input", "output_size")),
    functional.adaptive_avg_pool2d: Operation("adaptive_pool", 2, ("input", "output_size")),
    torch.mean: _MEAN,
    **dict.fromkeys((operator.add, operator.iadd, torch.add), _ADD),
    **dict.fromkeys((functional.dropout, functional.dropout1d, functional.dropout2d), _DROPOUT),
    **dict.fromkeys((functional.dropout3d, functional.alpha_dropout), _DROPOUT),
    **dict.fromkeys((functional.feature_alpha_dropout, torch.dropout), _DROPOUT),
    **dict.fromkeys((torch.flatten, torch.reshape, torch.unflatten), _PASS),
    **dict.fromkeys((torch.squeeze, torch.unsqueeze, torch.clone), _PASS),
}

METHODS: dict[str, Operation] = {
    **dict.fromkeys(("relu", "relu_"), _RELU),
    **dict.fromkeys(("add", "add_"), _ADD),
    "mean": _MEAN,
    **dict.fromkeys(("flatten", "unflatten", "view", "reshape", "squeeze", "unsqueeze"), _PASS),
    **dict.fromkeys(("contiguous", "clone", "float", "double", "to"), _PASS),
}

#: Nodes that compute shapes, as in ``x.view(x.size(0), -1)``; no activity flows through them.
SHAPE_METHODS = {"size", "dim", "numel"}
SHAPE_ATTRIBUTES = {"shape", "ndim", "dtype", "device"}
SHAPE_ARITHMETIC = {
    operator.getitem,
    operator.mul,
    operator.floordiv,
    operator.add,
    operator.sub,
    operator.neg,
}


def classify(graph: fx.GraphModule) -> tuple[dict[fx.Node, Operation], set[fx.Node]]:
    """Say what every node of a traced module does, and refuse what cannot be translated.

    Parameters
    ----------
    graph : fx.GraphModule
        The traced module.

    Returns
    -------
    operations : dict of Node to Operation
        What each node does through which activity flows, in order.
    shapes : set of Node
        Nodes that compute shapes.

    Raises
    ------
    TranslationError
        Naming the first part that cannot be translated, and what to do.
    """
    modules = dict(graph.named_modules())
    operations: dict[fx.Node, Operation] = {}
    shapes: set[fx.Node] = set()
    for node in graph.graph.nodes:
        if node.op in ("placeholder", "output", "get_attr"):
            continue
        if _is_shape(node, shapes):
            shapes.add(node)
            continue
        if not activity_inputs(node, shapes):
            raise TranslationError(
                f"{place_of(node)}: computes with parameters alone; layers must use the parameters "
                "of the module itself, unchanged."
            )
        operations[node] = _operation(node, modules)
    return operations, shapes


def name_of(node: fx.Node) -> str:
    """Return the path of the module that a node calls, else the node's own name."""
    return str(node.target) if node.op == "call_module" else node.name


def place_of(node: fx.Node) -> str:
    """Say where a node is, for messages: its name, and the path of the module it is in."""
    name, stack = name_of(node), node.meta.get("nn_module_stack")
    if node.op == "call_module" or not stack:
        return name
    path, _ = list(stack.values())[-1]
    return f"{name} (in {path})" if path else name


def activity_inputs(node: fx.Node, shapes: set[fx.Node]) -> tuple[fx.Node, ...]:
    """Return all activities that a node takes; not shapes, and not parameters."""
    return tuple(
        argument
        for argument in node.all_input_nodes
        if argument not in shapes and argument.op != "get_attr"
    )


def _is_shape(node: fx.Node, shapes: set[fx.Node]) -> bool:
    """Tell whether a node computes a shape rather than activity."""
    if node.op == "call_method":
        return node.target in SHAPE_METHODS
    if node.op != "call_function":
        return False
    if node.target is getattr:
        return node.args[1] in SHAPE_ATTRIBUTES
    if node.target not in SHAPE_ARITHMETIC or not node.all_input_nodes:
        return False
    return all(argument in shapes for argument in node.all_input_nodes)


def _operation(node: fx.Node, modules: Mapping[str, nn.Module]) -> Operation:
    """Return what a node does, or refuse it."""
    target = node.target
    module = modules[str(target)] if node.op == "call_module" else None
    known: Operation | None
    if module is not None:
        known = MODULES.get(type(module))
    else:
        known = METHODS.get(target) if isinstance(target, str) else FUNCTIONS.get(target)
    if known is None:
        kind = _kind(node, module)
        hint = HINTS.get(kind.lower(), HINT)
        raise TranslationError(f"{place_of(node)}: {kind} cannot be translated; {hint}.")
    if known.kind == "max_pool" and getattr(module, "return_indices", False):
        raise TranslationError(
            f"{place_of(node)}: returns indices besides the maxima; use return_indices=False."
        )
    return known


def _kind(node: fx.Node, module: nn.Module | None) -> str:
    """Say what an unknown node is."""
    if module is not None:
        if is_parametrized(module):
            return f"{type(module).__mro__[1].__name__} with a parametrization"
        return type(module).__name__
    if node.target is getattr:
        return str(node.args[1])
    return str(getattr(node.target, "__name__", node.target))
