"""What NIR can say of the neurons of each layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import TranslationError
from ...neurons import LIF, Heaviside, IntegrateAndFire, Neuron


@dataclass(frozen=True, kw_only=True)
class Membrane:
    """The neurons of one layer; potentials are in the unit of the neuron model.

    Attributes
    ----------
    decay : float
        Fraction of a potential that is left after one step, in [0, 1].
    gain, bias_gain : float
        Potential per unit weight, and per unit bias and step.
    v_threshold, v_reset : float
        Threshold and reset potential, above rest.
    subtracts : bool
        Whether a spike takes the threshold from the potential, in place of a reset.
    """

    decay: float
    gain: float
    bias_gain: float
    v_threshold: float
    v_reset: float = 0.0
    subtracts: bool = False


def membranes(
    neuron: Neuron,
    layer_names: Sequence[str],
    gains: Sequence[float],
    thresholds: Sequence[float],
    dt: float,
) -> dict[str, Membrane]:
    """Return what NIR can say of the neurons of each layer.

    Parameters
    ----------
    neuron : Heaviside, LIF or IntegrateAndFire
        The neuron model.
    layer_names : sequence of str
        Names of the layers that do not pool.
    gains, thresholds : sequence of float
        One per layer, in the neuron model's unit.
    dt : float
        Time step in seconds.

    Returns
    -------
    dict of str to Membrane
        By layer.

    Raises
    ------
    TranslationError
        For another neuron model, and for a refractory period, naming the layer.
    """
    values = neuron.parameters(layer_names, gains, thresholds)
    return {
        name: _membrane(name, neuron, own, dt)
        for name, own in zip(layer_names, values, strict=True)
    }


def _membrane(name: str, neuron: Neuron, own: dict[str, float], dt: float) -> Membrane:
    """Return the neurons of one layer from their parameters in SI units."""
    gain, bias_gain, threshold = own["gain"], own["bias_gain"], own["v_threshold"]
    if isinstance(neuron, Heaviside):
        return Membrane(decay=own["decay"], gain=gain, bias_gain=bias_gain, v_threshold=threshold)
    if isinstance(neuron, IntegrateAndFire):
        return Membrane(
            decay=1.0, gain=gain, bias_gain=bias_gain, v_threshold=threshold, subtracts=True
        )
    if not isinstance(neuron, LIF):
        raise TranslationError(
            f"neuron: NIR has no {type(neuron).__name__} as it is simulated here; only networks of "
            "bs.Heaviside, bs.LIF and bs.IntegrateAndFire can be written."
        )
    if own["refractory_period"] > 0:
        raise TranslationError(
            f"layer {name!r}: NIR has no refractory period, but the neurons have one of "
            f"{1e3 * own['refractory_period']:g} ms; only refractory=0*ms can be written."
        )
    return Membrane(
        decay=math.exp(-dt / own["tau_m"]),
        gain=gain,
        bias_gain=bias_gain,
        v_threshold=threshold - own["v_rest"],
        v_reset=own["v_reset"] - own["v_rest"],
    )
