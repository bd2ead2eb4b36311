"""One run of a traced module, to find the shape at every node and the arguments of functions.

The traced copy runs in evaluation mode, on a few inputs of zeros.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import fx, nn

from ..errors import TranslationError
from .operations import Operation, activity_inputs, name_of, place_of

#: Number of inputs. More than one, so that the batch can be told from a dimension of size 1.
BATCH = 2


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """One node that activity flows through, and what a run of it showed.

    Attributes
    ----------
    node : fx.Node
        The node.
    operation : Operation
        What it does.
    module : nn.Module or None
        The module it calls, if it calls one.
    inputs : tuple of Node
        The activities it takes.
    arguments : dict of str to object
        A function's arguments, by name; shapes are numbers, activities and parameters are nodes.
    shape : tuple of int
        Shape of its result, without the batch.
    shares_memory : bool
        Whether its result lies in the memory of its first input, as with operations in place and
        views.
    """

    node: fx.Node
    operation: Operation
    module: nn.Module | None
    inputs: tuple[fx.Node, ...]
    arguments: dict[str, object]
    shape: tuple[int, ...]
    shares_memory: bool

    @property
    def name(self) -> str:
        """Path of the module it calls, else the node's name."""
        return name_of(self.node)

    @property
    def place(self) -> str:
        """Where it is in the module, for messages."""
        return place_of(self.node)

    @property
    def in_place(self) -> bool:
        """Whether it overwrites its first input."""
        return self.shares_memory and self.operation.kind in ("relu", "add")

    def option(self, name: str, default: object = None) -> object:
        """Return an attribute of the module, or an argument of the function."""
        if self.module is not None:
            return getattr(self.module, name, default)
        return self.arguments.get(name, default)


def run_steps(
    graph: fx.GraphModule,
    input_shape: tuple[int, ...],
    operations: Mapping[fx.Node, Operation],
    shapes: set[fx.Node],
) -> list[Step]:
    """Run a traced module on zeros.

    Parameters
    ----------
    graph : fx.GraphModule
        The traced module.
    input_shape : tuple of int
        Shape of one input, without the batch.
    operations, shapes : dict of Node to Operation, set of Node
        As :func:`.operations.classify` returns them.

    Returns
    -------
    list of Step
        One per node of `operations`.

    Raises
    ------
    TranslationError
        Naming the node that cannot be run, or that mixes the rows of the batch.
    """
    runner = _Runner(graph, input_shape, operations, shapes)
    dtype = next((parameter.dtype for parameter in graph.parameters()), torch.float32)
    with torch.no_grad():
        runner.run(torch.zeros(BATCH, *input_shape, dtype=dtype))
    return runner.steps


class _Runner(fx.Interpreter):
    """Runs nodes one by one and notes each that activity flows through."""

    def __init__(
        self,
        graph: fx.GraphModule,
        input_shape: tuple[int, ...],
        operations: Mapping[fx.Node, Operation],
        shapes: set[fx.Node],
    ) -> None:
        super().__init__(graph)
        self.extra_traceback = False  # it would add lines to our messages
        self.input_shape = input_shape
        self.operations = operations
        self.shapes = shapes
        self.modules = dict(graph.named_modules())
        self.steps: list[Step] = []

    def run_node(self, n: fx.Node) -> object:
        """Run one node, and note it if activity flows through it."""
        try:
            result = super().run_node(n)
        except Exception as error:  # whatever torch raises where shapes do not fit
            reason = str(error).partition("\n")[0].rstrip(".")
            raise TranslationError(
                f"{place_of(n)}: cannot be run when inputs of the network have shape "
                f"{self.input_shape} ({reason})."
            ) from error
        if n in self.operations:
            self.steps.append(self._step(n, self._check(n, result)))
        return result

    def _check(self, node: fx.Node, result: object) -> torch.Tensor:
        """Return what a node computed, if it may be activity."""
        if not isinstance(result, torch.Tensor):
            raise TranslationError(
                f"{place_of(node)}: makes a {type(result).__name__} of the activity, which must "
                "stay one tensor."
            )
        if not result.is_floating_point():
            raise TranslationError(
                f"{place_of(node)}: makes {result.dtype} of the activity, which must stay a "
                "floating-point type; leave the conversion out."
            )
        if result.ndim < 2 or len(result) != BATCH:
            raise TranslationError(
                f"{place_of(node)}: makes shape {tuple(result.shape)} of a batch of {BATCH}; the "
                "batch must stay the first dimension, and each row keep its elements."
            )
        return result

    def _step(self, node: fx.Node, result: torch.Tensor) -> Step:
        """Say what a run of a node showed."""
        operation = self.operations[node]
        inputs = activity_inputs(node, self.shapes)
        first = self.env[inputs[0]]
        return Step(
            node=node,
            operation=operation,
            module=self.modules[str(node.target)] if node.op == "call_module" else None,
            inputs=inputs,
            arguments=self._arguments(node, operation),
            shape=tuple(result.shape[1:]),
            shares_memory=isinstance(first, torch.Tensor) and _address(first) == _address(result),
        )

    def _arguments(self, node: fx.Node, operation: Operation) -> dict[str, object]:
        """Return a function's arguments by name, with the values of shapes."""
        if not operation.arguments or node.op == "call_module":
            return {}

        def value(argument: fx.Node) -> fx.node.Argument:
            result = self.env[argument]
            return argument if isinstance(result, torch.Tensor) else result

        args, kwargs = fx.node.map_arg((node.args, node.kwargs), value)
        named: dict[str, object] = dict(zip(operation.arguments, args, strict=False))
        for keyword, argument in kwargs.items():
            name = {"axis": "dim", "train": "training"}.get(keyword, keyword)
            if name not in operation.arguments:
                raise TranslationError(
                    f"{place_of(node)}: is called with {keyword}=, which cannot be translated; use "
                    f"only {', '.join(operation.arguments[1:])}."
                )
            named[name] = argument
        return named


def _address(tensor: torch.Tensor) -> int:
    """Return where a tensor's memory begins, which is the same for all views of it."""
    return tensor.untyped_storage().data_ptr()
