"""Flat rows of pixels, folded into the images that a network takes."""

from __future__ import annotations

import math

import torch
from torch import nn

from ...errors import ParameterError


class AsImages(nn.Module):
    """Fold flat rows of pixels into images; images pass as they are.

    Parameters
    ----------
    image_shape : tuple of int
        Of one image, channels first.
    """

    def __init__(self, image_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.image_shape = image_shape

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return images, channels first, of rows (n, n_pixels)."""
        shape = tuple(images.shape[1:])
        if shape != self.image_shape and shape != (math.prod(self.image_shape),):
            wanted = ", ".join(map(str, self.image_shape))
            raise ParameterError(
                f"images have the shape {tuple(images.shape)}; this network takes "
                f"(n, {wanted}) or (n, {math.prod(self.image_shape)})."
            )
        return images.reshape(-1, *self.image_shape)

    def extra_repr(self) -> str:
        """Show the shape."""
        return f"image_shape={self.image_shape}"
