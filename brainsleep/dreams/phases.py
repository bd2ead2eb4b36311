"""Phases of a presentation, and the signals by which they reach the neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

#: What each signal does in the steps in which it is 1.
SIGNALS = {
    "begin": "a presentation begins: potentials and what dream cells hold go to zero",
    "dream": "a dream begins: code and outputs go to zero, dream cells take in what they hold",
    "bottom_up": "what comes from below reaches the code",
    "tag": "today's outputs compete",
    "compete": "all learned outputs compete, and have an error",
    "replay": "dream cells spike",
    "cue": "number of the output that is dreamed of; -1: that which the residue is",
    "learning": "factor on the learning rate",
}


@dataclass(frozen=True)
class Phase:
    """Some steps of a presentation, alike but for the first.

    Attributes
    ----------
    n_steps : int
        How many.
    signals : mapping of str to float
        What is not 0 in all of its steps, by name; see `SIGNALS`.
    first : mapping of str to float
        What is not 0 in its first step, besides.
    """

    n_steps: int
    signals: Mapping[str, float] = field(default_factory=dict)
    first: Mapping[str, float] = field(default_factory=dict)


def one_presentation(phases: Sequence[Phase]) -> dict[str, npt.NDArray[np.float64]]:
    """Return all signals in the steps of a presentation.

    Parameters
    ----------
    phases : sequence of Phase
        In their order.

    Returns
    -------
    dict of str to ndarray, shape (n_steps,)
        By signal; 1 for ``begin`` in the first step.
    """
    signals = {name: np.zeros(sum(phase.n_steps for phase in phases)) for name in SIGNALS}
    signals["begin"][:1] = 1
    start = 0
    for phase in phases:
        for name, value in phase.signals.items():
            signals[name][start : start + phase.n_steps] = value
        for name, value in phase.first.items():
            signals[name][start : start + min(1, phase.n_steps)] = value
        start += phase.n_steps
    return signals
