"""What drives a recurrent layer: the layer before it, itself, and the sum of its two biases."""

from __future__ import annotations

import numpy as np

from .bias_connections import bias_connection
from .folding import fold_before
from .layers import Connection
from .populations import Activity, Current
from .tensors import Tensors
from .tracing.steps import Step


def recurrent_current(step: Step, activity: Activity, tensors: Tensors) -> Current:
    """Return the current of a recurrent layer.

    Parameters
    ----------
    step : Step
        The call of `brainsleep.translation.tracing.elman.elman`.
    activity : Activity
        What drives the layer besides itself.
    tensors : Tensors
        Reads weights and biases.

    Returns
    -------
    Current
        With the connection from `activity` first and that from the layer itself second.

    Raises
    ------
    TranslationError, ParameterError
        If a weight is used elsewhere, too, is no parameter of the module, or is not finite.
    """
    part = step.option("part", "")
    name = f"{step.name}.{part}" if part else step.name
    forward = _connection(step, "weight_ih", activity.source, name, tensors)
    back = _connection(step, "weight_hh", name, name, tensors)
    bias, biases = None, tuple[Connection, ...]()
    for kind, link in (("bias_ih", forward), ("bias_hh", back)):
        constant = step.constant(kind)
        if constant is None:
            continue
        values = tensors.read(constant, name, kind)
        bias = values.astype(np.float64) + (0.0 if bias is None else bias)
        if constant.name is not None and constant.mask is None:
            biases += (bias_connection(constant.name, values, link),)
    if activity.affine is not None:
        forward, bias = fold_before(forward, bias, activity.affine)
    return Current(name, step.node.name, step.shape, (forward, back), bias, biases)


def _connection(step: Step, kind: str, source: str, name: str, tensors: Tensors) -> Connection:
    """Return the connection that one of the layer's weights is."""
    constant = step.constant(kind)
    assert constant is not None
    weight = tensors.take(constant, name)
    return Connection(
        source,
        "dense",
        weight.shape[1],
        weight.shape[0],
        weight_name=constant.name,
        weight=weight,
        mask=constant.mask_of(weight),
    )
