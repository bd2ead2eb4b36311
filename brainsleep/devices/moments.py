"""A night as it is after some steps, for who looks at it while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Moment:
    """What a night has done after some steps.

    Attributes
    ----------
    n_steps : int
        Number of steps made.
    weights : list of ndarray or None
        One entry per projection, as in `Outcome.weights`.
    counts : mapping of int to ndarray of int32, shape (n_steps,)
        By population: its spikes in each step so far.
    """

    n_steps: int
    weights: list[np.ndarray | None]
    counts: Mapping[int, NDArray[np.int32]]


@dataclass(frozen=True, eq=False)
class Observer:
    """Looks at a night while it runs, and changes nothing.

    Attributes
    ----------
    every : sequence of int
        It looks after each multiple of one of these numbers of steps, the end of the night left
        out.
    look : callable
        Takes the `Moment`.
    """

    every: Sequence[int]
    look: Callable[[Moment], None]

    def is_due(self, n_steps: int) -> bool:
        """Tell whether it looks after so many steps."""
        return any(n_steps % one == 0 for one in self.every)

    def next_after(self, n_steps: int) -> int:
        """Return the number of steps after which it looks next."""
        return min((n_steps // one + 1) * one for one in self.every)
