"""Weights back into a network: always into a copy."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from ..errors import ParameterError, suggest
from .layers import Connection, Translation


def write_back(
    ann: nn.Module, weights: Mapping[str, np.ndarray], translation: Translation | None = None
) -> nn.Module:
    """Return a copy of a network that has new weights.

    Parameters
    ----------
    ann : torch.nn.Module
        Not modified; the copy keeps its mode, torch device and data types.
    weights : mapping of str to ndarray
        By state-dict name; parameters not named stay. Kernels of a Conv1d may have the height of 1
        that their translation gives them.
    translation : Translation, optional
        Of this network. Where it folded BatchNorm into a weight, `weights` hold the folded one, and
        what is written is the original plus its change divided by BatchNorm's factor: a weight
        that did not change comes back bit for bit, and one whose factor is 0 stays.

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    ParameterError
        If a name is unknown or a shape differs.
    """
    awake = copy.deepcopy(ann)
    state = awake.state_dict()
    connections = {} if translation is None else _by_weight(translation)
    with torch.no_grad():
        for name, values in weights.items():
            if name not in state:
                raise ParameterError(
                    f"the network has no parameter {name!r}.{suggest(name, state)}"
                )
            fitted = _fitted(name, np.asarray(values), tuple(state[name].shape))
            if name in connections:
                fitted = _unfolded(connections[name], fitted, state[name])
            state[name].copy_(torch.from_numpy(np.ascontiguousarray(fitted)))
    return awake


def _by_weight(translation: Translation) -> dict[str, Connection]:
    """Return the connections whose weights have BatchNorm folded in, by those weights' names."""
    return {
        connection.weight_name: connection
        for connection in translation.connections
        if connection.weight_name is not None and connection.fold is not None
    }


def _fitted(name: str, values: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Bring weights to the parameter's shape; only a height of 1 may be left out."""
    of_height_one = (*shape[:2], 1, *shape[2:]) if len(shape) == 3 else shape
    if values.shape not in (shape, of_height_one):
        raise ParameterError(
            f"parameter {name!r} has shape {shape}, but the weights have shape {values.shape}."
        )
    return values.reshape(shape)


def _unfolded(connection: Connection, values: np.ndarray, original: torch.Tensor) -> np.ndarray:
    """Take BatchNorm out of a new weight."""
    assert connection.weight is not None
    exact = original.detach().cpu().to(torch.float64).numpy()
    new = connection.unfolded(values.reshape(connection.weight.shape), exact)
    return new.reshape(exact.shape)
