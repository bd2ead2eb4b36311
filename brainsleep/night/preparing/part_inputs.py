"""Stimulus and data as the sleeping layers take them, also where sleep begins at a later layer."""

from __future__ import annotations

import math
from collections.abc import Iterator

from numpy.typing import ArrayLike

from ...stimuli import ImageStimulus, Stimulus, StimulusLike
from ...support.array_values import read_array
from ...translation import Translation, features
from ...wake.given_data import GivenData


def shapes_of_images(
    data: GivenData | None, stimulus: StimulusLike | None = None
) -> Iterator[tuple[int, ...]]:
    """Yield shapes that one input of the network may have, the likeliest first.

    They are that of one image of the data, or of the stimulus; then the same flat, for networks
    that fold flat images themselves (``nn.Unflatten``).

    Parameters
    ----------
    data : GivenData or None
        What the network takes.
    stimulus : bs.stimuli object or ndarray, optional
        What drives the input.
    """
    given = () if data is None else data.shapes
    of_stimulus = tuple(_shapes_of_stimulus(stimulus))
    folded = [shape for shape in given if len(shape) > 1]
    folded = folded or [shape for shape in of_stimulus if len(shape) > 1]
    yield from folded
    known = filter(None, (*folded, *given, *of_stimulus))
    yield from dict.fromkeys((math.prod(shape),) for shape in known)


def _shapes_of_stimulus(stimulus: StimulusLike | None) -> Iterator[tuple[int, ...]]:
    """Yield the shape that one image of a stimulus may have."""
    if isinstance(stimulus, Stimulus):
        yield getattr(stimulus, "image_shape", ())
        size = getattr(stimulus, "n_inputs", None)  # a stimulus without it is refused later
        if isinstance(size, int):
            yield (size,)
    elif stimulus is not None:
        values = read_array(stimulus, "stimulus")
        if values.dtype != bool:
            yield values.shape
        yield values.shape[1:]  # of spikes, whose steps come first


def data_at(network: Translation, data: ArrayLike | None) -> ArrayLike | None:
    """Return what the first sleeping layer takes, for data that the whole network takes.

    Parameters
    ----------
    network : Translation
        The layers that sleep.
    data : array_like, shape (n, ...), or None
        What the whole network takes.
    """
    if data is None or network.whole is None or network.input_at is None:
        return data
    return features(network.whole, network.input_at, data)


def stimulus_at(network: Translation, stimulus: StimulusLike) -> StimulusLike:
    """Let the layers before the sleeping ones compute features of a stimulus of images.

    Parameters
    ----------
    network : Translation
        The layers that sleep.
    stimulus : bs.stimuli object or ndarray
        Returned as it is for a whole network, and if it is not made of the network's images.
    """
    whole, path = network.whole, network.input_at
    if whole is None or path is None:
        return stimulus
    # images that could be either are the network's, unless they have the shape of the layer's
    if (
        isinstance(stimulus, ImageStimulus)
        and stimulus.n_inputs == whole.n_inputs
        and (stimulus.n_inputs != network.n_inputs or stimulus.image_shape != network.input_shape)
    ):
        return stimulus.seen_through(
            lambda images: features(whole, path, images), network.input_shape
        )
    return stimulus
