"""Layers without weights, as spiking populations: pooling, and the sums of residual additions.

A pooling layer is a population of its own, with one neuron per window. Its neurons are not the
user's to choose: they have no leak, no refractory period, and thresholds that follow from the
window.
"""

from __future__ import annotations

from ..neurons import NeuronEquations
from ..plasticity import SynapseEquations

#: Each spike that arrives adds one, whatever synapse it comes through.
COUNT = SynapseEquations(
    model="",
    on_pre="drive_post += 1",
    on_post="",
    presynaptic_model="",
    presynaptic_step="",
    presynaptic_reset="",
)

#: Max pooling as a logical or: a neuron spikes in each step in which a neuron of its window does.
ANY_SPIKE = NeuronEquations(model="v : 1", on_input="v = drive", threshold="v > 0", reset="v = 0")

#: Max pooling as the most active input: a spike passes if its neuron has spiked, in this night, at
#: least as often as every other neuron of the window that has spiked before.
MOST_ACTIVE = SynapseEquations(
    model="",
    on_pre="""
    best_post = clip(n_spikes_pre, best_post, 1e9)
    drive_post += int(n_spikes_pre >= best_post)
    """,
    on_post="",
    presynaptic_model="n_spikes : 1  # this night",
    presynaptic_step="",
    presynaptic_reset="n_spikes += 1",
)
MOST_ACTIVE_NEURON = NeuronEquations(
    model="v : 1\nbest : 1  # most spikes of a neuron in the window",
    on_input="v = drive",
    threshold="v > 0",
    reset="v = 0",
)

#: Average pooling: a neuron spikes when as many spikes have arrived as its window has neurons, and
#: keeps the remainder, so that its rate is the mean of their rates.
AVERAGE = NeuronEquations(
    model="""
    v : 1
    window_size : 1 (shared, constant)  # neurons in a window, those in the padding counted
    """,
    on_input="v += drive",
    threshold="v >= window_size",
    reset="v -= window_size",
)
