"""Neurons that fire in every step: the inputs of which biases that learn are the weights."""

from __future__ import annotations

from ..neurons import NeuronEquations

#: It fires whatever reaches it; nothing does.
EVERY_STEP = NeuronEquations(model="", on_input="", threshold="i >= 0", reset="")
