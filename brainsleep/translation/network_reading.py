"""Read a torch module into layers; refuse by name what cannot be translated."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import nn

from ..errors import ParameterError, TranslationError
from .reader import Reader
from .recurrence import Sequences
from .sequence_verification import verify_sequences
from .tensors import Tensors
from .tracing.elman import RECURRENT, SequencesNeededError, first_weights, make_recordable
from .tracing.module_copy import runnable_copy
from .tracing.operations import HINT, USING_WEIGHTS
from .tracing.random_states import watch_random_numbers
from .tracing.recorder import RunError
from .tracing.steps import read_step
from .tracing.trace import trace
from .translated_network import Translation
from .verification import verify

#: How often a module that draws random numbers runs again, to tell whether it depends on them.
AGAIN = 20

#: Modules that no part of a night can stand for; a network may hold them unused.
NOT_TRANSLATED = (nn.MultiheadAttention, nn.Transformer, nn.Embedding)

#: What messages say about the input of recurrent networks.
_SEQUENCES = (
    "(Recurrent networks are shown sequences, of shape (n, n_steps, n_inputs) with "
    "batch_first=True, or (n_steps, n, n_inputs). One that makes them of images must be given them "
    "instead, as in images.reshape(-1, 28, 28).)"
)

#: What messages ask for where the shape of one input cannot be known, by dimensions of a kernel.
_ASKED = {3: "(channels, length)", 4: "(channels, height, width)"}


def read_network(ann: nn.Module, input_shape: tuple[int, ...] | None = None) -> Translation:
    """Read a ReLU network into an ordered list of layers.

    Parameters
    ----------
    ann : torch.nn.Module
        The network. It is not modified.
    input_shape : tuple of int, optional
        Shape of one input, without the batch; that which the first Linear takes unless given.

    Returns
    -------
    Translation

    Raises
    ------
    TranslationError, ParameterError, KindError
        As `brainsleep.translate` raises them.
    """
    module = runnable_copy(ann)
    _check_arguments(module)
    make_recordable(module, in_sequence=False)
    try:
        return _read_at_some_shape(ann, module, input_shape)
    except SequencesNeededError:
        return _read_in_sequence(ann, input_shape)
    except TranslationError as error:
        recurrent = [part for part in module.modules() if isinstance(part, RECURRENT)]
        if recurrent and isinstance(error, RunError):  # of which it may not know the shape
            return _read_in_sequence(ann, input_shape)
        for name, part in module.named_modules():
            named = isinstance(error, RunError) or str(error).startswith(
                f"{name}: " if name else ""
            )
            if named and isinstance(part, NOT_TRANSLATED):
                raise TranslationError(
                    f"{name or 'the network'}: {type(part).__name__} cannot be translated; a "
                    "night takes feed-forward layers, such as Linear, Conv1d and Conv2d with ReLU. "
                    "Translate the part of the network that has only these."
                ) from error
        raise


def _read_in_sequence(ann: nn.Module, input_shape: tuple[int, ...] | None) -> Translation:
    """Read a recurrent network; sequences go first as it says, then the other way round."""
    _require_numbers(ann)
    shapes = [input_shape]
    if input_shape is not None and len(input_shape) > 1:  # perhaps of a whole sequence
        shapes.append(input_shape[1:])
    given = next((part for part in ann.modules() if isinstance(part, nn.RNNBase)), None)
    batch_first = True if given is None else bool(given.batch_first)
    failed: TranslationError | None = None
    for form in (Sequences(batch_first), Sequences(not batch_first)):
        for shape in shapes:
            module = runnable_copy(ann)
            make_recordable(module, in_sequence=True)
            try:
                return _read_at_some_shape(ann, module, shape, form)
            except TranslationError as error:
                failed = failed or error
    assert failed is not None
    if "sequence" in str(failed) or "steps" in str(failed):
        raise failed
    raise type(failed)(f"{failed} {_SEQUENCES}") from failed


def _require_numbers(ann: nn.Module) -> None:
    """Refuse weights that are NaN: steps of sequences are told from each other by their values."""
    for name, value in ann.named_parameters():
        if value.is_floating_point() and not torch.isfinite(value).all():
            raise ParameterError(f"{name!r} holds NaN or infinity; train the network again.")


def _read_at_some_shape(
    ann: nn.Module,
    module: nn.Module,
    input_shape: tuple[int, ...] | None,
    form: Sequences | None = None,
) -> Translation:
    """Read a network at a shape of its inputs, or at each that is possible until one fits."""
    if input_shape is not None:
        return _read(ann, module, input_shape, form)
    failed: TranslationError | None = None
    for shape in _possible_shapes(module):
        try:
            return _read(ann, module, shape, form)
        except RunError as error:
            if failed is None:
                failed = RunError(
                    f"{error} (Tried with inputs of shape {shape}, which the first Linear takes; "
                    "if the network takes others, pass bs.translate(ann, input_shape=...), the "
                    "shape of one input.)"
                )
                failed.__cause__ = error
    assert failed is not None
    raise failed


def _read(
    ann: nn.Module, module: nn.Module, shape: tuple[int, ...], form: Sequences | None
) -> Translation:
    """Read a network that takes inputs of a shape, and compare what was read with it."""
    drawn = watch_random_numbers()
    translation = _read_layers(ann, module, shape, form)

    # copies that have not run: those that did may have changed
    def copied() -> nn.Module:
        return runnable_copy(ann)

    n_again = AGAIN if drawn() else 0
    if form is None:
        verify(translation, copied, n_again=n_again)
        return translation
    return replace(translation, sequences=verify_sequences(translation, copied, n_again=n_again))


def _read_layers(
    ann: nn.Module, module: nn.Module, shape: tuple[int, ...], form: Sequences | None
) -> Translation:
    """Read the layers of a network that takes inputs of a shape, or sequences of them."""
    in_sequence = form is not None
    traced = trace(module, shape, ann, None if form is None else form.steps_at)
    steps = [read_step(merged, in_sequence=in_sequence) for merged in traced.calls]
    if not any(step.operation.kind in USING_WEIGHTS for step in steps):
        raise TranslationError(f"the module has no Linear or Conv layer that it calls; {HINT}.")
    reader = Reader(Tensors(), traced.entrance, shape)
    for step in steps:
        reader.read(step)
    layers = reader.finish(traced.output())
    translation = Translation(shape, layers, traced.graph, ann, sequences=form)
    _require_own_memory(translation)
    return translation


def _require_own_memory(translation: Translation) -> None:
    """Refuse weights that share memory in the user's module: in the copy that wakes they do not."""
    state = translation.module.state_dict()
    taken: list[tuple[str, int, int, int]] = []
    for name in translation.weights:
        tensor = state[name]
        storage, first = tensor.untyped_storage().data_ptr(), tensor.storage_offset()
        sizes = zip(tensor.shape, tensor.stride(), strict=True)
        last = first + sum((size - 1) * stride for size, stride in sizes)
        for other, its_storage, its_first, its_last in taken:
            if storage == its_storage and first <= its_last and its_first <= last:
                raise TranslationError(
                    f"{name}: shares its memory with {other!r}, so that both learn as one; a "
                    "weight used twice cannot sleep, so give each its own, with .clone()."
                )
        taken.append((name, storage, first, last))


def _check_arguments(module: nn.Module) -> None:
    """Refuse a forward that takes no input, or that needs more than one."""
    parameters = list(inspect.signature(module.forward).parameters.values())
    positional = (
        inspect.Parameter.POSITIONAL_ONLY,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.VAR_POSITIONAL,
    )
    if not any(parameter.kind in positional for parameter in parameters):
        raise TranslationError("the module's forward takes no input; it must take one.")
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    for parameter in parameters[1:]:
        if parameter.default is inspect.Parameter.empty and parameter.kind not in variable:
            raise TranslationError(
                f"the module's forward takes a second input, {parameter.name!r}; only networks "
                "with one input can sleep, so give it a default."
            )


def _weights_from_before(part: nn.Module) -> list[torch.Tensor]:
    """Return the weights of a module from what comes before it."""
    if isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d):
        return [part.weight]
    return first_weights(part)[:1] if isinstance(part, RECURRENT) else []


def _possible_shapes(module: nn.Module) -> Iterator[tuple[int, ...]]:
    """Yield the shapes of one input that a network of Linears may take, the likeliest first."""
    weights = [
        (path, weight)
        for path, child in module.named_modules()
        for weight in _weights_from_before(child)
    ]
    weights = weights or [
        (name, parameter) for name, parameter in module.named_parameters() if parameter.ndim > 1
    ]
    if not weights:
        raise TranslationError(f"the module has no Linear or Conv layer; {HINT}.")
    path, first = weights[0]
    if first.ndim in _ASKED:
        raise RunError(
            f"{path}: acts on images, whose size cannot be known from the module; pass "
            f"bs.translate(ann, input_shape={_ASKED[first.ndim]})."
        )
    yield from dict.fromkeys((weight.shape[1],) for _, weight in weights if weight.ndim == 2)
