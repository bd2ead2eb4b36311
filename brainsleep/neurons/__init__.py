"""Neuron models as data: Brian2 equations with units, one parameter per line.

Each is a small frozen dataclass in a file of its own; `neuron_registry` lists them. See
:mod:`brainsleep.neurons.model` for what a model of your own must offer.
"""

from .given_neuron import GivenNeuron as GivenNeuron
from .layer_values import fixed_parameters as fixed_parameters
from .layer_values import given_bias_gains as given_bias_gains
from .layer_values import given_gains as given_gains
from .layer_values import given_target_rate as given_target_rate
from .layer_values import given_thresholds as given_thresholds
from .layer_values import is_neuron as is_neuron
from .layer_values import is_text as is_text
from .layered_neuron import LayeredNeuron as LayeredNeuron
from .model import Neuron as Neuron
from .model import NeuronEquations as NeuronEquations
from .neuron_registry import *
from .neuron_registry import NEURONS as NEURONS
