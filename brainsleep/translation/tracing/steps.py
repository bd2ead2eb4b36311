"""The steps through which activity flows: one call of a torch function each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import fx

from ...errors import TranslationError
from .constants import Constant
from .merging import Merged
from .operations import FUNCTIONS, REARRANGING, Operation, name_of_function, refusal
from .recorder import Place, RunError

_T = torch.Tensor
_PASS = Operation("pass")
_CONVERSIONS = {_T.to, _T.type, _T.type_as}


@dataclass(frozen=True, eq=False, kw_only=True)
class Step:
    """One node that activity flows through, and what a run of it showed.

    Attributes
    ----------
    node : fx.Node
        The node.
    operation : Operation
        What it does.
    called_at : Place
        Where in the module it is called.
    inputs : tuple of Node
        The activities it takes.
    arguments : dict of str to object
        The function's arguments, by name; activities are nodes, other tensors are constants.
    shape : tuple of int
        Shape of its result, without the batch.
    in_place : bool
        Whether it overwrites its first input.
    shares_memory : bool
        Whether its result lies in the memory of its first input, as with operations in place and
        views.
    """

    node: fx.Node
    operation: Operation
    called_at: Place
    inputs: tuple[fx.Node, ...]
    arguments: Mapping[str, object]
    shape: tuple[int, ...]
    in_place: bool
    shares_memory: bool

    @property
    def name(self) -> str:
        """Path of the torch module that does it, else the node's name."""
        return self.called_at.path if self.called_at.is_builtin else self.node.name

    @property
    def place(self) -> str:
        """Where it is in the module, for messages."""
        return self.called_at.of(self.node.name)

    def option(self, name: str, default: object = None) -> object:
        """Return an argument of the function."""
        return self.arguments.get(name, default)

    def constant(self, name: str) -> Constant | None:
        """Return an argument that is a tensor of the module's own.

        Raises
        ------
        TranslationError
            If it is activity.
        """
        value = self.arguments.get(name)
        if isinstance(value, fx.Node):
            raise TranslationError(
                f"{self.place}: takes {name} from the activity; it must be a parameter of the "
                "module itself."
            )
        assert value is None or isinstance(value, Constant)
        return value


def read_step(merged: Merged, *, in_sequence: bool = False) -> Step:
    """Say what one call of a torch function is.

    Parameters
    ----------
    merged : Merged
        The call, as two runs showed it.
    in_sequence : bool
        Whether the runs showed sequences of one step, so that activity may have a dimension of it.

    Returns
    -------
    Step

    Raises
    ------
    TranslationError
        Naming its place, if it cannot be translated.
    """
    call = merged.call
    place = call.place.of(merged.node.name)
    operation = FUNCTIONS.get(call.function)
    if in_sequence and call.function in REARRANGING and _is_the_same(merged):
        operation = _PASS
    if operation is None:
        mode = merged.kwargs.get("mode", "constant")
        called = call.place.called(name_of_function(call.function))
        raise TranslationError(f"{place}: {refusal(call.function, called, mode)}.")
    if in_sequence and operation.kind == "mean" and merged.first.ndim == 3:  # no images
        raise TranslationError(
            f"{place}: takes a mean, or a maximum, over steps, which spikes of single steps cannot "
            "have; return the activity of the last step or of all, and take it outside of the "
            "network."
        )
    arguments = _arguments(merged, operation, place)
    if operation.does == "indices":
        raise TranslationError(
            f"{place}: returns indices besides the maxima; use return_indices=False."
        )
    result = _checked_result(merged, place, in_sequence=in_sequence)
    first = merged.first
    return Step(
        node=merged.node,
        operation=operation,
        called_at=call.place,
        inputs=merged.inputs,
        arguments=arguments,
        shape=_shape_of_one(result, merged.results[0][1], in_sequence=in_sequence),
        in_place=call.mutates,
        shares_memory=_address(first) == _address(result),
    )


def _arguments(merged: Merged, operation: Operation, place: str) -> dict[str, object]:
    """Return a function's arguments by name."""
    if not operation.arguments:
        return {}
    named: dict[str, object] = dict(zip(operation.arguments, merged.args, strict=False))
    for keyword, argument in merged.kwargs.items():
        name = {"axis": "dim", "train": "training"}.get(keyword, keyword)
        if name not in operation.arguments:
            raise TranslationError(
                f"{place}: is called with {keyword}=, which cannot be translated; use only "
                f"{', '.join(operation.arguments[1:])}."
            )
        named[name] = argument
    return named


def _checked_result(merged: Merged, place: str, *, in_sequence: bool) -> torch.Tensor:
    """Return what a call computed, if it may be activity."""
    for result, n_inputs in merged.results:
        if not isinstance(result, torch.Tensor):
            raise TranslationError(
                f"{place}: makes a {type(result).__name__} of the activity, which must stay one "
                "tensor."
            )
        if not result.is_floating_point():
            raise TranslationError(
                f"{place}: makes {result.dtype} of the activity, which must stay a floating-point "
                "type; leave the conversion out."
            )
        if merged.call.function in _CONVERSIONS and _is_rounded(merged.first, result):
            raise TranslationError(
                f"{place}: rounds the activity to {result.dtype}, which spikes cannot; leave the "
                "conversion out, or convert the whole network."
            )
        in_front = in_sequence and tuple(result.shape[:1]) == (1,)  # the step's dimension
        if result.ndim < 2 + in_front or result.shape[int(in_front)] != n_inputs:
            raise RunError(
                f"{place}: makes shape {tuple(result.shape)} of a batch of {n_inputs}; the batch "
                "must stay the first dimension, and each row keep its elements."
            )
    return merged.results[0][0]  # type: ignore[return-value]


def _is_the_same(merged: Merged) -> bool:
    """Tell whether a call changes nothing of one step's activity but dimensions of size 1."""
    result = merged.results[0][0]
    if len(merged.inputs) != 1 or not isinstance(result, torch.Tensor):
        return False
    return torch.equal(result.squeeze(), merged.first.squeeze())


def _shape_of_one(result: torch.Tensor, n_inputs: int, *, in_sequence: bool) -> tuple[int, ...]:
    """Return the shape of one input's activity; without the dimension of one step."""
    shape = tuple(result.shape)
    if not in_sequence:
        return shape[1:]
    if shape[0] == 1 and shape[1] == n_inputs:
        return shape[2:]
    # (n, 1, n_neurons), or images; a single channel stays
    return shape[2:] if len(shape) in (3, 5) and shape[1] == 1 else shape[1:]


def _is_rounded(value: torch.Tensor, result: torch.Tensor) -> bool:
    """Tell whether a result is in half precision, and that of which it was made was not."""
    widths = [torch.finfo(each.dtype).bits for each in (value, result)]
    return widths[1] < min(32, widths[0])


def _address(tensor: torch.Tensor) -> int:
    """Return where a tensor's memory begins, which is the same for all views of it."""
    return tensor.untyped_storage().data_ptr()
