"""What differs between the nights of a batch: constants of neurons and rules, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import ms

from ...errors import ParameterError, UnitsError, brief
from ...neurons import Heaviside, given_gains, given_thresholds
from ...plasticity import SRC
from ...support.quantities import quantity
from ...translation import Translation, tadros_gains


@dataclass(frozen=True, eq=False)
class LayerConstants:
    """One layer's constants, each of shape (n, 1): one a night, or one for all.

    Attributes
    ----------
    gain, bias_gain, v_threshold, decay : ndarray of float64
        Of the neurons; see `brainsleep.Heaviside`.
    increase, decrease : ndarray of float64
        Of the rule; see `brainsleep.SRC`.
    """

    gain: np.ndarray
    bias_gain: np.ndarray
    v_threshold: np.ndarray
    decay: np.ndarray
    increase: np.ndarray
    decrease: np.ndarray


def one_a_night(given: Any, kind: type, field: str) -> list[Any]:
    """Read one model, or a sequence with one a night.

    Raises
    ------
    UnitsError
        If something else is given.
    ParameterError
        If there is none.
    """
    models = list(given) if isinstance(given, Sequence) else [given]
    if not models:
        raise ParameterError(f"{field}: the list is empty; give one, or one a night.")
    for model in models:
        if not isinstance(model, kind):
            raise UnitsError(
                f"{field} must be bs.{kind.__name__}(...), or a list with one a night, not "
                f"{brief(model)}."
            )
    return models


def number_of_nights(entries: Mapping[str, int]) -> int:
    """Return how many nights lists make together: each has one entry, or one a night.

    Parameters
    ----------
    entries : mapping of str to int
        The length of each list, by the name users write.

    Raises
    ------
    ParameterError
        Naming two that differ.
    """
    longest = max(entries, key=lambda name: entries[name])
    for name, n_entries in entries.items():
        if n_entries not in (1, entries[longest]):
            raise ParameterError(
                f"{longest} has {entries[longest]} entries and {name} {n_entries}: give one for "
                "all nights, or as many as there are nights."
            )
    return entries[longest]


def layer_constants(
    translation: Translation, neurons: Sequence[Heaviside], rules: Sequence[SRC], data: Any
) -> list[LayerConstants]:
    """Read the constants of every layer.

    Parameters
    ----------
    translation : Translation
        The network.
    neurons : sequence of Heaviside
        One for all nights, or one a night.
    rules : sequence of SRC
        The same.
    data : array_like or None
        What the network takes; for ``gain="tadros"``.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.
    """
    names = translation.layer_names
    of_neurons = [_neuron_values(translation, neuron, data) for neuron in neurons]
    of_rules = [rule.synapse_parameters(names) for rule in rules]
    return [
        LayerConstants(**_columns([values[k] for values in of_neurons]), **_columns(rates))
        for k, rates in enumerate(zip(*of_rules, strict=True))
    ]


def weight_factor(rules: Sequence[SRC]) -> str:
    """Return the weight factor that all rules share.

    Raises
    ------
    ParameterError
        If they differ, or if a rule has a trace.
    """
    for rule in rules:
        if quantity(rule.tau_pre, ms, "plasticity: tau_pre", minimum=0) > 0:
            raise ParameterError(
                "plasticity: HeavisideTorch has no traces; give tau_pre=0*ms, or use bs.sleep."
            )
    factors = sorted({rule.weight_factor for rule in rules})
    if len(factors) > 1:
        raise ParameterError(
            f"plasticity: all nights of a batch share one weight_factor, not {', '.join(factors)}."
        )
    return factors[0]


def _neuron_values(
    translation: Translation, neuron: Heaviside, data: Any
) -> list[dict[str, float]]:
    """Return one model's constants, a dict a layer."""
    names = translation.layer_names
    if isinstance(neuron.threshold, str):
        raise ParameterError(
            "neuron: HeavisideTorch needs thresholds as numbers, not 'calibrated'; bs.calibrate "
            "finds them."
        )
    if isinstance(neuron.gain, str):
        gains = tadros_gains(translation, data, neuron.gain_scale)
    else:
        gains = given_gains(neuron, names)
    return neuron.parameters(names, gains, given_thresholds(neuron, names))


def _columns(values: Sequence[Mapping[str, float]]) -> dict[str, np.ndarray]:
    """Turn dicts, one a night, into a column of numbers for each key."""
    return {key: np.array([[each[key]] for each in values]) for key in values[0]}
