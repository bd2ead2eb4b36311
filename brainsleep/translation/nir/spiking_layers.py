"""The layers of a NIR graph: modules and constants of each population."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn.utils import prune

from ...errors import TranslationError
from .graph_paths import POOLS, Named, Population
from .links import Link, link, literally, window
from .neuron_values import NeuronValues, neuron_values
from .node_values import common, kind_of, metadata_number, subtracts, values
from .weight_modules import scale_rows


@dataclass(frozen=True, eq=False, kw_only=True)
class SpikingLayer:
    """One population: how its input is computed, and what its neurons do with it.

    Attributes
    ----------
    name : str
        Name of its node.
    links : tuple of Link
        What leads to it; sums over them.
    shape : tuple of int
        Shape of its activity.
    rectified : bool
        Whether a ReLU follows.
    neurons : NeuronValues or None
        None for a population that pools, whose neurons are not to be chosen.
    bias_gain : float
        What one unit of bias adds in a step.
    """

    name: str
    links: tuple[Link, ...]
    shape: tuple[int, ...]
    rectified: bool
    neurons: NeuronValues | None = None
    bias_gain: float = 0.0


@dataclass(frozen=True, eq=False)
class Drive:
    """What leads to a population, before anything is known of its neurons.

    Attributes
    ----------
    population : Population
        The neurons, and the nodes that lead to them.
    links : tuple of Link
        Those nodes as modules.
    pool : str or None
        Name of the pool that is all that leads to neurons that make a pooling population of it.
    """

    population: Population
    links: tuple[Link, ...]
    pool: str | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the population."""
        return self.links[0].shape


def drive(population: Population, shapes: Mapping[str, tuple[int, ...]]) -> Drive:
    """Return what leads to a population.

    Parameters
    ----------
    population : Population
        The neurons, and the nodes that lead to them.
    shapes : mapping of str to tuple of int
        Shape of each population before it.

    Raises
    ------
    TranslationError
        Naming the node that cannot be part of a layer.
    """
    name, pool = population.name, _pool_before(population)
    if pool is not None:
        (path,) = population.paths
        modules, (_, shape) = literally([pool], shapes[path.source])
        return Drive(population, (Link(path.source, modules, shape, None),), pool[0])
    links = tuple(link(path, shapes[path.source], name) for path in population.paths)
    found = Drive(population, links)
    if any(one.shape != found.shape for one in links):
        raise TranslationError(
            f"node {name!r}: gets values of different shapes, "
            f"{' and '.join(sorted({str(one.shape) for one in links}))}."
        )
    if len(links) == 1 and links[0].weighted is None:
        raise TranslationError(
            f"node {name!r}: there are no weights before these neurons; put Linear, Affine or "
            "Conv2d there."
        )
    return found


def spiking_layer(driven: Drive, dt: float | None) -> SpikingLayer:
    """Return the layer that a population becomes.

    Parameters
    ----------
    driven : Drive
        The population, and what leads to it.
    dt : float or None
        Time step in seconds.

    Raises
    ------
    TranslationError
        Naming the node whose neurons cannot be part of a layer.
    """
    population, links = driven.population, driven.links
    _check_size(population, driven.shape)
    neurons = neuron_values(population.name, population.node, dt)
    if driven.pool is not None:
        return _pooling(driven, neurons)
    if neurons.rows is not None:
        for one in links:
            _scale_link(population.name, one, neurons.rows)
    return _with_gains(driven, neurons)


def _check_size(population: Population, shape: tuple[int, ...]) -> None:
    """Refuse neurons of another number than the inputs that they get."""
    node = population.node
    if node is None:
        return
    for field in ("tau", "r", "v_leak", "v_threshold", "v_reset", "threshold"):
        if getattr(node, field, None) is None:
            continue
        own = values(population.name, node, field)
        if own.size != 1 and own.shape not in (shape, (math.prod(shape),)):
            raise TranslationError(
                f"node {population.name!r}: {field} has the shape {own.shape}, but its neurons get "
                f"{shape}."
            )


def _scale_link(name: str, one: Link, rows: NDArray[np.float64]) -> None:
    """Multiply the factors of neurons that differ into what leads to them."""
    if one.weighted is None:
        raise TranslationError(
            f"node {name!r}: its neurons differ in threshold or resistance, and the activity of "
            f"{one.source!r} reaches them without weights; give all the same."
        )
    scale_rows(name, one.weighted, rows)


def _with_gains(driven: Drive, neurons: NeuronValues) -> SpikingLayer:
    """Divide into weights and gain what a graph has as one number.

    Activity that arrives without weights counts with the gain itself, so that its factor is the
    gain. Otherwise it is that of the metadata, which ours writes, or 1.
    """
    population, links = driven.population, driven.links
    factors = [one.factor for one in links if one.weighted is None]
    if factors and (common(np.array(factors)) is None or factors[0] <= 0):
        raise TranslationError(
            f"node {population.name!r}: activity that arrives without weights must have one scale "
            f"above 0, but has {', '.join(f'{factor:g}' for factor in factors)}; put weights there."
        )
    node = population.node
    if node is None:  # the graph ends in weights
        node = population.paths[0].nodes[-1][1]
    gain = factors[0] if factors else metadata_number(node, "gain") or 1.0
    bias_gain = metadata_number(node, "bias_gain") or gain
    with torch.no_grad():
        for one in links:
            if one.weighted is not None:
                one.weighted.weight /= gain
                if one.weighted.bias is not None:
                    one.weighted.bias /= bias_gain
            if one.weighted is not None and one.mask is not None:
                prune.custom_from_mask(one.weighted, "weight", torch.from_numpy(one.mask))
    return SpikingLayer(
        name=population.name,
        links=links,
        shape=driven.shape,
        rectified=population.spikes,
        neurons=replace(neurons, gain=neurons.gain * gain),
        bias_gain=neurons.gain * bias_gain,
    )


def _pool_before(population: Population) -> Named | None:
    """Return the pool that is all that leads to neurons that make a pooling population of it."""
    node = population.node
    if node is None or len(population.paths) != 1:
        return None
    nodes = [one for one in population.paths[0].nodes if kind_of(one[1]) != "Delay"]
    if len(nodes) != 1 or kind_of(nodes[0][1]) not in POOLS:
        return None
    is_pooling = kind_of(node) == "Threshold" or (kind_of(node) == "IF" and subtracts(node))
    return nodes[0] if is_pooling else None


def _pooling(driven: Drive, neurons: NeuronValues) -> SpikingLayer:
    """Return a population that pools: any spike of a window, or as many as make its mean."""
    population, (one,) = driven.population, driven.links
    (module,) = one.modules
    assert isinstance(module, nn.AvgPool2d)
    kernel, stride, padding = window(module)
    each = 1.0 if module.divisor_override else 1 / math.prod(kernel)
    largest = each * math.prod(kernel)
    pooling: nn.Module
    if neurons.subtracts and math.isclose(neurons.threshold, neurons.gain * largest, rel_tol=1e-6):
        pooling = nn.AvgPool2d(kernel, stride, padding)
    elif not neurons.subtracts and neurons.threshold < each:
        pooling = nn.MaxPool2d(kernel, stride, padding)
    else:
        raise TranslationError(
            f"node {population.name!r}: its threshold is {neurons.threshold:g} after the pool "
            f"{driven.pool!r}, whose window adds up to {largest:g}; without weights, only any "
            "spike (max pooling) or all of them (average pooling) can make a neuron spike."
        )
    return SpikingLayer(
        name=population.name,
        links=(replace(one, modules=[pooling]),),
        shape=driven.shape,
        rectified=False,
    )
