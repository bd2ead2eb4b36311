r"""BatchNorm folded into the weights beside it, exactly.

In evaluation mode, BatchNorm is a factor and a shift for each neuron (the same for all of a
channel): :math:`y = s \odot x + t` with :math:`s = \gamma / \sqrt{\sigma^2 + \epsilon}` and
:math:`t = \beta - s \mu` of the running statistics. After a layer, :math:`s` scales the rows of its
weights; before a layer, the columns, and the shift reaches the next bias through the weights. With
one bias a neuron this is exact also beside zero padding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..errors import ParameterError, TranslationError
from ..network.windows import Window
from .layers import Connection, Fold
from .steps import Step

#: Reads a tensor of the module by its name; complains in the name of a step.
ReadTensor = Callable[[str, str], np.ndarray]


@dataclass(frozen=True, eq=False)
class Affine:
    """A factor and a shift for each neuron.

    Attributes
    ----------
    name : str
        The BatchNorm's path.
    scale, shift : ndarray, shape (n,)
        In float64.
    """

    name: str
    scale: np.ndarray
    shift: np.ndarray

    def after(self, other: Affine | None) -> Affine:
        """Return this one applied to what another one made."""
        if other is None:
            return self
        shift = self.scale * other.shift + self.shift
        return Affine(self.name, self.scale * other.scale, shift)


def read_batch_norm(step: Step, read: ReadTensor) -> Affine:
    """Return what a BatchNorm does in evaluation mode.

    Raises
    ------
    TranslationError
        If it has no running statistics.
    ParameterError
        If they hold NaN or infinity, or a variance that is not positive.
    """
    module = step.module
    assert isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)
    if module.running_mean is None:
        raise TranslationError(
            f"{step.place}: BatchNorm with track_running_stats=False normalizes by the batch of "
            "the moment; train it with track_running_stats=True."
        )

    def values(name: str) -> np.ndarray:
        return read(f"{step.name}.{name}", step.name).astype(np.float64)

    variance = values("running_var") + module.eps
    if (variance <= 0).any():
        raise ParameterError(
            f"layer {step.name!r}: running_var + eps is {variance.min():.4g} somewhere, where more "
            "than 0 was expected; train it, or set its eps."
        )
    scale = 1 / np.sqrt(variance)
    if module.affine:
        scale = values("weight") * scale
    shift = -scale * values("running_mean")
    if module.affine:
        shift = shift + values("bias")
    positions = int(np.prod(step.shape[1:]))
    return Affine(step.name, np.repeat(scale, positions), np.repeat(shift, positions))


def fold_after(
    connections: tuple[Connection, ...], bias: np.ndarray | None, affine: Affine
) -> tuple[tuple[Connection, ...], np.ndarray]:
    """Fold a BatchNorm that follows into weights and bias of the current it acts on.

    Raises
    ------
    TranslationError
        If a connection has no weights, or if positions that share a kernel are scaled differently.
    """
    folded = tuple(_scaled_rows(connection, affine) for connection in connections)
    old = 0.0 if bias is None else bias
    return folded, old * affine.scale + affine.shift


def fold_before(
    connection: Connection, bias: np.ndarray | None, affine: Affine
) -> tuple[Connection, np.ndarray | None]:
    """Fold a BatchNorm that acts on a connection's source into its weights and its target's bias.

    Raises
    ------
    TranslationError
        If positions that share a kernel are scaled differently.
    """
    folded = _scaled_columns(connection, affine)
    if not affine.shift.any():
        return folded, bias
    assert connection.weight is not None
    weight = connection.weight.astype(np.float64)
    if connection.window is None:
        shift = weight @ affine.shift
    else:
        shift = _convolved(connection.window, weight, affine.shift)
    return folded, shift if bias is None else bias + shift


def finished(connection: Connection) -> Connection:
    """Multiply the folded factors into the weight, once and for all."""
    if connection.fold is None or connection.weight is None:
        return connection
    weight = connection.weight * connection.fold.scale
    return replace(connection, weight=weight.astype(connection.weight.dtype))


def _scaled_rows(connection: Connection, affine: Affine) -> Connection:
    """Scale what reaches each target."""
    if connection.weight is None:
        raise TranslationError(
            f"{affine.name}: BatchNorm of a sum with the activity of {connection.source!r} cannot "
            "be folded into weights; normalize before the addition."
        )
    if connection.window is None:
        return _scaled(connection, affine.scale[:, None])
    channels = connection.window.out_shape[0]
    assert connection.weight_name is not None
    scale = _of_channels(affine.scale, channels, affine.name, connection.weight_name)
    return _scaled(connection, scale[:, None, None, None])


def _scaled_columns(connection: Connection, affine: Affine) -> Connection:
    """Scale what leaves each source."""
    window = connection.window
    if window is None:
        return _scaled(connection, affine.scale[None, :])
    assert connection.weight_name is not None
    scale = _of_channels(affine.scale, window.in_shape[0], affine.name, connection.weight_name)
    by_group = scale.reshape(window.groups, -1)  # (groups, source channels of a group)
    rows = np.repeat(by_group, window.out_shape[0] // window.groups, axis=0)
    return _scaled(connection, rows[:, :, None, None])


def _scaled(connection: Connection, scale: np.ndarray) -> Connection:
    """Note a factor; all are multiplied into the weight in the end."""
    before = 1.0 if connection.fold is None else connection.fold.scale
    return replace(connection, fold=Fold(before * scale))


def _of_channels(values: np.ndarray, n_channels: int, norm: str, other: str) -> np.ndarray:
    """Return one value a channel, where all neurons of a channel have the same."""
    by_channel = values.reshape(n_channels, -1)
    if (by_channel != by_channel[:, :1]).any():
        raise TranslationError(
            f"{norm}: BatchNorm treats the positions of one channel differently and cannot be "
            f"exchanged with {other!r}; use BatchNorm2d (or 1d) on images that are not flattened."
        )
    return by_channel[:, 0]


def _convolved(window: Window, weight: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Convolve one image, given and returned raveled, in float64."""
    image = torch.from_numpy(values.reshape(1, *window.in_shape))
    result = functional.conv2d(
        image,
        torch.from_numpy(weight),
        stride=window.stride,
        padding=window.padding,
        dilation=window.dilation,
        groups=window.groups,
    )
    return result.numpy().ravel()
