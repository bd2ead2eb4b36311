"""Gains that make spike rates stand for activations: the scale of each layer against the next.

A population's *scale* is the activation that one spike a step stands for. A neuron that gets
its current divided by its own scale, from spikes that count the scale of where they come from,
fires at its activation divided by its scale, as long as that is at most one spike a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ParameterError, UnitsError, suggest
from ..support.checks import number
from ..translation import INPUT, Layer, Translation, record_activations

#: How the scale of a layer may be chosen.
METHODS = ("percentile", "max_norm")


@dataclass(frozen=True)
class Normalisation:
    """Gains for thresholds of 1, by layer.

    Attributes
    ----------
    scales : dict of str to float
        The activation that one spike a step stands for, by population, the input first.
    gains : dict of str to float
        By layer that does not pool: scale of (the first of) its sources over its own.
    bias_gains : dict of str to float
        By layer that does not pool: 1 over its scale.
    factors : dict of str to tuple of float
        By layer with several connections: scale of each source over that of the first.
    """

    scales: dict[str, float]
    gains: dict[str, float]
    bias_gains: dict[str, float]
    factors: dict[str, tuple[float, ...]]


def normalise(
    translation: Translation,
    data: Any,
    method: str = "percentile",
    *,
    percentile: float = 99.9,
    input_scale: float = 1.0,
) -> Normalisation:
    r"""Choose scales from activations, and gains from scales.

    .. math:: \alpha_l = \lambda_{l-1} / \lambda_l, \qquad \kappa_l = 1 / \lambda_l

    where :math:`\lambda_l`, the scale of layer l, is a percentile of its rectified activations on
    the data, zeros included (``"percentile"``: Rueckauer et al. 2017), or the larger of its largest
    weight and its largest activation (``"max_norm"``: Diehl et al. 2015). A pooling layer has the
    scale of what it pools.

    Parameters
    ----------
    translation : Translation
        The network.
    data : array_like or Tensor, shape (n, ...)
        What it takes.
    method : str
        ``"percentile"`` or ``"max_norm"``.
    percentile : float
        In (0, 100]; for ``"percentile"``.
    input_scale : float
        What one spike a step of an input neuron stands for.

    Returns
    -------
    Normalisation

    Raises
    ------
    ParameterError, UnitsError
        For an unknown method, a percentile out of range, or data that do not fit.
    """
    if method not in METHODS:
        raise ParameterError(f"normalisation {method!r}.{suggest(str(method), METHODS)}")
    percentile = number(percentile, "percentile", minimum=0, maximum=100, exclusive_minimum=True)
    if data is None:
        raise UnitsError("data is missing: scales are computed from the network's activations.")
    scales = {INPUT: float(input_scale)}
    for layer in translation.layers:
        if layer.kind == "neurons":
            values = record_activations(translation, data, None, [layer.name])[layer.name]
            scales[layer.name] = _scale(layer, values, method, percentile)
        else:
            scales[layer.name] = scales[layer.connections[0].source]
    return with_scales(translation, scales)


def with_scales(translation: Translation, scales: Mapping[str, float]) -> Normalisation:
    """Return the gains and factors that belong to scales; for errors see :func:`normalise`."""
    sources = {
        layer.name: [scales[link.source] for link in layer.connections]
        for layer in translation.layers
    }
    names = translation.layer_names
    return Normalisation(
        scales=dict(scales),
        gains={name: sources[name][0] / scales[name] for name in names},
        bias_gains={name: 1 / scales[name] for name in names},
        factors={
            name: tuple(scale / several[0] for scale in several)
            for name, several in sources.items()
            if len(several) > 1
        },
    )


def _scale(layer: Layer, activations: np.ndarray, method: str, percentile: float) -> float:
    """Return a layer's scale; 1 for one that is silent on the data."""
    largest = float(activations.max())
    if method == "max_norm":
        weights = [float(link.weight.max()) for link in layer.weighted if link.weight is not None]
        scale = max(largest, *weights, 0.0)
    else:
        scale = float(np.percentile(activations, percentile))
        if scale <= 0:  # so few neurons are active that the percentile misses them
            scale = largest
    return scale if scale > 0 else 1.0
