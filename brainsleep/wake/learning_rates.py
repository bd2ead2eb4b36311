"""Learning rates: one for a whole network, or one for each of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from ..errors import ParameterError, brief
from ..support.checks import number
from ..support.names import items


def read_rates(lr: object) -> float | tuple[float, ...]:
    """Read a learning rate, or one for each layer.

    Raises
    ------
    ParameterError, KindError
        Naming ``lr``, for rates below 0, or of which none is above it.
    """
    if not isinstance(lr, (list, tuple)) and getattr(lr, "ndim", 0) != 1:
        return number(lr, "lr", minimum=0, exclusive_minimum=True)
    given = items(lr, "lr", "a number, or one for each layer")
    rates = tuple(number(rate, f"lr[{k}]", minimum=0) for k, rate in enumerate(given))
    if not any(rates):
        raise ParameterError(f"lr: at least one rate must be more than 0, not {brief(lr)}.")
    return rates


def parameter_groups(network: nn.Module, lr: float | Sequence[float]) -> list[dict[str, Any]]:
    """Return the parameters that learn, with the learning rates of their layers.

    Parameters
    ----------
    network : torch.nn.Module
        A layer is a module that has parameters of its own.
    lr : float or sequence of float
        As `read_rates` returns it.

    Raises
    ------
    ParameterError
        If there is not one rate for each layer.
    """
    if isinstance(lr, (int, float)):
        return [{"params": [p for p in network.parameters() if p.requires_grad], "lr": lr}]
    layers = parameters_by_layer(network)
    if len(layers) != len(lr):
        raise ParameterError(
            f"lr has {len(lr)} rates, but the network has {len(layers)} layers: "
            f"{brief(', '.join(layers))}."
        )
    return [
        {"params": learning, "lr": rate}
        for own, rate in zip(layers.values(), lr, strict=True)
        if (learning := [p for p in own if p.requires_grad])
    ]


def parameters_by_layer(network: nn.Module) -> dict[str, list[nn.Parameter]]:
    """Return the parameters of each module that has some of its own, by the module's name."""
    return {
        name: own
        for name, module in network.named_modules()
        if (own := list(module.parameters(recurse=False)))
    }
