"""What opens and closes a night: factors on its stimulus and on its learning in each step.

`brainsleep.stages` makes such gates by simulating a patch of cortex. Whatever has the method
`gate` can be given to ``bs.sleep(..., stages=...)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Gate:
    """What a night lets through in each of its steps.

    Attributes
    ----------
    stimulus : ndarray of float64, shape (n_steps,)
        Factor on the spike probabilities of the stimulus: 0 where the gate is closed, 1 where it
        is open, and between 0 and 2.25 in spindles and ripples.
    learning : ndarray of float64, shape (n_steps,)
        Factor on learning: 0 or 1.
    """

    stimulus: npt.NDArray[np.float64]
    learning: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.stimulus)


@runtime_checkable
class Stages(Protocol):
    """What `brainsleep.sleep` needs of its argument `stages`.

    `brainsleep.stages.NREM`, `REM`, `Wake` and `Hypnogram` have it; so may a class of your own.
    """

    def gate(self, n_steps: int, dt: float, seed: int) -> Gate:
        """Return what a night lets through in each step.

        Parameters
        ----------
        n_steps : int
            Steps of the night.
        dt : float
            Time step of the night, in seconds.
        seed : int
            Seed of the night; equal seeds give equal gates.

        Returns
        -------
        Gate
            Of `n_steps` steps.
        """
