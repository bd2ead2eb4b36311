"""Neuron models as data: Brian2 equations with units, one parameter per line.

Each is a small frozen dataclass in a file of its own; `registry` lists them. See
:mod:`brainsleep.neurons.model` for what a model of your own must offer.
"""

from .base import LayeredNeuron as LayeredNeuron
from .model import Neuron as Neuron
from .model import NeuronEquations as NeuronEquations
from .reading import fixed_parameters as fixed_parameters
from .reading import given_bias_gains as given_bias_gains
from .reading import given_gains as given_gains
from .reading import given_target_rate as given_target_rate
from .reading import given_thresholds as given_thresholds
from .reading import is_neuron as is_neuron
from .registry import *
from .registry import NEURONS as NEURONS
