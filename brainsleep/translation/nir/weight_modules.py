"""Weights of NIR nodes as torch modules, with what scales and pools around them multiplied in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ...errors import TranslationError
from .node_values import kind_of, values, whole_numbers

if TYPE_CHECKING:
    import nir

Weighted: TypeAlias = nn.Linear | nn.Conv1d | nn.Conv2d


class Scale(nn.Module):
    """Multiplies each value by a factor of its own."""

    def __init__(self, factors: torch.Tensor) -> None:
        super().__init__()
        self.factors = factors

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the product."""
        return x * self.factors


def as_module(name: str, node: nir.NIRNode, in_shape: tuple[int, ...]) -> nn.Module:
    """Return what a node does as a torch module, in float64.

    Parameters
    ----------
    name : str
        The node's name.
    node : NIRNode
        Linear, Affine, Conv1d, Conv2d, AvgPool2d, SumPool2d, Flatten or Scale.
    in_shape : tuple of int
        Shape of what it gets.

    Raises
    ------
    TranslationError
        Naming the node, if it is damaged or does not fit.
    """
    kind = kind_of(node)
    if kind in ("Linear", "Affine"):
        return _linear(name, node, in_shape)
    if kind in ("Conv1d", "Conv2d"):
        return _convolution(name, node, in_shape)
    if kind in ("AvgPool2d", "SumPool2d"):
        return _pool(name, node, in_shape)
    if kind == "Flatten":
        return _flatten(name, node, in_shape)
    factors = values(name, node, "scale")
    if factors.size != 1 and factors.shape != in_shape:
        raise _misfit(name, "scale", factors.shape, in_shape)
    return Scale(torch.from_numpy(factors.reshape(in_shape if factors.size != 1 else ())))


def scale_rows(name: str, module: Weighted, factors: NDArray[np.float64]) -> None:
    """Multiply what reaches each neuron by a factor; convolutions have one per channel.

    Parameters
    ----------
    name : str
        The node that has the factors.
    module : Linear, Conv1d or Conv2d
        The weights.
    factors : ndarray
        One number, or one per neuron.
    """
    rows = _by_channel(name, factors, module.weight.shape[0], isinstance(module, nn.Linear))
    with torch.no_grad():
        module.weight *= rows.reshape(-1, *[1] * (module.weight.ndim - 1))
        if module.bias is not None:
            module.bias *= rows


def scale_columns(name: str, module: nn.Conv1d | nn.Conv2d, factors: NDArray[np.float64]) -> None:
    """Multiply what leaves each source channel of a convolution by a factor."""
    columns = _by_channel(name, factors, module.in_channels, False).reshape(module.groups, -1)
    rows = columns.repeat_interleave(module.out_channels // module.groups, dim=0)
    with torch.no_grad():
        module.weight *= rows.reshape(*rows.shape, *[1] * (module.weight.ndim - 2))


def set_weights(
    module: Weighted, weight: NDArray[np.float64], bias: NDArray[np.float64] | None
) -> None:
    """Put numbers into a module."""
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(weight))
        if module.bias is not None and bias is not None:
            module.bias.copy_(torch.from_numpy(bias))


def _by_channel(
    name: str, factors: NDArray[np.float64], n_channels: int, each: bool
) -> torch.Tensor:
    """Return one factor per channel, where all neurons of a channel have the same."""
    if factors.size == 1:
        return torch.full((n_channels,), float(factors.ravel()[0]), dtype=torch.float64)
    table = factors.reshape(n_channels, -1) if factors.size % n_channels == 0 else factors[None]
    if len(table) != n_channels or (each and table.shape[1] != 1):
        raise TranslationError(
            f"node {name!r}: has values for {factors.size} neurons, where there are {n_channels}."
        )
    if (np.ptp(table, axis=1) > 1e-6 * np.abs(table).max(axis=1)).any():
        raise TranslationError(
            f"node {name!r}: its values differ within a channel, while a kernel is the same "
            "everywhere; give each channel one value."
        )
    return torch.from_numpy(np.ascontiguousarray(table[:, 0]))


def _linear(name: str, node: nir.NIRNode, in_shape: tuple[int, ...]) -> nn.Linear:
    """Make a fully connected layer."""
    weight = values(name, node, "weight")
    if weight.ndim != 2 or 0 in weight.shape:
        raise TranslationError(
            f"node {name!r}: weight must have the shape (n_out, n_in), not {weight.shape}."
        )
    n_out, n_in = weight.shape
    if in_shape != (n_in,):
        raise _misfit(name, "weight", weight.shape, in_shape)
    bias = _bias(name, node, n_out) if kind_of(node) == "Affine" else None
    module = nn.Linear(n_in, n_out, bias=bias is not None, dtype=torch.float64)
    set_weights(module, weight, bias)
    return module


def _bias(name: str, node: nir.NIRNode, n_out: int) -> NDArray[np.float64]:
    """Return the bias of a node."""
    bias = values(name, node, "bias")
    if bias.size != n_out:
        raise TranslationError(
            f"node {name!r}: bias has {bias.size} values for {n_out} rows of weights."
        )
    return bias.ravel()


def _convolution(name: str, node: nir.NIRNode, in_shape: tuple[int, ...]) -> nn.Conv1d | nn.Conv2d:
    """Make a convolution; a bias of zeros is left out."""
    weight, n = values(name, node, "weight"), 1 if kind_of(node) == "Conv1d" else 2
    if weight.ndim != n + 2 or 0 in weight.shape:
        raise TranslationError(
            f"node {name!r}: weight must have {n + 2} dimensions (channels, channels of a group, "
            f"kernel), not the shape {weight.shape}."
        )
    (groups,) = whole_numbers(name, node, "groups", 1, 1)
    if len(in_shape) != n + 1 or in_shape[0] != weight.shape[1] * groups:
        raise _misfit(name, "weight", weight.shape, in_shape)
    stride, dilation = (whole_numbers(name, node, field, n, 1) for field in ("stride", "dilation"))
    bias = _bias(name, node, len(weight))
    kinds: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d}
    module: nn.Conv1d | nn.Conv2d = kinds[n](
        in_shape[0],
        len(weight),
        weight.shape[2:],
        stride,
        _padding(name, node, weight.shape[2:], stride, dilation),
        dilation,
        groups,
        bias=bool(bias.any()),
        dtype=torch.float64,
    )
    set_weights(module, weight, bias)
    return module


def _padding(
    name: str,
    node: nir.NIRNode,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...]:
    """Return the padding as numbers, also where it is called same or valid."""
    padding = node.padding.decode() if isinstance(node.padding, bytes) else node.padding
    if not isinstance(padding, str):
        return whole_numbers(name, node, "padding", len(kernel), 0)
    if padding == "valid":
        return (0,) * len(kernel)
    both = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    if padding != "same" or set(stride) != {1} or any(total % 2 for total in both):
        raise TranslationError(
            f"node {name!r}: padding {padding!r} needs a stride of 1 and kernels of odd size; give "
            "the padding as numbers."
        )
    return tuple(total // 2 for total in both)


def _pool(name: str, node: nir.NIRNode, in_shape: tuple[int, ...]) -> nn.AvgPool2d:
    """Make pooling; that by sums is an average that is not divided."""
    if len(in_shape) != 3:
        raise _misfit(name, "kernel_size", (2,), in_shape)
    kernel = whole_numbers(name, node, "kernel_size", 2, 1)
    stride = whole_numbers(name, node, "stride", 2, 1)
    padding = whole_numbers(name, node, "padding", 2, 0)
    divisor = 1 if kind_of(node) == "SumPool2d" else None
    return nn.AvgPool2d(kernel, stride, padding, divisor_override=divisor)  # type: ignore[arg-type]


def _flatten(name: str, node: nir.NIRNode, in_shape: tuple[int, ...]) -> nn.Flatten:
    """Make a Flatten of all dimensions: tools count the batch, or do not."""
    (first,), (last,) = (
        whole_numbers(name, node, field, 1, -len(in_shape)) for field in ("start_dim", "end_dim")
    )
    if first not in (0, 1) or last not in (-1, len(in_shape) - 1, len(in_shape)):
        raise TranslationError(
            f"node {name!r}: flattens dimensions {first} to {last} of {in_shape}; only all of them "
            "can be flattened."
        )
    return nn.Flatten()


def _misfit(
    name: str, field: str, shape: tuple[int, ...], in_shape: tuple[int, ...]
) -> TranslationError:
    """Return the error for a node that does not fit what it gets."""
    return TranslationError(
        f"node {name!r}: its {field} {shape} does not fit what it gets, {in_shape}."
    )
