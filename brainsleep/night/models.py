"""The neuron model and the rule of a night, and the constants of each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy.typing as npt
from brian2 import Equations

from ..errors import ParameterError, UnitsError, brief
from ..neurons import Heaviside, Neuron, given_gains, given_target_rate, given_thresholds, is_neuron
from ..plasticity import SRC, Plasticity, is_rule
from ..translation import Translation, tadros_gains


@dataclass(frozen=True)
class LayerConstants:
    """Gains and thresholds, or the rates that thresholds are found for.

    Attributes
    ----------
    gains : list of float
        One per layer that does not pool, in the neuron model's unit.
    thresholds : list of float or None
        The same; None if they are to be calibrated.
    target_rate : list of float or None
        Rates in Hz to calibrate to.
    """

    gains: list[float]
    thresholds: list[float] | None
    target_rate: list[float] | None


def layer_constants(
    neuron: Neuron, network: Translation, data: npt.ArrayLike | None
) -> LayerConstants:
    """Read the constants of a neuron model, and compute gains that depend on the network.

    Without data, gains of ``"tadros"`` are 1 if thresholds are to be calibrated: it is their ratio
    that decides on spikes.

    Parameters
    ----------
    neuron : Neuron
        The model.
    network : Translation
        The layers.
    data : array_like or None
        What the first of them takes, for ``gain="tadros"``.

    Raises
    ------
    ParameterError, UnitsError
        Naming the constant and the layer.
    """
    names = network.layer_names
    thresholds, target_rate = None, None
    if isinstance(neuron.threshold, str) and neuron.threshold == "calibrated":
        target_rate = given_target_rate(neuron, names)
    else:
        thresholds = given_thresholds(neuron, names)
        if getattr(neuron, "target_rate", None) is not None:  # not used, but not junk either
            given_target_rate(neuron, names)
    if isinstance(neuron.gain, str) and neuron.gain == "tadros":
        # a bias gain of one's own is in proportion to the gain
        is_free = thresholds is None and getattr(neuron, "bias_gain", None) is None
        if data is None and is_free:
            gains = [1.0] * len(names)
        else:
            gains = tadros_gains(network, data, neuron.gain_scale)
    else:
        gains = given_gains(neuron, names)
    return LayerConstants(gains, thresholds, target_rate)


def check_target_rate(constants: LayerConstants, dt: float, layer_names: Sequence[str]) -> None:
    """Raise a ParameterError for a rate to calibrate to at which each step would have a spike."""
    for name, rate in zip(layer_names, constants.target_rate or (), strict=False):
        if rate * dt >= 1:
            raise ParameterError(
                f"neuron: target_rate of layer {name!r} must be below one spike per time step, "
                f"{1 / dt:g} Hz, but is {rate:g} Hz."
            )


def read_models(neuron: Neuron | None, plasticity: Plasticity | None) -> tuple[Neuron, Plasticity]:
    """Fill in the default models, `Heaviside` and `SRC` as they are, and check those given.

    Raises
    ------
    UnitsError
        If one is no model.
    """
    model = Heaviside() if neuron is None else neuron
    rule = SRC() if plasticity is None else plasticity
    return check_neuron(model), check_rule(rule)


def check_equations(
    neuron: Neuron, rule: Plasticity, constants: LayerConstants, layer_names: Sequence[str]
) -> None:
    """Check that models are complete: their equations declare the parameters that are set in them.

    Raises
    ------
    ParameterError
        Naming the first thing that is missing.
    """
    if not hasattr(neuron, "delay_steps"):
        raise ParameterError(
            f"neuron: {type(neuron).__name__} has no delay_steps; give it 0 or 1, the time steps "
            "that a spike takes to the next layer."
        )
    thresholds = constants.thresholds or [1.0] * len(layer_names)
    _check_declared(
        "neuron",
        neuron,
        neuron.equations().model,
        neuron.parameters(layer_names, constants.gains, thresholds),
    )
    _check_declared(
        "plasticity", rule, rule.equations().model, rule.synapse_parameters(layer_names)
    )


def _check_declared(
    kind: str, model: object, equations: str, layers: Sequence[Mapping[str, float]]
) -> None:
    """Raise a ParameterError for a parameter that equations do not declare."""
    declared = Equations(equations).parameter_names
    for name in dict.fromkeys(name for values in layers for name in values):
        if name not in declared:
            raise ParameterError(
                f"{kind}: the equations of {type(model).__name__} do not declare its parameter "
                f"{name!r}; add a line like '{name} : 1 (shared, constant)', with its unit."
            )


def check_neuron(neuron: Neuron) -> Neuron:
    """Return a neuron model, or raise a UnitsError if it is none."""
    if not is_neuron(neuron):
        raise UnitsError(f"neuron must be a neuron model like bs.LIF(...), not {brief(neuron)}.")
    return neuron


def check_rule(rule: Plasticity) -> Plasticity:
    """Return a plasticity rule, or raise a UnitsError if it is none."""
    if not is_rule(rule):
        raise UnitsError(f"plasticity must be a rule like bs.SRC(...), not {brief(rule)}.")
    return rule
