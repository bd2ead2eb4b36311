"""Constants of a network in one type, each converted once, whoever holds it."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray


class Converted:
    """Converts tensors and arrays, and keeps what it has converted.

    A recorded graph and the layers that were read from it hold the same memory.

    Parameters
    ----------
    dtype : torch.dtype
        The floating-point type that constants get.
    """

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        self.dtype = dtype
        # what was converted stays, too: nothing else may get its memory meanwhile
        self._kept: dict[tuple[object, ...], tuple[torch.Tensor, torch.Tensor]] = {}

    def of(self, values: torch.Tensor | NDArray[np.floating]) -> torch.Tensor:
        """Return values in this type; integers and complex numbers as they are.

        Parameters
        ----------
        values : Tensor or ndarray
            Nothing may change them as long as this object is used.
        """
        if isinstance(values, np.ndarray):  # torch cannot share what NumPy protects
            values = torch.from_numpy(values if values.flags.writeable else values.copy())
        values = values.detach()
        if not values.is_floating_point() or values.dtype == self.dtype:
            return values
        key = (values.data_ptr(), values.dtype, values.shape, values.stride())
        if key not in self._kept:
            self._kept[key] = (values, values.to(self.dtype))
        return self._kept[key][1]
