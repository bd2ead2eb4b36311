"""Tensors that a module brings along: parameters, buffers, and what is computed from them alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from .operations import name_of_function
from .recorder import Recording, tensors_in

_T = torch.Tensor
#: Functions that return the tensor they take, or a copy of it.
_SAME = {
    *(torch.clone, torch.detach, _T.clone, _T.detach, _T.contiguous, _T.to, _T.type, _T.type_as),
    *(_T.requires_grad_, _T.cpu, _T.float, _T.double, _T.data.__get__),  # type: ignore[attr-defined]
}
_PRODUCTS = {torch.mul, torch.multiply, _T.mul}


@dataclass(frozen=True, eq=False)
class Constant:
    """A tensor that does not depend on the input.

    Attributes
    ----------
    original : Tensor
        Its value, when it was used; without its mask.
    name : str or None
        Its name in the state dict, if it is a parameter or a buffer of the module.
    mask : Tensor of bool or None
        Where a mask with which it is multiplied is not 0: which synapses of a pruned weight are
        there.
    made_by : str
        Name of the function that computed it; empty for parameters and buffers.
    """

    original: torch.Tensor
    name: str | None = None
    mask: torch.Tensor | None = None
    made_by: str = ""

    @property
    def value(self) -> torch.Tensor:
        """Its value, with its mask."""
        values = self.original.detach()
        return values if self.mask is None else values * self.mask

    def mask_of(self, weight: NDArray[np.floating] | None) -> NDArray[np.bool_] | None:
        """Return its mask in the shape of the weight that was made of it; None without one."""
        if self.mask is None:
            return None
        assert weight is not None
        return self.mask.numpy().reshape(weight.shape)


class Constants:
    """Says what the constants of a recorded run are.

    Parameters
    ----------
    recording : Recording
        The run.
    """

    def __init__(self, recording: Recording) -> None:
        self.derived = recording.derived
        self.names: dict[int, list[str]] = {}
        state = recording.module.state_dict(keep_vars=True)
        for name, tensor in state.items():
            if isinstance(tensor, torch.Tensor):
                self.names.setdefault(id(tensor), []).append(name)

    def read(self, tensor: torch.Tensor, path: str = "") -> Constant:
        """Say what a tensor is.

        Parameters
        ----------
        tensor : Tensor
            What a function took besides activity.
        path : str
            Path of the module that called the function: of a parameter that has several names, the
            one that is the module's own is chosen.

        Returns
        -------
        Constant
        """
        names = self.names.get(id(tensor))
        if names:
            own = [name for name in names if name.rpartition(".")[0] == path]
            kept = tensor if isinstance(tensor, nn.Parameter) else tensor.detach()
            return Constant(kept, (own or names)[0])
        derived = self.derived.get(id(tensor))
        if derived is None:
            return Constant(tensor.detach())
        source = self._source(derived.function, derived.args, path)
        value = tensor.detach().clone()
        if source is not None and source.name is not None and _is_source(source, value):
            return source
        return Constant(value, made_by=name_of_function(derived.function))

    def _source(
        self, function: Callable[..., object], args: tuple[object, ...], path: str
    ) -> Constant | None:
        """Return the parameter that a function passed on, or multiplied by a mask."""
        tensors = list(tensors_in(args))
        if function in _SAME and len(tensors) in (1, 2):
            return self.read(tensors[0], path)
        if function not in _PRODUCTS or len(tensors) != 2:
            return None
        read = [self.read(tensor, path) for tensor in tensors]
        for weight, mask in (read, read[::-1]):
            if weight.name is None or not _is_mask(mask.value, weight.value):
                continue
            both = mask.value != 0
            if weight.mask is not None:
                both &= weight.mask
            return Constant(weight.original, weight.name, both)
        return None


def _is_source(source: Constant, value: torch.Tensor) -> bool:
    """Tell whether a computed tensor has the values and the type of its source."""
    return source.value.dtype == value.dtype and torch.equal(source.value, value)


def _is_mask(mask: torch.Tensor, weight: torch.Tensor) -> bool:
    """Tell whether a tensor holds only zeros and ones, and has the shape of a weight."""
    return mask.shape == weight.shape and bool(((mask == 0) | (mask == 1)).all())
