"""Where the search for thresholds begins: a guess from weights and rates."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from .layers import INPUT
from .translated_network import Translation

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
    for layer in translation.layers:
        if layer.name in probability:  # by which a recurrent layer also drives itself
            known[layer.name] = probability[layer.name]
        # variance of what arrives in a step; weights under a mask are 0
        variance = sum(
            float(np.vdot(link.weight, link.weight)) / len(link.weight) * known[link.source]
            for link in layer.connections
            if link.weight is not None
        )
        if layer.name not in probability:
            known[layer.name] = max(known[link.source] for link in layer.connections)
        if layer.weighted:
            ratios.append(DEVIATIONS * math.sqrt(variance) if variance > 0 else 1.0)
    return ratios
