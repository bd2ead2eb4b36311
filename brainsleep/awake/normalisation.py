"""Gains that make spike rates stand for activations, from the scales of the layers.

The *scale* of a population is the activation that a spike in every step stands for. With the gain
of a layer set to the scale of its source over its own, each of its neurons fires at a rate of its
activation over its scale, in spikes per step, as long as that is at most 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import KindError
from ..support.checks import known_name, number
from ..translation import INPUT, Layer, Translation, record_activations
from ..translation.activation_recording import as_input
from ..wake.given_data import Images

#: How the scale of a layer may be chosen.
METHODS = ("percentile", "max_norm")

#: Most activations that are held in memory at a time, unless a single layer has more.
GROUP_VALUES = 2**25


@dataclass(frozen=True)
class Normalisation:
    """Gains for thresholds of 1, by layer.

    Attributes
    ----------
    scales : dict of str to float
        The activation that a spike in every step stands for, by population, the input first.
    gains : dict of str to float
        By layer that does not pool: the scale of its (first) source over its own.
    bias_gains : dict of str to float
        By layer that does not pool: 1 over its scale.
    factors : dict of str to tuple of float
        By layer with several connections: the scale of each source over that of the first.
    """

    scales: dict[str, float]
    gains: dict[str, float]
    bias_gains: dict[str, float]
    factors: dict[str, tuple[float, ...]]


def normalise(
    translation: Translation,
    data: Images | None,
    method: str = "percentile",
    *,
    percentile: float = 99.9,
    input_scale: float = 1.0,
    activations: Mapping[str, NDArray[np.floating]] | None = None,
) -> Normalisation:
    r"""Choose scales from activations, and gains from scales.

    .. math:: \alpha_l = \lambda_{l-1} / \lambda_l, \qquad \kappa_l = 1 / \lambda_l

    where :math:`\lambda_l`, the scale of layer l, is a percentile of its rectified activations on
    the data, zeros included (``"percentile"``: Rueckauer et al. 2017), or the larger of its largest
    weight and its largest activation (``"max_norm"``: Diehl et al. 2015). A pooling layer has the
    scale of the layer that it pools.

    Parameters
    ----------
    translation : Translation
        The network.
    data : array_like or Tensor, shape (n, ...); Dataset or DataLoader
        What the network takes.
    method : str
        ``"percentile"`` or ``"max_norm"``.
    percentile : float
        Percentile for ``"percentile"``, in (0, 100].
    input_scale : float
        The value that a spike of an input neuron in every step stands for.
    activations : mapping of str to ndarray, optional
        Rectified activations of all layers on the data, by name, where they are known already.

    Returns
    -------
    Normalisation

    Raises
    ------
    ParameterError
        For an unknown method, a percentile out of range, or data that do not fit.
    KindError
        If the data are missing or cannot be read as an array.

    References
    ----------
    Rueckauer, Lungu, Hu, Pfeiffer, Liu 2017, Frontiers in Neuroscience 11:682.
    Diehl, Neil, Binas, Cook, Liu, Pfeiffer 2015, Fast-classifying, high-accuracy spiking deep
    networks through weight and threshold balancing, IJCNN.
    """
    known_name(method, "normalisation", METHODS)
    percentile = number(percentile, "percentile", minimum=0, maximum=100, exclusive_minimum=True)
    if data is None:
        raise KindError(
            "data is missing: scales are computed from the network's activations; pass what the "
            "network takes, shape (n, ...)."
        )
    chosen = {}
    for group in _by_group(translation, data) if activations is None else (activations,):
        for layer in translation.weighted_layers:
            if layer.name in group:
                chosen[layer.name] = _scale(layer, group[layer.name], method, percentile)
    scales = {INPUT: float(input_scale)}
    for layer in translation.layers:
        pooled = layer.connections[0].source
        scales[layer.name] = chosen[layer.name] if layer.name in chosen else scales[pooled]
    return with_scales(translation, scales)


def _by_group(
    translation: Translation, data: Images
) -> Iterator[Mapping[str, NDArray[np.floating]]]:
    """Yield the activations of all layers that do not pool, some layers at a time."""
    images = as_input(data, translation)  # once: a loader or an iterator may be read only once
    for names in _groups(translation, len(images)):
        yield record_activations(translation, images, None, names)


def _groups(translation: Translation, n_images: int) -> list[list[str]]:
    """Group the layers that do not pool: the activations of a group fit in memory together."""
    groups: list[list[str]] = []
    room = 0
    for layer in translation.weighted_layers:
        n_values = n_images * layer.n_out
        if not groups or n_values > room:
            groups.append([])
            room = GROUP_VALUES
        groups[-1].append(layer.name)
        room -= n_values
    return groups


def with_scales(translation: Translation, scales: Mapping[str, float]) -> Normalisation:
    """Return the gains and factors that follow from scales.

    Parameters
    ----------
    translation : Translation
        The network.
    scales : mapping of str to float
        By population, the input included; above 0.

    Returns
    -------
    Normalisation
    """
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


def _scale(
    layer: Layer, activations: NDArray[np.floating], method: str, percentile: float
) -> float:
    """Return a layer's scale; 1 for a layer that is silent on the data."""
    largest = float(activations.max())
    if method == "max_norm":
        weights = [float(link.weight.max()) for link in layer.weighted if link.weight is not None]
        scale = max(largest, *weights, 0.0)
    else:
        scale = float(np.percentile(activations, percentile))
        if scale <= 0:  # so few activations are above 0 that the percentile is not
            scale = largest
    return scale if scale > 0 else 1.0
