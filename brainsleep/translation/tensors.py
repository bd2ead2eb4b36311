"""Parameters of a recorded module as arrays: checked, and each used by one layer only."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import ParameterError, TranslationError
from .tracing.constants import Constant

_MAKE_ONE = (
    "make it one, for example with torch.nn.utils.parametrize.remove_parametrizations or "
    "remove_weight_norm"
)
_REMEDIES = {
    "": "make it an nn.Parameter, or put its layer into an nn.ModuleList and not into a list",
    **dict.fromkeys(
        ("t", "T", "mT", "transpose", "permute", "contiguous", "swapaxes"),
        "store it as it is used, of shape (outputs, inputs)",
    ),
    **dict.fromkeys(
        ("getitem", "narrow", "select", "index_select"),
        "give each part that layers use a parameter of its own",
    ),
}


class Tensors:
    """Reads parameters and notes which layer uses which.

    Attributes
    ----------
    taken : dict of str to str
        The layer that uses each weight, by the weight's name.
    """

    def __init__(self) -> None:
        self.users: dict[int, str] = {}  # the layer that uses the memory of each parameter
        self.taken: dict[str, str] = {}

    def read(self, constant: Constant, layer: str, what: str) -> NDArray[np.floating]:
        """Return a constant: in float64 if that is its type, else in float32.

        Parameters
        ----------
        constant : Constant
            The constant.
        layer : str
            Name of the layer that uses it, for messages.
        what : str
            What the layer uses it for, for messages.

        Raises
        ------
        TranslationError
            If it is empty, or of no floating-point type.
        ParameterError
            If it holds NaN or infinity.
        """
        name, tensor = constant.name or what, constant.value
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
        exact = tensor if tensor.dtype == torch.float64 else tensor.float()
        values: NDArray[np.floating] = exact.numpy()  # of our own copy: nobody else writes to it
        if not np.isfinite(values).all():
            raise ParameterError(
                f"layer {layer!r}: {name!r} holds NaN or infinity; train the network again."
            )
        return values

    def take(self, constant: Constant, layer: str) -> NDArray[np.floating]:
        """Read a weight that no other layer may use; see :meth:`read`.

        Raises
        ------
        TranslationError
            If it is no parameter of the module, perhaps with a mask; if another layer uses it
            already, or :meth:`read` refuses it.
        """
        name = constant.name
        if name is None:
            how = f"computed by {constant.made_by}" if constant.made_by else "a plain tensor"
            raise TranslationError(
                f"{layer}: its weight is {how}, where layers must use parameters of the module "
                f"itself, which sleep can change; {_REMEDIES.get(constant.made_by, _MAKE_ONE)}."
            )
        values = self.read(constant, layer, "weight")
        memory = constant.original.data_ptr()
        if self.users.get(memory) == layer:
            raise TranslationError(
                f"{layer}: is called more than once; a weight used twice cannot sleep, so give "
                "each call a layer of its own, or return what one call computes."
            )
        if memory in self.users:
            raise TranslationError(
                f"{layer}: shares its parameter {name!r} with layer {self.users[memory]!r}; a "
                "weight used twice cannot sleep, so give each layer its own."
            )
        self.users[memory] = self.taken[name] = layer
        return values
