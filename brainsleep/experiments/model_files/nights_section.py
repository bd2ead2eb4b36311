"""What tables of model files say of any nights, of whatever kind."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ...errors import ModelFileError
from .sections import Section


def shuffled_pixels(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return images whose pixels are permuted, all alike and the same in all nights."""
    return images[:, np.random.default_rng(0).permutation(images.shape[1])]


class NightsSection(Section):
    """The nights of a model file: what tables of all kinds of nights have.

    Attributes
    ----------
    device, dtype
        As in `brainsleep.sleep`.
    nights_after : "every" or list of int
        After which tasks there is a night, numbered from 1, as ``[2, 5]``; images of the
        ``"current"`` task are then those of all tasks since the last night.
    averaging : float or list of float, optional
        Which part of the way from the weights of the last waking they go on the next, in all layers
        or in each, as ``[0.7, 0.4, 0.9]``; see `brainsleep.average_weights`. While a task is
        learned, this keeps a copy of all weights.
    """

    table: ClassVar[str]

    device: str = "cpp"
    dtype: str = "float32"
    nights_after: Literal["every"] | list[Annotated[int, Field(ge=1)]] = "every"
    averaging: float | list[float] | None = None

    @abstractmethod
    def checks(self) -> tuple[Callable[[], object], ...]:
        """Return what builds the parts of the nights; each refuses its own wrong values."""

    def check_tasks(self, n_tasks: int) -> None:
        """Raise a ModelFileError if there is to be a night after a task that there is not."""
        for number in self.nights_after if self.nights_after != "every" else ():
            if number > n_tasks:
                raise ModelFileError(
                    f"[{self.table}] nights_after names task {number}, but there are {n_tasks}."
                )

    def has_night(self, index: int) -> bool:
        """Tell whether there is a night after the task of this number, from 0."""
        return self.nights_after == "every" or index + 1 in self.nights_after

    def first_since(self, index: int) -> int:
        """Return the first task after the night before that of a task, all numbered from 0."""
        first = index
        while first > 0 and not self.has_night(first - 1):
            first -= 1
        return first
