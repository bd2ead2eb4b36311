"""The torch network that computes what the layers of a NIR graph do."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence

import torch
from torch import nn

from ..layers import INPUT
from .spiking_layers import SpikingLayer


class Wired(nn.Module):
    """A network whose layers may be driven by several others.

    Parameters
    ----------
    layers : sequence of SpikingLayer
        Each after all that drive it. Modules are named after their nodes.
    """

    def __init__(self, layers: Sequence[SpikingLayer]) -> None:
        super().__init__()
        self.layers = [
            (
                layer.name,
                [(link.source, self._named(layer.name, link.modules)) for link in layer.links],
                layer.rectified,
            )
            for layer in layers
        ]

    def _named(self, layer: str, modules: Sequence[nn.Module]) -> list[str]:
        """Register modules under names that are free; return the names."""
        names = []
        for module in modules:
            plain = "".join(letter if letter.isalnum() else "_" for letter in layer)
            plain = f"{plain}_{type(module).__name__.lower()}"
            numbered = (f"{plain}_{number}" for number in itertools.count(1))
            name = next(
                free for free in itertools.chain([plain], numbered) if not hasattr(self, free)
            )
            self.add_module(name, module)
            names.append(name)
        return names

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the activity of the last layer."""
        values = {INPUT: x}
        for name, links, rectified in self.layers:
            driven = []
            for source, modules in links:
                value = values[source]
                for module in modules:
                    value = getattr(self, module)(value)
                driven.append(value)
            total = functools.reduce(operator.add, driven)
            values[name] = torch.relu(total) if rectified else total
        return values[name]


def as_ann(layers: Sequence[SpikingLayer]) -> nn.Module:
    """Return the network: a `torch.nn.Sequential` where each layer drives the next alone.

    Parameters
    ----------
    layers : sequence of SpikingLayer
        Each after all that drive it.
    """
    before = [INPUT, *(layer.name for layer in layers)]
    is_chain = all(
        [link.source for link in layer.links] == [source]
        for layer, source in zip(layers, before, strict=False)
    )
    if not is_chain:
        return Wired(layers)
    modules: list[nn.Module] = []
    for layer in layers:
        modules += layer.links[0].modules
        modules += [nn.ReLU()] if layer.rectified else []
    return nn.Sequential(*modules)
