"""What may differ between the nights of a batch: constants of neurons and rules, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from brian2.units import ms
from numpy.typing import ArrayLike, NDArray

from ...errors import KindError, ParameterError, brief
from ...neurons import Heaviside, given_gains, given_thresholds
from ...plasticity import SRC, at_scale
from ...support.quantities import quantity
from ...translation import Translation, tadros_gains, weight_scales

Model = TypeVar("Model")


@dataclass(frozen=True, kw_only=True, eq=False)
class HeavisideConstants:
    """The constants of one layer, each of shape (n, 1): one per night, or one for all nights.

    Attributes
    ----------
    gain, bias_gain, v_threshold, decay : ndarray of float64
        Constants of the neurons; see `brainsleep.Heaviside`.
    increase, decrease, factor_width : ndarray of float64
        Constants of the rule; see `brainsleep.SRC`. The width is 0 where its factor has none.
    """

    gain: NDArray[np.float64]
    bias_gain: NDArray[np.float64]
    v_threshold: NDArray[np.float64]
    decay: NDArray[np.float64]
    increase: NDArray[np.float64]
    decrease: NDArray[np.float64]
    factor_width: NDArray[np.float64]


def one_per_night(given: Model | Sequence[Model], kind: type[Model], field: str) -> list[Model]:
    """Read one model, or a sequence with one per night.

    Parameters
    ----------
    given : model or sequence of models
        What the user gave.
    kind : type
        What each must be.
    field : str
        Name of the parameter, for messages.

    Raises
    ------
    KindError
        If something else is given.
    ParameterError
        If the sequence is empty.
    """
    models: list[Any] = list(given) if isinstance(given, (list, tuple)) else [given]
    if not models:
        raise ParameterError(f"{field}: the list is empty; give one model, or one per night.")
    for model in models:
        if not isinstance(model, kind):
            raise KindError(
                f"{field} must be bs.{kind.__name__}(...), or a list with one per night, not "
                f"{brief(model)}."
            )
    return models


def number_of_nights(entries: Mapping[str, int]) -> int:
    """Return the number of nights of lists that have one entry, or one per night.

    Parameters
    ----------
    entries : mapping of str to int
        Length of each list, by the name of the parameter.

    Raises
    ------
    ParameterError
        Naming two lists of different lengths.
    """
    longest = max(entries, key=lambda name: entries[name])
    for name, n_entries in entries.items():
        if n_entries not in (1, entries[longest]):
            raise ParameterError(
                f"{longest} has {entries[longest]} entries and {name} {n_entries}: give one for "
                "all nights, or as many as there are nights."
            )
    return entries[longest]


def heaviside_constants(
    translation: Translation,
    neurons: Sequence[Heaviside],
    rules: Sequence[SRC],
    data: ArrayLike | torch.Tensor | None,
) -> list[HeavisideConstants]:
    """Read the constants of every layer.

    Parameters
    ----------
    translation : Translation
        The network.
    neurons : sequence of Heaviside
        One for all nights, or one per night.
    rules : sequence of SRC
        One for all nights, or one per night.
    data : array_like or None
        What the network takes; for ``gain="tadros"``.

    Returns
    -------
    list of HeavisideConstants
        One per layer.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.
    """
    names = translation.layer_names
    of_neurons = [_neuron_values(translation, neuron, data) for neuron in neurons]
    of_rules = [_rule_values(rule, names) for rule in at_scales(translation, rules)]
    return [
        HeavisideConstants(**_columns([values[k] for values in of_neurons]), **_columns(rates))
        for k, rates in enumerate(zip(*of_rules, strict=True))
    ]


def at_scales(translation: Translation, rules: Sequence[SRC]) -> list[SRC]:
    """Return rules with numbers in place of percentages of the network's weight scales."""
    names, scales = translation.layer_names, weight_scales(translation)
    return [at_scale(rule, names, scales) for rule in rules]


def weight_factor(rules: Sequence[SRC]) -> str:
    """Return the weight factor that all rules share.

    Raises
    ------
    ParameterError
        If they differ, or if a rule has a trace.
    """
    for rule in rules:
        tau = quantity(rule.tau_pre, ms, "plasticity: tau_pre", minimum=0)
        if tau > 0:
            raise ParameterError(
                f"plasticity: HeavisideTorch has no traces, but tau_pre is {tau * 1e3:g} ms; give "
                "tau_pre=0*ms, or use bs.sleep."
            )
    factors = sorted({rule.weight_factor for rule in rules})
    if len(factors) > 1:
        raise ParameterError(
            f"plasticity: all nights of a batch share one weight_factor, not {', '.join(factors)}; "
            "make one HeavisideTorch for each."
        )
    return factors[0]


def _neuron_values(
    translation: Translation, neuron: Heaviside, data: ArrayLike | torch.Tensor | None
) -> list[dict[str, float]]:
    """Return the constants of one model, a dict per layer."""
    names = translation.layer_names
    if isinstance(neuron.threshold, str):
        raise ParameterError(
            f"neuron: HeavisideTorch needs thresholds as numbers, not {neuron.threshold!r}; "
            "bs.calibrate finds them."
        )
    if isinstance(neuron.gain, str):
        gains = tadros_gains(translation, data, neuron.gain_scale)
    else:
        gains = given_gains(neuron, names)
    return neuron.parameters(names, gains, given_thresholds(neuron, names))


def _rule_values(rule: SRC, names: Sequence[str]) -> list[dict[str, float]]:
    """Return the constants of one rule, a dict per layer."""
    return [{"factor_width": 0.0, **values} for values in rule.synapse_parameters(names)]


def _columns(values: Sequence[Mapping[str, float]]) -> dict[str, NDArray[np.float64]]:
    """Turn one dict per night into one column of numbers per key."""
    return {key: np.array([[each[key]] for each in values]) for key in values[0]}
