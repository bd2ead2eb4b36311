"""Parameters of a traced module as arrays, checked, and each used by one layer only."""

from __future__ import annotations

import numpy as np
import torch
from torch import fx

from ..errors import ParameterError, TranslationError
from .steps import Step


class Tensors:
    """Reads parameters by name and keeps account of which layer uses which.

    Parameters
    ----------
    graph : fx.GraphModule
        The traced copy.

    Attributes
    ----------
    taken : dict of str to str
        The layer that has each weight.
    """

    def __init__(self, graph: fx.GraphModule) -> None:
        self.state = graph.state_dict()
        self.users: dict[int, str] = {}  # which layer uses a parameter's memory
        self.taken: dict[str, str] = {}

    def read(self, name: str, layer: str) -> np.ndarray:
        """Return a parameter in float32, or in float64 if it has that.

        Raises
        ------
        TranslationError
            If it is not in the state dict, empty or not floating.
        ParameterError
            If it holds NaN or infinity.
        """
        tensor = self.state.get(name)
        if tensor is None:
            raise TranslationError(
                f"{layer}: {name!r} is not in the state dict (a parametrization?); "
                "remove parametrizations before sleep."
            )
        if not tensor.is_floating_point():
            raise TranslationError(f"{layer}: {name!r} is {tensor.dtype}, not floating.")
        if tensor.numel() == 0:
            raise TranslationError(
                f"{layer}: {name!r} has shape {tuple(tensor.shape)} and holds nothing; layers need "
                "at least one neuron."
            )
        # half precision becomes float32; NumPy has no bfloat16
        exact = tensor.detach() if tensor.dtype == torch.float64 else tensor.detach().float()
        values = exact.numpy()  # of our own copy of the network: nobody else writes to it
        if not np.isfinite(values).all():
            raise ParameterError(f"layer {layer!r}: {name!r} holds NaN or infinity.")
        return values

    def take(self, name: str, layer: str) -> np.ndarray:
        """Read a weight for a layer that will have it to itself.

        Raises
        ------
        TranslationError
            If another layer has it already, or :meth:`read` refuses it.
        """
        values = self.read(name, layer)
        memory = self.state[name].data_ptr()
        if memory in self.users:
            raise TranslationError(
                f"{layer}: shares its parameter {name!r} with layer {self.users[memory]!r}; a "
                "weight used twice cannot sleep."
            )
        self.users[memory] = self.taken[name] = layer
        return values


def parameter_names(step: Step) -> tuple[str, str | None]:
    """Name weight and bias of a Linear or a convolution in the module's state dict.

    Raises
    ------
    TranslationError
        If a function was called with anything but the module's own parameters.
    """
    if step.module is not None:
        bias = f"{step.name}.bias" if step.module.bias is not None else None
        return f"{step.name}.weight", bias
    names = []
    for value in (step.arguments.get("weight"), step.arguments.get("bias")):
        if value is not None and not (isinstance(value, fx.Node) and value.op == "get_attr"):
            raise TranslationError(
                f"{step.place}: must be called with parameters of the module itself."
            )
        names.append(None if value is None else str(value.target))
    assert names[0] is not None
    return names[0], names[1]
