"""Averaging on waking: weights go only a part of the way that training and sleep took them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number
from ..support.names import items
from ..wake.learning_rates import parameters_by_layer
from .writeback import tensor_values, write_back


@public
def average_weights(
    before: nn.Module, after: nn.Module, share: float | Sequence[float]
) -> nn.Module:
    r"""Return a network between two of its states, such as before a task and after the night.

    .. math:: W = W_\mathrm{before} + f \, (W_\mathrm{after} - W_\mathrm{before})

    Biases and other parameters as well; buffers are those after.

    Parameters
    ----------
    before, after : torch.nn.Module
        The network in its two states; neither is modified.
    share : float or sequence of float
        f in [0, 1]; or one for each layer, a module that has parameters of its own, in the order
        of the network's modules.

    Returns
    -------
    torch.nn.Module
        A copy of `after` with these weights.

    Raises
    ------
    ParameterError
        If `share` is out of range or does not have one value for each layer, or if the two do not
        have the same layers.
    KindError
        If something else is given.

    Examples
    --------
    >>> ann = bs.average_weights(before, night.ann, [0.7, 0.4, 0.9])  # doctest: +SKIP
    """
    begins, ends = parameters_by_layer(before), parameters_by_layer(after)
    if _shapes(begins) != _shapes(ends):
        raise ParameterError("before and after must be one network, but their layers differ.")
    part_of = {
        id(one): part
        for own, part in zip(ends.values(), read_shares(share, len(ends)), strict=True)
        for one in own
    }
    started = dict(before.named_parameters())
    with torch.no_grad():
        weights = {
            name: tensor_values(_between(started[name], ended, part_of[id(ended)]))
            for name, ended in after.named_parameters()
        }
    return write_back(after, weights)


def read_shares(share: object, n_layers: int, field: str = "share") -> list[float]:
    """Read how far each layer goes: a number in [0, 1], or one for each layer.

    Raises
    ------
    ParameterError, KindError
        Naming the field.
    """
    if not isinstance(share, (list, tuple)) and getattr(share, "ndim", 0) != 1:
        return [number(share, field, minimum=0, maximum=1)] * n_layers
    given = items(share, field, "a number, or one for each layer")
    if len(given) != n_layers:
        raise ParameterError(
            f"{field} has {len(given)} values, but the network has {n_layers} layers."
        )
    return [number(one, f"{field}[{k}]", minimum=0, maximum=1) for k, one in enumerate(given)]


def _between(start: torch.Tensor, end: torch.Tensor, share: float) -> torch.Tensor:
    """Return what lies between two tensors; the ends themselves bit for bit."""
    return torch.lerp(start.to(end), end, share)


def _shapes(layers: dict[str, list[nn.Parameter]]) -> dict[str, list[torch.Size]]:
    """Return the shapes of all parameters, by layer."""
    return {name: [one.shape for one in own] for name, own in layers.items()}
