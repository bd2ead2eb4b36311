"""Write a spiking network as a NIR graph."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import second
from numpy.typing import NDArray

from ...errors import TranslationError
from ...neurons import Neuron
from ...support.calls import public
from ...support.quantities import Time, quantity
from ..layers import INPUT, Connection, Layer
from ..translated_network import Translation
from .membranes import Membrane, membranes
from .nir_package import import_nir

if TYPE_CHECKING:
    import nir


@public
def write_nir(
    path: str | os.PathLike[str],
    translation: Translation,
    neuron: Neuron,
    *,
    gains: Sequence[float],
    thresholds: Sequence[float],
    night_dt: Time,
    dt: Time | None = None,
    factors: Mapping[str, tuple[float, ...]] | None = None,
) -> None:
    """Write a spiking network as a NIR graph.

    Parameters
    ----------
    path : path
        An HDF5 file.
    translation : Translation
        The layers.
    neuron : Heaviside or LIF
        Their neurons.
    gains, thresholds : sequence of float
        One per layer that does not pool, in the neuron model's unit.
    night_dt : Quantity or str
        Time step of the night.
    dt : Quantity or str, optional
        Time step of the simulator that is to read the graph; the night's unless given. One step of
        that simulator then does what one step of the night does.
    factors : mapping of str to tuple of float, optional
        By layer with several connections, the factor of each; 1 unless given.

    Raises
    ------
    MissingPackageError
        If `nir` is not installed.
    TranslationError
        Naming the layer and what NIR cannot express: average pooling, whose neurons keep what is
        above their threshold, refractory periods, and neuron models other than these two.
    ParameterError, UnitsError
        If a time step is no time above 0.
    """
    of_night = quantity(night_dt, second, "night_dt", minimum=0, exclusive_minimum=True)
    of_reader = of_night
    if dt is not None:
        of_reader = quantity(dt, second, "dt", minimum=0, exclusive_minimum=True)
    writer = _Writer(
        translation,
        membranes(neuron, translation.layer_names, gains, thresholds, of_night),
        delay=neuron.delay_steps * of_reader,
        factors=factors or {},
        dt=of_reader,
    )
    import_nir().write(os.fspath(path), writer.graph())


class _Writer:
    """Turns layers into nodes and edges.

    Parameters
    ----------
    translation : Translation
        The layers.
    membranes : mapping of str to Membrane
        By layer that does not pool.
    delay : float
        Delay of all spikes in seconds.
    factors : mapping of str to tuple of float
        By layer with several connections, the factor of each.
    dt : float
        Time step of the simulator that is to read the graph, in seconds.
    """

    def __init__(
        self,
        translation: Translation,
        membranes: Mapping[str, Membrane],
        *,
        delay: float,
        factors: Mapping[str, tuple[float, ...]],
        dt: float,
    ) -> None:
        self.translation = translation
        self.membranes = membranes
        self.delay = delay
        self.factors = factors
        self.dt = dt
        self.nir = import_nir()
        self.nodes: dict[str, nir.NIRNode] = {}
        self.edges: list[tuple[str, str]] = []
        self.shapes: dict[str, tuple[int, ...]] = {}  # of each population

    def graph(self) -> nir.NIRGraph:
        """Return the graph."""
        window = self.translation.layers[0].connections[0].window
        self.shapes[INPUT] = self.translation.input_shape if window is None else window.in_shape
        self.nodes["input"] = self.nir.Input({"input": np.array(self.shapes[INPUT])})
        for layer in self.translation.layers:
            window = layer.connections[0].window
            self.shapes[layer.name] = layer.shape if window is None else window.out_shape
            if layer.kind == "neurons":
                self._neurons(layer)
            else:
                self._pool(layer)
        last = self.translation.layers[-1].name
        self.nodes["output"] = self.nir.Output({"output": np.array(self.shapes[last])})
        self.edges.append((_key(last), "output"))
        return self.nir.NIRGraph(self.nodes, self.edges)

    def _neurons(self, layer: Layer) -> None:
        """Write a layer of neurons and what drives it."""
        shape, membrane = self.shapes[layer.name], self.membranes[layer.name]
        self.nodes[_key(layer.name)] = self._membrane(membrane, shape)
        factors = self.factors.get(layer.name, (1.0,) * len(layer.connections))
        for number, (link, factor) in enumerate(zip(layer.connections, factors, strict=True)):
            bias = None if layer.bias is None or number > 0 else membrane.bias_gain * layer.bias
            key = f"{_key(layer.name)}_weights" + (f"_{number}" if number else "")
            self.nodes[key] = self._weights(link, membrane.gain * factor, bias, shape)
            self._join(link, key)
            self.edges.append((key, _key(layer.name)))

    def _join(self, link: Connection, key: str) -> None:
        """Lead from a population to the node of its weights, through a delay and a Flatten."""
        at, shape = _key(link.source), self.shapes[link.source]
        if self.delay:
            self.nodes[f"{key}_delay"] = self.nir.Delay(np.full(shape, self.delay))
            self.edges.append((at, f"{key}_delay"))
            at = f"{key}_delay"
        if link.kind == "dense" and len(shape) > 1:
            self.nodes[f"{key}_flatten"] = self.nir.Flatten({"input": np.array(shape)}, 0, -1)
            self.edges.append((at, f"{key}_flatten"))
            at = f"{key}_flatten"
        self.edges.append((at, key))

    def _weights(
        self,
        link: Connection,
        gain: float,
        bias: NDArray[np.floating] | None,
        shape: tuple[int, ...],
    ) -> nir.NIRNode:
        """Return the node of a connection's weights, gain included."""
        if link.kind == "identity":
            return self.nir.Scale(np.full(shape, gain))
        assert link.weight is not None
        weight = gain * np.asarray(link.weight, dtype=np.float64)
        if link.kind == "dense":
            if bias is None:
                return self.nir.Linear(weight)
            return self.nir.Affine(weight, np.asarray(bias, dtype=np.float64))
        window = link.window
        assert window is not None
        channels = np.zeros(shape[0]) if bias is None else bias.reshape(shape[0], -1)[:, 0]
        return self.nir.Conv2d(
            window.in_shape[1:],
            weight,
            window.stride,
            window.padding,
            window.dilation,
            window.groups,
            np.asarray(channels, dtype=np.float64),
        )

    def _membrane(self, membrane: Membrane, shape: tuple[int, ...]) -> nir.NIRNode:
        """Return the node of a layer's neurons."""

        def full(value: float) -> NDArray[np.float64]:
            return np.full(shape, value, dtype=np.float64)

        threshold, reset = full(membrane.v_threshold), full(membrane.v_reset)
        if membrane.decay == 1:
            return self.nir.IF(full(1 / self.dt), threshold, reset)
        lost = 1 - membrane.decay
        return self.nir.LIF(
            tau=full(self.dt / lost),
            r=full(1 / lost),
            v_leak=full(0),
            v_threshold=threshold,
            v_reset=reset,
        )

    def _pool(self, layer: Layer) -> None:
        """Write max pooling as a logical or: the sum of a window is above one half."""
        (link,) = layer.connections
        if layer.kind == "average_pool":
            raise TranslationError(
                f"layer {layer.name!r}: NIR has no neurons that keep what is above their "
                "threshold, as those of average pooling do; use max pooling, or a stride."
            )
        window = link.window
        assert window is not None
        key = f"{_key(layer.name)}_window"
        self.nodes[key] = self.nir.SumPool2d(
            np.array(window.kernel_size), np.array(window.stride), np.array(window.padding)
        )
        self.nodes[_key(layer.name)] = self.nir.Threshold(np.full(self.shapes[layer.name], 0.5))
        self._join(link, key)
        self.edges.append((key, _key(layer.name)))


def _key(name: str) -> str:
    """Name a node: readers of NIR take a number alone, or dots, for something else."""
    plain = name.replace(".", "_")
    return f"layer_{plain}" if plain[:1].isdigit() else plain
