"""What each population stands for, image by image: the activations that its spikes are held to."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..support.calls import public
from ..wake.given_data import Images, read_images
from .activation_recording import activations_of_input, as_input
from .layers import INPUT
from .part import features
from .translate import as_translation
from .translated_network import Translation


@public
def activations(
    network: nn.Module | Translation, images: Images
) -> dict[str, NDArray[np.floating]]:
    """Show images to the artificial network; return what its neurons do, by population.

    They are in the order of the neurons of the spiking populations: column i belongs to the neuron
    whose spikes have ``night.spikes[name].i == i``. Rectified, those of the output too, since a
    spiking neuron stands for the part of its activation above 0.

    Parameters
    ----------
    network : torch.nn.Module or Translation
        In evaluation mode; left as it was. Of a part of a network (``input_at=``), the populations
        of this part.
    images : array_like or Tensor, shape (n_images, ...); Dataset or DataLoader
        What the whole network takes. Sequences, for a recurrent network; the rows below are then
        steps: those of the first sequence in order, then those of the second.

    Returns
    -------
    dict of str to ndarray, shape (n_images, n_neurons)
        By the names of the populations, the input first, as in `Night.spikes`; in float32 unless
        the network computes in float64. Channels, rows and columns of a convolutional layer lie
        one after the other.

    Raises
    ------
    TranslationError
        If the network cannot be translated, naming the part of it.
    ParameterError
        If there are no images, or they do not fit the network.
    KindError
        If the images cannot be read as an array.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> network = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1))
    >>> found = activations(network, np.ones((5, 3)))
    >>> {name: values.shape for name, values in found.items()}
    {'input': (5, 3), '0': (5, 2), '2': (5, 1)}
    """
    given = read_images(images, "images")
    translation = as_translation(network, given.shapes)
    whole = translation.whole or translation
    tensor = as_input(given.images, whole)
    names = [layer.name for layer in translation.layers]
    if translation.input_at is not None and whole.sequences is None:
        shown = features(whole, translation.input_at, tensor)
    else:
        rows = tensor if whole.sequences is None else tensor.flatten(0, 1)
        is_double = tensor.dtype == torch.float64  # NumPy has no bfloat16
        shown = (rows if is_double else rows.float()).clamp(min=0).numpy()
    found = {INPUT: shown, **activations_of_input(whole, tensor, names)}
    return {name: values.reshape(len(values), -1) for name, values in found.items()}
