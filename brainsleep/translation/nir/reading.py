"""Read a NIR graph as a network that can sleep."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from brian2.units import ms
from torch import nn

from ...errors import TranslationError
from ...neurons import Heaviside
from ...support.quantities import quantity
from .package import import_nir


@dataclass(frozen=True)
class NirNetwork:
    """A network read from a NIR graph.

    Attributes
    ----------
    ann : torch.nn.Sequential
        Its weights, with a ReLU for each layer of neurons.
    neuron : Heaviside
        Its neurons: ``bs.sleep(network.ann, stimulus, neuron=network.neuron, ...)``.
    input_shape : tuple of int
        Of one input.
    """

    ann: nn.Sequential
    neuron: Heaviside
    input_shape: tuple[int, ...]


def from_nir(path: str | os.PathLike[str], dt: Any = 1 * ms) -> NirNetwork:
    """Read a NIR graph as a network that can sleep.

    Parameters
    ----------
    path : path
        An HDF5 file: a chain of Linear, Affine or Conv2d, each followed by LIF, IF or Threshold
        neurons without leak voltage that reset to 0, all alike in one layer; Flatten between.
    dt : Quantity or str, optional
        Time step of Euler's method: decay = 1 - dt/tau.

    Returns
    -------
    NirNetwork

    Raises
    ------
    MissingPackageError
        If `nir` is not installed.
    TranslationError
        Naming the node, and what of it cannot sleep.
    """
    seconds = quantity(dt, ms, "dt", minimum=0, exclusive_minimum=True)
    graph = import_nir().read(os.fspath(path))
    reader = _Reader(seconds)
    for name in _chain(graph):
        reader.read(name, graph.nodes[name])
    return reader.network()


class _Reader:
    """Turns nodes, one after the other, into modules and constants."""

    def __init__(self, dt: float) -> None:
        self.dt = dt
        self.modules: list[nn.Module] = []
        self.input_shape: tuple[int, ...] = ()
        self.gains: list[float] = []
        self.thresholds: list[float] = []
        self.decays: list[float] = []
        self.waiting = False  # weights that no neurons have followed yet

    def read(self, name: str, node: Any) -> None:
        """Take one node."""
        kind = type(node).__name__
        if kind == "Input":
            self.input_shape = tuple(int(size) for size in node.input_type["input"])
        elif kind in ("Linear", "Affine", "Conv2d"):
            if self.waiting:
                raise TranslationError(f"node {name!r}: no neurons between it and weights before.")
            self.modules.append(_linear(node) if kind != "Conv2d" else _convolution(node))
            self.waiting = True
        elif kind in ("LIF", "IF", "Threshold"):
            self._neurons(name, kind, node)
        elif kind == "Flatten":
            self.modules.append(nn.Flatten())
        elif kind != "Output":
            raise TranslationError(
                f"node {name!r}: {kind} cannot sleep; Linear, Affine, Conv2d, Flatten, LIF, IF and "
                "Threshold can."
            )

    def _neurons(self, name: str, kind: str, node: Any) -> None:
        """Take a layer of neurons."""
        if not self.waiting:
            raise TranslationError(f"node {name!r}: neurons without weights before them.")
        if kind == "Threshold":
            decay, gain = 0.0, 1.0
            threshold = _common(name, "threshold", node.threshold)
        else:
            for field in ("v_leak", "v_reset"):
                value = getattr(node, field, 0.0)
                if np.any(np.asarray(value) != 0):
                    raise TranslationError(f"node {name!r}: {field} must be 0.")
            threshold = _common(name, "v_threshold", node.v_threshold)
            resistance = _common(name, "r", node.r)
            if kind == "LIF":
                tau = _common(name, "tau", node.tau)
                decay, gain = 1 - self.dt / tau, resistance * self.dt / tau
                if decay < -1e-12:
                    raise TranslationError(
                        f"node {name!r}: tau is {tau:g} s, shorter than dt, {self.dt:g} s."
                    )
                decay = max(decay, 0.0)
            else:
                decay, gain = 1.0, resistance * self.dt
        self.modules.append(nn.ReLU())
        self.gains.append(gain)
        self.thresholds.append(threshold)
        self.decays.append(decay)
        self.waiting = False

    def network(self) -> NirNetwork:
        """Return what was read."""
        if not self.gains:
            raise TranslationError("the graph has no neurons.")
        neuron = Heaviside(
            gain=self.gains, threshold=self.thresholds, decay=self.decays, bias_gain=self.gains
        )
        return NirNetwork(nn.Sequential(*self.modules), neuron, self.input_shape)


def _linear(node: Any) -> nn.Linear:
    """Make a fully connected layer."""
    n_out, n_in = node.weight.shape
    bias = getattr(node, "bias", None)
    module = nn.Linear(n_in, n_out, bias=bias is not None).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor(node.weight))
        if bias is not None:
            module.bias.copy_(torch.tensor(bias))
    return module


def _convolution(node: Any) -> nn.Conv2d:
    """Make a convolution; a bias of zeros is none."""
    n_out, n_in, *kernel = node.weight.shape
    has_bias = bool(np.any(node.bias != 0))
    module = nn.Conv2d(
        n_in * node.groups,
        n_out,
        tuple(kernel),
        tuple(node.stride),
        node.padding if isinstance(node.padding, str) else tuple(node.padding),
        tuple(node.dilation),
        node.groups,
        bias=has_bias,
    ).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor(node.weight))
        if module.bias is not None:
            module.bias.copy_(torch.tensor(node.bias))
    return module


def _common(name: str, field: str, values: Any) -> float:
    """Return the value that all neurons of a layer share."""
    unique = np.unique(np.asarray(values, dtype=np.float64))
    if len(unique) != 1:
        raise TranslationError(
            f"node {name!r}: {field} differs between neurons ({unique[0]:g} to {unique[-1]:g}); "
            "one value a layer can sleep."
        )
    return float(unique[0])


def _chain(graph: Any) -> list[str]:
    """Return the names of the nodes of a chain in order."""
    follows: dict[str, str] = {}
    for source, target in graph.edges:
        if source in follows or target in follows.values():
            raise TranslationError(
                f"node {source if source in follows else target!r}: branches and sums in NIR "
                "graphs cannot be read yet; a chain can."
            )
        follows[source] = target
    starts = [name for name in follows if name not in follows.values()]
    if len(starts) != 1:
        raise TranslationError(f"the graph has {len(starts)} beginnings, where one was expected.")
    names = starts
    while names[-1] in follows:
        names.append(follows[names[-1]])
    return names
