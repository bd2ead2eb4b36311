"""What a translated network is: layers in order, each with its weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import fx


@dataclass(frozen=True, eq=False)
class Layer:
    """One fully connected layer and the spiking population it drives.

    Attributes
    ----------
    name : str
        Path of the torch module that makes the population's input current, else the torch.fx
        node's name.
    node : str
        Name of its torch.fx node.
    weight_name, bias_name : str, str or None
        Names in the module's state dict.
    weight : ndarray, shape (n_out, n_in)
        A copy.
    bias : ndarray, shape (n_out,), or None
        A copy.
    """

    name: str
    node: str
    weight_name: str
    bias_name: str | None
    weight: np.ndarray
    bias: np.ndarray | None

    @property
    def n_in(self) -> int:
        """Number of inputs."""
        return self.weight.shape[1]

    @property
    def n_out(self) -> int:
        """Number of neurons."""
        return self.weight.shape[0]


@dataclass(frozen=True, eq=False)
class Translation:
    """A feed-forward ReLU network as a list of layers.

    Attributes
    ----------
    layers : tuple of Layer
        First to last.
    graph : torch.fx.GraphModule
        The traced copy, in evaluation mode on the CPU.
    """

    layers: tuple[Layer, ...]
    graph: fx.GraphModule

    @property
    def n_inputs(self) -> int:
        """Inputs of the first layer."""
        return self.layers[0].n_in

    @property
    def layer_names(self) -> list[str]:
        """Names of the layers, in order."""
        return [layer.name for layer in self.layers]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Neurons of each population, the input first."""
        return (self.n_inputs, *(layer.n_out for layer in self.layers))
