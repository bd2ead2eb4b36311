"""Gains computed from the trained network's own weights and activity."""

from __future__ import annotations

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number
from ..wake.given_data import Images
from .activation_recording import max_activations
from .translated_network import Translation


@public
def tadros_gains(
    translation: Translation, data: Images | None, gain_scale: float = 1.0
) -> list[float]:
    r"""Compute gains by the max-norm rule of Tadros et al. 2022, as their code computes it.

    .. math::

        \mathrm{scale}_l &= \max(\max W_l, \max \mathrm{ReLU}(a_l)), \quad f_0 = 1 \\
        f_l &= \mathrm{scale}_l / f_{l-1}, \quad \alpha_l = \mathrm{gain\_scale} / f_l

    with the activations :math:`a_l` of layer l on the data, the output layer included. (The
    published code divides by the previous *factor*, where Diehl et al. 2015 divide by the
    previous scale.) The weights themselves are not scaled; they sleep as they are.

    Layers that pool have no gain and are passed over. The rule was made for chains: where a network
    branches, the previous layer is the previous one in the translation's order, whether or not the
    two are connected. :math:`W_l` are all weights that lead to layer l, BatchNorm folded in.

    Parameters
    ----------
    translation : Translation
        The translated network.
    data : array_like or Tensor, shape (n, ...); Dataset or DataLoader
        What the network takes; needed.
    gain_scale : float
        Factor on all gains.

    Returns
    -------
    list of float
        One gain per layer of ``translation.weighted_layers``.

    Raises
    ------
    ParameterError
        If the data are missing or do not fit, or if a layer has no positive weight and is silent
        on the data.
    KindError
        If the data cannot be read as an array.

    References
    ----------
    Tadros, Krishnan, Ramyaa, Bazhenov 2022, Nature Communications 13:7742, Methods and code.
    Diehl et al. 2015, Fast-classifying, high-accuracy spiking deep networks through weight and
    threshold balancing, International Joint Conference on Neural Networks (IJCNN).
    """
    gain_scale = number(gain_scale, "gain_scale", minimum=0, exclusive_minimum=True)
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
                f"layer {layer.name!r} has no positive weight and is silent on the data, so "
                "gain='tadros' cannot be computed for it; give its gain as a number."
            )
        factor = scale / factor
        gains.append(gain_scale / factor)
    return gains
