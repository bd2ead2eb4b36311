"""Trained networks as spiking ones of other libraries (SpikingJelly, snnTorch): `inference.py`."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

#: Percentile of a layer's activations for which one spike per step stands.
PERCENTILE = 99.9


@dataclass(frozen=True)
class Other:
    """A spiking network of another library, and what takes it back to rest."""

    network: nn.Module
    rest: Callable[[nn.Module], object]

    def choices(self, images: torch.Tensor, batch: int, n_steps: int) -> torch.Tensor:
        """Return the outputs that it chooses after the last step."""
        chosen = []
        with torch.inference_mode():
            for part in images.split(batch):
                self.rest(self.network)
                chosen.append(sum(self.network(part) for _ in range(n_steps)).argmax(1))
        return torch.cat(chosen)


def with_spikingjelly(net: nn.Sequential, images: torch.Tensor) -> Other:
    """Return the network that SpikingJelly's `ann2snn` makes."""
    from spikingjelly.activation_based import ann2snn, functional

    labels = torch.zeros(len(images))  # which it does not use
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(images, labels), batch_size=100
    )
    recipe = ann2snn.RateCodingRecipe(dataloader=loader, mode=f"{PERCENTILE}%")
    spiking = ann2snn.Converter(recipe=recipe, device="cpu").convert(net).eval()
    return Other(spiking, functional.reset_net)


class SpikingReLU(nn.Module):
    """A ReLU as snnTorch's neuron without a leak; a spike stands for `scale`."""

    def __init__(self, scale: float) -> None:
        import snntorch

        super().__init__()
        self.neuron = snntorch.Leaky(beta=1.0, reset_delay=False)
        self.scale = scale
        self.potential: torch.Tensor | None = None

    def forward(self, current: torch.Tensor) -> torch.Tensor:
        """Return the spikes of a step, times what each stands for."""
        potential = torch.zeros_like(current) if self.potential is None else self.potential
        spikes, self.potential = self.neuron(current / self.scale, potential)
        return spikes * self.scale


def with_snntorch(net: nn.Sequential, images: torch.Tensor) -> Other:
    """Return the network with snnTorch's neurons, at the scales that SpikingJelly chooses, too."""
    parts: list[nn.Module] = []
    with torch.no_grad():
        values = images
        for module in net:
            values = module(values)
            is_relu = isinstance(module, nn.ReLU)
            scale = float(np.percentile(values.numpy(), PERCENTILE))
            parts.append(SpikingReLU(scale) if is_relu else module)
    return Other(nn.Sequential(*parts).eval(), _to_rest)


def _to_rest(network: nn.Module) -> None:
    for part in network.modules():
        if isinstance(part, SpikingReLU):
            part.potential = None


CONVERTERS: dict[str, Callable[[nn.Sequential, torch.Tensor], Other]] = {
    "SpikingJelly": with_spikingjelly,
    "snnTorch": with_snntorch,
}


def installed() -> list[str]:
    """Return which of the libraries are installed."""
    return [who for who in CONVERTERS if importlib.util.find_spec(who.lower()) is not None]
