"""Write a spiking network as a NIR graph."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import second

from ...errors import ParameterError, TranslationError
from ...neurons import LIF, Heaviside, Neuron
from ...support.quantities import quantity
from .. import Connection, Layer, Translation
from .package import import_nir


@dataclass(frozen=True)
class Membrane:
    """What NIR can say of a layer's neurons, in units of the threshold's own.

    Attributes
    ----------
    decay : float
        Part of v left after one step.
    gain, bias_gain : float
        v per unit weight; per unit bias and step.
    v_threshold, v_reset : float
        Above rest.
    """

    decay: float
    gain: float
    bias_gain: float
    v_threshold: float
    v_reset: float = 0.0


def write_nir(
    path: str | os.PathLike[str],
    translation: Translation,
    neuron: Neuron,
    gains: Sequence[float],
    thresholds: Sequence[float],
    night_dt: float,
    dt: float | None = None,
    factors: Mapping[str, tuple[float, ...]] | None = None,
) -> None:
    """Write a spiking network as a NIR graph.

    Parameters
    ----------
    path : path
        An HDF5 file.
    translation : Translation
        Its layers.
    neuron : Heaviside or LIF
        Its neurons.
    gains, thresholds : sequence of float
        One a layer, in the neuron model's unit.
    night_dt : float
        Time step of the night in seconds.
    dt : float, optional
        Time step of the simulator that is to read it, in seconds; the night's unless given. One
        of its steps is then one of ours, whatever it calls them.
    factors : mapping, optional
        Of the paths that meet in additions; 1 unless given.

    Raises
    ------
    MissingPackageError
        If `nir` is not installed.
    TranslationError
        Naming the layer and what NIR has no word for: average pooling neurons, that keep what is
        above their threshold, refractory periods, and neuron models other than these two.
    """
    graph = _Writer(translation, night_dt, night_dt if dt is None else dt).graph(
        _membranes(translation, neuron, gains, thresholds, night_dt),
        neuron.delay_steps,
        factors or {},
    )
    import_nir().write(os.fspath(path), graph)


def _membranes(
    translation: Translation,
    neuron: Neuron,
    gains: Sequence[float],
    thresholds: Sequence[float],
    dt: float,
) -> dict[str, Membrane]:
    """Return what NIR can say of each layer's neurons."""
    names = translation.layer_names
    values = neuron.parameters(names, gains, thresholds)
    if isinstance(neuron, Heaviside):
        return {
            name: Membrane(own["decay"], own["gain"], own["bias_gain"], own["v_threshold"])
            for name, own in zip(names, values, strict=True)
        }
    if not isinstance(neuron, LIF):
        raise TranslationError(
            f"neuron: NIR has no {type(neuron).__name__} as it is simulated here; Heaviside and "
            "LIF can be written."
        )
    membranes = {}
    for name, own in zip(names, values, strict=True):
        if own["refractory_period"] > 0:
            raise TranslationError(f"layer {name!r}: NIR has no refractory period.")
        membranes[name] = Membrane(
            math.exp(-dt / own["tau_m"]),
            own["gain"],
            own["bias_gain"],
            own["v_threshold"] - own["v_rest"],
            own["v_reset"] - own["v_rest"],
        )
    return membranes


class _Writer:
    """Turns layers into nodes and edges."""

    def __init__(self, translation: Translation, night_dt: float, dt: float) -> None:
        self.translation = translation
        self.dt = dt
        self.nir = import_nir()
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []

    def graph(
        self,
        membranes: Mapping[str, Membrane],
        delay_steps: int,
        factors: Mapping[str, tuple[float, ...]],
    ) -> Any:
        """Return the graph."""
        shapes = {"input": self.translation.input_shape}
        if self.translation.layers[0].connections[0].window is not None:
            shapes["input"] = self.translation.layers[0].connections[0].window.in_shape
        self.nodes["input"] = self.nir.Input({"input": np.array(shapes["input"])})
        for layer in self.translation.layers:
            window = layer.connections[0].window
            shapes[layer.name] = layer.shape if window is None else window.out_shape
            if layer.kind == "neurons":
                self._neurons(layer, shapes, membranes[layer.name], delay_steps, factors)
            else:
                self._pool(layer, delay_steps, shapes)
        last = self.translation.layers[-1].name
        self.nodes["output"] = self.nir.Output({"output": np.array(shapes[last])})
        self.edges.append((_key(last), "output"))
        return self.nir.NIRGraph(self.nodes, self.edges)

    def _neurons(
        self,
        layer: Layer,
        shapes: Mapping[str, tuple[int, ...]],
        membrane: Membrane,
        delay_steps: int,
        factors: Mapping[str, tuple[float, ...]],
    ) -> None:
        """Write a layer of neurons and what drives it."""
        shape = shapes[layer.name]
        self.nodes[_key(layer.name)] = self._membrane(membrane, shape)
        own_factors = factors.get(layer.name, (1.0,) * len(layer.connections))
        for number, (link, factor) in enumerate(zip(layer.connections, own_factors, strict=True)):
            bias = None if layer.bias is None or number > 0 else membrane.bias_gain * layer.bias
            key = f"{_key(layer.name)}_weights" + (f"_{number}" if number else "")
            self.nodes[key] = self._weights(link, membrane.gain * factor, bias, shape)
            self._join(link, key, shapes, delay_steps)
            self.edges.append((key, _key(layer.name)))

    def _join(
        self,
        link: Connection,
        key: str,
        shapes: Mapping[str, tuple[int, ...]],
        delay_steps: int,
    ) -> None:
        """Lead from a population to weights, through a delay and a Flatten where need be."""
        at, shape = _key(link.source), shapes[link.source]
        if delay_steps:
            delays = np.full(shape, delay_steps * self.dt)
            self.nodes[f"{key}_delay"] = self.nir.Delay(delays)
            self.edges.append((at, f"{key}_delay"))
            at = f"{key}_delay"
        if link.kind == "dense" and len(shape) > 1:
            self.nodes[f"{key}_flatten"] = self.nir.Flatten({"input": np.array(shape)}, 0, -1)
            self.edges.append((at, f"{key}_flatten"))
            at = f"{key}_flatten"
        self.edges.append((at, key))

    def _weights(
        self, link: Connection, gain: float, bias: np.ndarray | None, shape: tuple[int, ...]
    ) -> Any:
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

    def _membrane(self, membrane: Membrane, shape: tuple[int, ...]) -> Any:
        """Return the node of a layer's neurons."""

        def full(value: float) -> np.ndarray:
            return np.full(shape, value, dtype=np.float64)

        if membrane.decay == 1:
            return self.nir.IF(
                full(1 / self.dt), full(membrane.v_threshold), full(membrane.v_reset)
            )
        left = 1 - membrane.decay
        return self.nir.LIF(
            tau=full(self.dt / left),
            r=full(1 / left),
            v_leak=full(0),
            v_threshold=full(membrane.v_threshold),
            v_reset=full(membrane.v_reset),
        )

    def _pool(self, layer: Layer, delay_steps: int, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Write max pooling as a logical or: the sum of a window, above one half."""
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
        self.nodes[_key(layer.name)] = self.nir.Threshold(np.full(shapes[layer.name], 0.5))
        self._join(link, key, shapes, delay_steps)
        self.edges.append((key, _key(layer.name)))


def _key(name: str) -> str:
    """Name a node: a number alone, or dots, mean something else to readers of NIR."""
    plain = name.replace(".", "_")
    return f"layer_{plain}" if plain[:1].isdigit() else plain


def as_seconds(dt: Any) -> float | None:
    """Read the time step of another simulator.

    Raises
    ------
    ParameterError, UnitsError
        If it is no time above 0.
    """
    if dt is None:
        return None
    seconds = quantity(dt, second, "dt", minimum=0, exclusive_minimum=True)
    if not math.isfinite(seconds):
        raise ParameterError("dt must be finite.")
    return seconds
