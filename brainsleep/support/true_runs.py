"""Runs of True in an array: when something begins and ends."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def runs_of(which: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Return runs of True: for each its first place, and the place after its last; shape (n, 2)."""
    turns = np.flatnonzero(np.diff(which.astype(np.int8), prepend=0, append=0))
    return turns.reshape(-1, 2)
