"""Neuron and rule of the default experiment, read from its model file: their only place."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import NamedTuple

from ..neurons import NEURONS, Neuron
from ..plasticity import RULES, Plasticity
from ..support.files import SHIPPED_MODELS

#: The model file of the default experiment, by name.
DEFAULT_MODEL = "split_mnist_heaviside"


class DefaultModels(NamedTuple):
    """The neuron model and the rule of the default experiment, and for how many layers they are."""

    neuron: Neuron
    rule: Plasticity
    n_layers: int


@lru_cache
def default_models() -> DefaultModels:
    """Return the models of the default experiment.

    Their constants were found by random search on validation digits.
    """
    text = (SHIPPED_MODELS / f"{DEFAULT_MODEL}.toml").read_text()
    neuron, rule = (dict(tomllib.loads(text)["sleep"][name]) for name in ("neuron", "plasticity"))
    n_layers = len(neuron["threshold"])
    return DefaultModels(
        NEURONS[neuron.pop("kind")](**neuron), RULES[rule.pop("kind")](**rule), n_layers
    )
