"""Traces of spikes, by which spike-timing rules learn.

Traces live on neurons: ``trace`` on the presynaptic one, ``post_trace`` on the postsynaptic one,
each raised by its neuron's spike and decaying by exp(-dt/tau) per step. Within a step presynaptic
spikes act first; a pair in one step counts as pre before post.
"""

#: What a spike does to its neuron's trace: all earlier spikes count, or the last one alone.
INTERACTIONS = {"all": "{trace} += 1", "nearest": "{trace} = 1"}
