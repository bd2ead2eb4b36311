"""The classes whose objects are stored with a night: those of the package that decide what it is.

A file of a night makes objects of these classes and of no others.
"""

from __future__ import annotations

from functools import cache

from ...devices import CppStandalone, Cuda, Runtime
from ...network.windows import Window
from ...network.wiring import Wiring
from ...neurons import NEURONS, GivenNeuron, NeuronEquations
from ...plasticity import RULES, GivenRule, SynapseEquations
from ...stimuli import (
    ClassMeans,
    ConstantProbabilities,
    ConstantRates,
    ExplicitSpikes,
    Gated,
    MeanImage,
    MeanOfRandomImages,
    RandomPixels,
    RandomWindow,
    ShuffledPixels,
    WhiteNoise,
)
from ...support.stored_objects import Classes
from ...translation import Connection, Fold, Layer
from ..lateral import InhibitoryPopulation, KWinners, MeanInhibition, Recurrent, WinnerTakeAll
from ..preparing.night_request import Record
from ..preparing.night_setup import NightSetup


@cache
def stored_classes() -> Classes:
    """Return the classes by their names."""
    from ...stages import NREM, REM, Cortex, Hypnogram, Ripples, Spindles, Wake

    models = [*NEURONS.values(), GivenNeuron, NeuronEquations]
    rules = [*RULES.values(), GivenRule, SynapseEquations]
    network = [Layer, Connection, Fold, Window, Wiring]
    stimuli = [ClassMeans, ConstantProbabilities, ConstantRates, ExplicitSpikes, Gated, MeanImage]
    stimuli += [MeanOfRandomImages, ShuffledPixels, WhiteNoise, RandomPixels, RandomWindow]
    lateral = [InhibitoryPopulation, KWinners, MeanInhibition, Recurrent, WinnerTakeAll]
    stages = [NREM, REM, Wake, Hypnogram, Cortex, Ripples, Spindles]
    others = [CppStandalone, Cuda, Runtime, NightSetup, Record]
    return {
        one.__name__: one
        for one in (*models, *rules, *network, *stimuli, *lateral, *stages, *others)
    }
