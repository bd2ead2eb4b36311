"""Random numbers that a module draws: the user's go on as if it had not run."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def kept_random_states() -> Iterator[Callable[[], bool]]:
    """Restore, in the end, the random numbers of torch, NumPy and Python.

    Yields
    ------
    callable
        Tells whether any have been drawn so far.
    """
    of_torch, of_numpy, of_python = torch.get_rng_state(), np.random.get_state(), random.getstate()

    def drawn() -> tuple[bool, bool, bool]:
        numpy_now = np.random.get_state()
        return (
            not torch.equal(torch.get_rng_state(), of_torch),
            any(np.any(one != other) for one, other in zip(numpy_now, of_numpy, strict=True)),
            random.getstate() != of_python,
        )

    try:
        yield lambda: any(drawn())
    finally:
        torch_drew, numpy_drew, python_drew = drawn()
        if torch_drew:
            torch.set_rng_state(of_torch)
        if numpy_drew:
            np.random.set_state(of_numpy)
        if python_drew:
            random.setstate(of_python)
