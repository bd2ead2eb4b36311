"""What a translated network is: spiking layers in order, and the connections that drive each.

A *layer* is a population of spiking neurons. It stands for a rectified activation of the network,
or for a pooling layer. Its *connections* lead to it from earlier layers or from the input: a
residual addition is a layer with two of them. Everything is indexed as torch flattens it: neuron
``(c * height + y) * width + x``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from torch import fx, nn

from ..errors import ParameterError, suggest
from ..network.windows import Window
from ..support.texttable import as_html, plain, without_empty_columns

#: Name of the population that the stimulus drives.
INPUT = "input"

#: Kinds of connections: those with weights, and those whose effect is fixed.
WEIGHTED = ("dense", "convolution")
FIXED = ("identity", "average_pool", "max_pool")


@dataclass(frozen=True, eq=False)
class Fold:
    """A BatchNorm that has been folded into a weight.

    Attributes
    ----------
    scale : ndarray
        Factor on the weight, of a shape that broadcasts with it: folded = scale * original.
    """

    scale: np.ndarray


@dataclass(frozen=True, eq=False)
class Connection:
    """How one layer drives another.

    Attributes
    ----------
    source : str
        A layer's name, or ``"input"``.
    kind : str
        ``"dense"``, ``"convolution"``, ``"identity"``, ``"average_pool"`` or ``"max_pool"``.
    n_in, n_out : int
        Neurons of source and target.
    window : Window or None
        For convolutions and pooling.
    weight_name : str or None
        Name in the module's state dict.
    weight : ndarray or None
        A copy, in torch's shape, BatchNorm folded in: (n_out, n_in) or
        (channels_out, channels_in / groups, height, width).
    fold : Fold or None
        What was folded into the weight.
    """

    source: str
    kind: str
    n_in: int
    n_out: int
    window: Window | None = None
    weight_name: str | None = None
    weight: np.ndarray | None = None
    fold: Fold | None = None

    @property
    def n_synapses(self) -> int:
        """Pairs of neurons that are joined."""
        if self.window is not None:
            return self.window.n_synapses
        return self.n_out if self.kind == "identity" else self.n_in * self.n_out

    @property
    def n_weights(self) -> int:
        """Numbers that plasticity may change; one of a kernel serves many synapses."""
        return 0 if self.weight is None else self.weight.size

    def unfolded(self, weight: np.ndarray, original: np.ndarray) -> np.ndarray:
        """Return what to write into the network for a weight that has BatchNorm folded in.

        Parameters
        ----------
        weight : ndarray
            The new weight, of the shape of `self.weight`.
        original : ndarray
            What the network has now, as it was translated.

        Returns
        -------
        ndarray, shape of `self.weight`
            original + (weight - self.weight) / scale, in float64 if anything was folded. Where
            nothing changed, the original bit for bit; the same where the scale is 0.
        """
        if self.fold is None:
            return weight
        assert self.weight is not None
        change = np.asarray(weight, np.float64) - self.weight
        scale = np.broadcast_to(self.fold.scale, change.shape)
        kept = (change == 0) | (scale == 0)
        divided = np.divide(change, scale, out=np.zeros_like(change), where=~kept)
        return np.reshape(original, change.shape).astype(np.float64) + divided


@dataclass(frozen=True, eq=False)
class Layer:
    """One spiking population and what drives it.

    Attributes
    ----------
    name : str
        Path of the torch module that makes the population's input current, else the torch.fx
        node's name.
    node : str
        torch.fx node whose value, rectified, the population stands for: the rectified activation,
        the pooled one, or the network's output. Where max pooling comes before the ReLU it is the
        activation before both.
    kind : str
        ``"neurons"``, or ``"average_pool"`` or ``"max_pool"`` for a population that pools.
    shape : tuple of int
        Of the activation, without the batch: (features,), (channels, length) or (channels, height,
        width).
    connections : tuple of Connection
        What drives it; a residual addition has several.
    bias : ndarray, shape (n_out,), or None
        A copy, one value per neuron, BatchNorm folded in.
    """

    name: str
    node: str
    kind: str
    shape: tuple[int, ...]
    connections: tuple[Connection, ...]
    bias: np.ndarray | None = None

    @property
    def n_out(self) -> int:
        """Number of neurons."""
        return math.prod(self.shape)

    @property
    def n_synapses(self) -> int:
        """Number of synapses that lead to it."""
        return sum(connection.n_synapses for connection in self.connections)

    @property
    def weighted(self) -> tuple[Connection, ...]:
        """The connections that have weights."""
        return tuple(connection for connection in self.connections if connection.kind in WEIGHTED)

    @property
    def weight(self) -> np.ndarray:
        """The weight of its only connection that has weights."""
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
        """Number of neurons that drive it through that weight."""
        return self._only_weighted().n_in

    def _only_weighted(self) -> Connection:
        if len(self.weighted) != 1:
            raise ParameterError(
                f"layer {self.name!r} has {len(self.weighted)} connections with weights, where one "
                "was expected; see its connections."
            )
        return self.weighted[0]


@dataclass(frozen=True, eq=False)
class Translation:
    """A feed-forward ReLU network as spiking layers.

    Attributes
    ----------
    input_shape : tuple of int
        Of one input, without the batch.
    layers : tuple of Layer
        Each after all that drive it.
    graph : fx.GraphModule
        The traced copy, in evaluation mode on the CPU.
    module : torch.nn.Module
        The user's module, never modified: what was translated.
    frozen : frozenset of str
        Layers that spike but do not learn.
    max_pooling : str
        What max pooling does with spikes: ``"any_spike"`` or ``"most_active"``.
    input_at : str or None
        The layer at which this part of a network begins; None for a whole network.
    whole : Translation or None
        The whole network, where this is a part of it.
    constants : dict of str to dict of str to float
        ``"gain"`` and ``"threshold"`` by layer, where they have been chosen; for the table.
    """

    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]
    graph: fx.GraphModule
    module: nn.Module
    frozen: frozenset[str] = frozenset()
    max_pooling: str = "any_spike"
    input_at: str | None = None
    whole: Translation | None = None
    constants: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return math.prod(self.input_shape)

    @property
    def weighted_layers(self) -> tuple[Layer, ...]:
        """The layers whose parameters are the user's to choose: all that do not pool."""
        return tuple(layer for layer in self.layers if layer.kind == "neurons")

    @property
    def layer_names(self) -> list[str]:
        """Names of those, in order."""
        return [layer.name for layer in self.weighted_layers]

    @property
    def populations(self) -> list[str]:
        """Names of all populations, the input first."""
        return [INPUT, *(layer.name for layer in self.layers)]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each population, the input first."""
        return (self.n_inputs, *(layer.n_out for layer in self.layers))

    @property
    def connections(self) -> list[Connection]:
        """All connections, layer by layer."""
        return [connection for layer in self.layers for connection in layer.connections]

    @property
    def weights(self) -> dict[str, np.ndarray]:
        """The weights that may sleep, by name in the state dict, BatchNorm folded in."""
        return {
            connection.weight_name: connection.weight
            for connection in self.connections
            if connection.weight_name is not None and connection.weight is not None
        }

    def layer(self, name: str) -> Layer:
        """Return a layer by its name.

        Raises
        ------
        ParameterError
            If there is none of that name, with the nearest spelling.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ParameterError(
            f"no layer is called {name!r}.{suggest(name, (layer.name for layer in self.layers))}"
        )

    def table(self) -> list[list[str]]:
        """Return the layers as rows of text, a heading first.

        Returns
        -------
        list of list of str
            Columns: layer, driven by, shape, neurons, synapses, gain, threshold, bytes (of the
            weights in float32).
        """
        rows = [
            ["layer", "driven by", "shape", "neurons", "synapses", "gain", "threshold", "bytes"]
        ]
        rows.append(["input", "", _shape(self.input_shape), f"{self.n_inputs:,}", "", "", "", ""])
        for layer in self.layers:
            drives = [f"{link.source} ({link.kind})" for link in layer.connections]
            n_weights = sum(connection.n_weights for connection in layer.connections)
            rows.append(
                [
                    layer.name,
                    " + ".join(drives),
                    _shape(layer.shape),
                    f"{layer.n_out:,}",
                    f"{layer.n_synapses:,}",
                    self._constant("gain", layer.name),
                    self._constant("threshold", layer.name),
                    f"{4 * n_weights:,}" if n_weights else "",
                ]
            )
        return rows

    def _constant(self, kind: str, layer: str) -> str:
        value = self.constants.get(kind, {}).get(layer)
        return "" if value is None else f"{value:.4g}"

    def __repr__(self) -> str:
        return plain(without_empty_columns(self.table()), n_left=3)

    def _repr_html_(self) -> str:
        """Return the table for notebooks."""
        return as_html(without_empty_columns(self.table()))


def _shape(shape: tuple[int, ...]) -> str:
    """Write a shape as people do."""
    return " × ".join(map(str, shape))
