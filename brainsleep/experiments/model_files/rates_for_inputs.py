"""Learning rates in units of what layers receive: one number fits any data, width and weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ...errors import ModelFileError, brief
from ...wake import Dataset
from ...wake.interface import as_network_input
from ...wake.strategies.features import features_of


def rates_for_inputs(lr: float | Sequence[float], network: nn.Module, data: Dataset) -> list[float]:
    r"""Divide learning rates by the mean squared length of what each layer receives.

    With the rate :math:`r / \langle |x|^2 \rangle` a step changes a layer's output for an image
    by about r times the error, whatever the scale of x, as in normalised least mean squares.

    Parameters
    ----------
    lr : float or sequence of float
        For all layers, or for each module that has parameters of its own.
    network : torch.nn.Module
        Before any training.
    data : Dataset
        The images of the first task.

    Returns
    -------
    list of float
        For each module that has parameters of its own; 0 for those that do not learn.

    Raises
    ------
    ModelFileError
        If a layer that learns is not fully connected or receives nothing, or `lr` has not one rate
        for each layer.
    """
    layers = {
        path: part for path, part in network.named_modules() if list(part.parameters(recurse=False))
    }
    rates = [lr] * len(layers) if isinstance(lr, (int, float)) else list(lr)
    if len(rates) != len(layers):
        raise ModelFileError(
            f"[training] lr has {len(rates)} rates, but the network has {len(layers)} layers: "
            f"{brief(', '.join(layers))}."
        )
    found = []
    for rate, (path, part) in zip(rates, layers.items(), strict=True):
        learns = any(one.requires_grad for one in part.parameters(recurse=False))
        found.append(rate / _power(network, path, part, data) if learns and rate > 0 else 0.0)
    return found


def _power(network: nn.Module, path: str, part: nn.Module, data: Dataset) -> float:
    """Return the mean squared length of what a layer receives."""
    if not isinstance(part, nn.Linear):
        raise ModelFileError(
            f"[training] lr_unit: layer {brief(path)} is a {type(part).__name__}, but rates in "
            "units of the input are for nn.Linear; leave lr_unit out, or the layer out of layers."
        )
    images = as_network_input(network, data.images)
    power = float(torch.square(features_of(network, path, images)).sum(dim=1).mean())
    if power == 0:
        raise ModelFileError(
            f"[training] lr_unit: layer {brief(path)} receives nothing of the first task's images."
        )
    return power
