"""How large the weights of a layer are: the scale of which learning rates may be a percentage."""

from __future__ import annotations

import math

from ..support.calls import public
from ..support.weight_scale import weight_scale
from .layers import Layer
from .translated_network import Translation


@public
def weight_scales(translation: Translation) -> list[float]:
    """Return the weight scale of each layer: the root mean square of its weights.

    Only synapses that are there count: those that a mask leaves out do not. Where BatchNorm was
    folded in, the weights are those that sleep. A layer with several connections has one scale.
    Where all weights are 0, or there are none, it is that of torch's default initialisation,
    1/sqrt(3 n) for n inputs of a neuron.

    Parameters
    ----------
    translation : Translation
        The translated network.

    Returns
    -------
    list of float
        One per layer of ``translation.weighted_layers``.
    """
    return [_scale(layer) for layer in translation.weighted_layers]


def _scale(layer: Layer) -> float:
    """Return the weight scale of one layer."""
    present, fan_in = [], 0
    for link in layer.weighted:
        assert link.weight is not None
        present.append(link.weight if link.mask is None else link.weight[link.mask])
        fan_in += math.prod(link.weight.shape[1:])
    return weight_scale(present, fan_in)
