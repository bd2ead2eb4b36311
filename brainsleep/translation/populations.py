"""What each node of a traced module is worth to spiking neurons, and the populations made of it.

A node's value is one of:

:class:`Activity`
    The rectified activity of a population, or what BatchNorm makes of it.
:class:`Current`
    What a Linear, a convolution or an addition computes. It becomes a population at its ReLU, or
    at the output; sums of rectified activities, which are never negative, do without.
:class:`Pooled`
    A current that was max-pooled before its ReLU. The maximum of the rectified is the rectified
    maximum, so it becomes a population that rectifies and one that pools.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..errors import TranslationError
from ..network.windows import Window
from .folding import Affine, finished
from .layers import INPUT, Connection, Layer


@dataclass(frozen=True, eq=False)
class Activity:
    """The rectified activity of one population, and what BatchNorm has made of it since."""

    source: str
    affine: Affine | None = None


@dataclass(frozen=True, eq=False)
class Current:
    """A population's input, before it is rectified."""

    name: str
    node: str
    shape: tuple[int, ...]
    connections: tuple[Connection, ...]
    bias: np.ndarray | None = None

    @property
    def nonnegative(self) -> bool:
        """Whether it is a sum of rectified activities alone."""
        return all(connection.kind == "identity" for connection in self.connections)


@dataclass(frozen=True)
class Pool:
    """Pooling that is to become a population."""

    name: str
    node: str
    kind: str
    shape: tuple[int, ...]
    window: Window


@dataclass(frozen=True, eq=False)
class Pooled:
    """A current that was max-pooled, perhaps repeatedly, before it is rectified."""

    before: Current | Pooled
    pool: Pool

    @property
    def node(self) -> str:
        """Where it is in the graph."""
        return self.pool.node

    @property
    def current(self) -> Current:
        """What was pooled first."""
        return self.before.current if isinstance(self.before, Pooled) else self.before


Value = Activity | Current | Pooled


class Populations:
    """The layers, in the order in which they are made.

    Attributes
    ----------
    layers : list of Layer
        Those made so far.
    """

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.activities: dict[Current | Pooled, Activity] = {}
        self.owners: dict[str, str] = {}  # the layer each weight drives

    def __contains__(self, value: Current | Pooled) -> bool:
        return value in self.activities

    def of(self, value: Current | Pooled, node: str) -> Activity:
        """Return the population that rectifies a current; make it unless there is one.

        Parameters
        ----------
        value : Current or Pooled
            The current.
        node : str
            Where its rectified activity is found in the graph.

        Raises
        ------
        TranslationError
            If its name is taken, or if one of its weights drives another population already.
        """
        if value not in self.activities:
            if isinstance(value, Pooled):
                activity = self.pooling(self.of(value.before, value.before.node), value.pool)
            else:
                activity = self._neurons(value, node)
            self.activities[value] = activity
        return self.activities[value]

    def _neurons(self, current: Current, node: str) -> Activity:
        connections = tuple(finished(connection) for connection in current.connections)
        for name in (connection.weight_name for connection in connections):
            if name is not None and name in self.owners:
                raise TranslationError(
                    f"{current.name}: what {name!r} computes drives layer {self.owners[name]!r} "
                    "already; a weight used twice cannot sleep."
                )
            if name is not None:
                self.owners[name] = current.name
        bias = current.bias
        if bias is not None:
            bias = bias.astype(_common_type(connections))
        layer = Layer(current.name, node, "neurons", current.shape, connections, bias)
        return self._append(layer)

    def pooling(self, activity: Activity, pool: Pool) -> Activity:
        """Make a population that pools."""
        n_in, n_out = math.prod(pool.window.in_shape), math.prod(pool.window.out_shape)
        link = Connection(activity.source, pool.kind, n_in, n_out, pool.window)
        return self._append(Layer(pool.name, pool.node, pool.kind, pool.shape, (link,)))

    def _append(self, layer: Layer) -> Activity:
        if layer.name == INPUT:
            raise TranslationError(
                f"a layer is called {INPUT!r}, the name of the input population; rename the module."
            )
        if any(layer.name == other.name for other in self.layers):
            raise TranslationError(f"two layers are called {layer.name!r}; rename the module.")
        self.layers.append(layer)
        return Activity(layer.name)


def _common_type(connections: tuple[Connection, ...]) -> np.dtype:
    """Return the widest type of the weights."""
    return np.result_type(*(link.weight for link in connections if link.weight is not None))
