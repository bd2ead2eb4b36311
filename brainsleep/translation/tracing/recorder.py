"""One run of a module, and the torch functions that it called.

The user's own ``forward`` runs, with its branches, loops, default arguments, hooks and asserts. A
mode of torch sees each function that is called with a tensor. It is the business of one thread, so
that many threads can record at once, and changes nothing outside the copy that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from ...errors import TranslationError
from .module_copy import named_tensors
from .operations import (
    FUNCTIONS,
    LIKE,
    MADE_LIKE,
    METADATA,
    Operation,
    draws_randomly,
    name_of_function,
    refusal,
)


class RunError(TranslationError):
    """The module cannot be run on inputs of some shape."""


@dataclass(frozen=True)
class Place:
    """Where in a module something was called.

    Attributes
    ----------
    path : str
        Path of the module whose ``forward``, or whose hook, called it; empty for the whole.
    kind : type
        The type of that module.
    in_hook : bool
        Whether a hook of the module called it, and not its ``forward``.
    """

    path: str = ""
    kind: type = nn.Module
    in_hook: bool = False

    @property
    def is_builtin(self) -> bool:
        """Whether it is the forward of one of torch's own modules, or of a kind of Linear."""
        own = self.kind.__module__.startswith("torch.nn.")
        weighted = issubclass(self.kind, nn.Linear | nn.Conv1d | nn.Conv2d)
        return bool(self.path) and not self.in_hook and (own or weighted)

    def of(self, name: str) -> str:
        """Say where a function of some name was called, for messages."""
        if self.is_builtin:
            return self.path
        if self.in_hook:
            return f"{name} (in a forward hook of {self.path or 'the module'})"
        return f"{name} (in {self.path})" if self.path else name

    def called(self, name: str) -> str:
        """Return the type of torch's module that is running, else the name of the function."""
        return self.kind.__name__ if self.is_builtin else name


@dataclass(frozen=True, eq=False, kw_only=True)
class Call:
    """One call of a torch function that took activity.

    Attributes
    ----------
    function : callable
        The function.
    args, kwargs : tuple, dict
        What it was called with.
    result : object
        What it returned.
    place : Place
        Where it was called.
    mutates : bool
        Whether it changed one of its arguments in place.
    """

    function: Callable[..., object]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    result: object
    place: Place
    mutates: bool


@dataclass(frozen=True, eq=False)
class Derived:
    """A tensor that was computed without activity, such as a pruned weight."""

    function: Callable[..., object]
    args: tuple[Any, ...]
    result: torch.Tensor


@dataclass(eq=False)
class Recording:
    """What one run showed.

    Attributes
    ----------
    module : nn.Module
        The copy that ran.
    entrance : Tensor
        Its input.
    n_inputs : int
        The number of inputs that it holds.
    result : object
        What it returned.
    calls : list of Call
        The functions that took activity, in order.
    derived : dict of int to Derived
        Tensors computed without activity, by their identity.
    activities : dict of int to Tensor
        All tensors computed from the input, by their identity; kept, so that it stays theirs.
    foreign : dict of int to str
        Names of the tensors of the user's own module, which must not be used, by their identity.
    """

    module: nn.Module
    entrance: torch.Tensor
    n_inputs: int
    result: object = None
    calls: list[Call] = field(default_factory=list)
    derived: dict[int, Derived] = field(default_factory=dict)
    activities: dict[int, torch.Tensor] = field(default_factory=dict)
    foreign: dict[int, str] = field(default_factory=dict)


def record(
    module: nn.Module,
    entrance: torch.Tensor,
    original: nn.Module,
    n_inputs: int | None = None,
) -> Recording:
    """Run a module once and note the torch functions that it calls.

    Parameters
    ----------
    module : nn.Module
        A copy in evaluation mode, on the CPU.
    entrance : Tensor, shape (n, ...)
        Its input, which it may overwrite.
    original : nn.Module
        The module of which it is a copy.
    n_inputs : int, optional
        How many inputs `entrance` holds; its length unless given.

    Returns
    -------
    Recording

    Raises
    ------
    TranslationError
        If the run fails, or reads the values of the activity, naming the place.
    """
    foreign = {id(tensor): name for name, tensor in named_tensors(original)}
    n_inputs = len(entrance) if n_inputs is None else n_inputs
    recorder = _Recorder(Recording(module, entrance, n_inputs, foreign=foreign))
    try:
        # torch.set_default_device must not move what `forward` creates
        with torch.no_grad(), torch.device("cpu"), recorder.following(module), recorder:
            recorder.recording.result = module(entrance)
    except TranslationError:
        raise
    except Exception as error:  # whatever the user's forward raises
        raise RunError(recorder.failure(error)) from error
    return recorder.recording


class _Recorder(TorchFunctionMode):
    """Notes each torch function, and the module whose forward called it."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording
        self.places = [Place(kind=type(recording.module))]
        self.failed: str | None = None  # where a torch function raised
        entrance = recording.entrance
        recording.activities[id(entrance)] = entrance

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        """Call a torch function and note it."""
        kwargs = kwargs or {}
        if draws_randomly(func, args, kwargs):
            raise TranslationError(
                f"{self.place_of(func)}: draws random numbers also in evaluation mode; call it "
                "only in training (if self.training), or use nn.Dropout."
            )
        taken = list(tensors_in((args, kwargs)))
        takes_activity = self._takes_activity(func, taken)
        versions = [_version(tensor) for tensor in taken]
        try:
            result = func(*args, **kwargs)
        except Exception as error:
            self.failed = self.failed or self.place_of(func)
            if takes_activity:
                self._explain(func, taken[0], error)
            raise
        if takes_activity:
            mutates = versions != [_version(tensor) for tensor in taken]
            self._note(func, args, kwargs, result, mutates)
        elif isinstance(result, torch.Tensor) and not any(result is each for each in taken):
            self.recording.derived[id(result)] = Derived(func, args, result)
        return result

    def _takes_activity(self, func: Callable[..., object], taken: Sequence[torch.Tensor]) -> bool:
        """Tell whether a function takes values of activity; refuse what would change the user's."""
        for tensor in taken:
            if id(tensor) in self.recording.foreign:
                raise TranslationError(
                    f"{self.place_of(func)}: uses {self.recording.foreign[id(tensor)]!r} of the "
                    "network itself, where a copy of it runs; what holds on to the network, such "
                    "as a lambda with its name, must become a method that takes self."
                )
        activities = [id(tensor) in self.recording.activities for tensor in taken]
        if func in LIKE:
            return any(activities[:1])
        return any(activities[1:] if func in MADE_LIKE else activities)

    def _note(
        self,
        func: Callable[..., object],
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        result: object,
        mutates: bool,
    ) -> None:
        """Note a call that took activity."""
        made = list(tensors_in(result))
        if not made:
            if func in METADATA or getattr(func, "__name__", "") == "__get__":
                return
            where = f"{type(self.recording.module).__name__} cannot be recorded, since "
            todo = "its forward must not branch on the data"
            if self.places[-1].in_hook:
                todo = "remove the hook first, or let it keep tensors, as output.detach()"
            raise TranslationError(
                f"{where}{self.place_of(func)} reads or overwrites values of the activity; {todo}."
            )
        self.recording.activities.update((id(tensor), tensor) for tensor in made)
        self.recording.calls.append(
            Call(
                function=func,
                args=args,
                kwargs=kwargs,
                result=result,
                place=self.places[-1],
                mutates=mutates,
            )
        )

    def _explain(self, func: Callable[..., object], first: torch.Tensor, error: Exception) -> None:
        """Raise a better error for a function that failed, if there is one."""
        operation, place = FUNCTIONS.get(func), self.places[-1]
        if operation is None and func not in METADATA:
            reason = refusal(func, place.called(name_of_function(func)))
            raise TranslationError(f"{self.failed}: {reason}.") from error
        if operation is not None and operation.dimensions not in (0, first.ndim - 2):
            raise RunError(shape_wanted(self.failed or "", first.shape[1:], operation)) from error

    def place_of(self, func: Callable[..., object]) -> str:
        """Say where a function is called, for messages."""
        return self.places[-1].of(name_of_function(func))

    def failure(self, error: Exception) -> str:
        """Say that the run failed, where, and why."""
        shape = tuple(self.recording.entrance.shape[1:])
        reason = (str(error).partition("\n")[0] or type(error).__name__).rstrip(".")
        if not isinstance(error, RuntimeError):
            reason = f"{type(error).__name__}: {reason}"
        where = self.failed or type(self.recording.module).__name__
        return f"{where}: cannot be run when inputs of the network have shape {shape} ({reason})."

    @contextmanager
    def following(self, module: nn.Module) -> Iterator[None]:
        """Know, while this lasts, which module's forward or hook is running."""
        wrapped = []
        handles = []
        for path, child in module.named_modules():
            wrapped.append((child, child.__dict__.get("forward")))
            child.__dict__["forward"] = self._follow(Place(path, type(child)), child.forward)
            if child._forward_hooks or child._forward_pre_hooks:
                handles += self._follow_hooks(Place(path, type(child), in_hook=True), child)
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            for child, own in wrapped:
                del child.__dict__["forward"]
                if own is not None:
                    child.__dict__["forward"] = own

    def _follow(self, place: Place, forward: Callable[..., object]) -> Callable[..., object]:
        """Return a forward that tells when it runs."""

        def followed(*args: object, **kwargs: object) -> object:
            self.places.append(place)
            try:
                return forward(*args, **kwargs)
            finally:
                self.places.pop()

        return followed

    def _follow_hooks(self, place: Place, module: nn.Module) -> list[Any]:
        """Tell when hooks of a module run: before the first and after the last of them."""

        def enter(*_: object) -> None:
            self.places.append(place)

        def leave(*_: object) -> None:
            self.places.pop()

        return [
            module.register_forward_pre_hook(enter, prepend=True),
            module.register_forward_hook(leave),
        ]


def shape_wanted(place: str, shape: tuple[int, ...], operation: Operation) -> str:
    """Say that a function takes images, or signals, of another shape."""
    wanted = "(channels, length)" if operation.dimensions == 1 else "(channels, height, width)"
    return (
        f"{place}: takes {wanted}, but gets shape {tuple(shape)}; pass bs.translate(ann, "
        "input_shape=...) with the channels, or reshape the activity before it."
    )


def _version(tensor: torch.Tensor) -> int:
    """Return how often a tensor was changed in place."""
    return 0 if tensor.is_inference() else tensor._version


def tensors_in(value: object) -> Iterator[torch.Tensor]:
    """Yield the tensors in a value, however they are nested."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from tensors_in(tuple(value.values()))
    elif isinstance(value, (tuple, list)):
        for entry in value:
            yield from tensors_in(entry)
    elif isinstance(value, slice):
        yield from tensors_in((value.start, value.stop, value.step))
