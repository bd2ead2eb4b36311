"""What happens in each step of NREM and of REM: which image, which phase, which dream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..support.array_values import check_memory
from .day_residue import DayResidue
from .dream_cells import noise_signals
from .phases import SIGNALS, Phase, one_presentation


@dataclass(frozen=True, eq=False)
class StagePlan:
    """One stage of a night, step by step.

    Attributes
    ----------
    order : ndarray of int, shape (n_presentations,)
        Which image each presentation shows.
    presentation_steps : int
        Steps of each.
    signals : dict of str to ndarray, each (n_steps,)
        By name; see `brainsleep.dreams.phases.SIGNALS`.
    cues : ndarray of int, shape (n_presentations,)
        Which output each presentation dreams of; -1 for the one that its image is taken for, or
        where it is no dream.
    seed : int
        Of the input's spikes, if it has any.
    """

    order: npt.NDArray[np.int64]
    presentation_steps: int
    signals: dict[str, npt.NDArray[np.float64]]
    cues: npt.NDArray[np.int64]
    seed: int


def plan_nrem(recipe: DayResidue, n_images: int, rng: np.random.Generator) -> StagePlan:
    """Plan NREM: images are shown, and today's outputs compete from a step on.

    The feedback weights of the winner change in the step after, when its spike arrives at the code:
    so a presentation has one step more than the recipe says.
    """
    n, steps, onset = recipe.nrem_presentations, recipe.nrem_steps + 1, recipe.nrem_onset
    phases = [
        Phase("bottom_up", 0, steps - 1),
        Phase("gather", 0, steps - 1),
        Phase("tag", onset, steps - 1),
        Phase("learning", onset + 1, steps),
    ]
    signals = repeated(steps, phases, n)
    signals["learning"] *= falling(recipe.nrem_learning_end, n, steps)
    return StagePlan(rng.integers(0, n_images, n), steps, signals, np.full(n, -1), _seed(rng))


def plan_rem(
    recipe: DayResidue,
    n_images: int,
    today: Sequence[int],
    learned: Sequence[int],
    n_outputs: int,
    rng: np.random.Generator,
) -> StagePlan:
    """Plan REM: each presentation is bottom-up, then a dream of an output that is drawn.

    Outputs are drawn evenly from the learned ones, or, in a part of the dreams, from today's. A
    dream of an output of today is of the one that its image is taken for: there is no cue.
    """
    n, up = recipe.rem_dreams, recipe.bottom_up_steps
    steps = up + recipe.top_down_steps
    phases = [
        Phase("bottom_up", 0, steps),
        Phase("gather", recipe.bottom_up_onset, up),
        Phase("tag", up - 1, up),
        Phase("replay", up - 1, steps),  # feedback takes a step
        Phase("dream", up, up + 1),
        Phase("top_down", up, steps),
        Phase("gather", up + recipe.top_down_onset, steps),
        Phase("compete", up + recipe.learning_onset, steps),
        Phase("learning", up + recipe.learning_onset, steps),
    ]
    order, cues = rng.integers(0, n_images, n), _cues(recipe, n, today, learned, rng)
    signals = repeated(steps, phases, n)
    gathered = np.maximum(1, np.arange(steps) - (up + recipe.top_down_onset) + 1)
    novelty = (len(today) / len(learned)) ** recipe.today_power
    rate = novelty * falling(recipe.rem_learning_end, n, steps)
    signals["learning"] *= rate / np.tile(gathered, n)
    signals["cue"] = np.repeat(cues, steps).astype(float)
    noise = recipe.noise * rng.gumbel(size=(n_outputs, n * steps))
    signals |= dict(zip(noise_signals(n_outputs), noise * np.tile(gathered, n), strict=True))
    if not recipe.residue:  # feedback alone for outputs of other days, the image alone for today's
        dreaming, is_cued = signals["top_down"] > 0, signals["cue"] >= 0
        signals["bottom_up"][dreaming & is_cued] = 0
        signals["top_down"][dreaming & ~is_cued] = 0
    return StagePlan(order, steps, signals, cues, _seed(rng))


def _cues(
    recipe: DayResidue,
    n: int,
    today: Sequence[int],
    learned: Sequence[int],
    rng: np.random.Generator,
) -> npt.NDArray[np.int64]:
    """Draw which outputs are dreamed of; -1 for outputs of today."""
    drawn = rng.choice(learned, n)
    of_today = rng.random(n) < recipe.today_share
    drawn[of_today] = rng.choice(today, int(of_today.sum()))
    return np.where(np.isin(drawn, today), -1, drawn)


def _seed(rng: np.random.Generator) -> int:
    """Draw the seed of the spikes of a stage."""
    return int(rng.integers(0, 2**62))


def repeated(steps: int, phases: Sequence[Phase], n: int) -> dict[str, npt.NDArray[np.float64]]:
    """Return the signals of n presentations."""
    check_memory(n * steps * (len(SIGNALS) + 1), f"recipe: {n * steps:,} steps of a stage")
    one = one_presentation(steps, phases)
    return {name: np.tile(values, n) for name, values in one.items()}


def falling(end: float, n: int, steps: int) -> npt.NDArray[np.float64]:
    """Return a factor for each step that falls from 1, with each presentation, towards the end."""
    factors = 1 - (1 - end) * np.arange(n) / max(n, 1)
    return np.repeat(factors, steps)
