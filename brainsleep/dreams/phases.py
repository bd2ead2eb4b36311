"""Phases of a presentation, and the signals by which they reach the neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: What each signal does in the steps in which it is 1. Besides, there is a signal of noise for each
#: output, and "cue": the number of the output that is dreamed of, or -1 for the tagged one.
SIGNALS = {
    "bottom_up": "what comes from below reaches the layer in which dreams are dreamed",
    "top_down": "feedback reaches it",
    "gather": "outputs add up evidence, and hidden layers count their spikes",
    "tag": "today's outputs compete: the winner is what the image is taken for",
    "replay": "what was tagged, and what is dreamed of, spike",
    "dream": "a dream begins: outputs and the layers it goes through go to zero",
    "compete": "all outputs compete, and have an error",
    "learning": "weights change: a factor on the learning rate",
}


@dataclass(frozen=True)
class Phase:
    """A signal that is on for some steps of a presentation.

    Attributes
    ----------
    signal : str
        Its name; see `SIGNALS`.
    start, stop : int
        From which step on, and until before which.
    """

    signal: str
    start: int
    stop: int


def one_presentation(n_steps: int, phases: Sequence[Phase]) -> dict[str, npt.NDArray[np.float64]]:
    """Return all signals in the steps of a presentation.

    Parameters
    ----------
    n_steps : int
        Its length.
    phases : sequence of Phase
        Where signals are 1; they are 0 elsewhere.

    Returns
    -------
    dict of str to ndarray, shape (n_steps,)
        By signal.
    """
    signals = {name: np.zeros(n_steps) for name in SIGNALS}
    for phase in phases:
        signals[phase.signal][phase.start : phase.stop] = 1
    return signals
