"""Controls in which sleep changes one layer alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from ..run_directory.run_state import State
from .control import Control

#: What stands for all of them where controls are named.
SINGLE_LAYERS = "single_layers"
#: Tables of model files whose nights change more than one layer.
LAYER_NIGHTS = ("sleep",)
_PREFIX = "only_layer_"


def keep_one_layer(
    before: State, after: State, rng: np.random.Generator, *, weight: str
) -> dict[str, np.ndarray]:
    """Return the weights before a night, but for a layer, whose weights are those after it.

    Parameters
    ----------
    before, after : mapping of str to ndarray
        A network's state before and after a night.
    rng : numpy.random.Generator
        Not used.
    weight : str
        Name of the layer's weight; a bias of the same module belongs to it.
    """
    module = weight.rpartition(".")[0]
    return {name: values for name, values in before.items() if name.rpartition(".")[0] != module}


def single_layers(weights: Sequence[str]) -> tuple[Control, ...]:
    """Return a control for each layer with weights; none for a network that has one such layer.

    Parameters
    ----------
    weights : sequence of str
        Names of the weights that sleep may change, in the order of the layers.
    """
    if len(weights) < 2:
        return ()
    return tuple(
        Control(
            name=layer_control(number),
            label=f"sleep, layer {number} alone ({weight})",
            question=f"Is it enough to change layer {number}?",
            alter=partial(keep_one_layer, weight=weight),
        )
        for number, weight in enumerate(weights, start=1)
    )


def layer_control(number: int) -> str:
    """Return the name of the control of a layer, numbered from 1."""
    return f"{_PREFIX}{number}"


def is_layer_control(name: str) -> bool:
    """Tell whether a name is that of the control of some layer, of whatever network."""
    number = name.removeprefix(_PREFIX)
    return name.startswith(_PREFIX) and number.isascii() and number.isdecimal()
