"""What goes into a network and what comes out of it: checked before training and evaluation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..errors import KindError, ParameterError, brief
from ..support.array_values import read_array
from .contexts import mode_of
from .datasets import Dataset


def as_network_input(network: nn.Module, images: npt.ArrayLike) -> torch.Tensor:
    """Put images on the network's device, in its floating-point type.

    Parameters
    ----------
    network : torch.nn.Module
        A network without parameters is taken to be on the CPU, in float32.
    images : array_like, shape (n_images, ...)
        Numbers.

    Returns
    -------
    torch.Tensor
        Shape (n_images, ...).

    Raises
    ------
    KindError
        If images are no numbers.
    """
    parameters = (p for p in network.parameters() if p.is_floating_point())
    parameter = next(parameters, torch.zeros(0, device="cpu"))
    array = read_array(images, "images")
    if array.dtype.kind not in "biuf":
        raise KindError(f"images must be numbers, not {brief(images)}.")
    if array.ndim == 0:
        raise ParameterError("images must have shape (n, ...), but there is only one number.")
    if array.dtype == np.longdouble:  # which torch does not know
        array = array.astype(np.float64)
    if not array.flags.writeable:
        array = array.copy()  # torch would share, and warn about, a read-only array
    return torch.tensor(array, device=parameter.device, dtype=parameter.dtype)


def device_of(network: nn.Module) -> torch.device:
    """Return where a network is; one without parameters is taken to be on the CPU."""
    return next((one.device for one in network.parameters()), torch.device("cpu"))


def count_outputs(network: nn.Module, dataset: Dataset) -> int:
    """Show the network one image and count its outputs.

    Parameters
    ----------
    network : torch.nn.Module
        Left as it was.
    dataset : Dataset
        At least one image.

    Returns
    -------
    int
        Number of outputs.

    Raises
    ------
    ParameterError
        If the network does not take the image, does not give a tensor (n, n_outputs), or has
        too few outputs for the labels.
    """
    with torch.no_grad(), mode_of(network, training=False):
        images = as_network_input(network, dataset.images[:1].copy())  # a layer may work in place
        try:
            outputs = network(images)
        except RuntimeError as error:
            raise ParameterError(
                f"the network does not take images of shape (n, {dataset.images.shape[1]}), "
                f"as {dataset.name} has them: {error}."
            ) from error
    if not isinstance(outputs, torch.Tensor) or outputs.ndim != 2 or len(outputs) != len(images):
        raise ParameterError(
            f"the network must give outputs of shape (n, n_outputs), not {shape_of(outputs)}."
        )
    require_outputs(outputs.shape[1], dataset)
    return outputs.shape[1]


def shape_of(outputs: object) -> str:
    """Return the shape of what a network gives, or its type if that is no tensor: for messages."""
    return str(
        tuple(outputs.shape) if isinstance(outputs, torch.Tensor) else type(outputs).__name__
    )


def require_outputs(n_outputs: int, dataset: Dataset) -> None:
    """Raise a ParameterError if a label has no output."""
    if dataset.labels.size and dataset.labels.max() >= n_outputs:
        raise ParameterError(
            f"{dataset.name} has the label {dataset.labels.max()}, "
            f"but the network has only {n_outputs} outputs."
        )
