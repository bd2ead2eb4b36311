"""Masks of synapses that are absent, as users give them: by layer or by weight."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from ..errors import KindError, ParameterError, brief, suggest
from ..support.array_values import check_shape, read_array
from .layers import Connection
from .translated_network import Translation
from .writeback import tensor_values

#: By layer or by weight, what tells where there are synapses: True or 1.
Masks: TypeAlias = Mapping[str, "ArrayLike | torch.Tensor"]


def with_masks(network: Translation, masks: Masks | None) -> Translation:
    """Return a network without the synapses that masks leave out.

    Parameters
    ----------
    network : Translation
        The network. Synapses that are absent already stay absent.
    masks : mapping of str to array_like or Tensor, or None
        By the name of a layer, or of a weight in the state dict: an array of the weight's shape
        that is True or 1 where there is a synapse, and False or 0 where it is absent.

    Returns
    -------
    Translation
        The weights of absent synapses are 0, in its layers and in its graph. A part of a network
        takes masks of all layers of the whole.

    Raises
    ------
    KindError
        If `masks` is no mapping, or one of them cannot be read as an array of truth values.
    ParameterError
        If no layer or weight has such a name, suggesting the nearest; if a layer has several
        weights; or if a mask has another shape than its weight, or holds other values.
    """
    if masks is None:
        return network
    if not isinstance(masks, Mapping):
        raise KindError(f'masks must be a dict by layer, like {{"0": array}}, not {brief(masks)}.')
    found = _read(network.whole or network, masks)
    if not found:
        return network
    whole = None if network.whole is None else _masked(network.whole, found)
    return replace(_masked(network, found), whole=whole)


def _read(network: Translation, masks: Masks) -> dict[str, NDArray[np.bool_]]:
    """Check masks; return them by the state-dict names of weights, of the shapes there."""
    state = network.graph.state_dict()
    found: dict[str, NDArray[np.bool_]] = {}
    for name, values in masks.items():
        weight_name = _weight_name(network, name)
        mask = _truth_values(name, values, tuple(state[weight_name].shape))
        found[weight_name] = found[weight_name] & mask if weight_name in found else mask
    return found


def _weight_name(network: Translation, name: object) -> str:
    """Return the weight that is meant by its own name, or by that of a layer."""
    by_layer = {
        layer.name: [link.weight_name for link in layer.weighted if link.weight_name is not None]
        for layer in network.layers
    }
    names = [weight for weights in by_layer.values() for weight in weights]
    if name in names:
        return str(name)
    pruned = f"{name}_orig"  # what torch.nn.utils.prune calls it
    if pruned in names:
        return pruned
    if name not in by_layer:
        options = [*(layer for layer, weights in by_layer.items() if weights), *names]
        raise ParameterError(
            f"masks: no layer or weight is called {brief(name)}.{suggest(str(name), options)}"
        )
    weights = by_layer[str(name)]
    if len(weights) != 1:
        raise ParameterError(
            f"masks: layer {name!r} has no weights."
            if not weights
            else f"masks: layer {name!r} has several weights; name one: {', '.join(weights)}."
        )
    return weights[0]


def _truth_values(name: str, values: object, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Read one mask."""
    field = f"masks: {name!r}"
    array = read_array(values, field)
    if array.dtype.kind not in "biuf":
        raise KindError(f"{field} must hold True and False, or 1 and 0, not {brief(values)}.")
    check_shape(array, field, shape)
    other = (array != 0) & (array != 1)
    if other.any():
        raise ParameterError(
            f"{field} must hold True and False, or 1 and 0; it holds {array[other][0].item()!r}."
        )
    return np.asarray(array == 1)


def present_weight(network: Translation, link: Connection) -> NDArray[np.floating]:
    """Return a connection's weight as the network has it, with 0 for synapses that are absent.

    Parameters
    ----------
    network : Translation
        The network.
    link : Connection
        A connection of it that has weights.

    Returns
    -------
    ndarray
        Of the shape in the state dict; BatchNorm is not folded in.
    """
    assert link.weight_name is not None
    values = tensor_values(network.graph.state_dict()[link.weight_name])
    return values if link.mask is None else np.where(link.mask.reshape(values.shape), values, 0)


def under_masks(network: Translation) -> dict[str, NDArray[np.floating]]:
    """Return what a network keeps under masks of its own, such as those of pruning.

    Nights leave it alone.

    Parameters
    ----------
    network : Translation
        The network.

    Returns
    -------
    dict of str to ndarray
        By state-dict name of a weight, of its shape: the weights of absent synapses as the network
        has them, 0 elsewhere. Only those that are not 0 everywhere.
    """
    state, found = network.graph.state_dict(), {}
    for link in network.connections:
        if link.mask is not None and link.weight_name is not None:
            values = tensor_values(state[link.weight_name])
            hidden = np.where(link.mask.reshape(values.shape), 0, values)
            if hidden.any():
                found[link.weight_name] = hidden
    return found


def _masked(network: Translation, masks: Mapping[str, NDArray[np.bool_]]) -> Translation:
    """Leave synapses out of the layers and the graph of a network."""
    graph = copy.deepcopy(network.graph)
    state = graph.state_dict()
    for link in network.connections:
        if link.weight_name is not None and link.weight_name in masks:
            lost = ~masks[link.weight_name]
            if link.mask is not None:  # what the network has under a mask of its own is left alone
                lost &= link.mask.reshape(lost.shape)
            state[link.weight_name].masked_fill_(torch.from_numpy(lost), 0)
    layers = tuple(
        replace(layer, connections=tuple(_without(link, masks) for link in layer.connections))
        for layer in network.layers
    )
    return replace(network, layers=layers, graph=graph)


def _without(link: Connection, masks: Mapping[str, NDArray[np.bool_]]) -> Connection:
    """Leave synapses out of a connection."""
    if link.weight is None or link.weight_name is None or link.weight_name not in masks:
        return link
    mask = masks[link.weight_name].reshape(link.weight.shape)
    if link.mask is not None:
        mask = mask & link.mask
    return replace(link, mask=mask, weight=np.where(mask, link.weight, 0).astype(link.weight.dtype))
