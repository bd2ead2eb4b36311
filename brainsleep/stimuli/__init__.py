"""Stimuli: what drives the input population during a night.

A stimulus says with which probability each input neuron spikes in each step. The spikes
are drawn here, from a seed, and streamed to the device, so they are the same on every
device. A stimulus of your own derives from :class:`Stimulus` and needs one method,
:meth:`Stimulus.probabilities`. `brainsleep.stimuli.codes` turns numbers into spikes.
"""

from .derived import Gated, ShuffledPixels, WhiteNoise
from .drawing import STEPS_PER_CHUNK
from .given import ConstantProbabilities, ConstantRates, ExplicitSpikes, StimulusLike
from .images import ClassMeans, ImageStimulus, MeanImage, MeanOfRandomImages
from .masks import Mask, RandomPixels, RandomWindow
from .readings import as_stimulus
from .stimulus import Stimulus, skip_steps

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
    "WhiteNoise",
    "as_stimulus",
    "skip_steps",
]
