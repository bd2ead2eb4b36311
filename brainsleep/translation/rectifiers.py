"""Functions that rectify with the right arguments: ``clamp(min=0)`` or ``leaky_relu(x, 0)``."""

from __future__ import annotations

import math

from ..errors import TranslationError, brief
from .tracing.constants import Constant
from .tracing.operations import HINTS
from .tracing.steps import Step


def require_relu(step: Step) -> None:
    """Refuse a function that does not do what a ReLU does.

    Parameters
    ----------
    step : Step
        The function, with its arguments.

    Raises
    ------
    TranslationError
        Naming the arguments, and what to do.
    """
    if not _rectifies(step):
        given = ", ".join(
            f"{name}={'a tensor' if isinstance(value, Constant) else brief(value)}"
            for name, value in step.arguments.items()
            if name not in ("input", "inplace")
        )
        kind = step.called_at.called(step.node.name)
        raise TranslationError(
            f"{step.place}: {kind} with {given} is no ReLU; {HINTS['leaky_relu']}."
        )


def _rectifies(step: Step) -> bool:
    """Tell whether a function does what a ReLU does, with its arguments."""
    does = step.operation.does
    if does == "clamp":
        low = _number(step, ("min", "min_val"), None)
        return low == 0 and _number(step, ("max", "max_val"), math.inf) == math.inf
    if does == "threshold":
        return _number(step, ("threshold",), None) == 0 and _number(step, ("value",), None) == 0
    if does == "leaky":
        return _number(step, ("negative_slope",), 0.01) == 0
    if does == "elu":
        return _number(step, ("alpha",), 1.0) == 0
    return True


def _number(step: Step, names: tuple[str, ...], default: float | None) -> float | None:
    """Return an argument that is a number, under any of some names."""
    value = next((step.arguments[name] for name in names if name in step.arguments), default)
    if isinstance(value, Constant) and value.value.numel() == 1:
        value = float(value.value)
    if value is None:
        return default
    return float(value) if isinstance(value, (int, float)) else math.nan
