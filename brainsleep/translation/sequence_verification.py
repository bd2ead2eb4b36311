"""Whether a translated recurrent network computes what the module computes, on random sequences.

The recorded graph runs step after step, as the spiking network does. In each step each layer is
computed from its connections, the recurrent ones from the step before, and compared with the
graph's value; and the outputs of all steps, or that of the last, with what the module itself
returns for the sequences.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import fx, nn

from ..errors import TranslationError, brief
from .recurrence import Sequences, StepByStep
from .tracing.module_copy import type_of
from .translated_network import Translation
from .verification import LARGEST, TOLERANCE, coarseness, compare_layers, is_close

#: Number of steps of the sequences.
N_STEPS = 4


def verify_sequences(
    translation: Translation, copied: Callable[[], nn.Module], *, n_again: int = 0
) -> Sequences:
    """Compare a translated recurrent network with its module.

    Parameters
    ----------
    translation : Translation
        The network, which says what it takes.
    copied : callable
        Returns a copy of the module, in evaluation mode on the CPU, that has not run yet.
    n_again : int
        How often the module runs again on the same sequences, to tell whether chance plays a part.

    Returns
    -------
    Sequences
        What the network takes and returns.

    Raises
    ------
    TranslationError
        Naming the layer where they part, or saying what the module returns.
    """
    try:
        graph = copy.deepcopy(translation.graph).double()
        return _compare(translation, copied().double(), graph, torch.float64, n_again)
    except TranslationError:
        raise
    except Exception:  # its forward insists on a type, and raises whatever it likes
        module = copied()
        try:
            return _compare(translation, module, translation.graph, type_of(module), n_again)
        except TranslationError:
            raise
        except Exception as error:
            reason = brief(str(error).partition("\n")[0])
            raise TranslationError(
                f"{type(module).__name__}: forward fails on sequences of {N_STEPS} steps "
                f"({reason}), though it runs on those of one; it must take sequences of any length."
            ) from error


def _compare(
    translation: Translation,
    module: nn.Module,
    graph: fx.GraphModule,
    dtype: torch.dtype,
    n_again: int,
) -> Sequences:
    """Compare a network with its module in one type."""
    form = translation.sequences
    assert form is not None
    inputs = _inputs(translation, dtype)
    with torch.no_grad(), torch.device("cpu"):
        runs = [
            module(inputs.clone() if form.batch_first else inputs.transpose(0, 1).clone())
            for _ in range(n_again + 1)
        ]
        if any(not torch.equal(run, runs[0]) for run in runs[1:]):
            raise TranslationError(
                f"{type(module).__name__}: draws random numbers, on which its output depends, "
                "also in evaluation mode; let it draw them only if self.training."
            )
        stepped = _step_by_step(translation, graph, inputs, form)
    assert isinstance(runs[0], torch.Tensor)
    allowed = TOLERANCE * coarseness(dtype) * float(runs[0].abs().max())
    return Sequences(form.batch_first, _what_is_returned(module, runs[0], stepped, allowed))


def _step_by_step(
    translation: Translation, graph: fx.GraphModule, inputs: torch.Tensor, form: Sequences
) -> torch.Tensor:
    """Compare the layers in each step; return the outputs of all, shape (n, n_steps, n_outputs)."""
    run = StepByStep(graph, {layer.node for layer in translation.layers})
    before: dict[str, torch.Tensor] = {}
    outputs = []
    for step, output in enumerate(run.steps(inputs, form)):
        outputs.append(output)
        before = compare_layers(
            translation, run.values, inputs[:, step], coarseness(inputs.dtype), before
        )
    return torch.stack(outputs, 1)


def _what_is_returned(
    module: nn.Module, returned: torch.Tensor, stepped: torch.Tensor, allowed: float
) -> str:
    """Tell whether a module returns the output of the last step, or those of all."""
    last = stepped[:, -1]
    if returned.numel() == last.numel() and is_close(returned.reshape(last.shape), last, allowed):
        return "last"
    for steps in (stepped, stepped.transpose(0, 1)):  # perhaps as one long batch
        if returned.numel() == steps.numel() and is_close(
            returned.reshape(steps.shape), steps, allowed
        ):
            return "all"
    n_inputs, n_steps = stepped.shape[:2]
    raise TranslationError(
        f"{type(module).__name__}: returns for {n_inputs} sequences of {n_steps} steps, in shape "
        f"{tuple(returned.shape)}, neither what it computes in the last step nor what it computes "
        "in each, going step by step from the state zero; let forward return its layers' activity "
        "of the last step (output[:, -1]) or of all (output), and leave means and sums over steps "
        "out of it."
    )


def _inputs(translation: Translation, dtype: torch.dtype) -> torch.Tensor:
    """Draw sequences, shape (n, n_steps, ...)."""
    generator = torch.Generator().manual_seed(1)
    shape = (len(LARGEST), N_STEPS, *translation.input_shape)
    inputs = torch.rand(shape, generator=generator, device="cpu", dtype=torch.float64)
    scaled = [row * largest for row, largest in zip(inputs, LARGEST, strict=True)]
    return torch.stack(scaled).to(dtype)
