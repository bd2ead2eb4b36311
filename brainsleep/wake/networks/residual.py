"""A small residual network with ReLUs, without normalisation."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ...support.array_values import check_memory
from ...support.calls import public
from ...support.checks import whole_number
from ..contexts import seeded
from ..seeds_and_classes import checked_seed
from .convolutional import sizes, with_channels
from .image_rows import AsImages


class ResidualBlock(nn.Module):
    """Two convolutions beside a way past them: ``relu(conv2(relu(conv1(x))) + skip(x))``.

    Parameters
    ----------
    n_in, n_out : int
        Numbers of channels; where they differ the way past is a convolution of 1 × 1.
    bias : bool
        Give the convolutions biases.
    """

    def __init__(self, n_in: int, n_out: int, bias: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1, bias=bias)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=bias)
        same = n_in == n_out
        self.skip = nn.Identity() if same else nn.Conv2d(n_in, n_out, 1, bias=bias)
        self.relu2 = nn.ReLU()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return images of as many rows and columns."""
        within = self.conv2(self.relu1(self.conv1(images)))
        result: torch.Tensor = self.relu2(within + self.skip(images))
        return result


@public
def resnet(
    image_shape: Sequence[int],
    n_outputs: int,
    *,
    channels: Sequence[int] = (8, 16),
    blocks: int = 1,
    bias: bool = False,
    seed: int = 0,
) -> nn.Sequential:
    """Build a residual ReLU network (He, Zhang, Ren, Sun 2016) with fresh weights.

    A convolution with ReLU; then stages of blocks of two convolutions each, after each stage the
    mean over 2 × 2 pixels, as long as there are as many; then the outputs. There is no batch
    normalisation: its statistics would follow the last task.

    Parameters
    ----------
    image_shape : sequence of int
        Of one image: (rows, columns), or (channels, rows, columns).
    n_outputs : int
        Number of classes.
    channels : sequence of int, optional
        Of each stage.
    blocks : int, optional
        In each stage.
    bias : bool, optional
        Give every layer a bias.
    seed : int, optional
        Fixes the weights. Torch's global random state is left as it was.

    Returns
    -------
    torch.nn.Sequential
        In training mode, float32, on the CPU; takes flat rows of pixels, or images with channels.

    Raises
    ------
    ParameterError
        If a value makes no sense; the message names it.
    """
    n_channels, rows, columns = with_channels(image_shape, "resnet")
    widths = sizes(channels, "channels", fewest=1)
    blocks = whole_number(blocks, "blocks", minimum=1, maximum=1000)
    n_outputs = whole_number(n_outputs, "n_outputs", minimum=1)
    check_memory(blocks * sum(18 * n**2 for n in widths), "channels", bytes_each=4)

    layers = nn.Sequential()
    layers.add_module("images", AsImages((n_channels, rows, columns)))
    with seeded(checked_seed(seed)):
        stem = nn.Conv2d(n_channels, widths[0], 3, padding=1, bias=bias)
        layers.add_module("conv", stem)
        layers.add_module("relu", nn.ReLU())
        n_channels = widths[0]
        for k, n_out in enumerate(widths, start=1):
            for number in range(1, blocks + 1):
                layers.add_module(f"block{k}_{number}", ResidualBlock(n_channels, n_out, bias))
                n_channels = n_out
            if min(rows, columns) > 1:
                layers.add_module(f"pool{k}", nn.AvgPool2d(2))
                rows, columns = rows // 2, columns // 2
        layers.add_module("flatten", nn.Flatten())
        layers.add_module("fc", nn.Linear(n_channels * rows * columns, n_outputs, bias=bias))
    return layers
