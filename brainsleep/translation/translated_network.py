"""A translated network: its spiking layers in order, shown as a table."""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass, field

import numpy as np
from numpy.typing import NDArray
from torch import fx, nn

from ..errors import ParameterError, suggest
from ..support.texttable import as_html, plain, without_empty_columns
from .layers import INPUT, Connection, Layer
from .recurrence import Sequences

#: The columns of the table, of which those with numbers come last.
_TEXT_COLUMNS = ("layer", "driven by", "shape", "sleep")
_NUMBER_COLUMNS = ("neurons", "synapses", "gain", "threshold", "bytes")


@dataclass(frozen=True, eq=False)
class Translation:
    """A ReLU network as spiking layers.

    Attributes
    ----------
    input_shape : tuple of int
        Shape of one input, without the batch; of one step, for a recurrent network.
    layers : tuple of Layer
        The layers, each after all that drive it.
    graph : torch.fx.GraphModule
        The traced copy, in evaluation mode on the CPU.
    module : torch.nn.Module
        The user's module that was translated; never modified.
    frozen : frozenset of str
        Names of the layers that spike but do not learn.
    max_pooling : str
        What max pooling does with spikes: ``"any_spike"`` or ``"most_active"``.
    input_at : str or None
        The layer at which sleep begins, if this is a part of a network; None for a whole network.
    whole : Translation or None
        The whole network, if this is a part of it.
    sequences : Sequences or None
        What a recurrent network takes and returns; None for a feed-forward one.
    constants : dict of str to dict of str to float
        ``"gain"`` and ``"threshold"`` by layer, once they have been chosen; for the table.
    """

    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]
    graph: fx.GraphModule
    module: nn.Module
    _: KW_ONLY
    frozen: frozenset[str] = frozenset()
    max_pooling: str = "any_spike"
    input_at: str | None = None
    whole: Translation | None = None
    sequences: Sequences | None = None
    constants: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return math.prod(self.input_shape)

    @property
    def weighted_layers(self) -> tuple[Layer, ...]:
        """The layers that do not pool: those that have a gain and a threshold."""
        return tuple(layer for layer in self.layers if layer.kind == "neurons")

    @property
    def layer_names(self) -> list[str]:
        """Names of the layers that do not pool, in order."""
        return [layer.name for layer in self.weighted_layers]

    @property
    def populations(self) -> list[str]:
        """Names of all populations, the input first."""
        return [INPUT, *(layer.name for layer in self.layers)]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of neurons of each population, the input first."""
        return (self.n_inputs, *(layer.n_out for layer in self.layers))

    @property
    def connections(self) -> list[Connection]:
        """All connections, layer by layer."""
        return [connection for layer in self.layers for connection in layer.connections]

    @property
    def weights(self) -> dict[str, NDArray[np.floating]]:
        """The weights of all connections, by state-dict name, with BatchNorm folded in."""
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
            If no layer has that name; the message suggests the nearest spelling.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ParameterError(
            f"no layer is called {name!r}.{suggest(name, (layer.name for layer in self.layers))}"
        )

    def table(self) -> list[list[str]]:
        """Return the populations as rows of text, a heading first.

        Returns
        -------
        list of list of str
            Columns: layer, driven by, shape, sleep ("frozen" for layers that do not learn,
            "masked" for those with absent synapses, "at most 240 active" for those whose neurons
            compete, "begins here" for the layer at which sleep begins), neurons, synapses (without
            the absent ones), gain, threshold, bytes (of all weights in float32, those of absent
            synapses too).
        """
        heading = [*_TEXT_COLUMNS, *_NUMBER_COLUMNS]
        first = [INPUT, "", _as_text(self.input_shape), "", f"{self.n_inputs:,}"]
        return [
            heading,
            first + [""] * (len(heading) - len(first)),
            *(self._row(layer) for layer in self.layers),
        ]

    def _row(self, layer: Layer) -> list[str]:
        """Return the row of one layer."""
        n_weights = sum(link.weight.size for link in layer.connections if link.weight is not None)
        return [
            layer.name,
            " + ".join(_driver(layer, link) for link in layer.connections),
            _as_text(layer.shape),
            self._sleep(layer),
            f"{layer.n_out:,}",
            f"{layer.n_synapses:,}",
            self._constant("gain", layer.name),
            self._constant("threshold", layer.name),
            f"{4 * n_weights:,}" if n_weights else "",
        ]

    def _sleep(self, layer: Layer) -> str:
        """Say whether sleep begins at a layer, whether it is frozen or masked, and how many win."""
        says = ["begins here"] if layer.name == self.input_at else []
        if layer.name in self.frozen:
            says.append("frozen")
        if any(link.mask is not None for link in layer.connections):
            says.append("masked")
        if layer.winners is not None:
            says.append(f"at most {layer.winners:,} active")
        return ", ".join(says)

    def _constant(self, kind: str, layer: str) -> str:
        """Write a gain or a threshold, if it has been chosen."""
        value = self.constants.get(kind, {}).get(layer)
        return "" if value is None else f"{value:.4g}"

    def __repr__(self) -> str:
        rows = without_empty_columns(self.table())
        return plain(rows, n_left=rows[0].index(_NUMBER_COLUMNS[0]))

    def _repr_html_(self) -> str:
        """Return the table for notebooks."""
        return as_html(without_empty_columns(self.table()))


def _driver(layer: Layer, link: Connection) -> str:
    """Say what drives a layer, and how."""
    return "itself (recurrent)" if link.source == layer.name else f"{link.source} ({link.kind})"


def _as_text(shape: tuple[int, ...]) -> str:
    """Write a shape like 3 × 32 × 32."""
    return " × ".join(map(str, shape))
