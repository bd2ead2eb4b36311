"""How images are shown one after the other, and what comes of a batch of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .tally import Tally


@dataclass(frozen=True, kw_only=True)
class Showing:
    """How images are shown.

    Attributes
    ----------
    n_steps : int
        Number of time steps for which each is shown.
    n_stable : int
        An image is decided if the same output has been chosen for this many steps; 0: whatever the
        choices.
    """

    n_steps: int
    n_stable: int = 0

    def is_decided(self, choices: NDArray[np.int32]) -> NDArray[np.bool_]:
        """Tell which images are decided, from the output chosen after each step."""
        stable = choices[:, self.n_steps - self.n_stable :] == choices[:, -1:]
        return np.asarray(stable.all(axis=1))


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What came of a batch of images.

    Attributes
    ----------
    numbers, undecided : ndarray of int
        Numbers of the images that are decided, and of the others.
    tally : Tally
        What was counted of those that are decided.
    choices : ndarray of int32, shape (n_decided, n_steps)
        Their outputs chosen after each step.
    ann_choices : ndarray of int32, shape (n_decided,)
        What the artificial network chooses.
    """

    numbers: NDArray[np.int64]
    undecided: NDArray[np.int64]
    tally: Tally
    choices: NDArray[np.int32]
    ann_choices: NDArray[np.int32]
