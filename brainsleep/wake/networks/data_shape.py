"""What a network has to fit: the shape of the data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..tasks import Task, highest_label


@dataclass(frozen=True)
class DataShape:
    """What of the data decides on the ends of a network.

    Attributes
    ----------
    n_inputs : int
        Number of pixels, or features.
    n_outputs : int
        Number of classes.
    image_shape : tuple of int
        Shape to fold a row of pixels into.
    """

    n_inputs: int
    n_outputs: int
    image_shape: tuple[int, ...]

    @classmethod
    def of(cls, tasks: Sequence[Task]) -> DataShape:
        """Return what fits all tasks."""
        train = tasks[0].train
        return cls(train.images.shape[1], highest_label(tasks) + 1, train.image_shape)

    @property
    def with_channels(self) -> tuple[int, ...] | None:
        """The shape of an image as convolutions take it, (channels, rows, columns); or None."""
        if len(self.image_shape) == 2:
            return (1, *self.image_shape)
        return self.image_shape if len(self.image_shape) == 3 else None
