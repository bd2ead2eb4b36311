"""What every stimulus offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from brian2.units import second

from ..support.array_values import check_memory
from ..support.calls import public
from ..support.checks import read_seed, whole_number
from ..support.quantities import Time, quantity
from .drawing import STEPS_PER_CHUNK, draw_chunk


class Stimulus(ABC):
    """Spike probabilities of the input population, step by step.

    A stimulus of your own derives from this class, sets `n_inputs` and defines
    :meth:`probabilities`.

    Attributes
    ----------
    n_inputs : int
        Number of input neurons.
    n_steps : int or None
        Length of the stimulus, for one that has a length of its own.
    """

    n_inputs: int
    n_steps: int | None = None

    def __repr__(self) -> str:
        size = f"{self.n_inputs:,} inputs" if hasattr(self, "n_inputs") else ""
        return f"{type(self).__name__}({', '.join(filter(None, [size, *self._details()]))})"

    def _details(self) -> list[str]:
        """Return what else the repr says."""
        return [] if self.n_steps is None else [f"{self.n_steps:,} steps"]

    @abstractmethod
    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return spike probabilities per step, in [0, 1].

        Parameters
        ----------
        rng : numpy.random.Generator
            The only source of randomness to use.
        n_steps : int
            Number of steps wanted.
        dt : float
            Time step in seconds.

        Returns
        -------
        ndarray of float, shape (n_steps, n_inputs) or (1, n_inputs)
            With one row, the probabilities are the same in all steps.
        """

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Draw the spikes of a night, chunk by chunk.

        Parameters
        ----------
        n_steps : int
            Length of the night.
        dt : float
            Time step in seconds.
        seed : int
            Equal seeds give equal spikes.

        Yields
        ------
        ndarray of bool, shape (up to STEPS_PER_CHUNK, n_inputs)
            True where an input spikes.
        """
        for index, start in enumerate(range(0, n_steps, STEPS_PER_CHUNK)):
            rng = np.random.default_rng([seed, index])
            probabilities = self.probabilities(rng, STEPS_PER_CHUNK, dt)
            yield draw_chunk(
                probabilities, rng, min(STEPS_PER_CHUNK, n_steps - start), self.n_inputs
            )

    @public
    def draw(self, n_steps: int, dt: Time, seed: int = 0) -> npt.NDArray[np.bool_]:
        """Draw the spikes of a whole night at once, to look at or to use as explicit spikes.

        Parameters
        ----------
        n_steps : int
            Length of the night, at least 1.
        dt : Quantity or str
            Time step.
        seed : int, optional
            Equal seeds give equal spikes.

        Returns
        -------
        ndarray of bool, shape (n_steps, n_inputs)
            True where an input spikes.

        Raises
        ------
        ParameterError
            If a value is out of range.
        UnitsError
            If units are wrong or missing.
        """
        seconds = quantity(dt, second, "dt", minimum=0, exclusive_minimum=True)
        steps = whole_number(n_steps, "n_steps", minimum=1)
        check_memory(steps * self.n_inputs, "n_steps", bytes_each=2)  # chunks, and all together
        return np.concatenate(list(self.chunks(steps, seconds, read_seed(seed))))


def skip_steps(
    chunks: Iterator[npt.NDArray[np.bool_]], n_steps: int
) -> Iterator[npt.NDArray[np.bool_]]:
    """Leave out the first steps of spikes that come chunk by chunk.

    Parameters
    ----------
    chunks : iterator of ndarray, shape (any, n_inputs)
        As :meth:`Stimulus.chunks` yields them.
    n_steps : int
        How many steps to leave out.

    Yields
    ------
    ndarray, shape (any, n_inputs)
        What follows.
    """
    for chunk in chunks:
        if n_steps < len(chunk):
            yield chunk[n_steps:]
        n_steps = max(0, n_steps - len(chunk))
