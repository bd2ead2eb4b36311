"""What many images are to a network: constant currents, made of many at a time, or input spikes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from ..translation import INPUT, Translation
from .coding import Coding
from .synaptic_sums import with_exact_input

#: Most values that are made for all images before the first is shown. New memory has its price: for
#: more images, a batch at a time costs less than it saves.
KEPT_CURRENTS = 2**22

#: Most images in a product with the weights, and most values that come of it: they should stay in
#: the cache.
IMAGES_AT_ONCE, VALUES_AT_ONCE = 250, 2**19


def ahead_at_once(coding: Coding, translation: Translation, n_images: int) -> int:
    """Return for how many images at once currents are computed before any image is shown.

    0 if the currents of all of them are too many to be kept.

    Parameters
    ----------
    coding : Coding
        How images become input.
    translation : Translation
        The network.
    n_images : int
        Number of images.
    """
    n_values = sum(
        layer.n_out
        for layer in translation.layers
        if coding.is_silent and any(link.source == INPUT for link in layer.connections)
    )
    if n_images * n_values > KEPT_CURRENTS:
        return 0
    return max(1, min(IMAGES_AT_ONCE, VALUES_AT_ONCE // max(1, n_values)))


def image_currents(
    coding: Coding,
    translation: Translation,
    images: NDArray[np.floating],
    dtype: str,
    at_once: int,
) -> Mapping[str, NDArray[np.floating]]:
    """Return the constant currents that images cause, by layer that gets some.

    Sums are made in float64. A product of many images with the weights costs less than products of
    a few.

    Parameters
    ----------
    coding : Coding
        How images become input.
    translation : Translation
        The network.
    images : ndarray, shape (n_images, n_inputs)
        The images.
    dtype : str
        Floating-point type of what is returned.
    at_once : int
        Number of images in a product.

    Returns
    -------
    dict of str to ndarray, shape (n_images, n_neurons)
    """
    network, found = with_exact_input(translation), dict[str, NDArray[np.floating]]()
    for first in range(0, len(images), at_once):
        batch = slice(first, first + at_once)
        for name, sums in coding.currents(network, images[batch]).items():
            if name not in found:
                found[name] = np.empty((len(images), sums.shape[1]), dtype=dtype)
            found[name][batch] = sums
    return found


def first_spikes(
    coding: Coding,
    images: NDArray[np.floating],
    numbers: NDArray[np.int64],
    n_steps: int,
    n_first: int,
) -> Iterator[NDArray[np.bool_]]:
    """Make the first input spikes of images, one image after the other.

    Parameters
    ----------
    coding : Coding
        How images become input.
    images : ndarray, shape (n_images, n_inputs)
        The images.
    numbers : ndarray of int, shape (n_images,)
        Their numbers, on which their spikes depend.
    n_steps : int
        Length of a presentation in time steps.
    n_first : int
        How many steps of each are wanted, from the beginning.

    Yields
    ------
    ndarray of bool, shape (some steps, n_inputs)
    """
    for image, number in zip(images, numbers.tolist(), strict=True):
        left = n_first
        for chunk in coding.chunks(image, number, n_steps):
            yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                break
