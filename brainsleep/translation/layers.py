"""The parts of a translated network: spiking layers, and the connections that drive each of them.

A *layer* is a population of spiking neurons. It stands for a rectified activation of the network,
or for a pooling layer. Its *connections* lead to it from earlier layers or from the input: a
residual addition is a layer with two of them. Neurons are numbered as torch flattens images:
``(channel * height + y) * width + x``.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..network.windows import Window

#: Name of the population that the stimulus drives.
INPUT = "input"

#: Kinds of connections that have weights.
WEIGHTED = ("dense", "convolution")


@dataclass(frozen=True, eq=False)
class Fold:
    """A BatchNorm that has been folded into a weight.

    Attributes
    ----------
    scale : ndarray
        Factor on the weight, of a shape that broadcasts with it: folded = scale * original.
    """

    scale: NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Connection:
    """How one layer drives another.

    Attributes
    ----------
    source : str
        A layer's name, or ``"input"``.
    kind : str
        With weights: ``"dense"`` or ``"convolution"``. With a fixed effect: ``"identity"``,
        ``"average_pool"`` or ``"max_pool"``.
    n_in, n_out : int
        Number of neurons of source and target.
    window : Window or None
        The window of a convolution or of pooling.
    weight_name : str or None
        Name of the weight in the module's state dict.
    weight : ndarray or None
        A copy of the weight with BatchNorm folded in, of shape (n_out, n_in) or
        (channels_out, channels_in / groups, height, width).
    fold : Fold or None
        What was folded into the weight.
    mask : ndarray of bool or None
        Of the weight's shape: True where there is a synapse; None where all are there. The weight
        is zero where it is False.
    """

    source: str
    kind: str
    n_in: int
    n_out: int
    _: KW_ONLY
    window: Window | None = None
    weight_name: str | None = None
    weight: NDArray[np.floating] | None = None
    fold: Fold | None = None
    mask: NDArray[np.bool_] | None = None

    @property
    def n_synapses(self) -> int:
        """Number of pairs of neurons that are joined."""
        if self.mask is not None:
            if self.window is None:
                return int(self.mask.sum())
            return int((self.mask * self.window.valid_positions()).sum())
        if self.window is not None:
            return self.window.n_synapses
        return self.n_out if self.kind == "identity" else self.n_in * self.n_out

    @property
    def n_weights(self) -> int:
        """Number of weights that plasticity may change; the synapses of a kernel share theirs."""
        if self.mask is not None:
            return int(self.mask.sum())
        return 0 if self.weight is None else self.weight.size

    @property
    def fan_out(self) -> NDArray[np.int64]:
        """How many neurons each neuron of the source leads to, shape (n_in,); none by a mask."""
        if self.window is None:
            if self.mask is not None:
                return self.mask.sum(axis=0, dtype=np.int64)
            fan = 1 if self.kind == "identity" else self.n_out
            return np.full(self.n_in, fan, dtype=np.int64)
        return _fan_out(self.window, self.mask)

    def unfolded(
        self, weight: NDArray[np.floating], original: NDArray[np.floating]
    ) -> NDArray[np.floating]:
        """Return what to write into the network for a weight that comes back from a night.

        Parameters
        ----------
        weight : ndarray
            The new weight, of the shape of `self.weight`, in the data type of the night.
        original : ndarray
            The weight in the network when it was translated.

        Returns
        -------
        ndarray, shape of `self.weight`
            Where nothing changed, the original bit for bit, also if the night began with it
            rounded to fewer digits. Elsewhere the new weight; if BatchNorm was folded in, in
            float64: original + change / scale, and the original where the scale is 0.
        """
        assert self.weight is not None
        weight, old = np.asarray(weight), np.reshape(original, self.weight.shape)
        began = self.weight.astype(weight.dtype)
        if self.fold is None:
            return np.where(weight == began, old, weight)
        change = weight.astype(np.float64) - began
        scale = np.broadcast_to(self.fold.scale, change.shape)
        kept = (change == 0) | (scale == 0)
        return old + np.divide(change, scale, out=np.zeros_like(change), where=~kept)


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer:
    """One spiking population and what drives it.

    Attributes
    ----------
    name : str
        Path of the torch module that makes the population's input current, else the name of the
        torch function, such as ``"add"`` or ``"add_1"``: that of the graph's node.
    node : str
        torch.fx node whose value, rectified, the population stands for: the rectified activation,
        the pooled one, or the network's output. Where max pooling comes before the ReLU, it is the
        activation before both.
    kind : str
        ``"neurons"``, or ``"average_pool"`` or ``"max_pool"`` for a population that pools.
    shape : tuple of int
        Shape of the activation without the batch: (features,), (channels, length) or
        (channels, height, width).
    connections : tuple of Connection
        What drives the population; a residual addition has several.
    bias : ndarray, shape (n_out,), or None
        A copy, one value per neuron, with BatchNorm folded in.
    biases : tuple of Connection
        The parameters of which `bias` is the sum, besides what BatchNorm and arithmetic add: each
        as a connection from an input that fires in every step, for nights in which biases learn.
    winners : int or None
        How many neurons are active at a time, at most; None: all may be. The value of `node` is
        then what `brainsleep.wake.KWinners` leaves of the activation.
    """

    name: str
    node: str
    kind: str
    shape: tuple[int, ...]
    connections: tuple[Connection, ...]
    bias: NDArray[np.floating] | None = None
    biases: tuple[Connection, ...] = ()
    winners: int | None = None

    @property
    def n_out(self) -> int:
        """Number of neurons."""
        return math.prod(self.shape)

    @property
    def n_synapses(self) -> int:
        """Number of synapses that lead to the layer."""
        return sum(connection.n_synapses for connection in self.connections)

    @property
    def weighted(self) -> tuple[Connection, ...]:
        """The connections that have weights."""
        return tuple(connection for connection in self.connections if connection.kind in WEIGHTED)

    @property
    def weight(self) -> NDArray[np.floating]:
        """The weight of the only connection that has weights.

        Raises
        ------
        ParameterError
            If there are none or several, here and in `weight_name` and `n_in`.
        """
        weight = self._only_weighted().weight
        assert weight is not None
        return weight

    @property
    def weight_name(self) -> str:
        """Name of that weight in the module's state dict."""
        name = self._only_weighted().weight_name
        assert name is not None
        return name

    @property
    def n_in(self) -> int:
        """Number of neurons that drive the layer through that weight."""
        return self._only_weighted().n_in

    def _only_weighted(self) -> Connection:
        """Return the only connection that has weights."""
        if len(self.weighted) != 1:
            raise ParameterError(
                f"layer {self.name!r} has {len(self.weighted)} connections with weights, where one "
                "was expected; look at its `connections` instead."
            )
        return self.weighted[0]


def _fan_out(window: Window, mask: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Return the number of neurons that each neuron of a window's source leads to."""
    present = np.ones(window.kernel_shape, bool) if mask is None else mask
    # by source channel and place in the kernel: channels of the target that it leads to
    by_group = present.reshape(window.groups, -1, *window.kernel_shape[1:])
    channels = by_group.sum(axis=1, dtype=np.int64).reshape(-1, *window.kernel_size)
    rows, columns = (_met(window, axis) for axis in (0, 1))
    return np.einsum("ckl,ky,lx->cyx", channels, rows, columns).ravel()


def _met(window: Window, axis: int) -> NDArray[np.int64]:
    """Count how often each place in the kernel meets each coordinate of the source."""
    places = window.places(axis)
    met = np.zeros((places.shape[1], window.in_shape[axis + 1]), np.int64)
    _, in_kernel = np.nonzero(places >= 0)
    np.add.at(met, (in_kernel, places[places >= 0]), 1)
    return met
