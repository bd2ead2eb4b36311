"""Gains computed from the trained network's own weights and activity."""

from __future__ import annotations

from typing import Any

from ..errors import ParameterError
from .activations import max_activations
from .layers import Translation

__all__ = ["max_activations", "tadros_gains"]


def tadros_gains(translation: Translation, data: Any, gain_scale: float = 1.0) -> list[float]:
    r"""Compute gains by the max-norm rule of Tadros et al. 2022, as their code has it.

    .. math::

        \mathrm{scale}_l &= \max(\max W_l, \max \mathrm{ReLU}(a_l)), \quad f_0 = 1 \\
        f_l &= \mathrm{scale}_l / f_{l-1}, \quad \alpha_l = \mathrm{gain\_scale} / f_l

    with the activations :math:`a_l` of layer l on the data, the output layer included. (The
    published code divides by the previous *factor*, where Diehl et al. 2015 divide by the
    previous scale.)  The raw weights sleep; only these constants are kept.

    Layers that pool have no gain and are passed over. The rule was made for chains: where a network
    branches, the layer before is the one before in the translation's order, whether or not it
    leads here. :math:`W_l` are all weights that lead to a layer, BatchNorm folded in.

    Parameters
    ----------
    translation : Translation
        The translated network.
    data : array_like or Tensor, shape (n, ...)
        What the network takes.
    gain_scale : float
        Factor on all gains.

    Returns
    -------
    list of float
        One gain for each of ``translation.weighted_layers``.

    Raises
    ------
    ParameterError
        If data are missing or do not fit, or if a layer is dead on them.
    """
    if data is None:
        raise ParameterError(
            "data is missing: gain='tadros' is computed from the network's activity; pass "
            "data=..., what the network takes, shape (n, ...)."
        )
    gains, factor = [], 1.0
    layers, activations = translation.weighted_layers, max_activations(translation, data)
    for layer, activation in zip(layers, activations, strict=True):
        weights = [link.weight for link in layer.weighted if link.weight is not None]
        scale = max(activation, *(float(weight.max()) for weight in weights), 0.0)
        if scale <= 0:
            raise ParameterError(
                f"layer {layer.name!r} has no positive weight and is silent on the data; "
                "gain='tadros' cannot be computed for it."
            )
        factor = scale / factor
        gains.append(gain_scale / factor)
    return gains
