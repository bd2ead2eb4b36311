"""Biases as connections: the bias of a neuron is the weight of an input that fires in every step.

So a bias can learn by the rule of all other weights. A fully connected layer has one such input, a
convolution one per position, and shares their weights, one per channel, as it shares its kernels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..network.windows import Window
from .layers import Connection, Layer


def bias_connection(name: str, values: NDArray[np.floating], beside: Connection) -> Connection:
    """Return the connection that a parameter is.

    Parameters
    ----------
    name : str
        Name of the bias in the state dict.
    values : ndarray, shape (n_out,) or (channels_out,)
        The bias.
    beside : Connection
        What the layer's weights are.

    Returns
    -------
    Connection
        Its weight has shape (n_out, 1), or (channels_out, 1, 1, 1) and a window of one neuron.
    """
    n_out, window, source = beside.n_out, beside.window, f"input of {name}"
    if window is None:
        return Connection(source, "dense", 1, n_out, weight_name=name, weight=values[:, None])
    image = window.out_shape[1:]
    return Connection(
        source,
        "convolution",
        window.n_positions,
        n_out,
        window=Window((1, *image), window.out_shape, (1, 1)),
        weight_name=name,
        weight=values[:, None, None, None],
    )


def per_neuron(link: Connection) -> NDArray[np.floating]:
    """Return what such a connection adds to each neuron in each step, before its gain."""
    assert link.weight is not None
    return np.repeat(link.weight.ravel(), link.n_out // link.weight.size)


def remaining_bias(layer: Layer, links: tuple[Connection, ...]) -> NDArray[np.floating] | None:
    """Return what remains of a layer's bias when some of its connections stand for themselves.

    Parameters
    ----------
    layer : Layer
        The layer.
    links : tuple of Connection
        Some of its `biases`.

    Returns
    -------
    ndarray, shape (n_out,), or None
        Such as what BatchNorm adds; None if nothing is left.
    """
    if layer.bias is None or not links:
        return layer.bias
    rest = layer.bias - sum(per_neuron(link).astype(np.float64) for link in links)
    return rest.astype(layer.bias.dtype) if rest.any() else None
