"""Recurrent layers of Elman nets, as one torch function that a recording can note.

``nn.RNN(nonlinearity="relu")`` and ``nn.RNNCell(nonlinearity="relu")`` compute

    h(t) = relu(weight_ih @ x(t) + bias_ih + weight_hh @ h(t - 1) + bias_hh),   h(0) = 0

In the copy of a module that is recorded they call :func:`elman`, each layer of a stack by itself.
"""

from __future__ import annotations

from functools import partial

import torch
from torch import nn
from torch.nn import functional
from torch.overrides import wrap_torch_function

from ...errors import TranslationError

#: What messages say about recurrent layers that cannot be translated.
HINT = 'train nn.RNN(..., nonlinearity="relu", batch_first=True) instead'

#: The recurrent modules of torch.
RECURRENT = (nn.RNNBase, nn.RNNCellBase)


class SequencesNeededError(TranslationError):
    """A recurrent layer was called by a network that is not being shown sequences."""


@wrap_torch_function(lambda activity, *_, **__: (activity,))
def elman(
    activity: torch.Tensor,
    weight_ih: torch.Tensor,
    weight_hh: torch.Tensor,
    bias_ih: torch.Tensor | None = None,
    bias_hh: torch.Tensor | None = None,
    batch_first: bool = True,
    part: str = "",
) -> torch.Tensor:
    """Return the states of a layer of ReLU neurons that are joined to each other.

    Parameters
    ----------
    activity : Tensor, shape (n, n_steps, n_in), or (n_steps, n, n_in) unless `batch_first`
        What drives the layer.
    weight_ih : Tensor, shape (n_out, n_in)
        From what drives it.
    weight_hh : Tensor, shape (n_out, n_out)
        From itself, one step before.
    bias_ih, bias_hh : Tensor, shape (n_out,), or None
        Two biases, of which the neurons know the sum.
    batch_first : bool
        Whether steps are the second dimension, or the first.
    part : str
        Name of the layer in a stack of several; empty for one that is alone.

    Returns
    -------
    Tensor, shape (n, n_steps, n_out), or (n_steps, n, n_out)
        The state after each step.
    """
    steps = activity.unbind(1 if batch_first else 0)
    state = torch.zeros(len(steps[0]), len(weight_hh), dtype=activity.dtype, device="cpu")
    states = []
    for step in steps:
        state = elman_step(step, state, weight_ih, weight_hh, bias_ih, bias_hh)
        states.append(state)
    return torch.stack(states, 1 if batch_first else 0)


def elman_step(
    activity: torch.Tensor,
    state: torch.Tensor,
    weight_ih: torch.Tensor,
    weight_hh: torch.Tensor,
    bias_ih: torch.Tensor | None = None,
    bias_hh: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return the next state of such a layer, shape (n, n_out); see :func:`elman`."""
    drive = functional.linear(activity, weight_ih, bias_ih)
    return functional.relu(drive + functional.linear(state, weight_hh, bias_hh))


@wrap_torch_function(lambda state: (state,))
def is_zero(state: torch.Tensor) -> bool:
    """Tell whether a state is zero."""
    return not bool(state.any())


def make_recordable(module: nn.Module, *, in_sequence: bool) -> None:
    """Let the recurrent layers of a copy of a module call :func:`elman`.

    Parameters
    ----------
    module : nn.Module
        The copy, whose recurrent layers get another `forward`.
    in_sequence : bool
        Whether it will be shown sequences; unless it is, they raise `SequencesNeededError`.

    Notes
    -----
    What cannot be translated (LSTM, tanh, two directions, ...) raises a TranslationError when it is
    called, by name; a network may hold it unused.
    """
    for path, part in module.named_modules():
        if isinstance(part, RECURRENT):
            named = path or "the network"
            part.__dict__["forward"] = partial(_forward, part, named, in_sequence=in_sequence)


def first_weights(module: nn.Module) -> list[torch.Tensor]:
    """Return a recurrent module's weights from what drives it, layer by layer."""
    return [
        parameter
        for name, parameter in module.named_parameters(recurse=False)
        if name.startswith("weight_ih")
    ]


def _forward(
    part: nn.Module,
    path: str,
    activity: torch.Tensor,
    state: object = None,
    *,
    in_sequence: bool,
    **others: object,
) -> object:
    """Do what the forward of a recurrent module does."""
    reason = _unsuitable(part)
    if reason is not None:
        raise TranslationError(f"{path}: {reason}.")
    if not in_sequence:
        raise SequencesNeededError(f"{path}: {type(part).__name__} takes sequences.")
    state = others.pop("hx", state)
    if not isinstance(activity, torch.Tensor):
        raise TranslationError(
            f"{path}: gets a {type(activity).__name__}; give it a tensor of sequences of one "
            "length, and leave packing to the training."
        )
    if isinstance(state, torch.Tensor) and not is_zero(state):
        raise TranslationError(
            f"{path}: begins with a state of its own, which a sleeping network does not have; "
            "leave it out, so that it is zero."
        )
    if isinstance(part, nn.RNNCell):
        return _cell(part, path, activity)
    assert isinstance(part, nn.RNN)
    return _stack(part, path, activity)


def _stack(part: nn.RNN, path: str, activity: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Do what nn.RNN does; the last states are those of the last layer alone."""
    takes = "(n, n_steps, n_in)" if part.batch_first else "(n_steps, n, n_in)"
    _check_dimensions(path, activity, 3, takes)
    names = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if part.bias else ()))
    for layer in range(part.num_layers):
        weights = [getattr(part, f"{name}_l{layer}") for name in names]
        own_name = f"l{layer}" if part.num_layers > 1 else ""
        activity = elman(activity, *weights, batch_first=part.batch_first, part=own_name)
    last = activity[:, -1] if part.batch_first else activity[-1]
    return activity, last.unsqueeze(0)


def _cell(part: nn.RNNCell, path: str, activity: torch.Tensor) -> torch.Tensor:
    """Do what nn.RNNCell does."""
    _check_dimensions(path, activity, 2, "(n, n_in)")
    weights = [part.weight_ih, part.weight_hh, *((part.bias_ih, part.bias_hh) if part.bias else ())]
    return elman(activity.unsqueeze(1), *weights).squeeze(1)


def _check_dimensions(path: str, activity: torch.Tensor, wanted: int, shape: str) -> None:
    """Raise unless activity has a number of dimensions."""
    if activity.ndim != wanted:
        raise TranslationError(
            f"{path}: takes {shape}, but gets {activity.ndim} dimensions; let the network take "
            "sequences, one after the other as rows of a batch."
        )


def _unsuitable(part: nn.Module) -> str | None:
    """Say why a recurrent module cannot be translated, and what to do."""
    kind = type(part).__name__
    if not isinstance(part, nn.RNN | nn.RNNCell):
        gated = any(name in kind for name in ("LSTM", "GRU"))
        why = ", since its gates multiply activities, which spiking neurons cannot" if gated else ""
        return f"{kind} cannot be translated{why}; {HINT}"
    if part.nonlinearity != "relu":
        return (
            f"{kind} has the nonlinearity {part.nonlinearity!r}, but a spiking neuron stands for a "
            'ReLU neuron; train it with nonlinearity="relu"'
        )
    if getattr(part, "bidirectional", False):
        return (
            f"{kind} is bidirectional: it also reads sequences backwards, which a network that "
            "spikes step by step cannot; train it with bidirectional=False"
        )
    return None
