"""The torch functions that can be translated, in all the ways they can be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch.nn import functional

from ...wake.sparse_activity import k_winners
from ..layers import WEIGHTED
from .elman import HINT as ELMAN_HINT
from .elman import elman, is_zero

#: What messages say about an operation for which there is no better hint.
HINT = (
    "brainsleep translates Linear, Conv1d, Conv2d, ReLU, average and max pooling, additions, "
    "constant factors and shifts, BatchNorm beside a Linear or Conv and KWinners, and passes "
    "Dropout, Flatten, reshaping and Identity through"
)

_RELU_INSTEAD = "a spiking neuron stands for a ReLU neuron: train with nn.ReLU"
_IN_ORDER = (
    "a layer takes all neurons of the previous one, in their order; leave transposing, slicing and "
    "concatenating out of forward"
)
_ONE_DRIVE = "activities can only be added up; leave products and differences of them out"

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
        + ("clamp_min", "clip", "threshold", "glu", "abs", "sign", "softsign"),
        _RELU_INSTEAD,
    ),
    **dict.fromkeys(
        ("lstm", "gru", "lstmcell", "grucell", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell"),
        f"of recurrent layers only those of ReLU neurons can sleep: {ELMAN_HINT}",
    ),
    **dict.fromkeys(
        ("multiheadattention", "scaled_dot_product_attention", "transformerencoderlayer"),
        "only networks without attention can sleep",
    ),
    **dict.fromkeys(
        ("mm", "addmm", "bmm", "baddbmm", "matmul", "rmatmul", "einsum", "mv", "tensordot"),
        "for weights, use nn.Linear, or functional.linear with a parameter of shape (outputs, "
        "inputs); products of activities, as in attention, cannot sleep",
    ),
    **dict.fromkeys(
        ("half", "bfloat16"),
        "it rounds the activity, which spikes cannot: leave the conversion out, or convert the "
        "whole network",
    ),
    **dict.fromkeys(
        ("argmax", "topk", "sort"),
        "choose among outputs outside the network; for hidden layers of which only the largest "
        "activations count there is brainsleep.wake.KWinners",
    ),
    **dict.fromkeys(
        ("layernorm", "layer_norm", "groupnorm", "group_norm", "instancenorm1d", "instancenorm2d")
        + ("rmsnorm", "rms_norm", "normalize", "instance_norm"),
        "it divides by statistics of each input, which fixed weights cannot; train with BatchNorm",
    ),
    **dict.fromkeys(
        ("localresponsenorm", "local_response_norm"),
        "it divides by the activity of other channels, which fixed weights cannot; train with "
        "inhibition that is subtracted: a Conv2d of size 1 with negative weights among channels, "
        "and a ReLU",
    ),
    **dict.fromkeys(
        (
            "permute",
            "transpose",
            "t",
            "mt",
            "h",
            "mh",
            "movedim",
            "swapaxes",
            "getitem",
            "chunk",
            "split",
            "cat",
        )
        + ("concat", "stack", "roll", "flip", "select", "narrow", "channelshuffle", "unbind"),
        _IN_ORDER,
    ),
    **dict.fromkeys(("mul", "sub", "rsub", "div"), _ONE_DRIVE),
    **dict.fromkeys(
        ("pad", "zeropad1d", "zeropad2d", "constantpad1d", "constantpad2d"),
        "give the convolution or the pooling its own padding=",
    ),
}


@dataclass(frozen=True)
class Operation:
    """What one function computes.

    Attributes
    ----------
    kind : str
        ``"dense"``, ``"convolution"``, ``"norm"``, ``"relu"``, ``"average_pool"``,
        ``"max_pool"``, ``"adaptive_pool"``, ``"mean"``, ``"add"``, ``"arithmetic"``, ``"softmax"``,
        ``"winners"``, ``"recurrent"``, ``"dropout"`` or ``"pass"``.
    dimensions : int
        Dimensions of space; 0 where they do not matter.
    arguments : tuple of str
        Names of the function's arguments, in order.
    does : str
        Which of several functions of one kind it is.
    """

    kind: str
    dimensions: int = 0
    arguments: tuple[str, ...] = ()
    does: str = ""


_CONVOLUTION = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
_POOL = ("input", "kernel_size", "stride", "padding")
_AVERAGE_POOL = (*_POOL, "ceil_mode", "count_include_pad", "divisor_override")
_MAX_POOL = (*_POOL, "dilation", "ceil_mode", "return_indices")
_ADAPTIVE = ("input", "output_size", "return_indices")
_NORM = ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps")
_TWO = ("input", "other", "alpha", "rounding_mode")

_DENSE = Operation("dense", 0, ("input", "weight", "bias"))
_RELU = Operation("relu", 0, ("input", "inplace"))
_MEAN = Operation("mean", 0, ("input", "dim", "keepdim", "dtype"))
_AMAX = Operation("mean", 0, ("input", "dim", "keepdim"), "max")
_ADD = Operation("add", 0, _TWO)
_DROPOUT = Operation("dropout", 0, ("input", "p", "training", "inplace"))
_SOFTMAX = Operation("softmax", 0, ("input", "dim", "_stacklevel", "dtype"))
_WINNERS = Operation("winners", 0, ("input", "k"))
_ELMAN = Operation(
    "recurrent",
    0,
    ("input", "weight_ih", "weight_hh", "bias_ih", "bias_hh", "batch_first", "part"),
)
_PASS = Operation("pass")


def _relu_of(does: str, *names: str) -> Operation:
    """Return a function that rectifies with some values of its arguments."""
    return Operation("relu", 0, ("input", *names, "inplace"), does)


def _arithmetic(does: str) -> Operation:
    """Return a function of activity and a constant."""
    return Operation("arithmetic", 0, _TWO, does)


_CLAMP = _relu_of("clamp", "min", "max")
_THRESHOLD = _relu_of("threshold", "threshold", "value")
_LEAKY = _relu_of("leaky", "negative_slope")
_HARDTANH = _relu_of("clamp", "min_val", "max_val")
_ELU = _relu_of("elu", "alpha")

_T = torch.Tensor

FUNCTIONS: dict[Callable[..., object], Operation] = {
    functional.linear: _DENSE,
    functional.conv1d: Operation("convolution", 1, _CONVOLUTION),
    functional.conv2d: Operation("convolution", 2, _CONVOLUTION),
    functional.batch_norm: Operation("norm", 0, _NORM),
    **dict.fromkeys((functional.relu, functional.relu_, torch.relu, torch.relu_), _RELU),
    **dict.fromkeys((_T.relu, _T.relu_), _RELU),
    **dict.fromkeys((torch.clamp, torch.clamp_, torch.clip, torch.clip_), _CLAMP),
    **dict.fromkeys((_T.clamp, _T.clamp_, _T.clip, _T.clip_), _CLAMP),
    **dict.fromkeys((torch.clamp_min, torch.clamp_min_, _T.clamp_min, _T.clamp_min_), _CLAMP),
    **dict.fromkeys((functional.threshold, torch.threshold, torch.threshold_), _THRESHOLD),
    **dict.fromkeys((functional.leaky_relu, functional.leaky_relu_), _LEAKY),
    **dict.fromkeys((functional.hardtanh, functional.hardtanh_), _HARDTANH),
    **dict.fromkeys((functional.elu, functional.elu_), _ELU),
    functional.avg_pool1d: Operation("average_pool", 1, _AVERAGE_POOL),
    functional.avg_pool2d: Operation("average_pool", 2, _AVERAGE_POOL),
    functional.max_pool1d: Operation("max_pool", 1, _MAX_POOL),
    functional.max_pool2d: Operation("max_pool", 2, _MAX_POOL),
    functional.max_pool1d_with_indices: Operation("max_pool", 1, _MAX_POOL, "indices"),
    functional.max_pool2d_with_indices: Operation("max_pool", 2, _MAX_POOL, "indices"),
    torch.max_pool1d: Operation("max_pool", 1, _MAX_POOL),
    torch.max_pool2d: Operation("max_pool", 2, _MAX_POOL),
    functional.adaptive_avg_pool1d: Operation("adaptive_pool", 1, _ADAPTIVE),
    functional.adaptive_avg_pool2d: Operation("adaptive_pool", 2, _ADAPTIVE),
    functional.adaptive_max_pool1d: Operation("adaptive_pool", 1, _ADAPTIVE, "max"),
    functional.adaptive_max_pool2d: Operation("adaptive_pool", 2, _ADAPTIVE, "max"),
    functional.adaptive_max_pool1d_with_indices: Operation("max_pool", 1, _ADAPTIVE, "indices"),
    functional.adaptive_max_pool2d_with_indices: Operation("max_pool", 2, _ADAPTIVE, "indices"),
    **dict.fromkeys((torch.mean, _T.mean), _MEAN),
    **dict.fromkeys((torch.amax, _T.amax), _AMAX),
    **dict.fromkeys((torch.add, _T.add, _T.add_), _ADD),
    **dict.fromkeys((torch.sub, torch.subtract, _T.sub, _T.sub_), _arithmetic("subtract")),
    **dict.fromkeys((_T.__rsub__, torch.rsub), _arithmetic("subtract from")),
    **dict.fromkeys((torch.mul, torch.multiply, _T.mul, _T.mul_), _arithmetic("multiply")),
    **dict.fromkeys((torch.div, torch.divide, torch.true_divide), _arithmetic("divide")),
    **dict.fromkeys((_T.div, _T.div_, _T.true_divide), _arithmetic("divide")),
    **dict.fromkeys((torch.neg, torch.negative, _T.neg, _T.neg_), _arithmetic("negate")),
    k_winners: _WINNERS,
    elman: _ELMAN,
    **dict.fromkeys((functional.softmax, functional.log_softmax), _SOFTMAX),
    **dict.fromkeys((torch.softmax, torch.log_softmax, _T.softmax, _T.log_softmax), _SOFTMAX),
    **dict.fromkeys((functional.dropout, functional.dropout1d, functional.dropout2d), _DROPOUT),
    **dict.fromkeys((functional.dropout3d, functional.alpha_dropout), _DROPOUT),
    **dict.fromkeys((functional.feature_alpha_dropout, torch.dropout), _DROPOUT),
    **dict.fromkeys((torch.flatten, torch.reshape, torch.unflatten, torch.ravel), _PASS),
    **dict.fromkeys((torch.squeeze, torch.unsqueeze, torch.clone, torch.detach), _PASS),
    **dict.fromkeys((_T.flatten, _T.unflatten, _T.view, _T.reshape, _T.view_as), _PASS),
    **dict.fromkeys((_T.reshape_as, _T.squeeze, _T.unsqueeze, _T.contiguous, _T.clone), _PASS),
    **dict.fromkeys((_T.float, _T.double, _T.to, _T.type, _T.type_as, _T.cpu), _PASS),
    **dict.fromkeys((_T.detach, _T.requires_grad_), _PASS),
    _T.data.__get__: _PASS,  # type: ignore[attr-defined]
}

#: Functions that take only the shape, the type or the device of all tensors but the first.
LIKE = {_T.to, _T.type_as, _T.view_as, _T.reshape_as, _T.expand_as}

#: Functions that take only the shape, the type or the device of the first tensor.
MADE_LIKE = {
    *(torch.zeros_like, torch.ones_like, torch.full_like),
    *(_T.new_zeros, _T.new_ones, _T.new_full, _T.new_tensor),
}

#: Functions that take activity and tell nothing of its values, only of its shape and kind.
METADATA = {
    *(_T.size, _T.dim, _T.ndimension, _T.numel, _T.nelement, _T.stride, _T.storage_offset),
    *(_T.is_contiguous, _T.is_floating_point, _T.is_complex, _T.element_size, _T.get_device),
    *(_T.data_ptr, _T.__len__, _T.__hash__, _T.__repr__, _T.__format__, _T.is_same_size),
    *(torch.numel, torch.is_floating_point, torch.is_complex, torch.result_type),
    is_zero,
}

#: Kinds of operations that use weights.
USING_WEIGHTS = (*WEIGHTED, "recurrent")

#: Functions that move the steps of sequences about, or pick one of them.
REARRANGING = {
    *(_T.__getitem__, torch.select, _T.select, torch.narrow, _T.narrow, torch.stack, torch.cat),
    *(torch.transpose, _T.transpose, torch.permute, _T.permute, torch.swapaxes, _T.swapaxes),
    *(torch.movedim, _T.movedim, torch.swapdims, _T.swapdims, _T.expand, torch.concat),
}

#: Functions that draw random numbers, by their names, without the underscore of those in place.
RANDOM = {
    *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like"),
    *("normal", "uniform", "bernoulli", "multinomial", "poisson", "binomial", "random"),
    *("exponential", "geometric", "log_normal", "cauchy", "gumbel_softmax"),
    *("fractional_max_pool2d", "fractional_max_pool3d"),
}


def draws_randomly(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> bool:
    """Tell whether a call draws random numbers: also dropout, if it is active."""
    operation = FUNCTIONS.get(function)
    if operation is None or operation.kind != "dropout":
        return name_of_function(function) in RANDOM
    given = dict(zip(operation.arguments, args, strict=False)) | dict(kwargs)
    is_active = bool(given.get("training", given.get("train", True)))
    return is_active and given.get("p", 0.5) != 0


def name_of_function(function: Callable[..., object]) -> str:
    """Return what a function is called, for the names of nodes and for messages.

    A property of a tensor, such as ``x.T``, is called by its own name.
    """
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "function")
    if name == "__get__" and owner is not None:
        name = str(getattr(owner, "__name__", "attribute"))
    if name == "fn":  # max_pool1d and others, which dispatch on return_indices
        named = (other for other, value in vars(functional).items() if value is function)
        name = next(named, name)
    return name.strip("_")  # in place or not, it is the same


def refusal(function: Callable[..., object], called: str, mode: object = "constant") -> str:
    """Say that a function cannot be translated, and what to do.

    Parameters
    ----------
    function : callable
        The function.
    called : str
        The type of torch's module that it belongs to, else its own name.
    mode : object
        Its argument of that name, which tells how a convolution pads.
    """
    name = name_of_function(function)
    if name == "pad" and mode != "constant":
        return f"padding_mode {mode!r} cannot be translated; use padding_mode='zeros'"
    hint = HINTS.get(called.lower()) or HINTS.get(name.lower(), HINT)
    return f"{called} cannot be translated; {hint}"
