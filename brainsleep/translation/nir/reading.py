"""Read a NIR graph as a network that can sleep."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from brian2.units import ms
from numpy.typing import ArrayLike
from torch import nn

from ...errors import TranslationError
from ...neurons import Heaviside
from ...support.calls import public
from ...support.quantities import Time, quantity
from .nir_package import import_nir

if TYPE_CHECKING:
    import nir


@dataclass(frozen=True)
class NirNetwork:
    """A network read from a NIR graph.

    Attributes
    ----------
    ann : torch.nn.Sequential
        Its weights in float64, with a ReLU for each layer of neurons.
    neuron : Heaviside
        Its neurons: ``bs.sleep(network.ann, stimulus, neuron=network.neuron, ...)``.
    input_shape : tuple of int
        Shape of one input.
    """

    ann: nn.Sequential
    neuron: Heaviside
    input_shape: tuple[int, ...]


@public
def from_nir(path: str | os.PathLike[str], dt: Time = 1 * ms) -> NirNetwork:
    """Read a NIR graph as a network that can sleep.

    Parameters
    ----------
    path : path
        An HDF5 file. It must hold a chain of Linear, Affine or Conv2d nodes, each followed by LIF,
        IF or Threshold neurons, with Flatten between them. All neurons of a layer must be alike,
        without a leak voltage, and reset to 0.
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
        Naming the node, and what about it cannot be translated.
    ParameterError, UnitsError
        If `dt` is no time above 0.

    Examples
    --------
    >>> network = bs.from_nir("network.nir")  # doctest: +SKIP
    >>> night = bs.sleep(network.ann, stimulus, neuron=network.neuron)  # doctest: +SKIP
    """
    seconds = quantity(dt, ms, "dt", minimum=0, exclusive_minimum=True)
    graph = import_nir().read(os.fspath(path))
    reader = _Reader(seconds)
    for name in _chain(graph):
        reader.read(name, graph.nodes[name])
    return reader.network()


@dataclass(frozen=True)
class _Constants:
    """The constants of one layer of Heaviside neurons."""

    threshold: float
    gain: float
    decay: float


class _Reader:
    """Turns nodes, one after the other, into modules and constants.

    Parameters
    ----------
    dt : float
        Time step in seconds.
    """

    def __init__(self, dt: float) -> None:
        self.dt = dt
        self.modules: list[nn.Module] = []
        self.input_shape: tuple[int, ...] = ()
        self.constants: list[_Constants] = []
        self.waiting = False  # whether there are weights that no neurons have followed yet

    def read(self, name: str, node: nir.NIRNode) -> None:
        """Take one node."""
        kind = type(node).__name__
        if kind == "Input":
            self.input_shape = tuple(int(size) for size in node.input_type["input"])
        elif kind in ("Linear", "Affine", "Conv2d"):
            if self.waiting:
                raise TranslationError(
                    f"node {name!r}: there are no neurons between it and the weights before it; "
                    "put LIF, IF or Threshold there."
                )
            self.modules.append(_linear(node) if kind != "Conv2d" else _convolution(node))
            self.waiting = True
        elif kind in ("LIF", "IF", "Threshold"):
            self._neurons(name, node)
        elif kind == "Flatten":
            self.modules.append(nn.Flatten())
        elif kind != "Output":
            raise TranslationError(
                f"node {name!r}: {kind} cannot sleep; Linear, Affine, Conv2d, Flatten, LIF, IF and "
                "Threshold can."
            )

    def _neurons(self, name: str, node: nir.NIRNode) -> None:
        """Take a layer of neurons."""
        if not self.waiting:
            raise TranslationError(
                f"node {name!r}: there are no weights before these neurons; put Linear, Affine or "
                "Conv2d there."
            )
        self.modules.append(nn.ReLU())
        self.constants.append(_neuron_constants(name, node, self.dt))
        self.waiting = False

    def network(self) -> NirNetwork:
        """Return what was read."""
        if not self.constants:
            raise TranslationError(
                "the graph has no neurons; it needs at least one layer of LIF, IF or Threshold."
            )
        gains = [one.gain for one in self.constants]
        neuron = Heaviside(
            gain=gains,
            threshold=[one.threshold for one in self.constants],
            decay=[one.decay for one in self.constants],
            bias_gain=gains,
        )
        return NirNetwork(nn.Sequential(*self.modules), neuron, self.input_shape)


def _neuron_constants(name: str, node: nir.NIRNode, dt: float) -> _Constants:
    """Return the constants of a layer of neurons."""
    kind = type(node).__name__
    if kind == "Threshold":
        return _Constants(_common(name, "threshold", node.threshold), gain=1.0, decay=0.0)
    for field in ("v_leak", "v_reset"):
        values = np.asarray(getattr(node, field, 0.0))
        if (values != 0).any():
            wrong = values[values != 0].flat[0]
            raise TranslationError(f"node {name!r}: {field} must be 0, but is {wrong:g}.")
    threshold = _common(name, "v_threshold", node.v_threshold)
    resistance = _common(name, "r", node.r)
    if kind == "IF":
        return _Constants(threshold, gain=resistance * dt, decay=1.0)
    tau = _common(name, "tau", node.tau)
    decay = 1 - dt / tau
    if decay < -1e-12:
        raise TranslationError(
            f"node {name!r}: tau is {tau:g} s, shorter than dt, {dt:g} s; pass a smaller dt."
        )
    return _Constants(threshold, gain=resistance * dt / tau, decay=max(decay, 0.0))


def _linear(node: nir.NIRNode) -> nn.Linear:
    """Make a fully connected layer."""
    n_out, n_in = node.weight.shape
    bias = getattr(node, "bias", None)
    module = nn.Linear(n_in, n_out, bias=bias is not None).double()
    with torch.no_grad():
        module.weight.copy_(torch.tensor(node.weight))
        if bias is not None:
            module.bias.copy_(torch.tensor(bias))
    return module


def _convolution(node: nir.NIRNode) -> nn.Conv2d:
    """Make a convolution; a bias of zeros is left out."""
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


def _common(name: str, field: str, values: ArrayLike) -> float:
    """Return the value that all neurons of a layer share."""
    unique = np.unique(np.asarray(values, dtype=np.float64))
    if len(unique) != 1:
        raise TranslationError(
            f"node {name!r}: {field} differs between neurons ({unique[0]:g} to {unique[-1]:g}); "
            "all neurons of a layer must have the same."
        )
    return float(unique[0])


def _chain(graph: nir.NIRGraph) -> list[str]:
    """Return the names of the nodes of a chain in order."""
    follows: dict[str, str] = {}
    for source, target in graph.edges:
        if source in follows or target in follows.values():
            raise TranslationError(
                f"node {source if source in follows else target!r}: branches and sums in NIR "
                "graphs cannot be read; only a chain of nodes can."
            )
        follows[source] = target
    starts = [name for name in follows if name not in follows.values()]
    if len(starts) != 1:
        raise TranslationError(
            f"the graph has {len(starts)} nodes that no other leads to, where one was expected."
        )
    names = starts
    while names[-1] in follows:
        names.append(follows[names[-1]])
    return names
