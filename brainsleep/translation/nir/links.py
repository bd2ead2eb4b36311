"""What leads from one population to another, as torch modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.func import functional_call

from ...errors import TranslationError
from ...support.memory import require_memory
from .graph_paths import POOLS, WEIGHTS, Named, Path
from .node_values import kind_of, metadata_of, one_value, values
from .weight_modules import Scale, Weighted, as_module, scale_columns, scale_rows, set_weights

if TYPE_CHECKING:
    import nir

#: How often the activity of a layer is held while what leads there is compared with the graph.
_COPIES = 4

#: Number of inputs that are pushed through a pool at a time.
BLOCK = 512


@dataclass(frozen=True, eq=False)
class Link:
    """What leads to a population from one other.

    Attributes
    ----------
    source : str
        Name of the other population, or ``"input"``.
    modules : list of Module
        What to do with its activity, in order.
    shape : tuple of int
        Shape of the result.
    weighted : Linear, Conv1d, Conv2d or None
        The weights among the modules; None where the activity is passed on as it is.
    factor : float
        What that activity is multiplied by; 1 where there are weights.
    mask : ndarray of bool or None
        Which synapses are there, where the metadata of the weights say that some are not.
    """

    source: str
    modules: list[nn.Module]
    shape: tuple[int, ...]
    weighted: Weighted | None
    factor: float = 1.0
    mask: NDArray[np.bool_] | None = None


def link(path: Path, in_shape: tuple[int, ...], target: str) -> Link:
    """Return what a path of nodes does.

    Parameters
    ----------
    path : Path
        The nodes.
    in_shape : tuple of int
        Shape of the population that it comes from.
    target : str
        Name of the population that it leads to, for messages.

    Raises
    ------
    TranslationError
        Naming the node that does not fit, or that cannot be part of a layer.
    """
    nodes = [one for one in path.nodes if kind_of(one[1]) != "Delay"]
    weights = [index for index, (_, node) in enumerate(nodes) if kind_of(node) in WEIGHTS]
    if len(weights) > 1:
        raise TranslationError(
            f"node {nodes[weights[1]][0]!r}: there are no neurons between it and the weights "
            "before it; put LIF, IF or Threshold there."
        )
    modules, shapes = literally(nodes, in_shape)
    if not weights:
        return _without_weights(path.source, nodes, modules, shapes, target)
    (at,) = weights
    kept, weighted = _merged(nodes, modules, shapes, at)
    _check(nodes[at][0], modules, kept, in_shape)
    return Link(path.source, kept, shapes[-1], weighted, mask=_mask(nodes[at][1], weighted))


def _mask(node: nir.NIRNode, weighted: Weighted) -> NDArray[np.bool_] | None:
    """Return which synapses are there, if the metadata say it of all that are left."""
    mask = np.asarray(metadata_of(node).get("mask", False))
    if mask.shape != tuple(weighted.weight.shape) or not np.isin(mask, (0, 1)).all():
        return None
    return mask.astype(bool)


def literally(
    nodes: Sequence[Named], in_shape: tuple[int, ...]
) -> tuple[list[nn.Module], list[tuple[int, ...]]]:
    """Return each node as a module, and the shapes before, between and after them."""
    modules: list[nn.Module] = []
    shapes = [in_shape]
    for name, node in nodes:
        module = as_module(name, node, shapes[-1])
        modules.append(module)
        shapes.append(_shape_after(name, module, shapes[-1]))
    return modules, shapes


def _shape_after(name: str, module: nn.Module, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that a module makes of another, without any values.

    A few numbers in a file can ask for more than fits into memory.
    """
    without_values = {
        key: torch.empty_like(tensor, device="meta") for key, tensor in module.named_parameters()
    }
    try:
        if isinstance(module, Scale):
            after = torch.broadcast_shapes((1, *shape), module.factors.shape)
        else:
            given = torch.zeros(1, *shape, dtype=torch.float64, device="meta")
            after = functional_call(module, without_values, given).shape
    except (RuntimeError, TypeError, ValueError):
        raise TranslationError(
            f"node {name!r}: its window is larger than what it gets, {shape}."
        ) from None
    n_values = _COPIES * (math.prod(shape) + math.prod(after))
    require_memory(8 * n_values, f"node {name!r}")
    return tuple(after[1:])


def _without_weights(
    source: str,
    nodes: Sequence[Named],
    modules: Sequence[nn.Module],
    shapes: Sequence[tuple[int, ...]],
    target: str,
) -> Link:
    """Return a path that passes activity on: that of a residual connection."""
    factor = 1.0
    for name, node in nodes:
        if kind_of(node) in POOLS:
            raise TranslationError(
                f"node {target!r}: there are no weights between the pool {name!r} and these "
                "neurons; put Linear, Affine or Conv2d there."
            )
        if kind_of(node) == "Scale":
            factor *= one_value(name, "scale", values(name, node, "scale"))
    kept: list[nn.Module] = [module for module in modules if isinstance(module, nn.Flatten)]
    return Link(source, kept, shapes[-1], None, factor)


def _merged(
    nodes: Sequence[Named],
    modules: Sequence[nn.Module],
    shapes: Sequence[tuple[int, ...]],
    at: int,
) -> tuple[list[nn.Module], Weighted]:
    """Multiply scales and pools into the weights, which are number `at`."""
    weighted: Weighted = deepcopy(modules[at])  # type: ignore[assignment]
    before, after = list(modules[:at]), list(modules[at + 1 :])
    flattens: list[nn.Module] = [nn.Flatten()] if any(_flattens(m) for m in before) else []
    if isinstance(weighted, nn.Linear):
        if not all(_flattens(module) for module in before):
            weighted = _joined_with_dense(nn.Sequential(*before), weighted, shapes[0])
            flattens = [nn.Flatten()] if len(shapes[0]) > 1 else []
    else:
        for (name, _), module in reversed(list(zip(nodes[:at], before, strict=True))):
            weighted = _joined_with_source(name, module, weighted)
    kept = []
    for (name, _), module in zip(nodes[at + 1 :], after, strict=True):
        if isinstance(module, Scale):
            scale_rows(name, weighted, module.factors.numpy())
        elif isinstance(module, nn.AvgPool2d) and isinstance(weighted, nn.Conv2d):
            weighted = _pooled_after(name, module, weighted)
        elif _flattens(module):
            kept = [module]
    return [*flattens, weighted, *kept], weighted


def _flattens(module: nn.Module) -> bool:
    return isinstance(module, nn.Flatten)


def _joined_with_dense(
    before: nn.Sequential, dense: nn.Linear, in_shape: tuple[int, ...]
) -> nn.Linear:
    """Multiply what is done before a fully connected layer into its weights."""
    n_in, n_out = math.prod(in_shape), dense.out_features
    weight = torch.empty(n_out, n_in, dtype=torch.float64)
    with torch.no_grad():
        for start in range(0, n_in, BLOCK):
            units = torch.eye(min(BLOCK, n_in - start), n_in - start, dtype=torch.float64)
            rows = nn.functional.pad(units, (start, 0)).reshape(-1, *in_shape)
            weight[:, start : start + len(rows)] = dense.weight @ before(rows).T
    joined = nn.Linear(n_in, n_out, bias=dense.bias is not None, dtype=torch.float64)
    set_weights(joined, weight.numpy(), None if dense.bias is None else dense.bias.detach().numpy())
    return joined


def _joined_with_source(
    name: str, module: nn.Module, convolution: nn.Conv1d | nn.Conv2d
) -> nn.Conv1d | nn.Conv2d:
    """Multiply what is done before a convolution into its kernel."""
    if isinstance(module, Scale):
        scale_columns(name, convolution, module.factors.numpy())
        return convolution
    if isinstance(module, nn.AvgPool2d) and isinstance(convolution, nn.Conv2d):
        return _pooled_before(name, module, convolution)
    return convolution


def _pooled_before(name: str, pool: nn.AvgPool2d, convolution: nn.Conv2d) -> nn.Conv2d:
    """Join windows that do not overlap with the convolution that follows: a wider kernel."""
    size, stride, padding = window(pool)
    if size != stride or any(padding) or convolution.dilation != (1, 1):
        raise TranslationError(
            f"node {name!r}: pooling before a convolution needs a stride of its window, no "
            "padding, and a convolution without dilation."
        )
    kernel = convolution.weight.detach()
    kernel = kernel.repeat_interleave(size[0], 2).repeat_interleave(size[1], 3)
    return _like(
        convolution,
        kernel if pool.divisor_override else kernel / math.prod(size),
        stride=_product(convolution.stride, size),
        padding=_product(convolution.padding, size),  # type: ignore[arg-type]
    )


def _pooled_after(name: str, pool: nn.AvgPool2d, convolution: nn.Conv2d) -> nn.Conv2d:
    """Join a convolution with the windows that pool it: a kernel for each place in a window."""
    size, stride, padding = window(pool)
    if any(padding):
        raise TranslationError(
            f"node {name!r}: pooling of what a convolution computes needs no padding."
        )
    old, step, spread = convolution.weight.detach(), convolution.stride, convolution.dilation
    spans = [d * (k - 1) + 1 for d, k in zip(spread, old.shape[2:], strict=True)]
    kernel = torch.zeros(
        *old.shape[:2],
        *(span + s * (n - 1) for span, s, n in zip(spans, step, size, strict=True)),
        dtype=torch.float64,
    )
    for y, x in np.ndindex(*size):
        top, left = y * step[0], x * step[1]
        kernel[:, :, top : top + spans[0] : spread[0], left : left + spans[1] : spread[1]] += old
    n_summed = 1 if pool.divisor_override else math.prod(size)
    joined = _like(
        convolution,
        kernel / n_summed,
        stride=_product(step, stride),
        padding=convolution.padding,  # type: ignore[arg-type]
    )
    if joined.bias is not None:
        with torch.no_grad():
            joined.bias *= math.prod(size) / n_summed
    return joined


def window(pool: nn.AvgPool2d) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Return size, stride and padding, which are pairs here."""
    return pool.kernel_size, pool.stride, pool.padding  # type: ignore[return-value]


def _product(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(a * b for a, b in zip(one, other, strict=True))


def _like(
    convolution: nn.Conv2d,
    kernel: torch.Tensor,
    *,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
) -> nn.Conv2d:
    """Return a convolution with another kernel, and the same bias."""
    joined = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        tuple(kernel.shape[2:]),  # type: ignore[arg-type]
        stride,  # type: ignore[arg-type]
        padding,  # type: ignore[arg-type]
        groups=convolution.groups,
        bias=convolution.bias is not None,
        dtype=torch.float64,
    )
    bias = None if convolution.bias is None else convolution.bias.detach().numpy().copy()
    set_weights(joined, kernel.numpy(), bias)
    return joined


def _check(
    name: str,
    modules: Sequence[nn.Module],
    kept: Sequence[nn.Module],
    in_shape: tuple[int, ...],
) -> None:
    """Refuse weights that do something else at the edge once pools are joined with them."""
    if not any(isinstance(module, (Scale, nn.AvgPool2d)) for module in modules):
        return
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, *in_shape, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        wanted, found = nn.Sequential(*modules)(x), nn.Sequential(*kept)(x)
    if wanted.shape != found.shape or not torch.allclose(wanted, found, rtol=1e-9, atol=1e-12):
        raise TranslationError(
            f"node {name!r}: the pooling beside it leaves out an edge that its padding fills; use "
            "sizes that the window divides."
        )
