"""Which populations of neurons a NIR graph has, and which nodes lie between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from ...errors import TranslationError, brief
from ..layers import INPUT
from .node_values import kind_of

if TYPE_CHECKING:
    import nir

WEIGHTS = ("Linear", "Affine", "Conv1d", "Conv2d")
POOLS = ("AvgPool2d", "SumPool2d")
BETWEEN = (*WEIGHTS, *POOLS, "Scale", "Flatten", "Delay")
SPIKING = ("LIF", "IF", "Threshold")
READOUTS = ("LI", "I")

#: A node with its name.
Named = tuple[str, "nir.NIRNode"]


@dataclass(frozen=True, eq=False)
class Path:
    """What lies between two populations.

    Attributes
    ----------
    source : str
        Name of the population that it comes from, or ``"input"``.
    nodes : tuple of (str, NIRNode)
        The nodes between, in order.
    """

    source: str
    nodes: tuple[Named, ...]


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons, and what leads to them.

    Attributes
    ----------
    name : str
        Name of their node; of the last node, where a graph ends without neurons.
    node : NIRNode or None
        Their node.
    paths : tuple of Path
        What leads to them.
    """

    name: str
    node: nir.NIRNode | None
    paths: tuple[Path, ...]

    @property
    def spikes(self) -> bool:
        """Whether its neurons have a threshold; those of a readout have none."""
        return self.node is not None and kind_of(self.node) in SPIKING


class Wiring:
    """The populations of a graph, each after all that lead to it.

    Parameters
    ----------
    graph : NIRGraph
        The graph. Graphs within it are taken apart; their nodes are called ``outer.inner``.

    Attributes
    ----------
    entrance : (str, NIRNode)
        The input.
    populations : list of Population

    Raises
    ------
    TranslationError
        Naming the node that cannot be part of a network that sleeps.
    """

    def __init__(self, graph: nir.NIRGraph) -> None:
        self.nodes, self.edges = _without_identities(*_flat(graph))
        self._check_edges()
        self.before: dict[str, list[str]] = {name: [] for name in self.nodes}
        self.after: dict[str, list[str]] = {name: [] for name in self.nodes}
        for source, target in self.edges:
            self.before[target].append(source)
            self.after[source].append(target)
        self.entrance = self._only("Input")
        self.exit = self._only("Output")[0]
        self._check_kinds()
        self.populations = self._populations()
        self._check_loose_ends()

    def _check_edges(self) -> None:
        """Refuse edges that lead nowhere, and those that are there twice."""
        if not self.nodes:
            raise TranslationError("the graph has no nodes; it needs weights and neurons.")
        seen = set()
        for edge in self.edges:
            for name in edge:
                if name not in self.nodes:
                    raise TranslationError(
                        f"the edge {brief(edge[0])} -> {brief(edge[1])} names a node that the "
                        f"graph lacks: {brief(name)}."
                    )
            if edge in seen:
                raise TranslationError(f"the edge {edge[0]!r} -> {edge[1]!r} is there twice.")
            seen.add(edge)

    def _only(self, kind: str) -> Named:
        """Return the only node of a kind."""
        found = [name for name, node in self.nodes.items() if kind_of(node) == kind]
        if len(found) != 1:
            listed = f" ({', '.join(map(repr, found[:3]))})" if found else ""
            raise TranslationError(
                f"the graph has {len(found)} {kind} nodes{listed}; a network that sleeps has one."
            )
        return found[0], self.nodes[found[0]]

    def _check_kinds(self) -> None:
        """Refuse nodes of other kinds, and nodes at a place where their kind cannot be."""
        for name, node in self.nodes.items():
            kind = kind_of(node)
            if (kind == "Input") == bool(self.before[name]):
                leads = "something" if kind == "Input" else "nothing"
                raise TranslationError(f"node {name!r}: {leads} leads to it; mend the edges.")
            if kind in ("CubaLIF", "CubaLI"):
                raise TranslationError(
                    f"node {name!r}: {kind} has a synaptic current with a time constant of its "
                    "own, which cannot sleep; use LIF."
                )
            if kind not in (*BETWEEN, *SPIKING, *READOUTS, "Input", "Output"):
                raise TranslationError(
                    f"node {name!r}: {kind} cannot sleep; {', '.join((*BETWEEN, *SPIKING))} can, "
                    "and LI and I at the end."
                )
            if kind in READOUTS and self.after[name] != [self.exit]:
                raise TranslationError(
                    f"node {name!r}: {kind} neurons do not spike, so they can only come last; put "
                    "LIF, IF or Threshold there."
                )

    def _order(self) -> Sequence[str]:
        """Return all nodes, each after those that lead to it."""
        try:
            return tuple(TopologicalSorter(self.before).static_order())
        except CycleError as error:
            around = " -> ".join(error.args[1])
            raise TranslationError(
                f"node {error.args[1][0]!r}: the graph is recurrent ({around}); only graphs "
                "without loops can sleep."
            ) from None

    def _populations(self) -> list[Population]:
        """Return the populations in order, the readout last."""
        found = [
            Population(name, self.nodes[name], self._paths(name))
            for name in self._order()
            if kind_of(self.nodes[name]) in (*SPIKING, *READOUTS)
        ]
        ends = self._paths(self.exit)
        last = [one for path in ends for one in path.nodes if kind_of(one[1]) != "Flatten"]
        if last:
            found.append(Population(last[-1][0], None, ends))
        elif len(ends) != 1:
            sources = ", ".join(repr(path.source) for path in ends)
            raise TranslationError(
                f"node {self.exit!r}: needs the neurons of one layer, but gets {sources}."
            )
        if not any(one.spikes for one in found):
            raise TranslationError(
                "the graph has no neurons; it needs at least one layer of LIF, IF or Threshold."
            )
        return found

    def _paths(self, name: str) -> tuple[Path, ...]:
        """Return what leads to a node from the populations before it."""
        return tuple(self._path(source, name) for source in self.before[name])

    def _path(self, at: str, target: str) -> Path:
        """Go back from a node to the population that drives it."""
        nodes: list[Named] = []
        while kind_of(self.nodes[at]) in BETWEEN:
            if len(self.before[at]) != 1:
                raise TranslationError(
                    f"node {at!r}: {len(self.before[at])} nodes lead to it; only sums that neurons "
                    "take can sleep, so put LIF, IF or Threshold before it."
                )
            if kind_of(self.nodes[at]) in WEIGHTS and len(self.after[at]) > 1:
                raise TranslationError(
                    f"node {at!r}: its weights lead to {len(self.after[at])} nodes; weights used "
                    "twice cannot sleep, so give each its own."
                )
            nodes.append((at, self.nodes[at]))
            (at,) = self.before[at]
        if at == self.exit:
            raise TranslationError(f"node {at!r}: must come last, but leads to {target!r}.")
        source = INPUT if at == self.entrance[0] else at
        return Path(source, tuple(reversed(nodes)))

    def _check_loose_ends(self) -> None:
        """Refuse nodes that do not lead to the output."""
        needed, waiting = {self.exit}, [self.exit]
        while waiting:
            for name in self.before[waiting.pop()]:
                if name not in needed:
                    needed.add(name)
                    waiting.append(name)
        for name in self.nodes:
            if name not in needed:
                raise TranslationError(f"node {name!r}: does not lead to the output; leave it out.")


def _flat(graph: nir.NIRGraph) -> tuple[dict[str, nir.NIRNode], list[tuple[str, str]]]:
    """Return the nodes and edges of a graph, with the graphs within it taken apart."""
    nodes: dict[str, nir.NIRNode] = {}
    edges = [(str(source), str(target)) for source, target in graph.edges]
    for raw, node in graph.nodes.items():
        name = str(raw)
        if kind_of(node) != "NIRGraph":
            nodes[name] = node
            continue
        inner_nodes, inner_edges = _flat(node)
        ends = {}
        for kind in ("Input", "Output"):
            found = [inner for inner, one in inner_nodes.items() if kind_of(one) == kind]
            if len(found) != 1:
                raise TranslationError(
                    f"node {name!r}: the graph in it has {len(found)} {kind} nodes; one is needed."
                )
            ends[kind] = f"{name}.{found[0]}"
            inner_nodes[found[0]] = Identity()
        nodes |= {f"{name}.{inner}": one for inner, one in inner_nodes.items()}
        edges = [
            (
                ends["Output"] if source == name else source,
                ends["Input"] if target == name else target,
            )
            for source, target in edges
        ]
        edges += [(f"{name}.{source}", f"{name}.{target}") for source, target in inner_edges]
    return nodes, edges


class Identity:
    """Stands where a graph within a graph had its input or its output."""


def _without_identities(
    nodes: dict[str, nir.NIRNode], edges: list[tuple[str, str]]
) -> tuple[dict[str, nir.NIRNode], list[tuple[str, str]]]:
    """Join what leads to a node that does nothing with what it leads to."""
    for name in [name for name, node in nodes.items() if kind_of(node) == "Identity"]:
        into = [source for source, target in edges if target == name]
        out = [target for source, target in edges if source == name]
        edges = [edge for edge in edges if name not in edge]
        edges += [(source, target) for source in into for target in out]
    kept = {name: node for name, node in nodes.items() if kind_of(node) != "Identity"}
    return kept, edges
