"""Where the search for thresholds begins: a guess from weights and rates."""

from __future__ import annotations

import math
from collections.abc import Mapping

from .layers import INPUT
from .translated_network import Translation
from .weight_scales import weight_scales

#: Threshold per standard deviation of what arrives in a step. Trained layers, whose inputs agree,
#: need up to 20, random weights 1 to 3.
DEVIATIONS = 4.0


def first_ratios(
    translation: Translation, input_probability: float, probability: Mapping[str, float]
) -> list[float]:
    """Guess the ratio of threshold to gain at which each layer fires as wanted.

    It grows with a layer's weights as the ratio that is searched does. So a network whose weights
    are larger by a factor goes through the same trials.

    Parameters
    ----------
    translation : Translation
        The layers.
    input_probability : float
        Mean spike probability of an input in a step.
    probability : mapping of str to float
        By layer that does not pool: the same, as it is wanted.

    Returns
    -------
    list of float
        One per layer that does not pool.
    """
    known = {INPUT: input_probability}
    ratios = []
    scales = dict(zip(translation.layer_names, weight_scales(translation), strict=True))
    for layer in translation.layers:
        arriving = sum(
            math.prod(link.weight.shape[1:]) * known[link.source]
            for link in layer.connections
            if link.weight is not None
        )
        known[layer.name] = probability.get(
            layer.name, max(known[link.source] for link in layer.connections)
        )
        if layer.name in scales:
            ratios.append(DEVIATIONS * scales[layer.name] * math.sqrt(max(arriving, 1e-3)))
    return ratios
