"""Write a spiking network as a NIR graph."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import second
from numpy.typing import NDArray

from ...errors import TranslationError
from ...network.windows import Window
from ...neurons import Neuron
from ...support.calls import public
from ...support.quantities import Time, quantity
from ...support.user_warnings import warn_user
from ..competition import refuse_winners
from ..layers import INPUT, Connection, Layer
from ..recurrence import refuse_recurrence
from ..translated_network import Translation
from .graph_files import checked_graph, write_graph
from .membranes import Membrane, membranes
from .neuron_nodes import gains_metadata, neuron_node
from .nir_package import NirWarning, import_nir

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
    readout: bool = False,
    currents: Collection[str] = (),
) -> None:
    """Write a spiking network as a NIR graph.

    Parameters
    ----------
    path : path
        An HDF5 file.
    translation : Translation
        The layers.
    neuron : Heaviside, LIF or IntegrateAndFire
        Their neurons.
    gains, thresholds : sequence of float
        One per layer that does not pool, in the neuron model's unit.
    night_dt : Quantity or str
        Time step of the simulation.
    dt : Quantity or str, optional
        Time step of the simulator that is to read the graph; `night_dt` unless given. One step of
        that simulator then does what one step of ours does.
    factors : mapping of str to tuple of float, optional
        By layer with several connections, the factor of each; 1 unless given.
    readout : bool
        Whether the last layer does not spike; its potentials are then to be read. They are those of
        LI neurons; without a leak the graph ends in weights, and a potential is the sum over steps
        of what they pass on.
    currents : collection of str
        Layers that the input reaches as a constant current, with the gain of their bias.

    Raises
    ------
    MissingPackageError
        If `nir` is not installed, or too old.
    TranslationError
        Naming the layer and what NIR cannot express: refractory periods, windows with dilation or
        incomplete at the edge, max pooling of the most active, neurons that compete (KWinners),
        recurrent layers, a bias that differs within a channel, and neuron models other than these
        three.
    DirectoryError
        If the file cannot be written; it is then as it was before.
    ParameterError, UnitsError
        If a time step is no time above 0.
    KindError
        If `path` is no path.

    Warns
    -----
    NirWarning
        If spikes subtract the threshold, for which NIR has no word.
    """
    refuse_winners(translation, "a NIR graph", "leave KWinners out of the network")
    refuse_recurrence(translation.layers, "a NIR graph", "write the night's own files, night.save")
    of_night = quantity(night_dt, second, "night_dt", minimum=0, exclusive_minimum=True)
    of_reader = of_night
    if dt is not None:
        of_reader = quantity(dt, second, "dt", minimum=0, exclusive_minimum=True)
    written = membranes(neuron, translation.layer_names, gains, thresholds, of_night)
    _warn_of_subtraction(translation, written, readout)
    writer = _Writer(
        translation,
        written,
        delay=neuron.delay_steps * of_reader,
        factors=factors or {},
        dt=of_reader,
        readout=translation.layers[-1].name if readout else None,
        currents=currents,
    )
    write_graph(path, writer.graph())


def _warn_of_subtraction(
    translation: Translation, written: Mapping[str, Membrane], readout: bool
) -> None:
    """Say which neurons others will take for ones that are reset to 0."""
    found = [layer.name for layer in translation.layers if layer.kind == "average_pool"]
    found += [name for name, one in written.items() if one.subtracts]
    if readout and found[-1:] == translation.layer_names[-1:]:
        found.pop()
    if found:
        warn_user(
            f"layer {found[0]!r}: its neurons keep what is above their threshold when they spike, "
            "NIR's IF neurons are reset to 0. The graph says so in its metadata, which bs.from_nir "
            "reads; sinabs subtracts, others reset.",
            NirWarning,
        )


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
    readout : str or None
        The layer that does not spike.
    currents : collection of str
        Layers that the input reaches as a constant current.
    """

    def __init__(
        self,
        translation: Translation,
        membranes: Mapping[str, Membrane],
        *,
        delay: float,
        factors: Mapping[str, tuple[float, ...]],
        dt: float,
        readout: str | None,
        currents: Collection[str],
    ) -> None:
        self.translation = translation
        self.membranes = membranes
        self.delay = delay
        self.factors = factors
        self.dt = dt
        self.readout = readout
        self.currents = currents
        self.nir = import_nir()
        self.nodes: dict[str, nir.NIRNode] = {}
        self.edges: list[tuple[str, str]] = []
        self.shapes: dict[str, tuple[int, ...]] = {}  # of each population
        self.flat = _is_one_dimensional(translation)

    def graph(self) -> nir.NIRGraph:
        """Return the graph."""
        window = self._window(self.translation.layers[0].connections[0])
        self.shapes[INPUT] = self.translation.input_shape if window is None else window.in_shape
        self.nodes["input"] = self.nir.Input({"input": np.array(self.shapes[INPUT])})
        for layer in self.translation.layers:
            self.shapes[layer.name] = self._shape(layer)
            if layer.kind == "neurons":
                self._neurons(layer)
            else:
                self._pool(layer)
        last = self.translation.layers[-1].name
        self.nodes["output"] = self.nir.Output({"output": np.array(self.shapes[last])})
        if _key(last) in self.nodes:
            self.edges.append((_key(last), "output"))
        return checked_graph(self.nodes, self.edges, self.dt)

    def _window(self, link: Connection) -> Window | None:
        """Return the window of a connection, unless it is written in one dimension."""
        return None if self.flat else link.window

    def _shape(self, layer: Layer) -> tuple[int, ...]:
        """Return the shape of a population: of images, where a window or a sum makes them."""
        for link in layer.connections:
            window = self._window(link)
            if window is not None:
                return window.out_shape
        if all(link.kind == "identity" for link in layer.connections):
            return self.shapes[layer.connections[0].source]
        return layer.shape

    def _neurons(self, layer: Layer) -> None:
        """Write a layer of neurons and what drives it."""
        shape, membrane = self.shapes[layer.name], self.membranes[layer.name]
        target = _key(layer.name)
        if layer.name == self.readout and membrane.decay == 1:
            target = "output"  # whoever reads the graph sums what the weights pass on
        else:
            self.nodes[target] = neuron_node(
                membrane, shape, self.dt, spikes=layer.name != self.readout
            )
        factors = self.factors.get(layer.name, (1.0,) * len(layer.connections))
        bias = None if layer.bias is None else membrane.bias_gain * layer.bias
        for number, (link, factor) in enumerate(zip(layer.connections, factors, strict=True)):
            gain = membrane.gain * factor
            if link.source == INPUT and layer.name in self.currents:
                gain = membrane.bias_gain
            key = f"{_key(layer.name)}_weights" + (f"_{number}" if number else "")
            own_bias = None if link.kind == "identity" else bias
            self.nodes[key] = self._weights(layer.name, link, gain, own_bias, shape)
            metadata = gains_metadata(membrane) if target == "output" else {}
            self.nodes[key].metadata = {**metadata, **_mask_metadata(link, self.flat)}
            self._join(link, key)
            self.edges.append((key, target))
            bias = bias if own_bias is None else None  # it is there once

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
        layer: str,
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
        channels = _by_channel(layer, bias, shape[0])
        if self.flat:
            return self.nir.Conv1d(
                window.in_shape[2],
                weight[:, :, 0],
                window.stride[1],
                window.padding[1],
                window.dilation[1],
                window.groups,
                channels,
            )
        return self.nir.Conv2d(
            window.in_shape[1:],
            weight,
            window.stride,
            window.padding,
            window.dilation,
            window.groups,
            channels,
        )

    def _pool(self, layer: Layer) -> None:
        """Write pooling: neurons that any spike of a window makes spike, or as many as its size."""
        (link,) = layer.connections
        window = link.window
        assert window is not None
        _check_pool(layer, window, self.translation.max_pooling)
        key, shape = f"{_key(layer.name)}_window", self.shapes[layer.name]
        self.nodes[key] = self.nir.SumPool2d(
            np.array(window.kernel_size), np.array(window.stride), np.array(window.padding)
        )
        if layer.kind == "max_pool":
            self.nodes[_key(layer.name)] = self.nir.Threshold(np.full(shape, 0.5))
        else:
            size = float(math.prod(window.kernel_size))
            counter = Membrane(decay=1, gain=1, bias_gain=1, v_threshold=size, subtracts=True)
            self.nodes[_key(layer.name)] = neuron_node(counter, shape, self.dt)
        self._join(link, key)
        self.edges.append((key, _key(layer.name)))


def _is_one_dimensional(translation: Translation) -> bool:
    """Tell whether all convolutions are in one dimension, and NIR's Conv1d can say them.

    NIR has no pooling in one dimension; networks with that are written as images of height 1.
    """
    links = [link for link in translation.connections if link.window is not None]
    shapes = [translation.input_shape, *(layer.shape for layer in translation.layers)]
    return (
        bool(links)
        and all(link.kind == "convolution" for link in links)
        and len(translation.input_shape) == 2
        and all(len(shape) < 3 for shape in shapes)
    )


def _by_channel(
    layer: str, bias: NDArray[np.floating] | None, n_channels: int
) -> NDArray[np.float64]:
    """Return one bias per channel, where all neurons of a channel have the same."""
    if bias is None:
        return np.zeros(n_channels)
    table = np.asarray(bias, dtype=np.float64).reshape(n_channels, -1)
    if (np.ptp(table, axis=1) > 1e-6 * np.abs(table).max()).any():
        raise TranslationError(
            f"layer {layer!r}: its bias differs within a channel (a BatchNorm lies before a "
            "convolution with padding), and NIR has one per channel; put the BatchNorm after it."
        )
    return table[:, 0]


def _mask_metadata(link: Connection, flat: bool) -> dict[str, NDArray[np.uint8]]:
    """Return which synapses are there, for weights that are zero where there are none."""
    if link.mask is None:
        return {}
    mask = link.mask[:, :, 0] if flat and link.window is not None else link.mask
    return {"mask": mask.astype(np.uint8)}


def _check_pool(layer: Layer, window: Window, max_pooling: str) -> None:
    """Refuse pooling that NIR would take for another."""
    if layer.kind == "max_pool" and max_pooling == "most_active":
        raise TranslationError(
            f"layer {layer.name!r}: NIR has no max pooling that passes on its most active input; "
            "use bs.translate(ann, max_pooling='any_spike')."
        )
    complete = replace(window, dilation=(1, 1))
    sizes = [
        (window.in_shape[axis + 1] + 2 * window.padding[axis] - window.kernel_size[axis])
        // window.stride[axis]
        + 1
        for axis in (0, 1)
    ]
    if window != complete or tuple(sizes) != window.out_shape[1:]:
        raise TranslationError(
            f"layer {layer.name!r}: NIR has no pooling with dilation, or with windows that reach "
            "over the edge (ceil_mode); use pooling without."
        )


def _key(name: str) -> str:
    """Name a node: readers of NIR take a number alone, or dots, for something else."""
    plain = name.replace(".", "_")
    return f"layer_{plain}" if plain[:1].isdigit() else plain
