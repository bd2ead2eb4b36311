"""Stimuli: what drives the input population during a night.

A stimulus says with which probability each input neuron spikes in each step; the spikes
are drawn here, from a seed, and streamed to the device, so they are the same on every
device. A stimulus of your own derives from :class:`Stimulus` and needs one method.
`brainsleep.stimuli.codes` turns numbers into spikes.
"""

from .base import STEPS_PER_CHUNK, Gated, Stimulus, skip_steps
from .given import (
    ConstantProbabilities,
    ConstantRates,
    ExplicitSpikes,
    ShuffledPixels,
    StimulusLike,
    as_stimulus,
)
from .images import (
    ClassMeans,
    ImageStimulus,
    Mask,
    MeanImage,
    MeanOfRandomImages,
    RandomPixels,
    RandomWindow,
)

__all__ = [
    "STEPS_PER_CHUNK",
    "ClassMeans",
    "ConstantProbabilities",
    "ConstantRates",
    "ExplicitSpikes",
    "Gated",
    "ImageStimulus",
    "Mask",
    "MeanImage",
    "MeanOfRandomImages",
    "RandomPixels",
    "RandomWindow",
    "ShuffledPixels",
    "Stimulus",
    "StimulusLike",
    "as_stimulus",
    "skip_steps",
]
