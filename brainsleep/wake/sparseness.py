"""How silent a network is: the share of zeros in what its layers pass on."""

from __future__ import annotations

from collections.abc import Callable

import numpy.typing as npt
import torch
from torch import nn

from ..errors import DataError, ParameterError
from ..support.calls import public
from .evaluation import predict
from .spiking import SpikingActivation


@public
def sparsity(network: nn.Module, images: npt.ArrayLike) -> dict[str, float]:
    """Return the percentage of zeros in the output of each activation, as the network sees images.

    A layer here is a :class:`~brainsleep.wake.spiking.SpikingActivation` or a ``torch.nn.ReLU``,
    and its output is taken before any pooling. Percentages are over neurons, images and time
    steps; where a 1 means a spike, 100 minus the percentage, divided by 100, is the mean number
    of spikes per neuron and step.

    Parameters
    ----------
    network : torch.nn.Module
        Used in evaluation mode, without gradients, and left as it was.
    images : array_like, shape (n_images, n_pixels)
        What the network takes; at least one image.

    Returns
    -------
    dict of str to float
        ``{"Layer1": ..., "Layer2": ...}`` in %, in the order of the network's modules. A spiking
        ``bitnet`` has six, one for each layer with weights; its ReLU twin has no activation after
        the sixth.

    Raises
    ------
    DataError
        If there are no images.
    ParameterError
        If the network has no such layer, or one that no image reaches; and as
        :func:`brainsleep.wake.predict`.
    """
    layers = [part for part in network.modules() if isinstance(part, SpikingActivation | nn.ReLU)]
    if not layers:
        raise ParameterError(
            "network has no SpikingActivation and no ReLU whose zeros could be counted."
        )
    n_zeros = [0] * len(layers)
    n_outputs = [0] * len(layers)

    def counter(k: int) -> Callable[[nn.Module, object, torch.Tensor], None]:
        def count(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
            n_zeros[k] += int((output == 0).sum())
            n_outputs[k] += output.numel()

        return count

    hooks = [layer.register_forward_hook(counter(k)) for k, layer in enumerate(layers)]
    try:
        n_images = len(predict(network, images))
    finally:
        for hook in hooks:
            hook.remove()
    if n_images == 0:
        raise DataError("images must hold at least one image, but there are none.")
    if 0 in n_outputs:
        raise ParameterError(f"network: no image reaches activation {n_outputs.index(0) + 1}.")
    return {
        f"Layer{k}": 100 * zeros / outputs
        for k, (zeros, outputs) in enumerate(zip(n_zeros, n_outputs, strict=True), start=1)
    }
