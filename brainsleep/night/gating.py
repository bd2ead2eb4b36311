"""What opens and closes a night: stages of sleep, as far as a night knows them.

`brainsleep.stages` has such stages. Whatever has the method `gate` can be given to
``bs.sleep(..., stages=...)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..errors import UnitsError, brief


@dataclass(frozen=True)
class Gate:
    """What stages let through in each step of a night.

    Attributes
    ----------
    stimulus : ndarray of float64, shape (n_steps,)
        Factor on the spike probabilities of the stimulus: 0 where the gate is closed, 1 where it
        is open, above 1 at times in spindles and ripples.
    learning : ndarray of float64, shape (n_steps,)
        Factor on learning.
    """

    stimulus: npt.NDArray[np.float64]
    learning: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.stimulus)


class Stages(Protocol):
    """What `brainsleep.sleep` takes for `stages`: one stage of sleep, or a hypnogram of several.

    A class of your own needs this method and no base class.
    """

    def gate(self, n_steps: int, dt: float, seed: int) -> Gate:
        """Return what is let through in each step of a night.

        Parameters
        ----------
        n_steps : int
            Length of the night in steps.
        dt : float
            Time step of the night, in seconds.
        seed : int
            Seed of the night; equal seeds give equal gates.

        Returns
        -------
        Gate
            Of `n_steps` steps.
        """


def check_stages(stages: Stages | None) -> None:
    """Raise a UnitsError unless stages can gate a night, or are None."""
    if stages is not None and (
        isinstance(stages, type) or not callable(getattr(stages, "gate", None))
    ):
        raise UnitsError(
            "stages must be a stage like bs.stages.NREM(), or a bs.stages.Hypnogram, not "
            f"{brief(stages)}."
        )
