"""What a layer of a network receives: features to classify by, or to replay."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from ...errors import ParameterError
from ...support.checks import known_name
from ..contexts import mode_of

#: Names that stand for layers of any network: the last `nn.Linear`, the second layer with weights.
LAST, SECOND = "last", "second"
#: The images themselves.
PIXELS = "pixels"

_BATCH_SIZE = 1000  # limits the memory needed; results do not depend on it


def find_layer(network: nn.Module, name: str) -> str:
    """Return the path of a layer that is named by its path, or as :data:`LAST` or :data:`SECOND`.

    Raises
    ------
    ParameterError
        If there is none.
    """
    modules = dict(network.named_modules())
    if name == LAST:
        found = [path for path, one in modules.items() if isinstance(one, nn.Linear)][-1:]
    elif name == SECOND:
        weighted = (path for path, one in modules.items() if "weight" in one._parameters)
        found = [path for path in weighted if modules[path].weight.ndim > 1][1:2]
    else:
        return known_name(name, "layer", [path for path in modules if path])
    if not found:
        wanted = "nn.Linear" if name == LAST else "second layer with weights"
        raise ParameterError(f"the network has no {wanted}, so layer={name!r} means nothing.")
    return found[0]


@contextmanager
def received(network: nn.Module, layer: str) -> Iterator[list[torch.Tensor]]:
    """Listen to what a layer receives; for a while.

    Yields
    ------
    list of torch.Tensor
        Each input of the layer, in order.
    """
    inputs: list[torch.Tensor] = []
    hook = network.get_submodule(layer).register_forward_pre_hook(
        lambda module, arguments: inputs.append(arguments[0])
    )
    try:
        yield inputs
    finally:
        hook.remove()


class Features(nn.Module):
    """What a layer of a network receives, one flat row per image.

    Where the layer is called several times for an image, as in a spiking network, it is the mean
    over the calls.

    Parameters
    ----------
    network : torch.nn.Module
        Shared, not copied.
    layer : str
        As of :func:`find_layer`, or :data:`PIXELS`.
    """

    def __init__(self, network: nn.Module, layer: str) -> None:
        super().__init__()
        self.network = network
        self.layer = layer if layer == PIXELS else find_layer(network, layer)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return features of shape (n_images, n_features)."""
        if self.layer == PIXELS:
            return images.flatten(1)
        with received(self.network, self.layer) as inputs:
            self.network(images)
        return torch.stack([one.flatten(1) for one in inputs]).mean(0)


def features_of(network: nn.Module, layer: str, images: torch.Tensor) -> torch.Tensor:
    """Return the features of images as the network gives them in evaluation mode, in float64."""
    features = Features(network, layer)
    with torch.no_grad(), mode_of(network, training=False):
        rows = [features(batch).double() for batch in images.split(_BATCH_SIZE)]
    return torch.cat(rows)
