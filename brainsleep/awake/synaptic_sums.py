"""What a connection makes of the activity of its source: weighted sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ..network.windows import Window
from ..translation import INPUT, Connection, Translation


def with_exact_input(translation: Translation) -> Translation:
    """Return a network with the weights that lead from the input in float64, once for many sums.

    Parameters
    ----------
    translation : Translation
        The network.
    """
    layers = []
    for layer in translation.layers:
        links = tuple(
            replace(link, weight=np.asarray(link.weight, dtype=np.float64))
            if link.source == INPUT and link.weight is not None
            else link
            for link in layer.connections
        )
        layers.append(replace(layer, connections=links))
    return replace(translation, layers=tuple(layers))


def weighted_sum(link: Connection, values: ArrayLike) -> NDArray[np.float64]:
    """Return the current that a connection makes of its source's values, without a bias.

    Parameters
    ----------
    link : Connection
        A connection of kind ``"dense"``, ``"convolution"`` or ``"identity"``.
    values : array_like, shape (n, n_in)
        Values of the source's neurons.

    Returns
    -------
    ndarray of float64, shape (n, n_out)
    """
    source = np.asarray(values, dtype=np.float64)
    if link.weight is None:
        return source
    weight = np.asarray(link.weight, dtype=np.float64)
    if link.window is None:
        return source @ weight.T
    return _convolved(source, weight, link.window)


def _convolved(
    source: NDArray[np.float64], weight: NDArray[np.float64], window: Window
) -> NDArray[np.float64]:
    """Convolve images that are given and returned as rows."""
    images = torch.from_numpy(source).reshape(len(source), *window.in_shape)
    margins = []
    for axis in (1, 0):  # torch pads the last axis first
        reach = (window.out_shape[axis + 1] - 1) * window.stride[axis]
        reach += (window.kernel_size[axis] - 1) * window.dilation[axis] + 1
        before = window.padding[axis]
        margins += [before, reach - window.in_shape[axis + 1] - before]
    with torch.no_grad():
        result = torch.nn.functional.conv2d(
            torch.nn.functional.pad(images, margins),
            torch.from_numpy(weight.reshape(window.kernel_shape)),
            stride=window.stride,
            dilation=window.dilation,
            groups=window.groups,
        )
    return result.reshape(len(source), -1).numpy()
