"""Inputs of a layer that are zero in all images: their weights do not change, and are left alone.

Many pixels of digits are black in all images of a task. Products then go over the other pixels
alone, whose weights and momenta lie together for a while. A library of matrix products sums over
blocks of inputs; where these blocks stay what they were, the sums are the same bit by bit. How long
a block is, is found by trial.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

#: How many inputs a library may sum up before it adds to the sum of those before.
BLOCKS = (192, 256, 384, 128, 320, 336, 512, 768, 1024)

#: Copying weights to and fro pays if at least this share of inputs is always zero.
LEAST_SHARE = 0.1


@dataclass(eq=False)
class ActiveInputs:
    """The inputs of one layer that are not always zero, and their weights while they lie together.

    Attributes
    ----------
    is_active : torch.Tensor of bool, shape (n_inputs,)
        Which they are.
    weight, momentum : torch.Tensor, shape (n_outputs, n_active), or None
        Theirs; None while those of the whole layer are in use.
    """

    is_active: torch.Tensor
    weight: torch.Tensor | None = None
    momentum: torch.Tensor | None = None
    _active: torch.Tensor = field(init=False, repr=False)
    _silent: torch.Tensor = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """List the inputs of both kinds."""
        self._active = self.is_active.nonzero()[:, 0]
        self._silent = (~self.is_active).nonzero()[:, 0]

    @classmethod
    def of_images(cls, images: torch.Tensor) -> ActiveInputs | None:
        """Return the pixels that are not zero in all images; None if these are nearly all."""
        if images.device.type != "cpu" or images.ndim < 2 or not len(images):
            return None
        is_active = (images != 0).any(0).reshape(-1)
        n_active = int(is_active.sum())
        if not 0 < n_active <= (1 - LEAST_SHARE) * len(is_active):
            return None
        return cls(is_active)

    def values_in(self, x: torch.Tensor) -> torch.Tensor | None:
        """Return the active inputs of a batch; None if others are not zero, or it has others."""
        if x.shape[1] != len(self.is_active) or x.index_select(1, self._silent).any():
            return None
        return x.index_select(1, self._active)

    def values_of(self, whole: torch.Tensor) -> torch.Tensor:
        """Return the columns of the active inputs."""
        return whole.index_select(1, self._active)

    def bounds(self, x: torch.Tensor, weight: torch.Tensor, *, bias: bool) -> list[int] | None:
        """Return where blocks of active inputs begin and end; None if no blocks are the same.

        Parameters
        ----------
        x : torch.Tensor, shape (n, n_inputs)
            Numbers of which each sum rounds, zero where the inputs are.
        weight : torch.Tensor, shape (n_outputs, n_inputs)
            Such numbers, too.
        bias : bool
            Whether something is added first.
        """
        added = weight[:, 0].clone() if bias else None
        out = torch.nn.functional.linear(x, weight, added)
        active, own = self.values_of(x), self.values_of(weight)
        for length in (len(self.is_active), *BLOCKS):
            bounds = self._bounds(length)
            if torch.equal(product(active, own, added, bounds), out):
                return bounds
        return None

    def _bounds(self, length: int) -> list[int]:
        """Return where blocks of so many inputs begin and end among the active ones."""
        n_before = [0, *self.is_active.cumsum(0).tolist()]
        ends = [*range(0, len(self.is_active), length), len(self.is_active)]
        return sorted({n_before[end] for end in ends})

    def open(self, weight: torch.Tensor, momentum: torch.Tensor) -> bool:
        """Lay weights and momenta of active inputs together; tell whether that can be done."""
        if self.weight is None:
            at_rest = momentum.index_select(1, self._silent), weight.index_select(1, self._silent)
            if at_rest[0].any() or not at_rest[1].isfinite().all():
                return False
            self.weight, self.momentum = self.values_of(weight), self.values_of(momentum)
        return True

    def close(self, weight: torch.Tensor, momentum: torch.Tensor) -> None:
        """Put them back into those of the whole layer."""
        if self.weight is not None and self.momentum is not None:
            weight.index_copy_(1, self._active, self.weight)
            momentum.index_copy_(1, self._active, self.momentum)
        self.weight = self.momentum = None


def product(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, bounds: Sequence[int]
) -> torch.Tensor:
    """Return ``x @ weight.T + bias``, summed up block by block.

    Parameters
    ----------
    x : torch.Tensor, shape (n, n_inputs)
        Inputs.
    weight : torch.Tensor, shape (n_outputs, n_inputs)
        Weights.
    bias : torch.Tensor, shape (n_outputs,), optional
        Added first.
    bounds : sequence of int
        Where blocks begin and end.
    """
    out = None if bias is None else bias.expand(len(x), -1).clone()
    for start, stop in itertools.pairwise(bounds):
        values, rows = x[:, start:stop], weight[:, start:stop].t()
        out = values @ rows if out is None else out.addmm_(values, rows)
    assert out is not None
    return out
