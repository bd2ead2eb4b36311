"""The network as it was when a task began: what is held on to while the task is learned."""

from __future__ import annotations

import torch
from torch import nn
from torch.func import functional_call

from ..contexts import mode_of
from .strategy import keepable

_PREFIX = "former "


def remember(network: nn.Module, kept: dict[str, torch.Tensor]) -> None:
    """Keep a copy of a network's parameters and buffers."""
    kept.update({_PREFIX + name: keepable(one) for name, one in network.state_dict().items()})


def forget(kept: dict[str, torch.Tensor]) -> None:
    """Let the copy go, if there is one: between tasks it is the network itself."""
    for name in [name for name in kept if name.startswith(_PREFIX)]:
        del kept[name]


def former(kept: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    """Return what a parameter was."""
    return kept[_PREFIX + name]


def former_outputs(
    network: nn.Module, kept: dict[str, torch.Tensor], images: torch.Tensor
) -> torch.Tensor:
    """Return what the network would have given for images, in evaluation mode."""
    weights = {name for name, _ in network.named_parameters()}
    state = {
        # a network may write to its buffers
        name: former(kept, name).to(one.dtype, copy=name not in weights)
        for name, one in network.state_dict().items()
    }
    with torch.no_grad(), mode_of(network, training=False):
        outputs: torch.Tensor = functional_call(network, state, (images,))
    return outputs
