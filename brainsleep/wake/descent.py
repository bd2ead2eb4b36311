"""Stochastic gradient descent in as few passes over the weights as torch can do it in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from .plain_sgd import PlainSGD

#: The first version of torch that has a fused step on the processor.
FUSED_SINCE = (2, 4)

#: A fused step rounds the last numbers of a parameter otherwise if they fill no vector register;
#: the largest has this many.
VECTOR = 16


def sgd(network: nn.Module, groups: Sequence[dict[str, Any]], momentum: float) -> torch.optim.SGD:
    """Return stochastic gradient descent, fused where that gives the same numbers bit for bit.

    A fused step reads and writes weights, gradients and momenta once in place of twice. All that
    has other types, sizes or places is left to what torch does otherwise.

    Parameters
    ----------
    network : torch.nn.Module
        What is trained.
    groups : sequence of dict
        As `brainsleep.wake.learning_rates.parameter_groups` returns them; the optimizer has the
        same parameters in the same order.
    momentum : float
        In [0, 1).
    """
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    has_sparse = any(getattr(module, "sparse", False) for module in network.modules())
    can_fuse = version >= FUSED_SINCE and not has_sparse
    parts = [
        {**group, "params": list(some), **({"fused": True} if is_fused else {})}
        for group in groups
        for is_fused, some in itertools.groupby(
            group["params"], lambda one: can_fuse and has_fused_step(one)
        )
    ]
    return PlainSGD(parts, momentum=momentum)


def has_fused_step(parameter: nn.Parameter) -> bool:
    """Tell whether a fused step of a parameter gives the same numbers as separate ones."""
    return (
        parameter.device.type == "cpu"
        and parameter.dtype in (torch.float32, torch.float64)
        and parameter.is_contiguous()
        and parameter.numel() % VECTOR == 0
    )


@contextmanager
def no_gradients_at_rest(groups: Sequence[dict[str, Any]]) -> Iterator[None]:
    """Compute no gradients of what has a learning rate of 0, for a while.

    Parameters
    ----------
    groups : sequence of dict
        With the rates.
    """
    at_rest = _parameters([group for group in groups if not group["lr"]])
    if len(at_rest) == len(_parameters(groups)):
        at_rest = []  # nothing learns, but the loss wants a gradient
    for parameter in at_rest:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in at_rest:
            parameter.requires_grad_(True)


def _parameters(groups: Sequence[dict[str, Any]]) -> list[nn.Parameter]:
    return [parameter for group in groups for parameter in group["params"]]
