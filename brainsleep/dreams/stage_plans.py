"""What happens in each step of NREM and of REM: which image, which phase, which dream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..support.array_values import check_memory
from .day_residue import DayResidue
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
        By name; see `brainsleep.dreams.phases.SIGNALS`. There is one step more than presentations
        have, in which the last spikes arrive.
    cues : ndarray of int, shape (n_presentations,)
        Which output each presentation dreams of; -1 for that of its image, or where it is no dream.
    seed : int
        Of the input's spikes.
    """

    order: npt.NDArray[np.int64]
    presentation_steps: int
    signals: dict[str, npt.NDArray[np.float64]]
    cues: npt.NDArray[np.int64]
    seed: int


def plan_nrem(recipe: DayResidue, n_images: int, rng: np.random.Generator) -> StagePlan:
    """Plan NREM: images are shown, and today's outputs compete from a step on.

    What they change is changed in the next step, when their spikes arrive at the code.
    """
    n, steps = recipe.nrem_presentations, recipe.nrem_steps
    onset = recipe.nrem_onset
    phases = [
        Phase(onset, {"bottom_up": 1}),
        Phase(steps - onset, {"bottom_up": 1, "tag": 1, "learning": 1}),
    ]
    signals = _repeated(phases, n)
    signals["learning"] = np.roll(signals["learning"] * _falling(recipe, n, steps), 1)
    order = rng.integers(0, n_images, n)
    return StagePlan(order, steps, signals, np.full(n, -1), _seed(rng))


def plan_rem(
    recipe: DayResidue,
    n_images: int,
    today: Sequence[int],
    learned: Sequence[int],
    rng: np.random.Generator,
) -> StagePlan:
    """Plan REM: each presentation is bottom-up, then a dream of an output that is drawn.

    Outputs are drawn evenly from the learned ones, or, in a part of the dreams, from today's. A
    dream of an output of today is of the one that its image is taken for: there is no cue.
    """
    n, up, down = recipe.rem_dreams, recipe.bottom_up_steps, recipe.top_down_steps
    phases = [
        Phase(up - 1, {"bottom_up": 1}),
        Phase(1, {"bottom_up": 1, "tag": 1}),
        Phase(down, {"bottom_up": 1, "replay": 1, "compete": 1, "learning": 1}, first={"dream": 1}),
    ]
    order = rng.integers(0, n_images, n)
    drawn = rng.choice(learned, n)
    of_today = rng.random(n) < recipe.today_share
    drawn[of_today] = rng.choice(today, int(of_today.sum()))
    cues = np.where(np.isin(drawn, today), -1, drawn)
    signals = _repeated(phases, n)
    signals["learning"] *= _falling(recipe, n, up + down)
    each_step = np.append(np.repeat(cues, up + down), -1)
    signals["cue"] = each_step.astype(float)
    if not recipe.residue:  # of another class nothing comes from the image
        signals["bottom_up"] *= 1 - signals["replay"] * (each_step >= 0)
    return StagePlan(order, up + down, signals, cues, _seed(rng))


def _seed(rng: np.random.Generator) -> int:
    """Draw the seed of the spikes of a stage."""
    return int(rng.integers(0, 2**62))


def _repeated(phases: Sequence[Phase], n: int) -> dict[str, npt.NDArray[np.float64]]:
    """Return the signals of n presentations, and of one step in which another would begin."""
    n_steps = n * sum(phase.n_steps for phase in phases)
    check_memory(n_steps * (len(SIGNALS) + 1), f"recipe: {n_steps:,} steps of a stage")
    one = one_presentation(phases)
    return {name: np.append(np.tile(values, n), name == "begin") for name, values in one.items()}


def _falling(recipe: DayResidue, n: int, steps: int) -> npt.NDArray[np.float64]:
    """Return the factor on the learning rate in each step: it falls from one to the next."""
    factors = 1 - (1 - recipe.learning_end) * np.arange(n) / max(n, 1)
    return np.append(np.repeat(factors, steps), 0.0)
