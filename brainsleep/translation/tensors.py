"""Parameters of a traced module as arrays: checked, and each used by one layer only."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import fx

from ..errors import ParameterError, TranslationError
from .steps import Step


class Tensors:
    """Reads parameters by name and notes which layer uses which.

    Parameters
    ----------
    graph : fx.GraphModule
        The traced copy.

    Attributes
    ----------
    taken : dict of str to str
        The layer that uses each weight.
    """

    def __init__(self, graph: fx.GraphModule) -> None:
        self.state = graph.state_dict()
        self.users: dict[int, str] = {}  # the layer that uses the memory of each parameter
        self.taken: dict[str, str] = {}

    def read(self, name: str, layer: str) -> NDArray[np.floating]:
        """Return a parameter: in float64 if that is its type, else in float32.

        Parameters
        ----------
        name : str
            Its name in the state dict.
        layer : str
            Name of the layer that uses it, for messages.

        Raises
        ------
        TranslationError
            If it is not in the state dict, is empty, or is of no floating-point type.
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
            raise TranslationError(
                f"{layer}: {name!r} is of type {tensor.dtype}; it must be of a floating-point type."
            )
        if tensor.numel() == 0:
            raise TranslationError(
                f"{layer}: {name!r} has shape {tuple(tensor.shape)} and is empty; layers need at "
                "least one neuron."
            )
        # half precision becomes float32; NumPy has no bfloat16
        exact = tensor.detach() if tensor.dtype == torch.float64 else tensor.detach().float()
        values: NDArray[np.floating] = exact.numpy()  # of our own copy: nobody else writes to it
        if not np.isfinite(values).all():
            raise ParameterError(
                f"layer {layer!r}: {name!r} holds NaN or infinity; train the network again."
            )
        return values

    def take(self, name: str, layer: str) -> NDArray[np.floating]:
        """Read a weight that no other layer may use; see :meth:`read`.

        Raises
        ------
        TranslationError
            If another layer uses it already, or :meth:`read` refuses it.
        """
        values = self.read(name, layer)
        memory = self.state[name].data_ptr()
        if memory in self.users:
            raise TranslationError(
                f"{layer}: shares its parameter {name!r} with layer {self.users[memory]!r}; a "
                "weight used twice cannot sleep, so give each layer its own."
            )
        self.users[memory] = self.taken[name] = layer
        return values


def parameter_names(step: Step) -> tuple[str, str | None]:
    """Return the state-dict names of weight and bias of a Linear or a convolution.

    Returns
    -------
    weight : str
    bias : str or None
        None for a layer without a bias.

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
