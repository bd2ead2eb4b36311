"""A small convolutional network with ReLUs and pooling."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from ...errors import ParameterError, brief
from ...support.array_values import check_memory
from ...support.calls import public
from ...support.checks import number, whole_number
from ...support.names import items, read_shape
from ..contexts import seeded
from ..seeds_and_classes import checked_seed
from .image_rows import AsImages


@public
def cnn(
    image_shape: Sequence[int],
    n_outputs: int,
    *,
    channels: Sequence[int] = (8, 16),
    kernel_size: int = 3,
    hidden: Sequence[int] = (128,),
    bias: bool = False,
    dropout: float = 0.0,
    seed: int = 0,
) -> nn.Sequential:
    """Build a convolutional ReLU network with fresh weights.

    Each convolution keeps the size of the image and is followed by ReLU and the maximum over
    2 × 2 pixels, as long as there are as many; fully connected layers follow.

    Parameters
    ----------
    image_shape : sequence of int
        Of one image: (rows, columns), or (channels, rows, columns).
    n_outputs : int
        Number of classes.
    channels : sequence of int, optional
        Of each convolution.
    kernel_size : int, optional
        Rows and columns of a kernel; odd.
    hidden : sequence of int, optional
        Neurons of each fully connected layer before the outputs; there may be none.
    bias : bool, optional
        Give every layer a bias.
    dropout : float, optional
        Probability that a neuron of a hidden fully connected layer is silenced in training.
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

    Examples
    --------
    >>> cnn((8, 8), 4, channels=(6,), hidden=())
    Sequential(
      (images): AsImages(image_shape=(1, 8, 8))
      (conv1): Conv2d(1, 6, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)
      (relu1): ReLU()
      (pool1): MaxPool2d(kernel_size=2, stride=2, padding=0, dilation=1, ceil_mode=False)
      (flatten): Flatten(start_dim=1, end_dim=-1)
      (fc): Linear(in_features=96, out_features=4, bias=False)
    )
    """
    n_channels, rows, columns = with_channels(image_shape, "cnn")
    widths = sizes(channels, "channels", fewest=1)
    n_hidden = sizes(hidden, "hidden", fewest=0)
    n_outputs = whole_number(n_outputs, "n_outputs", minimum=1)
    kernel_size = whole_number(kernel_size, "kernel_size", minimum=1, maximum=99)
    if kernel_size % 2 == 0:
        raise ParameterError(f"kernel_size must be odd, not {kernel_size}.")
    dropout = number(dropout, "dropout", minimum=0, maximum=1, exclusive_maximum=True)

    layers = nn.Sequential()
    layers.add_module("images", AsImages((n_channels, rows, columns)))
    with seeded(checked_seed(seed)):
        for k, n_out in enumerate(widths, start=1):
            check_memory(kernel_size**2 * n_channels * n_out, "channels", bytes_each=4)
            layers.add_module(
                f"conv{k}",
                nn.Conv2d(n_channels, n_out, kernel_size, padding=kernel_size // 2, bias=bias),
            )
            layers.add_module(f"relu{k}", nn.ReLU())
            n_channels = n_out
            if min(rows, columns) > 1:
                layers.add_module(f"pool{k}", nn.MaxPool2d(2))
                rows, columns = rows // 2, columns // 2
        layers.add_module("flatten", nn.Flatten())
        n_in = n_channels * rows * columns
        for k, n_out in enumerate(n_hidden, start=1):
            check_memory(n_in * n_out, "hidden", bytes_each=4)
            layers.add_module(f"fc{k}", nn.Linear(n_in, n_out, bias=bias))
            layers.add_module(f"fc_relu{k}", nn.ReLU())
            if dropout > 0:
                layers.add_module(f"dropout{k}", nn.Dropout(dropout))
            n_in = n_out
        layers.add_module("fc", nn.Linear(n_in, n_outputs, bias=bias))
    return layers


def with_channels(image_shape: Sequence[int], what: str) -> tuple[int, int, int]:
    """Read the shape of images as (channels, rows, columns).

    Raises
    ------
    ParameterError
        If it is that of no image.
    """
    shape = read_shape(image_shape, "image_shape")
    if len(shape) not in (2, 3):
        raise ParameterError(
            f"{what} takes images, but the data are rows of {shape[0]} values; say their "
            "image_shape, as [28, 28] or [3, 32, 32]."
        )
    n_channels, rows, columns = (1, *shape)[-3:]
    return n_channels, rows, columns


def sizes(given: Sequence[int], field: str, fewest: int) -> tuple[int, ...]:
    """Read the numbers of channels or neurons of some layers.

    Raises
    ------
    ParameterError
        If there are too few, or one is below 1.
    """
    members = items(given, field, "a list of sizes, one per layer", most=1000)
    if len(members) < fewest:
        raise ParameterError(f"{field} must have at least {fewest} size, not {brief(given)}.")
    return tuple(whole_number(one, f"{field}[{k}]", minimum=1) for k, one in enumerate(members))
