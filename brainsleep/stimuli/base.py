"""What every stimulus offers, and stimuli made of other stimuli."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from brian2.units import Quantity, second

from ..errors import ParameterError, UnitsError, brief
from ..support.checks import whole_number
from ..support.quantities import quantity

#: Steps drawn at a time, each chunk from a random generator of its own: a night's first
#: steps do not depend on how long it is.
STEPS_PER_CHUNK = 256


class Stimulus(ABC):
    """Spike probabilities of the input population, step by step.

    Attributes
    ----------
    n_inputs : int
        Number of input neurons.
    n_steps : int or None
        The stimulus' own length, where it has one.
    """

    n_inputs: int
    n_steps: int | None = None

    @abstractmethod
    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Return spike probabilities in [0, 1].

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
        ndarray, shape (n_steps, n_inputs) or (1, n_inputs)
        """

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[np.ndarray]:
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
        """
        for index, start in enumerate(range(0, n_steps, STEPS_PER_CHUNK)):
            rng = np.random.default_rng([seed, index])
            probabilities = self.probabilities(rng, STEPS_PER_CHUNK, dt)
            spikes = rng.random((STEPS_PER_CHUNK, self.n_inputs)) < probabilities
            yield spikes[: n_steps - start]

    def draw(self, n_steps: int, dt: Any, seed: int = 0) -> np.ndarray:
        """Draw the spikes of a whole night at once, to look at or to use as explicit spikes.

        Returns
        -------
        ndarray of bool, shape (n_steps, n_inputs)
        """
        seconds = quantity(dt, second, "dt", minimum=0, exclusive_minimum=True)
        steps = whole_number(n_steps, "n_steps", minimum=1)
        return np.concatenate(list(self.chunks(steps, seconds, whole_number(seed, "seed"))))


class Gated(Stimulus):
    """Another stimulus as a gate lets it through, such as that of a stage of sleep.

    Where the gate is 0 there are no spikes, where it is 1 those there would be without it.

    Parameters
    ----------
    stimulus : Stimulus
        What is gated. Probabilities are multiplied by the gate; of explicit spikes, each is kept
        with its probability.
    gate : array_like, shape (n_steps,)
        At least 0.
    """

    def __init__(self, stimulus: Stimulus, gate: Any) -> None:
        if not isinstance(stimulus, Stimulus):
            raise UnitsError(f"stimulus: Gated takes a stimulus, not {brief(stimulus)}.")
        self.gate = _as_array(gate, "stimulus: gate", float)
        if self.gate.ndim != 1 or not np.isfinite(self.gate).all() or (self.gate < 0).any():
            raise ParameterError(
                "stimulus: gate must be one finite number a step, at least 0; its shape is "
                f"{self.gate.shape}."
            )
        self.stimulus = stimulus
        self.n_inputs = stimulus.n_inputs
        self.n_steps = stimulus.n_steps

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Return those of the other stimulus: they know nothing of the time."""
        return self.stimulus.probabilities(rng, n_steps, dt)

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[np.ndarray]:
        """Draw the spikes that the gate lets through."""
        if n_steps > len(self.gate):
            raise ParameterError(
                f"stimulus: the gate has {len(self.gate)} steps, but {n_steps} are wanted."
            )
        drawn_here = type(self.stimulus).chunks is Stimulus.chunks
        others = None if drawn_here else self.stimulus.chunks(n_steps, dt, seed)
        for index, start in enumerate(range(0, n_steps, STEPS_PER_CHUNK)):
            n = min(STEPS_PER_CHUNK, n_steps - start)
            gate = self.gate[start : start + n, None]
            if others is None:
                # the very random numbers that the stimulus would have used without a gate
                rng = np.random.default_rng([seed, index])
                probabilities = self.stimulus.probabilities(rng, STEPS_PER_CHUNK, dt)
                draws = rng.random((STEPS_PER_CHUNK, self.n_inputs))[:n]
                yield draws < probabilities[:n] * gate
            else:
                rng = np.random.default_rng([seed, index, 1])
                yield next(others) & (rng.random((n, self.n_inputs)) < gate)


def skip_steps(chunks: Iterator[np.ndarray], n_steps: int) -> Iterator[np.ndarray]:
    """Leave out the first steps of a stimulus that comes chunk by chunk."""
    for chunk in chunks:
        if n_steps < len(chunk):
            yield chunk[n_steps:]
        n_steps = max(0, n_steps - len(chunk))


def _as_array(values: Any, field: str, dtype: Any = None) -> np.ndarray:
    """Read bare numbers or truth values; a UnitsError for quantities and for anything else."""
    if isinstance(values, Quantity) and not values.is_dimensionless:
        raise UnitsError(
            f"{field}: must be numbers without units; for rates in Hz take "
            "bs.stimuli.ConstantRates."
        )
    try:
        return np.asarray(values, dtype=dtype)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: torch's
        raise UnitsError(f"{field}: cannot be read as an array ({error}).") from None


def _check_range(values: np.ndarray, field: str) -> None:
    """Raise a ParameterError unless all values are finite and in [0, 1]."""
    if values.size == 0:
        raise ParameterError(f"{field}: is empty.")
    if not np.isfinite(values).all():
        raise ParameterError(f"{field}: holds NaN or infinite values.")
    if values.min() < 0 or values.max() > 1:
        raise ParameterError(
            f"{field}: values must lie in [0, 1], but range from {values.min():g} to "
            f"{values.max():g}."
        )
