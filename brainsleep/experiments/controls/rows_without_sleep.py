"""Controls that need no night: simple arithmetic on each neuron's weights, after each task."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from ..run_directory.run_state import State
from .control import ANY_NIGHTS, Control
from .weight_arrays import is_weight


def _of_each_weight(
    state: State, arithmetic: Callable[[torch.Tensor], torch.Tensor]
) -> dict[str, np.ndarray]:
    """Return all weights anew, computed with one row per neuron or kernel."""
    return {
        name: arithmetic(torch.from_numpy(values).flatten(1)).numpy().reshape(values.shape)
        for name, values in state.items()
        if is_weight(name, values)
    }


def centre_each_row(before: State, after: State, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return weights whose mean is 0 for each neuron or kernel."""
    return _of_each_weight(after, lambda rows: rows - rows.mean(dim=1, keepdim=True))


def rescale_each_row(
    before: State, after: State, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return weights of the same norm for each neuron of a layer: the mean of its norms."""

    def rescaled(rows: torch.Tensor) -> torch.Tensor:
        norms = rows.norm(dim=1, keepdim=True)
        return torch.where(norms > 0, rows * (norms.mean() / norms), rows)

    return _of_each_weight(after, rescaled)


ROWS_CENTRED = Control(
    name="rows_centred",
    label="no sleep, rows of weights centred",
    question="Is it enough to lower each neuron's mean weight, without any night?",
    alter=centre_each_row,
    sleeps=False,
    nights=ANY_NIGHTS,
)
ROWS_RESCALED = Control(
    name="rows_rescaled",
    label="no sleep, rows of weights rescaled",
    question="Is it enough that neurons of a layer have weights of the same norm, without a night?",
    alter=rescale_each_row,
    sleeps=False,
    nights=ANY_NIGHTS,
)
