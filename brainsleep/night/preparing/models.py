"""The neuron model and the rule of a night, and the constants of each layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy.typing as npt
from brian2 import Equations

from ...errors import ParameterError, UnitsError, brief
from ...neurons import (
    Heaviside,
    Neuron,
    given_gains,
    given_target_rate,
    given_thresholds,
    is_neuron,
    is_text,
)
from ...plasticity import SRC, Plasticity, is_rule
from ...translation import Translation, tadros_gains


@dataclass(frozen=True)
class LayerConstants:
    """Gains and thresholds, or the rates that one of them is found for.

    Attributes
    ----------
    gains : list of float or None
        One per layer that does not pool, in the neuron model's unit; None if they are to be found.
    thresholds : list of float or None
        The same; of the two, one at least is known.
    target_rate : list of float or None
        Rates in Hz to calibrate to, or calibrated to; None if nothing is.
    """

    gains: list[float] | None
    thresholds: list[float] | None
    target_rate: list[float] | None

    @property
    def is_complete(self) -> bool:
        """Whether nothing is to be found any more."""
        return self.gains is not None and self.thresholds is not None

    @property
    def known_gains(self) -> list[float]:
        """The gains; 1 in each layer while they are to be found."""
        assert self.gains is not None or self.thresholds is not None
        return [1.0 for _ in self.thresholds or ()] if self.gains is None else self.gains

    @property
    def known_thresholds(self) -> list[float]:
        """The thresholds; the gain of each layer while they are to be found."""
        return self.known_gains if self.thresholds is None else self.thresholds

    def at(self, ratios: Sequence[float]) -> LayerConstants:
        """Return the constants with these ratios of threshold to gain, which decide on spikes."""
        if self.gains is None:
            assert self.thresholds is not None
            gains = [one / ratio for one, ratio in zip(self.thresholds, ratios, strict=True)]
            return replace(self, gains=gains)
        thresholds = [
            ratio * (gain if gain > 0 else 1.0)
            for gain, ratio in zip(self.gains, ratios, strict=True)
        ]
        return replace(self, thresholds=thresholds)


def layer_constants(
    neuron: Neuron, network: Translation, data: npt.ArrayLike | None
) -> LayerConstants:
    """Read the constants of a neuron model, and compute gains that depend on the network.

    Where gain and threshold are both to be calibrated, the gain is 1: it is their ratio that
    decides on spikes. So are gains of ``"tadros"`` without data.

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
    if is_text(neuron.threshold, "calibrated"):
        gains = _gains(neuron, network, data)
        return LayerConstants(gains, None, given_target_rate(neuron, names))
    thresholds = given_thresholds(neuron, names)
    wanted = None
    if is_text(neuron.gain, "calibrated") or getattr(neuron, "target_rate", None) is not None:
        wanted = given_target_rate(neuron, names)
    if not is_text(neuron.gain, "calibrated"):  # rates are not used, but not junk either
        return LayerConstants(_gains(neuron, network, data), thresholds, None)
    for name, threshold in zip(names, thresholds, strict=True):
        if threshold == 0:
            raise ParameterError(
                f"neuron: threshold of layer {name!r} is 0, to which no gain can be calibrated; "
                "give a threshold above 0, or gains as numbers."
            )
    return LayerConstants(None, thresholds, wanted)


def _gains(neuron: Neuron, network: Translation, data: npt.ArrayLike | None) -> list[float]:
    """Return the gains given or computed; 1 where they are free."""
    names = network.layer_names
    if is_text(neuron.gain, "calibrated"):
        return [1.0] * len(names)
    if not is_text(neuron.gain, "tadros"):
        return given_gains(neuron, names)
    # a bias gain of one's own is in proportion to the gain
    is_free = is_text(neuron.threshold, "calibrated") and (
        getattr(neuron, "bias_gain", None) is None
    )
    if data is None and is_free:
        return [1.0] * len(names)
    return tadros_gains(network, data, neuron.gain_scale)


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
    _check_declared(
        "neuron",
        neuron,
        neuron.equations().model,
        neuron.parameters(layer_names, constants.known_gains, constants.known_thresholds),
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
