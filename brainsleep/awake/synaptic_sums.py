"""What a connection makes of the activity of its source: weighted sums, and numbers of targets."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ..network.windows import Window
from ..translation import Connection


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


def fan_out(link: Connection) -> NDArray[np.int64]:
    """Return the number of neurons that each neuron of a connection's source leads to.

    Synapses that a mask leaves out are not counted.

    Parameters
    ----------
    link : Connection
        A connection of any kind.

    Returns
    -------
    ndarray of int64, shape (n_in,)
    """
    if link.window is None:
        if link.mask is not None:
            return link.mask.sum(axis=0, dtype=np.int64)
        return np.full(link.n_in, 1 if link.kind == "identity" else link.n_out, dtype=np.int64)
    window = link.window
    mask = np.ones(window.kernel_shape, bool) if link.mask is None else link.mask
    # by source channel and place in the kernel: channels of the target that it leads to
    by_group = mask.reshape(window.groups, -1, *window.kernel_shape[1:])
    channels = by_group.sum(axis=1, dtype=np.int64).reshape(-1, *window.kernel_size)
    rows, columns = (_met(window, axis) for axis in (0, 1))
    return np.einsum("ckl,ky,lx->cyx", channels, rows, columns).ravel()


def _met(window: Window, axis: int) -> NDArray[np.int64]:
    """Count how often each place in the kernel meets each coordinate of the source."""
    places = window.places(axis)
    met = np.zeros((places.shape[1], window.in_shape[axis + 1]), np.int64)
    _, in_kernel = np.nonzero(places >= 0)
    np.add.at(met, (in_kernel, places[places >= 0]), 1)
    return met
