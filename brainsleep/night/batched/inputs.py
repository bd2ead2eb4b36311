"""Input spikes of a batch of nights: those that `bs.sleep` would draw from the same seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ...stimuli import Stimulus, as_stimulus
from ...support.checks import whole_number


def given_stimuli(stimulus: Any, n_inputs: int) -> list[Stimulus]:
    """Read one stimulus, or a list of stimuli or arrays with one a night.

    Raises
    ------
    ParameterError, UnitsError
        As `brainsleep.sleep` does.
    """
    several = isinstance(stimulus, (list, tuple)) and any(
        isinstance(one, (Stimulus, np.ndarray)) for one in stimulus
    )
    return [as_stimulus(one, n_inputs) for one in (stimulus if several else [stimulus])]


def given_seeds(seed: Any) -> list[int]:
    """Read one seed, or a sequence with one a night.

    Raises
    ------
    ParameterError, UnitsError
        If one is no whole number, or negative.
    """
    several = isinstance(seed, (Sequence, np.ndarray)) and not isinstance(seed, str)
    return [whole_number(one, "seed") for one in (seed if several else [seed])]


def draw(
    stimuli: Sequence[Stimulus], seeds: Sequence[int], n_nights: int, n_steps: int, dt: float
) -> Iterator[np.ndarray]:
    """Draw the spikes of all nights, chunk by chunk; nights alike in both are drawn once.

    Parameters
    ----------
    stimuli, seeds : sequence
        One for all nights, or one a night.
    n_nights, n_steps : int
        Number of nights, and of steps of each.
    dt : float
        Time step in seconds.

    Yields
    ------
    ndarray of bool, shape (n_nights, up to STEPS_PER_CHUNK, n_inputs)
    """
    sources: dict[tuple[int, int], Iterator[np.ndarray]] = {}
    nights = []
    for night in range(n_nights):
        stimulus, seed = stimuli[night % len(stimuli)], seeds[night % len(seeds)]
        key = (id(stimulus), seed)
        if key not in sources:
            sources[key] = iter(stimulus.chunks(n_steps, dt, seed))
        nights.append(list(sources).index(key))
    for chunks in zip(*sources.values(), strict=True):
        yield np.stack(chunks)[nights]
