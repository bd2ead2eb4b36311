"""Input spikes of a batch of nights: the same that `bs.sleep` draws from the same seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from ...devices.arguments import number_of_steps
from ...errors import ParameterError
from ...stimuli import Stimulus, StimulusLike, as_stimulus
from ...support.checks import read_seed
from ...support.names import items
from ...support.quantities import Time
from ...translation import Translation
from ..preparing.part_inputs import stimulus_at


def given_stimuli(
    stimulus: StimulusLike | Sequence[StimulusLike], network: Translation
) -> list[Stimulus]:
    """Read one stimulus, or a list of stimuli or arrays with one per night.

    Parameters
    ----------
    stimulus : bs.stimuli object or ndarray, or a list of them
        What the user gave.
    network : Translation
        The layers that sleep.

    Raises
    ------
    ParameterError, UnitsError
        As `brainsleep.sleep` raises them.
    """
    stimuli: Sequence[StimulusLike]
    if isinstance(stimulus, (list, tuple)) and any(
        isinstance(one, (Stimulus, np.ndarray, torch.Tensor)) for one in stimulus
    ):
        stimuli = stimulus
    else:  # a list of numbers is one stimulus, too
        stimuli = [cast(StimulusLike, stimulus)]
    return [
        as_stimulus(stimulus_at(network, one), network.n_inputs, input_shape=network.input_shape)
        for one in stimuli
    ]


def given_seeds(seed: int | Sequence[int] | NDArray[np.integer]) -> list[int]:
    """Read one seed, or a sequence with one per night.

    Raises
    ------
    KindError
        If a seed is no whole number.
    ParameterError
        If a seed is negative.
    """
    if isinstance(seed, (list, tuple, range)) or (isinstance(seed, np.ndarray) and seed.ndim == 1):
        return [read_seed(one) for one in items(seed, "seed", "whole numbers, one per night")]
    return [read_seed(seed)]


def common_length(duration: Time | int | None, dt: float, stimuli: Sequence[Stimulus]) -> int:
    """Return the number of time steps that all nights share.

    Parameters
    ----------
    duration : Quantity, str, int or None
        As `brainsleep.sleep` takes it.
    dt : float
        Time step in seconds.
    stimuli : sequence of Stimulus
        One for all nights, or one per night.

    Raises
    ------
    ParameterError, UnitsError
        If the duration is wrong, or if stimuli have different lengths.
    """
    lengths = {number_of_steps(duration, dt, one) for one in stimuli}
    if len(lengths) > 1:
        listed = " and ".join(map(str, sorted(lengths)))
        raise ParameterError(
            f"stimulus: all nights must be equally long, not {listed} steps; give explicit spikes "
            "of one length."
        )
    (n_steps,) = lengths
    return n_steps


def draw(
    stimuli: Sequence[Stimulus], seeds: Sequence[int], *, n_nights: int, n_steps: int, dt: float
) -> Iterator[NDArray[np.bool_]]:
    """Draw the spikes of all nights, chunk by chunk.

    Nights with the same stimulus and the same seed are drawn once.

    Parameters
    ----------
    stimuli : sequence of Stimulus
        One for all nights, or one per night.
    seeds : sequence of int
        One for all nights, or one per night.
    n_nights, n_steps : int
        Number of nights, and of time steps of each.
    dt : float
        Time step in seconds.

    Yields
    ------
    ndarray of bool, shape (n_nights, up to STEPS_PER_CHUNK, n_inputs)
    """
    sources: dict[tuple[int, int], Iterator[NDArray[np.bool_]]] = {}
    nights = []
    for night in range(n_nights):
        stimulus, seed = stimuli[night % len(stimuli)], seeds[night % len(seeds)]
        key = (id(stimulus), seed)
        if key not in sources:
            sources[key] = iter(stimulus.chunks(n_steps, dt, seed))
        nights.append(list(sources).index(key))
    for chunks in zip(*sources.values(), strict=True):
        yield np.stack(chunks)[nights]
