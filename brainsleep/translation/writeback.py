"""Weights back into a network: always into a copy."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from ..errors import ParameterError, suggest


def write_back(ann: nn.Module, weights: Mapping[str, np.ndarray]) -> nn.Module:
    """Return a copy of a network that has new weights.

    Parameters
    ----------
    ann : torch.nn.Module
        Not modified; the copy keeps its mode, torch device and data types.
    weights : mapping of str to ndarray
        By state-dict name; parameters not named stay.

    Raises
    ------
    ParameterError
        If a name is unknown or a shape differs.
    """
    awake = copy.deepcopy(ann)
    state = awake.state_dict()
    with torch.no_grad():
        for name, values in weights.items():
            if name not in state:
                raise ParameterError(
                    f"the network has no parameter {name!r}.{suggest(name, state)}"
                )
            if tuple(state[name].shape) != np.shape(values):
                raise ParameterError(
                    f"parameter {name!r} has shape {tuple(state[name].shape)}, but the weights "
                    f"have shape {np.shape(values)}."
                )
            state[name].copy_(torch.from_numpy(np.ascontiguousarray(values)))
    return awake
