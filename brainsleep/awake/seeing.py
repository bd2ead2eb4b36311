"""All images shown to a spiking network, for all steps or until the decision is stable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..devices import Engine
from ..support.progress import progress_bar
from .presentation import Showing
from .presenting import PreparedInference
from .tally import Tally


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a spiking network made of all images.

    Attributes
    ----------
    tally : Tally
        What was counted.
    choices : ndarray of int32, shape (n_images, n_steps)
        The output chosen after each step; from its decision on, the same.
    ann_choices : ndarray of int32, shape (n_images,)
        What the artificial network chooses.
    steps : ndarray of int, shape (n_images,)
        Number of steps until the decision.
    n_simulated : int
        Number of steps simulated for all images together.
    """

    tally: Tally
    choices: NDArray[np.int32]
    ann_choices: NDArray[np.int32]
    steps: NDArray[np.int64]
    n_simulated: int


def showings(n_steps: int, n_stable: int | None) -> list[Showing]:
    """Return how images are shown one time after the other, until they are decided.

    Parameters
    ----------
    n_steps : int
        The most steps.
    n_stable : int or None
        Number of steps with the same choice that decide; None where only the last step does.
    """
    found, steps = [], n_stable
    while steps is not None and n_stable is not None and steps < n_steps:
        found.append(Showing(n_steps=steps, n_stable=n_stable))
        steps *= 2
    return [*found, Showing(n_steps=n_steps)]


def see_all(
    prepared: PreparedInference,
    engine: Engine,
    n_jobs: int | None,
    n_stable: int | None,
    progress: bool,
) -> Seen:
    """Show all images.

    Parameters
    ----------
    prepared : PreparedInference
        The network and the images.
    engine : Engine
        The program.
    n_jobs : int or None
        As in `PreparedInference.show_all`.
    n_stable : int or None
        As in :func:`showings`.
    progress : bool
        Whether to show a progress bar.
    """
    n_images, tally, n_simulated = len(prepared.images), Tally(prepared.translation), 0
    choices = np.zeros((n_images, prepared.n_steps), dtype=np.int32)
    ann_choices = np.zeros(n_images, dtype=np.int32)
    steps, numbers = np.zeros(n_images, dtype=np.int64), np.arange(n_images)
    with progress_bar(n_images, "awake", progress, unit="image") as bar:
        for showing in showings(prepared.n_steps, n_stable):
            n_simulated += len(numbers) * showing.n_steps
            undecided = [numbers[:0]]
            for part in prepared.show_all(engine, numbers, showing, n_jobs):
                tally.merge(part.tally)
                choices[part.numbers] = part.choices[:, -1:]
                choices[part.numbers, : showing.n_steps] = part.choices
                ann_choices[part.numbers] = part.ann_choices
                steps[part.numbers] = showing.n_steps
                undecided.append(part.undecided)
                bar.update(len(part.numbers))
            numbers = np.concatenate(undecided)
    return Seen(
        tally=tally,
        choices=choices,
        ann_choices=ann_choices,
        steps=steps,
        n_simulated=n_simulated,
    )
