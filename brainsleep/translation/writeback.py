"""New weights written into a copy of a network."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..errors import ParameterError, suggest
from ..support.calls import public
from .layers import Connection
from .translated_network import Translation


@public
def write_back(
    ann: nn.Module,
    weights: Mapping[str, NDArray[np.floating]],
    translation: Translation | None = None,
) -> nn.Module:
    """Return a copy of a network that has new weights.

    Parameters
    ----------
    ann : torch.nn.Module
        Not modified; the copy keeps its mode, torch device and data types.
    weights : mapping of str to ndarray
        New weights by state-dict name; all other parameters stay as they are. Kernels of a Conv1d
        may have the height of 1 that their translation gives them.
    translation : Translation, optional
        The translation of this network, if `weights` have BatchNorm folded in as its weights do.
        Written is then the original weight plus its change divided by BatchNorm's factor: a weight
        that did not change comes back bit for bit, and one whose factor is 0 stays as it is.

    Returns
    -------
    torch.nn.Module
        The copy.

    Raises
    ------
    ParameterError
        If a name is unknown, suggesting the nearest, or if a shape differs.
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
    """Return the connections that have BatchNorm folded in, by the names of their weights."""
    return {
        connection.weight_name: connection
        for connection in translation.connections
        if connection.weight_name is not None and connection.fold is not None
    }


def _fitted(
    name: str, values: NDArray[np.floating], shape: tuple[int, ...]
) -> NDArray[np.floating]:
    """Bring weights to the parameter's shape; only a height of 1 may differ."""
    of_height_one = (*shape[:2], 1, *shape[2:]) if len(shape) == 3 else shape
    if values.shape not in (shape, of_height_one):
        raise ParameterError(
            f"parameter {name!r} has shape {shape}, but the new weights have shape {values.shape}."
        )
    return values.reshape(shape)


def _unfolded(
    connection: Connection, values: NDArray[np.floating], original: torch.Tensor
) -> NDArray[np.floating]:
    """Take BatchNorm out of a new weight."""
    assert connection.weight is not None
    exact = original.detach().cpu().to(torch.float64).numpy()
    new = connection.unfolded(values.reshape(connection.weight.shape), exact)
    return new.reshape(exact.shape)
