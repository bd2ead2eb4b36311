"""What an array that a user gives as a stimulus means: probabilities, or spikes."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, UnitsError, brief
from ..support.array_values import numbers, read_array
from .given import (
    HINT_FOR_RATES,
    ConstantProbabilities,
    ExplicitSpikes,
    StimulusLike,
    holds_zeros_and_ones,
)
from .stimulus import Stimulus


def as_stimulus(
    stimulus: StimulusLike, n_inputs: int, *, input_shape: tuple[int, ...] | None = None
) -> Stimulus:
    """Turn what a user gives `bs.sleep` into a stimulus.

    Truth values are spikes, step by step. Numbers are spike probabilities per step if there are as
    many as the network has inputs, and spikes if there are as many in each step and all are 0 or 1.
    With one step both could be meant: then numbers in the very shape of the input are
    probabilities, and others are refused if all are 0 or 1.

    Parameters
    ----------
    stimulus : Stimulus, array_like or Tensor
        Probabilities of shape (n_inputs,) or that of the input. Spikes of shape
        ``(n_steps, n_inputs)``, ``(n_steps, *input_shape)`` or, as snnTorch has a batch of one,
        (n_steps, 1, n_inputs).
    n_inputs : int
        Number of inputs of the network.
    input_shape : tuple of int, optional
        Shape of one input, where it has one; (n_inputs,) unless given.

    Returns
    -------
    Stimulus
        `stimulus` itself, if it is one.

    Raises
    ------
    ParameterError
        If it has the wrong size, values that are not finite or out of range, or two meanings.
    UnitsError
        If it is neither a stimulus nor an array of bare numbers or truth values.
    """
    if not isinstance(stimulus, Stimulus):
        return _from_array(stimulus, n_inputs, input_shape or (n_inputs,))
    if stimulus.n_inputs != n_inputs:
        raise ParameterError(
            f"stimulus: has {stimulus.n_inputs} inputs, but the network's first layer has "
            f"{n_inputs}."
        )
    return stimulus


def _from_array(given: npt.ArrayLike, n_inputs: int, input_shape: tuple[int, ...]) -> Stimulus:
    """Make a stimulus of an array of truth values or numbers."""
    if isinstance(given, tuple) and len(given) == 2 and all(hasattr(x, "shape") for x in given):
        raise KindError(
            "stimulus: a pair, as of images and labels, was given; it is made of images alone, as "
            "bs.stimuli.MeanOfRandomImages(images)."
        )
    values = read_array(given, "stimulus", hint=HINT_FOR_RATES)
    if values.dtype.kind not in "biuf":
        raise UnitsError(
            "stimulus must be a bs.stimuli object, an array of spike probabilities or an array of "
            f"spikes (0 or 1), not {type(given).__name__}."
        )
    are_spikes = values.ndim > 1 and math.prod(values.shape[1:]) == n_inputs
    are_probabilities = values.dtype != bool and values.size in (0, n_inputs)
    if are_spikes and are_probabilities and values.shape != input_shape:
        _refuse_if_two_things(values, n_inputs)
    if are_probabilities:
        return ConstantProbabilities(values)
    if not are_spikes and not (values.dtype == bool and values.ndim < 2):
        raise ParameterError(_misfit(values, n_inputs))
    if values.dtype == bool or holds_zeros_and_ones(values):
        return ExplicitSpikes(values)
    numbers(values, "stimulus")
    raise ParameterError(
        f"stimulus: an array of shape {values.shape} would be the spikes of {len(values)} steps, "
        f"all 0 or 1, but it holds other values, from {values.min():g} to {values.max():g}. Spike "
        f"probabilities are one per input, of shape ({n_inputs},); for a matrix of data pass "
        "bs.stimuli.MeanOfRandomImages(x)."
    )


def _refuse_if_two_things(values: np.ndarray, n_inputs: int) -> None:
    """Refuse zeros and ones that could be probabilities, or the spikes of a single step."""
    if len(values) == 1 and holds_zeros_and_ones(values):
        raise ParameterError(
            f"stimulus: an array of shape {values.shape} with values 0 and 1 could be the spikes "
            f"of one step or spike probabilities; give spikes as bool, probabilities in the shape "
            f"({n_inputs},)."
        )


def _misfit(values: np.ndarray, n_inputs: int) -> str:
    """Say why an array has the wrong size."""
    if values.ndim > 2 and math.prod(values.shape[2:]) == n_inputs:
        return (
            f"stimulus: an array of shape {values.shape} has {values.shape[0]} x "
            f"{values.shape[1]} rows of {n_inputs} inputs; a night takes one sample of a batch, as "
            f"spikes[:, 0] is where steps come first."
        )
    n_given = math.prod(values.shape[1:]) if values.dtype == bool else values.size
    return (
        f"stimulus: has {n_given} inputs, but the network's first layer has {n_inputs}; its shape "
        f"is {brief(values.shape)}, where ({n_inputs},) are spike probabilities and "
        f"(n_steps, {n_inputs}) spikes."
    )
