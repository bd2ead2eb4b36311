"""Images of one data set in the form of another's, so that one network can take both."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from ...errors import DataError
from ..datasets import Dataset
from .whole_sets import image_grid


def in_form_of(dataset: Dataset, image_shape: tuple[int, ...]) -> Dataset:
    """Return images resized to another height and width, with as many channels.

    Sides are interpolated linearly, averaging where images shrink (torch's ``antialias``). Grey
    images get equal channels; of colour images that become grey, channels are averaged.

    Parameters
    ----------
    dataset : Dataset
        Left as it is.
    image_shape : tuple of int
        (height, width) or (channels, height, width).

    Raises
    ------
    DataError
        If either has no height and width, or channels cannot be matched.
    """
    if dataset.image_shape == image_shape:
        return dataset
    what = f"cross-modal: images of {dataset.image_shape} brought to {image_shape}"
    grid = torch.from_numpy(image_grid(dataset, what).copy())
    if len(image_shape) not in (2, 3) or grid.ndim not in (3, 4):
        raise DataError(f"{what}: both must be (height, width) or (channels, height, width).")
    grid = grid.reshape(len(grid), -1, *grid.shape[-2:])
    n_channels = 1 if len(image_shape) == 2 else image_shape[0]
    if n_channels != grid.shape[1]:
        if 1 not in (n_channels, grid.shape[1]):
            raise DataError(f"{what}: {grid.shape[1]} channels cannot become {n_channels}.")
        grid = grid.mean(dim=1, keepdim=True).expand(-1, n_channels, -1, -1)
    if grid.shape[-2:] != image_shape[-2:]:
        grid = nn.functional.interpolate(
            grid, image_shape[-2:], mode="bilinear", antialias=True
        ).clip(0, 1)
    return replace(dataset, images=grid.reshape(len(grid), -1).numpy(), image_shape=image_shape)
