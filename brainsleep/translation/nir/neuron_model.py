"""Which of our neuron models the neurons of a NIR graph are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from brian2.units import mV, second, volt

from ...errors import TranslationError
from ...neurons import LIF, Heaviside, IntegrateAndFire
from .neuron_values import NEVER
from .spiking_layers import SpikingLayer

NirNeuron: TypeAlias = Heaviside | LIF | IntegrateAndFire

#: Time constants in steps of which exp(-1/tau) is exactly 0, and exactly 1, in float64.
FORGETS_AT_ONCE, NEVER_FORGETS = 1e-3, 1e18


def neuron_model(layers: Sequence[SpikingLayer], delay_steps: int, dt: float | None) -> NirNeuron:
    """Return the neuron model that can do what all layers need.

    Parameters
    ----------
    layers : sequence of SpikingLayer
        The layers in order; those that pool are left out.
    delay_steps : int
        Steps that a spike takes to the next layer.
    dt : float or None
        Time step in seconds.

    Returns
    -------
    Heaviside, LIF or IntegrateAndFire
        With one constant per layer. Potentials of `LIF` are in volts above a rest of 0 V.

    Raises
    ------
    TranslationError
        If layers need different models.
    """
    chosen = [(layer, layer.neurons) for layer in layers if layer.neurons is not None]
    gain = [neurons.gain for _, neurons in chosen]
    threshold = [neurons.threshold for _, neurons in chosen]
    bias_gain = [layer.bias_gain for layer, _ in chosen]
    if any(neurons.subtracts for _, neurons in chosen):
        _require_integrators(layers, delay_steps)
        return IntegrateAndFire(gain, threshold, bias_gain=bias_gain)
    if delay_steps == 0 and not any(neurons.reset for _, neurons in chosen):
        decay = [neurons.decay for _, neurons in chosen]
        return Heaviside(gain, threshold, decay=decay, bias_gain=bias_gain)
    assert dt is not None  # delays and resets come with neurons that depend on it
    return LIF(
        [value * volt for value in gain],
        [value * volt for value in threshold],
        bias_gain=[value * volt for value in bias_gain],
        tau_m=[dt * _steps_of_memory(neurons.decay) * second for _, neurons in chosen],
        v_rest=0 * mV,
        v_reset=[neurons.reset * volt for _, neurons in chosen],
        delay_steps=delay_steps,
    )


def _steps_of_memory(decay: float) -> float:
    """Return the time constant in steps that leaves a part of a potential after one step."""
    if decay <= 0:
        return FORGETS_AT_ONCE
    return min(-1 / math.log(decay), NEVER_FORGETS) if decay < 1 else NEVER_FORGETS


def _require_integrators(layers: Sequence[SpikingLayer], delay_steps: int) -> None:
    """Refuse layers that differ from those whose spikes subtract the threshold."""
    for layer in layers:
        neurons = layer.neurons
        if neurons is None:
            continue
        is_mere_weights = neurons.threshold == NEVER and neurons.decay == 0
        fits = is_mere_weights or (neurons.subtracts and neurons.decay == 1 and not neurons.reset)
        if not fits or delay_steps:
            raise TranslationError(
                f"node {layer.name!r}: other layers are IF neurons whose spikes subtract the "
                "threshold; then all must be such, without delays, and weights may come last."
            )
