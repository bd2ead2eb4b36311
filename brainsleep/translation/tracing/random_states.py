"""Whether random numbers of Python and NumPy were drawn, which no mode of torch sees."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np


def watch_random_numbers() -> Callable[[], bool]:
    """Note the states of the random numbers of Python and NumPy.

    They are only read: to set them back would repeat numbers that other threads have drawn.

    Returns
    -------
    callable
        Tells whether any have been drawn since, perhaps by another thread.
    """
    of_numpy, of_python = np.random.get_state(), random.getstate()

    def drawn() -> bool:
        now = np.random.get_state()
        return random.getstate() != of_python or any(
            np.any(one != other) for one, other in zip(now, of_numpy, strict=True)
        )

    return drawn
