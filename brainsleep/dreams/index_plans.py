"""What happens in each step of a night of replay: which stored image, which phase."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..hippocampus import EpisodeMemory
from ..night.gating import Stages
from .dream_cells import noise_signals
from .gated_plans import gated
from .index_replay import IndexReplay
from .model_cells import OPEN
from .phases import Phase
from .stage_plans import StagePlan, falling, repeated


def plan_replay(
    recipe: IndexReplay,
    labels: npt.NDArray[np.integer],
    today: Sequence[int],
    n_outputs: int,
    rng: np.random.Generator,
) -> StagePlan:
    """Plan a night without up states: outputs are drawn evenly, and images of them.

    Parameters
    ----------
    recipe : IndexReplay
        The constants.
    labels : ndarray of int, shape (n_stored,)
        The output of each stored image.
    today : sequence of int
        Outputs that have learned today.
    n_outputs : int
        Number of outputs.
    rng : numpy.random.Generator
        Draws.

    Returns
    -------
    StagePlan
        `order`: the number of the stored image of each replay; `cues`: its output.
    """
    n, steps = recipe.replays, recipe.replay_steps
    learned = np.unique(labels)
    cues = rng.choice(learned, n)
    chance = rng.random(n)
    order = np.empty(n, dtype=np.int64)
    for output in learned:
        own, mine = np.flatnonzero(labels == output), cues == output
        order[mine] = own[(chance[mine] * len(own)).astype(np.int64)]
    by_images = [Phase("bottom_up", 0, steps)] if recipe.stores == "images" else []
    phases = [
        *by_images,
        Phase("dream", 0, 1),
        Phase("tag", 0, 1),
        Phase("replay", 0, steps),
        Phase("top_down", 0, steps),
        Phase("gather", recipe.gather_onset, steps),
        Phase("compete", recipe.learning_onset, steps),
        Phase("learning", recipe.learning_onset, steps),
    ]
    signals = repeated(steps, phases, n)
    gathered = np.maximum(1, np.arange(steps) - recipe.gather_onset + 1)
    novelty = (len(today) / len(learned)) ** recipe.today_power
    rate = novelty * falling(recipe.learning_end, n, steps)
    signals["learning"] *= rate / np.tile(gathered, n)
    signals["cue"] = np.repeat(order, steps).astype(float)
    noise = recipe.noise * rng.gumbel(size=(n_outputs, n * steps))
    signals |= dict(zip(noise_signals(n_outputs), noise * np.tile(gathered, n), strict=True))
    return StagePlan(order, steps, signals, cues.astype(np.int64), int(rng.integers(0, 2**62)))


def in_up_states(plan: StagePlan, stages: Stages | None, dt: float, seed: int) -> StagePlan:
    """Return what is left of a night in its up states, in which alone index cells spike.

    Parameters
    ----------
    plan, stages, dt, seed
        As `brainsleep.dreams.gated_plans.gated` takes them.
    """
    left = gated(plan, stages, dt, seed)
    if stages is None:
        return left
    is_open = left.signals.pop(OPEN)
    for name in ("replay", "bottom_up"):
        left.signals[name] = left.signals[name] * is_open
    return left


def replayed_memory(
    recipe: IndexReplay, memory: EpisodeMemory, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Return the labels and the codes that a night replays: those stored, but in controls.

    Parameters
    ----------
    recipe : IndexReplay
        Says what is mixed.
    memory : EpisodeMemory
        What is stored.
    rng : numpy.random.Generator
        Mixes.
    """
    labels, book = memory.labels, memory.codebook
    codes = np.zeros((len(memory), 0), np.int64) if book is None else book.codes(memory.rows)
    if recipe.mixed == "classes":
        labels = rng.permutation(labels)
    if recipe.mixed == "episodes":
        for output in memory.learned:
            own = np.flatnonzero(labels == output)
            codes[own] = rng.permuted(codes[own], axis=0)
    return labels, codes
