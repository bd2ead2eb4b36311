"""Where spikes go, found by probing: nothing is known here of windows, fans or groups."""

import numpy as np
import torch
from torch import nn


def operations_by_probing(night):
    """Count the neurons that each spike of a night reaches, by the layer they are in.

    One neuron of the source at a time is 1 and all weights are 1: what changes from zero is
    reached, in torch's own convolution.
    """
    found = {}
    for layer in night.translation.layers:
        total = 0
        for link in layer.connections:
            counts = np.bincount(night.spikes[link.source].i, minlength=link.n_in)
            for neuron in np.flatnonzero(counts):
                shown = np.zeros(link.n_in)
                shown[neuron] = 1
                total += int(counts[neuron]) * _reached(link, shown)
        found[layer.name] = total
    return found


def _reached(link, shown):
    if link.kind == "identity":
        return 1
    if link.window is None:
        present = np.ones((link.n_out, link.n_in)) if link.mask is None else link.mask
        return int(np.count_nonzero(present @ shown))
    window = link.window
    reached = nn.functional.conv2d(
        torch.from_numpy(shown).reshape(1, *window.in_shape),
        torch.ones(window.kernel_shape, dtype=torch.float64),
        stride=window.stride,
        padding=window.padding,
        dilation=window.dilation,
        groups=window.groups,
    )
    return int(torch.count_nonzero(reached))
