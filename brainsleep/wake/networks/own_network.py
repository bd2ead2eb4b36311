"""Networks that a user's own function makes, fitted to flat rows of pixels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict

import numpy as np
import torch
from torch import nn

from ...errors import ParameterError, brief, reason
from ...support.user_code import UserFunction
from ..contexts import mode_of, seeded
from ..interface import as_network_input
from .data_shape import DataShape
from .image_rows import AsImages


def own_network(
    function: UserFunction, shape: DataShape, seed: int, keys: Mapping[str, object]
) -> nn.Module:
    """Call a user's function for a network, and hold that against the data.

    Parameters
    ----------
    function : UserFunction
        Is given those of the arguments `n_inputs`, `n_outputs`, `image_shape` and `seed` that it
        takes. Torch's random numbers are seeded while it runs.
    shape : DataShape
        Of the data.
    seed : int
        Of the network.
    keys : mapping of str to object
        Further arguments.

    Returns
    -------
    torch.nn.Module
        In training mode; takes flat rows of pixels. One that wants images has a module ``images``
        before it, which folds the rows, and is called ``network``.

    Raises
    ------
    ParameterError
        If the function raises an error or returns something else, or the network does not take
        the data or has too few outputs.
    """
    with seeded(seed):
        made = function.call({**asdict(shape), "seed": seed}, keys)
    if not isinstance(made, nn.Module):
        raise ParameterError(
            f"{function.asked_as}: {function.name} must return a torch.nn.Module, not "
            f"{brief(made)}."
        )
    return fitted(made.train(), shape, f"{function.asked_as}: the network of {function.name}")


def fitted(network: nn.Module, shape: DataShape, name: str) -> nn.Module:
    """Return a network that takes flat rows: itself, or with a module that folds them before it.

    Parameters
    ----------
    network : torch.nn.Module
        Is shown two black images.
    shape : DataShape
        Of the data. Flat rows are tried first, then images with channels, then without.
    name : str
        What messages call the network.

    Raises
    ------
    ParameterError
        If it takes none of these, or does not have an output for each class.
    """
    problems = []
    for one in _input_shapes(shape):
        try:
            outputs = _outputs(network, one)
        except Exception as error:  # of the user's code, or of torch for what it is given
            problems.append(f"({', '.join(map(str, ('n', *one)))}): {reason(error)}")
            continue
        if not isinstance(outputs, torch.Tensor) or outputs.ndim != 2 or len(outputs) != 2:
            found = tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else outputs
            raise ParameterError(
                f"{name} must give outputs of shape (n, n_outputs), but gives {brief(found)} for "
                "two images."
            )
        if outputs.shape[1] < shape.n_outputs:
            raise ParameterError(
                f"{name} has {outputs.shape[1]} outputs, too few for {shape.n_outputs} classes; "
                "its function is given n_outputs, if it takes that."
            )
        if one == (shape.n_inputs,):
            return network
        layers = nn.Sequential()
        layers.add_module("images", AsImages(one))
        layers.add_module("network", network)
        return layers
    raise ParameterError(f"{name} does not take the data: {'; '.join(problems)}.")


def _input_shapes(shape: DataShape) -> Iterator[tuple[int, ...]]:
    """Yield the shapes in which a network may take an image, each once."""
    shapes = [(shape.n_inputs,), shape.with_channels, shape.image_shape]
    yield from dict.fromkeys(one for one in shapes if one is not None)


def _outputs(network: nn.Module, shape: tuple[int, ...]) -> object:
    """Return what a network gives for two images of a shape."""
    with torch.no_grad(), mode_of(network, training=False), seeded(0, network):
        return network(as_network_input(network, np.zeros((2, *shape), dtype=np.float32)))
