"""What stands for a torch module that was not stored: its weights by name, and no function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import numpy as np
import torch
from torch import fx, nn

from ..errors import ParameterError


class StoredModule(nn.Module):
    """The weights of a network whose module is not known.

    Parameters
    ----------
    weights : mapping of str to ndarray
        By state-dict name.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        for name, values in weights.items():
            *path, last = name.split(".")
            part: nn.Module = self
            for step in path:
                if step not in part._modules:
                    part.add_module(step, nn.Module())
                part = part.get_submodule(step)
            tensor = torch.from_numpy(np.array(values))  # a copy
            part.register_parameter(last, nn.Parameter(tensor, requires_grad=False))

    def forward(self, *inputs: object) -> NoReturn:
        """Raise: what the network computes is not known."""
        _raise_unknown(*inputs)


def stored_graph(weights: Mapping[str, np.ndarray]) -> fx.GraphModule:
    """Return what stands for the graph of such a network: it holds weights, and raises when run."""
    graph = fx.Graph()
    entrance = graph.placeholder("inputs")
    for name in weights:
        graph.get_attr(name)
    graph.output(graph.call_function(_raise_unknown, (entrance,)))
    return fx.GraphModule(StoredModule(weights), graph)


def _raise_unknown(*inputs: object) -> NoReturn:
    raise unknown_function()


def unknown_function() -> ParameterError:
    """Return the error for what needs the network itself, and not only its layers."""
    return ParameterError(
        "this network was read from a saved night, which holds its layers and weights but not its "
        "module; pass the module: bs.translate(ann), or ann itself."
    )
