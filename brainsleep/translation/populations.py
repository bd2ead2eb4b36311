"""What each node of a traced module means for spiking neurons, and the populations made of it.

The value of a node is one of:

:class:`Activity`
    The rectified activity of a population, or what BatchNorm makes of it.
:class:`Current`
    What a Linear, a convolution or an addition computes. It becomes a population at its ReLU, or
    at the output; sums of rectified activities are never negative and need no ReLU.
:class:`Pooled`
    A current that was max-pooled before its ReLU. The maximum of rectified values is the rectified
    maximum, so it becomes two populations: one that rectifies and one that pools.
:class:`Softmax`
    The end of a network that returns probabilities. It is left out, since it keeps the order of the
    outputs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..errors import TranslationError
from ..network.windows import Window
from .folding import Affine, finished
from .layers import INPUT, Connection, Layer


@dataclass(frozen=True, eq=False)
class Activity:
    """The rectified activity of one population, and the BatchNorm that has acted on it since."""

    source: str
    affine: Affine | None = None


@dataclass(frozen=True, eq=False)
class Current:
    """A population's input, before it is rectified."""

    name: str
    node: str
    shape: tuple[int, ...]
    connections: tuple[Connection, ...]
    bias: NDArray[np.float64] | None = None
    biases: tuple[Connection, ...] = ()

    @property
    def nonnegative(self) -> bool:
        """Whether it is a sum of rectified activities, and perhaps of positive constants."""
        if self.bias is not None and (self.bias < 0).any():
            return False
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
        """Name of its node in the graph."""
        return self.pool.node

    @property
    def current(self) -> Current:
        """The current before the first pooling."""
        return self.before.current if isinstance(self.before, Pooled) else self.before


@dataclass(frozen=True, eq=False)
class Softmax:
    """A softmax, or its logarithm, of the outputs: nothing may follow it."""

    of: Current
    name: str
    place: str


Value: TypeAlias = Activity | Current | Pooled | Softmax


class Populations:
    """The layers, in the order in which they are made.

    Attributes
    ----------
    layers : list of Layer
        The layers made so far.
    activities : dict of Current or Pooled to Activity
        The population that was made of each current.
    owners : dict of str to str
        The layer that each weight drives.
    """

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.activities: dict[Current | Pooled, Activity] = {}
        self.owners: dict[str, str] = {}

    def __contains__(self, value: Current | Pooled) -> bool:
        return value in self.activities

    @property
    def rectified(self) -> set[str]:
        """Names of the populations that do not pool."""
        return {layer.name for layer in self.layers if layer.kind == "neurons"}

    def of(self, value: Current | Pooled, node: str) -> Activity:
        """Return the population that rectifies a current; make it unless there is one.

        Parameters
        ----------
        value : Current or Pooled
            The current.
        node : str
            Name of the node in the graph that holds its rectified activity.

        Returns
        -------
        Activity

        Raises
        ------
        TranslationError
            If its name is taken, or if one of its weights already drives another population.
        """
        if value not in self.activities:
            if isinstance(value, Pooled):
                activity = self.pooling(self.of(value.before, value.before.node), value.pool)
            else:
                activity = self._neurons(value, node)
            self.activities[value] = activity
        return self.activities[value]

    def _neurons(self, current: Current, node: str) -> Activity:
        """Make a population that rectifies a current."""
        connections = tuple(finished(connection) for connection in current.connections)
        for name in (connection.weight_name for connection in connections):
            if name is not None and name in self.owners:
                raise TranslationError(
                    f"{current.name}: what {name!r} computes drives layer {self.owners[name]!r} "
                    "already; a weight used twice cannot sleep, so give each layer its own."
                )
            if name is not None:
                self.owners[name] = current.name
        bias = None if current.bias is None else current.bias.astype(_common_type(connections))
        return self._append(
            Layer(
                name=current.name,
                node=node,
                kind="neurons",
                shape=current.shape,
                connections=connections,
                bias=bias,
                biases=tuple(finished(connection) for connection in current.biases),
            )
        )

    def pooling(self, activity: Activity, pool: Pool) -> Activity:
        """Make a population that pools another one.

        Raises
        ------
        TranslationError
            If its name is taken.
        """
        n_in, n_out = math.prod(pool.window.in_shape), math.prod(pool.window.out_shape)
        link = Connection(activity.source, pool.kind, n_in, n_out, window=pool.window)
        return self._append(
            Layer(
                name=pool.name,
                node=pool.node,
                kind=pool.kind,
                shape=pool.shape,
                connections=(link,),
            )
        )

    def compete(self, name: str, winners: int, node: str) -> Activity:
        """Let at most some neurons of a population be active at a time.

        Parameters
        ----------
        name : str
            The population.
        winners : int
            How many neurons.
        node : str
            Name of the node in the graph that holds what is left of its activity.
        """
        index = next(k for k, layer in enumerate(self.layers) if layer.name == name)
        layer = self.layers[index]
        fewest = winners if layer.winners is None else min(winners, layer.winners)
        self.layers[index] = replace(layer, node=node, winners=fewest)
        return Activity(name)

    def _append(self, layer: Layer) -> Activity:
        """Append a layer, whose name must be free."""
        if layer.name == INPUT:
            raise TranslationError(
                f"a layer is called {INPUT!r}, the name of the input population; rename the module."
            )
        if any(layer.name == other.name for other in self.layers):
            raise TranslationError(f"two layers are called {layer.name!r}; rename the module.")
        self.layers.append(layer)
        return Activity(layer.name)


def _common_type(connections: tuple[Connection, ...]) -> np.dtype[np.floating]:
    """Return the widest type of the weights."""
    weights = [link.weight for link in connections if link.weight is not None]
    return np.result_type(*weights) if weights else np.dtype(np.float64)
