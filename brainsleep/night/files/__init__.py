"""The files of a night: description, spikes, states and weights, checked on reading."""
