"""Two recorded runs of a module as one graph.

The runs have different numbers of inputs, with different values. What both did alike is what the
module does; a whole number that grows with the batch is a multiple of its size.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from ...errors import TranslationError
from .constants import Constant, Constants
from .operations import LIKE, name_of_function
from .recorder import Call, Recording, tensors_in


@dataclass(frozen=True)
class Batch:
    """A whole number that is a multiple of the number of inputs."""

    factor: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Merged:
    """One call that both runs made.

    Attributes
    ----------
    node : fx.Node
        Its node in the graph.
    call : Call
        The call in the first run.
    args, kwargs : tuple, dict
        What it was called with: activities are nodes, other tensors are constants.
    inputs : tuple of Node
        The activities among them.
    first : Tensor
        The first of these in the first run.
    results : tuple of (object, int)
        What it returned in each run, and the number of inputs of that run.
    """

    node: fx.Node
    call: Call
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    inputs: tuple[fx.Node, ...]
    first: torch.Tensor
    results: tuple[tuple[object, int], ...]


class Merger:
    """Makes a graph of two runs.

    Parameters
    ----------
    one, other : Recording
        The runs.

    Attributes
    ----------
    graph : fx.Graph
        The functions that activity flows through; constants are attributes.
    entrance : fx.Node
        The node of the input.
    attributes : dict of str to Tensor
        The values of the constants, by the names that the graph has for them.
    calls : list of Merged
        The calls, in order.
    """

    def __init__(self, one: Recording, other: Recording) -> None:
        self.runs = (one, other)
        self.constants = (Constants(one), Constants(other))
        self.graph = fx.Graph()
        self.entrance = self.graph.placeholder("x")
        self.attributes: dict[str, torch.Tensor] = {}
        self.calls: list[Merged] = []
        # the node of each activity in each run
        self.nodes = tuple({id(run.entrance): self.entrance} for run in self.runs)

    def merge(self) -> list[fx.Node]:
        """Fill the graph; return the nodes of the activities that the module returns.

        Raises
        ------
        TranslationError
            If the two runs did not do the same.
        """
        one, other = self.runs
        for first, second in zip(one.calls, other.calls, strict=False):
            self._add(first, second)
        if len(one.calls) != len(other.calls):
            longer = max(one.calls, other.calls, key=len)
            raise _differs(longer[len(self.calls)])
        returned = [tuple(tensors_in(run.result)) for run in self.runs]
        pairs = zip(*returned, strict=False)
        nodes = [node for pair in pairs if (node := self._activity(*pair)) is not None]
        is_one = isinstance(one.result, torch.Tensor) and len(nodes) == 1
        self.graph.output(nodes[0] if is_one else tuple(nodes))
        return nodes

    def _activity(self, one: torch.Tensor, other: torch.Tensor) -> fx.Node | None:
        """Return the node of an activity, if two tensors are the same activity in both runs."""
        node = self.nodes[0].get(id(one))
        return node if self.nodes[1].get(id(other)) is node else None

    def _add(self, one: Call, other: Call) -> None:
        """Add a call to the graph."""
        if one.function != other.function or one.place != other.place:
            raise _differs(one)
        if one.mutates and id(one.args[0]) not in self.nodes[0]:
            raise TranslationError(
                f"{one.place.of(name_of_function(one.function))}: changes a constant in place by "
                "activity; make a new tensor of both, as in a = a + b."
            )
        args = self._both(one.args, other.args, one)
        kwargs = self._both(one.kwargs, other.kwargs, one)
        function = name_of_function(one.function)
        called, taken_by_it = _without_getter(one.function, args)
        node = self.graph.create_node(
            "call_function",
            called,
            self._in_graph(taken_by_it),
            self._in_graph(kwargs),
            name=one.place.path if one.place.is_builtin else function,
        )
        self._name_result(node, one.result, other.result)
        taken = tensors_in((one.args, one.kwargs))
        self.calls.append(
            Merged(
                node=node,
                call=one,
                args=args,
                kwargs=kwargs,
                inputs=tuple(_nodes_in(args[:1] if one.function in LIKE else (args, kwargs))),
                first=next(each for each in taken if id(each) in self.runs[0].activities),
                results=(
                    (one.result, self.runs[0].n_inputs),
                    (other.result, self.runs[1].n_inputs),
                ),
            )
        )

    def _name_result(self, node: fx.Node, one: object, other: object) -> None:
        """Note that a node holds what a call returned."""
        if isinstance(one, torch.Tensor):
            self.nodes[0][id(one)] = self.nodes[1][id(other)] = node
            return
        pairs = zip(tensors_in(one), tensors_in(other), strict=False)
        for index, (first, second) in enumerate(pairs):
            entry = self.graph.call_function(operator.getitem, (node, index))
            self._name_result(entry, first, second)

    def _both(self, one: Any, other: Any, call: Call) -> Any:
        """Return the argument that two runs gave a function."""
        if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
            return self._tensor(one, other, call)
        if isinstance(one, Mapping) and isinstance(other, Mapping) and one.keys() == other.keys():
            return {name: self._both(value, other[name], call) for name, value in one.items()}
        if isinstance(one, slice) and isinstance(other, slice):
            ends = zip(_ends(one), _ends(other), strict=True)
            return slice(*(self._both(first, second, call) for first, second in ends))
        if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)):
            if len(one) != len(other):
                raise _differs(call)
            pairs = zip(one, other, strict=True)
            kind = list if isinstance(one, list) else tuple
            return kind(self._both(first, second, call) for first, second in pairs)
        if type(one) is type(other) and (one is other or one == other):
            return one
        sizes = [run.n_inputs for run in self.runs]
        if type(one) is int and type(other) is int and one * sizes[1] == other * sizes[0]:
            return Batch(one // sizes[0])
        raise _differs(call)

    def _tensor(self, one: torch.Tensor, other: torch.Tensor, call: Call) -> fx.Node | Constant:
        """Return the node of an activity, or a constant."""
        if id(one) in self.nodes[0] or id(other) in self.nodes[1]:
            node = self._activity(one, other)
            if node is None:
                raise _differs(call)
            return node
        path = call.place.path
        constants = [
            reader.read(tensor, path)
            for reader, tensor in zip(self.constants, (one, other), strict=True)
        ]
        values = [constant.value for constant in constants]
        if one.shape != other.shape:  # perhaps created for each input
            values = [value[:1] for value in values if value.ndim and (value == value[:1]).all()]
        if len(values) < 2 or not _equal(*values):
            raise _differs(call)
        return constants[0] if one.shape == other.shape else Constant(values[0])

    def _in_graph(self, value: Any) -> Any:
        """Return arguments as the graph has them, with nodes for constants and for the batch."""
        if isinstance(value, Constant):
            return self._constant(value)
        if isinstance(value, Batch):
            axis = int(len(self.runs[0].entrance) != self.runs[0].n_inputs)  # after that of steps
            size = self.graph.call_method("size", (self.entrance, axis))
            if value.factor == 1:
                return size
            return self.graph.call_function(operator.mul, (size, value.factor))
        if isinstance(value, dict):
            return {name: self._in_graph(entry) for name, entry in value.items()}
        if isinstance(value, (tuple, list)):
            return type(value)(self._in_graph(entry) for entry in value)
        if isinstance(value, slice):
            return slice(*(self._in_graph(entry) for entry in _ends(value)))
        return value

    def _constant(self, constant: Constant) -> fx.Node:
        """Return a node of a constant."""
        if constant.name is None:
            return self._attribute(f"_constant_{len(self.attributes)}", constant.value)
        node = self._attribute(constant.name, constant.original)
        if constant.mask is None:
            return node
        mask = self._attribute(f"_constant_{len(self.attributes)}", constant.mask)
        return self.graph.call_function(torch.mul, (node, mask))

    def _attribute(self, name: str, value: torch.Tensor) -> fx.Node:
        """Return a node that reads an attribute of the graph's module."""
        self.attributes[name] = value
        return self.graph.create_node("get_attr", name)


def _without_getter(
    function: Callable[..., object], args: tuple[Any, ...]
) -> tuple[Callable[..., object], tuple[Any, ...]]:
    """Return a function with its arguments; ``x.T`` is one that a graph cannot name."""
    if getattr(function, "__name__", "") != "__get__":
        return function, args
    return getattr, (args[0], name_of_function(function))


def _differs(call: Call) -> TranslationError:
    """Return the error for a module that does not always do the same."""
    return TranslationError(
        f"{call.place.of(name_of_function(call.function))}: does not do the same each time; "
        "forward must not depend on the number of inputs or their values, nor on chance or earlier "
        "calls."
    )


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Tell whether two tensors hold the same values; NaN is equal to NaN."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if torch.equal(one, other):  # much faster, and seldom is there NaN
        return True
    return bool(((one == other) | ((one != one) & (other != other))).all())


def _ends(value: slice) -> tuple[Any, Any, Any]:
    """Return the three numbers of a slice."""
    return value.start, value.stop, value.step


def _nodes_in(value: object) -> Iterator[fx.Node]:
    """Yield the nodes in arguments, however they are nested."""
    if isinstance(value, fx.Node):
        yield value
    elif isinstance(value, dict):
        yield from _nodes_in(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for entry in value:
            yield from _nodes_in(entry)
