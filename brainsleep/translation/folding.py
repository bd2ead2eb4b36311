r"""BatchNorm, and constant factors and shifts, folded into the weights beside them, exactly.

In evaluation mode, BatchNorm is a factor and a shift for each neuron (the same for all neurons of a
channel): :math:`y = s \odot x + t` with :math:`s = \gamma / \sqrt{\sigma^2 + \epsilon}` and
:math:`t = \beta - s \mu` of the running statistics. After a layer, :math:`s` scales the rows of its
weights; before a layer, the columns, and the shift reaches the next bias through the weights.
Biases are kept per neuron and not per channel, so this is exact beside zero padding, too. Factors
and shifts that ``forward`` itself applies, as in ``(x - mean) / std``, are folded in the same way.

Source: Ioffe, Szegedy 2015, Proceedings of Machine Learning Research 37:448.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from ..errors import ParameterError, TranslationError
from ..network.windows import Window
from .layers import Connection, Fold
from .tensors import Tensors
from .tracing.steps import Step


@dataclass(frozen=True, eq=False)
class Affine:
    """A factor and a shift for each neuron.

    Attributes
    ----------
    name : str
        Where in the module they come from.
    scale, shift : ndarray of float64, shape (n_neurons,)
        Factor and shift of each neuron.
    what : str
        What they are, for messages: ``"BatchNorm"``, or arithmetic with a constant.
    """

    name: str
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    what: str = "BatchNorm"

    @property
    def scales(self) -> bool:
        """Whether any factor differs from 1."""
        return bool((self.scale != 1).any())

    def after(self, other: Affine | None) -> Affine:
        """Return the two as one: first the other, then this one."""
        if other is None:
            return self
        shift = self.scale * other.shift + self.shift
        return replace(self, scale=self.scale * other.scale, shift=shift)


def read_batch_norm(step: Step, tensors: Tensors) -> Affine:
    """Return what a BatchNorm does in evaluation mode.

    Parameters
    ----------
    step : Step
        The BatchNorm.
    tensors : Tensors
        Reads its statistics and parameters.

    Returns
    -------
    Affine

    Raises
    ------
    TranslationError
        If the BatchNorm has no running statistics.
    ParameterError
        If they hold NaN or infinity, or a variance that is not positive.
    """

    def values(name: str) -> NDArray[np.float64] | None:
        constant = step.constant(name)
        if constant is None:
            return None
        return tensors.read(constant, step.name, name).astype(np.float64)

    mean, variance = values("running_mean"), values("running_var")
    if step.option("training") or mean is None or variance is None:
        raise TranslationError(
            f"{step.place}: BatchNorm with track_running_stats=False normalizes by the statistics "
            "of each batch, which spiking neurons cannot; train it with track_running_stats=True."
        )
    eps = step.option("eps", 1e-5)
    assert isinstance(eps, float | int)
    variance = variance + eps
    if (variance <= 0).any():
        raise ParameterError(
            f"layer {step.name!r}: running_var + eps must be greater than 0 for each channel, but "
            f"is {variance.min():.4g} for one; train the network further, or set eps."
        )
    gamma, beta = values("weight"), values("bias")
    scale = 1 / np.sqrt(variance)
    if gamma is not None:
        scale = gamma * scale
    shift = -scale * mean
    if beta is not None:
        shift = shift + beta
    positions = int(np.prod(step.shape[1:]))
    return Affine(step.name, np.repeat(scale, positions), np.repeat(shift, positions))


def fold_after(
    connections: tuple[Connection, ...], bias: NDArray[np.float64] | None, affine: Affine
) -> tuple[tuple[Connection, ...], NDArray[np.float64]]:
    """Fold a BatchNorm into the weights and the bias of the current that it normalizes.

    Parameters
    ----------
    connections : tuple of Connection
        What makes the current.
    bias : ndarray, shape (n_neurons,), or None
        Its bias.
    affine : Affine
        The BatchNorm.

    Returns
    -------
    connections : tuple of Connection
        With the factors noted; :func:`finished` multiplies them in.
    bias : ndarray, shape (n_neurons,)
        The new bias.

    Raises
    ------
    TranslationError
        If a connection has no weights, or if positions that share a kernel are scaled differently.
    """
    folded = connections
    if affine.scales:
        folded = tuple(_scaled_rows(connection, affine) for connection in connections)
    old = 0.0 if bias is None else bias
    return folded, old * affine.scale + affine.shift


def fold_before(
    connection: Connection, bias: NDArray[np.float64] | None, affine: Affine
) -> tuple[Connection, NDArray[np.float64] | None]:
    """Fold a BatchNorm of a connection's source into its weights and its target's bias.

    Parameters
    ----------
    connection : Connection
        The connection.
    bias : ndarray, shape (n_neurons,), or None
        Bias of its target.
    affine : Affine
        The BatchNorm.

    Returns
    -------
    connection : Connection
        With the factors noted; :func:`finished` multiplies them in.
    bias : ndarray, shape (n_neurons,), or None
        The new bias.

    Raises
    ------
    TranslationError
        If positions that share a kernel are scaled differently.
    """
    folded = _scaled_columns(connection, affine) if affine.scales else connection
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
    """Return a connection with its folded factors multiplied into its weight, in its own type."""
    if connection.fold is None or connection.weight is None:
        return connection
    weight = connection.weight * connection.fold.scale
    return replace(connection, weight=weight.astype(connection.weight.dtype))


def _scaled_rows(connection: Connection, affine: Affine) -> Connection:
    """Scale what reaches each target."""
    if connection.weight is None:
        raise TranslationError(
            f"{affine.name}: {affine.what} of a sum cannot be folded into weights where the "
            f"activity of {connection.source!r} is added as it is; do it before the addition."
        )
    if connection.window is None:
        return _scaled(connection, affine.scale[:, None])
    channels = connection.window.out_shape[0]
    assert connection.weight_name is not None
    scale = _of_channels(affine.scale, channels, affine, f"kernel {connection.weight_name!r}")
    return _scaled(connection, scale[:, None, None, None])


def _scaled_columns(connection: Connection, affine: Affine) -> Connection:
    """Scale what leaves each source."""
    window = connection.window
    if window is None:
        return _scaled(connection, affine.scale[None, :])
    assert connection.weight_name is not None
    kernel = f"kernel {connection.weight_name!r}"
    scale = _of_channels(affine.scale, window.in_shape[0], affine, kernel)
    by_group = scale.reshape(window.groups, -1)  # (groups, source channels of a group)
    rows = np.repeat(by_group, window.out_shape[0] // window.groups, axis=0)
    return _scaled(connection, rows[:, :, None, None])


def _scaled(connection: Connection, scale: NDArray[np.float64]) -> Connection:
    """Note a factor; all are multiplied into the weight in the end."""
    before = 1.0 if connection.fold is None else connection.fold.scale
    return replace(connection, fold=Fold(before * scale))


def _of_channels(
    values: NDArray[np.float64], n_channels: int, affine: Affine, user: str
) -> NDArray[np.float64]:
    """Return one value per channel, where all neurons of a channel have the same."""
    by_channel = values.reshape(n_channels, -1)
    if (by_channel != by_channel[:, :1]).any():
        raise TranslationError(
            f"{affine.name}: {affine.what} treats the positions of one channel differently, while "
            f"the {user} is the same at all of them; use BatchNorm2d (or 1d), or values that are "
            "the same all over a channel, on images that are not flattened."
        )
    return by_channel[:, 0]


def _convolved(
    window: Window, weight: NDArray[np.float64], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Convolve one image, given and returned as a row, in float64."""
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
