"""A network cut in two at a layer: what lies below it, and what it is given."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from ...errors import ParameterError
from ..contexts import mode_of
from .features import find_layer, received

_BATCH_SIZE = 1000  # limits the memory needed; results do not depend on it


class Below:
    """What of a network lies below a layer.

    Parameters
    ----------
    network : torch.nn.Module
        Shared, not copied.
    name : str
        The layer, as of :func:`brainsleep.wake.strategies.features.find_layer`.
    image : torch.Tensor, shape (1, ...)
        What the network takes, to try it out.

    Attributes
    ----------
    parameters : list of torch.nn.Parameter
        Those that are trained and that the layer's input depends on.
    modules : list of torch.nn.Module
        Those without parts that run before the layer.

    Raises
    ------
    ParameterError
        If there is no such layer, or it is called more than once for an image.
    """

    def __init__(self, network: nn.Module, name: str, image: torch.Tensor) -> None:
        self.network, self.layer = network, find_layer(network, name)
        self.modules: list[nn.Module] = []
        parameters = [one for one in network.parameters() if one.requires_grad]
        with (
            torch.enable_grad(),
            mode_of(network, training=False),
            received(network, self.layer) as inputs,
        ):
            leaves = [one for one in network.modules() if not list(one.children())]
            hooks = [
                one.register_forward_pre_hook(
                    lambda module, _: None if inputs else self.modules.append(module)
                )
                for one in leaves
            ]
            try:
                network(image.clone())
            finally:
                for hook in hooks:
                    hook.remove()
        if len(inputs) != 1:
            raise ParameterError(
                f"layer {self.layer!r} is called {len(inputs)} times for an image, as in a spiking "
                "network; what is replayed would have to be a sequence."
            )
        gradients: Any = [None] * len(parameters)
        if inputs[0].requires_grad:
            gradients = torch.autograd.grad(inputs[0].sum(), parameters, allow_unused=True)
        self.parameters = [
            one for one, found in zip(parameters, gradients, strict=True) if found is not None
        ]

    def received(self, images: torch.Tensor) -> torch.Tensor:
        """Return what the layer is given for images, in evaluation mode, in float32."""
        with (
            torch.no_grad(),
            mode_of(self.network, training=False),
            received(self.network, self.layer) as inputs,
        ):
            for batch in images.split(_BATCH_SIZE):
                self.network(batch)
        return torch.cat(inputs).float()

    def joined(self, images: torch.Tensor, stored: torch.Tensor) -> torch.Tensor:
        """Return the network's outputs for images, and for rows of what the layer was given.

        What lies below runs as in evaluation.
        """
        for module in self.modules:
            module.eval()  # until training is over, which restores the modes of all modules

        def with_stored(module: nn.Module, arguments: tuple[Any, ...]) -> tuple[torch.Tensor]:
            return (torch.cat([arguments[0], stored.to(arguments[0])]),)

        hook = self.network.get_submodule(self.layer).register_forward_pre_hook(with_stored)
        try:
            outputs: torch.Tensor = self.network(images)
        finally:
            hook.remove()
        return outputs
