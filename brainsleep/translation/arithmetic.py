"""Arithmetic of activity and constants, as in ``(x - mean) / std``: a factor and a shift."""

from __future__ import annotations

from numbers import Real

import numpy as np
from numpy.typing import NDArray
from torch import fx

from ..errors import TranslationError, brief
from .folding import Affine
from .tensors import Tensors
from .tracing.constants import Constant
from .tracing.merging import Batch
from .tracing.operations import HINTS
from .tracing.steps import Step


def takes_constant(step: Step) -> bool:
    """Tell whether a step has one activity and, if it takes two arguments, a constant."""
    return (
        not all(isinstance(step.arguments.get(name), fx.Node) for name in ("input", "other"))
        and len(step.inputs) == 1
    )


def read_arithmetic(step: Step, shape: tuple[int, ...], tensors: Tensors) -> Affine:
    """Return what arithmetic with a constant does to activity.

    Parameters
    ----------
    step : Step
        An addition, subtraction, multiplication or division of activity and a constant, or its
        negation.
    shape : tuple of int
        Shape of the activity, without the batch.
    tensors : Tensors
        Reads the constant.

    Returns
    -------
    Affine

    Raises
    ------
    TranslationError
        If it takes two activities, divides by activity or rounds, or if the constant does not fit
        the activity.
    ParameterError
        If the constant is not finite.
    """
    if not takes_constant(step):
        raise TranslationError(f"{step.place}: takes two activities; {HINTS['mul']}.")
    if step.option("rounding_mode") is not None:
        raise TranslationError(
            f"{step.place}: rounds (rounding_mode={step.option('rounding_mode')!r}), which cannot "
            "be folded into weights; leave the rounding out."
        )
    ones = np.ones(shape)
    does = step.operation.does or "add"
    if does == "negate":
        scale, shift = -ones, 0 * ones
    else:
        name = "other" if isinstance(step.option("input"), fx.Node) else "input"
        constant = _broadcast(step, name, shape, tensors)
        alpha = _number(step, "alpha", 1)
        scale, shift = _scale_and_shift(step, does, constant, alpha, name == "other")
    if step.shape != shape:
        raise TranslationError(
            f"{step.place}: makes shape {step.shape} of an activity of shape {shape}; the constant "
            "must not enlarge it."
        )
    return Affine(step.place, scale.ravel(), shift.ravel(), "arithmetic")


def _scale_and_shift(
    step: Step, does: str, constant: NDArray[np.float64], alpha: float, constant_is_second: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the factor and the shift of activity beside a constant."""
    ones, zeros = np.ones_like(constant), np.zeros_like(constant)
    if does == "multiply":
        return constant, zeros
    if does == "divide":
        if not constant_is_second:
            raise TranslationError(
                f"{step.place}: divides by activity, which fixed weights cannot; leave it out."
            )
        if (constant == 0).any():
            raise TranslationError(f"{step.place}: divides by 0; choose another constant.")
        return 1 / constant, zeros
    sign = {"add": 1, "subtract": -1, "subtract from": -1}[does]
    if does == "subtract from":  # other - alpha * input
        constant_is_second = not constant_is_second
    if constant_is_second:
        return ones, sign * alpha * constant
    return sign * alpha * ones, constant


def _broadcast(
    step: Step, name: str, shape: tuple[int, ...], tensors: Tensors
) -> NDArray[np.float64]:
    """Return a constant as an array of the shape of the activity."""
    value = step.arguments.get(name)
    if isinstance(value, Constant):
        if not value.value.is_floating_point():
            value = Constant(value.value.double(), value.name)
        array = tensors.read(value, step.name, name).astype(np.float64)
    else:
        array = np.float64(_number(step, name, None))  # type: ignore[assignment]
    try:
        return np.array(np.broadcast_to(array, (1, *shape))[0])
    except ValueError:
        raise TranslationError(
            f"{step.place}: takes a constant of shape {np.shape(array)} beside an activity of "
            f"shape {shape}; it must have one value, or values that fit the activity."
        ) from None


def _number(step: Step, name: str, default: float | None) -> float:
    """Return an argument that must be a number."""
    value = step.arguments.get(name, default)
    if isinstance(value, Batch):
        raise TranslationError(
            f"{step.place}: takes the number of inputs as {name}; its result must not depend on "
            "how many inputs come at once."
        )
    if not isinstance(value, Real) or not np.isfinite(float(value)):
        raise TranslationError(
            f"{step.place}: takes {name}={brief(value)}, which must be a finite constant."
        )
    return float(value)
