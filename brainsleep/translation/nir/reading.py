"""Read a NIR graph as a network that can sleep."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from brian2.units import Quantity, second
from torch import nn

from ...errors import TranslationError, brief
from ...support.calls import public
from ...support.quantities import Time
from ...support.user_warnings import warn_user
from ..layers import INPUT
from ..translate import translate
from .graph_files import read_graph
from .graph_paths import WEIGHTS, Path, Wiring
from .neuron_model import NirNeuron, neuron_model
from .neuron_values import NEVER
from .nir_package import NirWarning
from .node_values import kind_of, values
from .read_module import as_ann
from .spiking_layers import Drive, SpikingLayer, drive, spiking_layer
from .time_steps import as_text, time_step

if TYPE_CHECKING:
    import nir


@dataclass(frozen=True)
class NirNetwork:
    """A network read from a NIR graph.

    Attributes
    ----------
    ann : torch.nn.Module
        Its weights in float64, with a ReLU for each layer of neurons. A `torch.nn.Sequential` where
        the graph is a chain.
    neuron : Heaviside, LIF or IntegrateAndFire
        Its neurons: ``bs.sleep(network.ann, stimulus, neuron=network.neuron, ...)``. `Heaviside` as
        long as it can say all: `LIF` where spikes take a step to the next layer, or where a reset
        is not to rest; `IntegrateAndFire` where the graph says that spikes subtract the threshold.
    input_shape : tuple of int
        Shape of one input.
    dt : Quantity or None
        The time step that the graph was read with; a night of `LIF` neurons needs the same. None
        where nothing in the graph depends on it.
    """

    ann: nn.Module
    neuron: NirNeuron
    input_shape: tuple[int, ...]
    dt: Quantity | None = None


@public
def from_nir(path: str | os.PathLike[str] | nir.NIRGraph, dt: Time | None = None) -> NirNetwork:
    """Read a NIR graph as a network that can sleep.

    Read are graphs without loops: Linear, Affine, Conv1d and Conv2d followed by LIF, IF or
    Threshold neurons; Scale, Flatten, AvgPool2d and SumPool2d between them, which are multiplied
    into the weights; sums of several paths at neurons; graphs within graphs; and at the end LI or I
    neurons or mere weights, whose threshold is then out of reach. What is multiplied into what, and
    what other tools write, is in ``docs/how_to/nir.md``.

    Parameters
    ----------
    path : path or nir.NIRGraph
        An HDF5 file, or the graph itself.
    dt : Quantity or str, optional
        Time step of Euler's method: decay = 1 - dt/tau, and a spike adds r*dt/tau of its weight
        (IF: r*dt). Files that this package wrote say it themselves. Otherwise it is needed as soon
        as the graph has LIF, LI, IF or I neurons, or delays.

    Returns
    -------
    NirNetwork

    Raises
    ------
    MissingPackageError
        If `nir` is not installed, or too old.
    DataError
        Naming the file, if there is none, or if it holds no NIR graph.
    TranslationError
        Naming the node, and what about it cannot be translated.
    ParameterError, UnitsError
        If `dt` is missing where it decides something; the message tells the time constants and a
        plausible time step. If `dt` is no time above 0.
    KindError
        If `path` is no path.

    Warns
    -----
    NirWarning
        If a time constant is about `dt`; if the graph was written for another `dt`; if outputs do
        not spike.

    Examples
    --------
    >>> network = bs.from_nir("network.nir", dt=0.1 * ms)  # doctest: +SKIP
    >>> night = bs.sleep(network.ann, stimulus, neuron=network.neuron)  # doctest: +SKIP
    """
    graph = read_graph(path)
    wiring = Wiring(graph)
    drives, input_shape = _drives(wiring)
    seconds = time_step(graph, wiring, dt)
    layers = [spiking_layer(one, seconds) for one in drives]
    ann = as_ann(layers)
    translate(ann, input_shape)  # raises for what a night would refuse
    neuron = neuron_model(layers, _delay_steps(wiring, seconds), seconds)
    _warn_of_readout(layers)
    return NirNetwork(ann, neuron, input_shape, None if seconds is None else seconds * second)


def _drives(wiring: Wiring) -> tuple[list[Drive], tuple[int, ...]]:
    """Return what leads to each population, and the input's shape, without a batch of 1 in it."""
    shape = _input_shape(wiring)
    try:
        return _drives_of(wiring, shape), shape
    except TranslationError:
        if len(shape) == 1 or shape[0] != 1:
            raise
        try:
            return _drives_of(wiring, shape[1:]), shape[1:]
        except TranslationError:
            pass
        raise


def _drives_of(wiring: Wiring, shape: tuple[int, ...]) -> list[Drive]:
    """Return what leads to each population for inputs of a shape."""
    shapes: dict[str, tuple[int, ...]] = {INPUT: shape}
    found = []
    for population in wiring.populations:
        found.append(drive(population, shapes))
        shapes[population.name] = found[-1].shape
    return found


def _input_shape(wiring: Wiring) -> tuple[int, ...]:
    """Return the shape of the input, which may be left to the first weights."""
    name, node = wiring.entrance
    shape = node.input_type.get("input") if isinstance(node.input_type, dict) else None
    if shape is None:
        for after in wiring.after[name]:
            if kind_of(wiring.nodes[after]) in WEIGHTS[:2]:
                return values(after, wiring.nodes[after], "weight").shape[-1:]
        raise TranslationError(f"node {name!r}: the graph does not say the shape of its input.")
    try:
        sizes = np.atleast_1d(np.asarray(shape, dtype=np.float64))
    except (TypeError, ValueError):
        sizes = np.zeros(1)
    if sizes.ndim != 1 or (sizes < 1).any() or (sizes != np.rint(sizes)).any():
        raise TranslationError(
            f"node {name!r}: the shape of the input must be whole numbers from 1 on, not "
            f"{brief(shape)}."
        )
    return tuple(int(size) for size in sizes)


def _delay_steps(wiring: Wiring, dt: float | None) -> int:
    """Return how many steps all spikes take: 0 or 1."""
    found = {
        _steps(path, dt): path.nodes[-1][0] if path.nodes else population.name
        for population in wiring.populations
        for path in population.paths
    }
    if len(found) > 1:
        listed = ", ".join(f"{steps} before {name!r}" for steps, name in sorted(found.items())[:3])
        raise TranslationError(
            f"delays differ, in steps: {listed}; all spikes of a network that sleeps, those of the "
            "input included, take the same time."
        )
    return next(iter(found))


def _steps(path: Path, dt: float | None) -> int:
    """Return the delay of a path in steps."""
    total = 0
    for name, node in path.nodes:
        if kind_of(node) != "Delay":
            continue
        delays = values(name, node, "delay")
        if not delays.any():
            continue
        assert dt is not None
        steps = delays / dt
        if np.ptp(steps) > 1e-6 or abs(steps - 1).max() > 1e-3:
            span = " to ".join(dict.fromkeys((as_text(delays.min()), as_text(delays.max()))))
            raise TranslationError(
                f"node {name!r}: a delay of {span} is not one step of {as_text(dt)}; spikes can "
                "take no time, or one step."
            )
        total += 1
    if total > 1:
        raise TranslationError(
            f"node {path.nodes[-1][0]!r}: two delays lead to it; one step can be."
        )
    return total


def _warn_of_readout(layers: Sequence[SpikingLayer]) -> None:
    """Say that outputs do not spike, and so cannot learn in their sleep."""
    last = layers[-1]
    if last.neurons is not None and last.neurons.threshold == NEVER:
        warn_user(
            f"node {last.name!r}: the graph ends without neurons that spike; the threshold of the "
            f"outputs is out of reach ({NEVER:g}), so they are silent asleep. Give them another "
            "one with dataclasses.replace(network.neuron, threshold=[...]).",
            NirWarning,
        )
