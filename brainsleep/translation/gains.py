"""Gains computed from the trained network's own weights and activity."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import fx

from ..errors import ParameterError, UnitsError
from .layers import Translation

#: Rows of data run through the network at a time.
BATCH = 1000


def tadros_gains(translation: Translation, data: Any, gain_scale: float = 1.0) -> list[float]:
    r"""Compute gains by the max-norm rule of Tadros et al. 2022, as their code has it.

    .. math::

        \mathrm{scale}_l &= \max(\max W_l, \max \mathrm{ReLU}(a_l)), \quad f_0 = 1 \\
        f_l &= \mathrm{scale}_l / f_{l-1}, \quad \alpha_l = \mathrm{gain\_scale} / f_l

    with the activations :math:`a_l` of layer l on the data, the output layer included. (The
    published code divides by the previous *factor*, where Diehl et al. 2015 divide by the
    previous scale.)  The raw weights sleep; only these constants are kept.

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
        One gain a layer.

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
    for layer, activation in zip(
        translation.layers, max_activations(translation, data), strict=True
    ):
        scale = max(float(layer.weight.max()), activation)
        if scale <= 0:
            raise ParameterError(
                f"layer {layer.name!r} has no positive weight and is silent on the data; "
                "gain='tadros' cannot be computed for it."
            )
        factor = scale / factor
        gains.append(gain_scale / factor)
    return gains


def max_activations(translation: Translation, data: Any) -> list[float]:
    """Return the largest rectified activation of each layer on the data.

    Raises
    ------
    ParameterError
        If the data are empty, not finite, or do not fit the network.
    """
    tensor = _as_tensor(data, translation)
    recorder = _Recorder(translation)
    try:
        with torch.no_grad():
            for start in range(0, len(tensor), BATCH):
                recorder.run(tensor[start : start + BATCH])
    except RuntimeError as error:
        reason = str(error).partition("\n")[0]  # torch.fx adds a listing
        raise ParameterError(
            f"data of shape {tuple(tensor.shape)} do not fit the network: {reason}"
        ) from error
    return [recorder.largest[layer.node] for layer in translation.layers]


def _as_tensor(data: Any, translation: Translation) -> torch.Tensor:
    """Check the data and bring them to the network's type, on the CPU."""
    is_tensor = isinstance(data, torch.Tensor)
    try:
        # a copy, since torch refuses to share NumPy's read-only arrays
        tensor = data.detach().cpu() if is_tensor else torch.tensor(np.asarray(data))
    except (TypeError, ValueError, RuntimeError) as error:
        raise UnitsError(f"data cannot be read as an array ({error}).") from None
    if tensor.ndim < 2 or len(tensor) == 0:
        raise ParameterError(
            f"data must have shape (n, ...) with n >= 1, not {tuple(tensor.shape)}."
        )
    weight = translation.graph.state_dict()[translation.layers[0].weight_name]
    tensor = tensor.to(weight.dtype)
    if not torch.isfinite(tensor).all():
        raise ParameterError("data hold NaN or infinite values.")
    return tensor


class _Recorder(fx.Interpreter):
    """Runs the traced network and notes each layer's largest rectified activation."""

    def __init__(self, translation: Translation) -> None:
        super().__init__(translation.graph)
        self.largest = {layer.node: 0.0 for layer in translation.layers}

    def run_node(self, node: fx.Node) -> Any:
        """Run one node."""
        result = super().run_node(node)
        if node.name in self.largest:
            self.largest[node.name] = max(self.largest[node.name], float(result.max()))
        return result
