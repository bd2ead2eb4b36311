"""Stimuli made of another stimulus: let through by a gate, shuffled, or as noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import read_seed
from .drawing import STEPS_PER_CHUNK, draw_chunk
from .stimulus import Stimulus

#: From so many steps `WhiteNoise` learns how often another stimulus spikes: ten chunks.
_MEASURED_STEPS = 10 * STEPS_PER_CHUNK


@public
class Gated(Stimulus):
    r"""Another stimulus as a gate lets it through, such as that of a stage of sleep.

    .. math:: p_i(t) = g(t) \, p_i^\mathrm{stimulus}(t)

    Where the gate is 0 there are no spikes. Where it is 1, there are the very spikes that there
    would be without it.

    Parameters
    ----------
    stimulus : Stimulus
        What is gated. Its probabilities are multiplied by the gate; each explicit spike is kept
        with a probability equal to the gate.
    gate : array_like of float, shape (n_steps,)
        :math:`g`, at least 0.

    Raises
    ------
    ParameterError
        If the gate has another shape, or values that are not finite or below 0.
    UnitsError
        If `stimulus` is not a stimulus, or the gate is not made of bare numbers.
    """

    def __init__(self, stimulus: Stimulus, gate: npt.ArrayLike) -> None:
        self.gate = numbers(gate, "stimulus: gate", shape=(None,), minimum=0)
        self.stimulus = stimulus
        self.n_inputs = stimulus.n_inputs
        self.n_steps = stimulus.n_steps

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {"stimulus": self.stimulus, "gate": self.gate}

    def _details(self) -> list[str]:
        return [f"{len(self.gate):,} steps", repr(self.stimulus)]

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return those of the other stimulus, without the gate: which step it is, is not told."""
        return self.stimulus.probabilities(rng, n_steps, dt)

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Draw the spikes that the gate lets through; see :meth:`Stimulus.chunks`.

        Raises
        ------
        ParameterError
            If the gate has fewer than `n_steps` steps.
        """
        if n_steps > len(self.gate):
            raise ParameterError(
                f"stimulus: the gate has {len(self.gate)} steps, but {n_steps} are wanted."
            )
        if type(self.stimulus).chunks is Stimulus.chunks:
            yield from self._drawn(n_steps, dt, seed)
        else:
            yield from self._thinned(n_steps, dt, seed)

    def _drawn(self, n_steps: int, dt: float, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Draw with the very random numbers that the stimulus would use without a gate."""
        for index, gate in enumerate(self._gates(n_steps)):
            rng = np.random.default_rng([seed, index])
            probabilities = self.stimulus.probabilities(rng, STEPS_PER_CHUNK, dt)
            yield draw_chunk(probabilities, rng, len(gate), self.n_inputs, gate)

    def _thinned(self, n_steps: int, dt: float, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Keep each spike of a stimulus that makes its own with the gate's probability."""
        chunks = self.stimulus.chunks(n_steps, dt, seed)
        for index, gate in enumerate(self._gates(n_steps)):
            rng = np.random.default_rng([seed, index, 1])
            yield next(chunks) & (rng.random((len(gate), self.n_inputs)) < gate)

    def _gates(self, n_steps: int) -> Iterator[npt.NDArray[np.float64]]:
        """Yield the gate of each chunk, as a column."""
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            yield self.gate[start : min(start + STEPS_PER_CHUNK, n_steps), None]


@public
class ShuffledPixels(Stimulus):
    r"""A control: another stimulus with its inputs permuted, so that its shape means nothing.

    .. math:: p_i = p_{\pi(i)}^\mathrm{stimulus}

    with one permutation :math:`\pi` for the whole night.

    Parameters
    ----------
    stimulus : Stimulus
        What to shuffle.
    seed : int, optional
        Fixes the permutation.

    Raises
    ------
    UnitsError
        If `stimulus` is not a stimulus, or `seed` not a whole number.
    ParameterError
        If `seed` is below 0.
    """

    def __init__(self, stimulus: Stimulus, seed: int = 0) -> None:
        self.seed = seed = read_seed(seed, "stimulus: shuffling seed")
        self.stimulus = stimulus
        self.n_inputs = stimulus.n_inputs
        self.n_steps = stimulus.n_steps
        self.permutation = np.random.default_rng(seed).permutation(self.n_inputs)

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {"stimulus": self.stimulus, "seed": self.seed}

    def _details(self) -> list[str]:
        return [repr(self.stimulus)]

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return the other stimulus' probabilities at their new places."""
        return self.stimulus.probabilities(rng, n_steps, dt)[:, self.permutation]

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Yield the other stimulus' spikes at their new places."""
        for chunk in self.stimulus.chunks(n_steps, dt, seed):
            yield chunk[:, self.permutation]


@public
class WhiteNoise(Stimulus):
    r"""A control: as many spikes as another stimulus has, each input alike and all steps alike.

    In each step every input spikes with the probability

    .. math:: p = \langle x_{i,t} \rangle

    the mean over the inputs :math:`i` and the first 2,560 steps :math:`t` (or all, if there are
    fewer) of the other stimulus' spikes :math:`x`, 0 or 1, drawn with seed 0. So there is neither
    an image nor a time course.

    Parameters
    ----------
    stimulus : Stimulus
        Whose rate it has.

    Raises
    ------
    UnitsError
        If `stimulus` is not a stimulus.
    """

    def __init__(self, stimulus: Stimulus) -> None:
        self.stimulus = stimulus
        self.n_inputs = stimulus.n_inputs
        self.n_steps = stimulus.n_steps
        self._probability: dict[float, float] = {}

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {"stimulus": self.stimulus}

    def _details(self) -> list[str]:
        return [repr(self.stimulus)]

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return the one probability of all inputs, in one row."""
        if dt not in self._probability:
            steps = min(self.n_steps or _MEASURED_STEPS, _MEASURED_STEPS)
            n_spikes = sum(int(chunk.sum()) for chunk in self.stimulus.chunks(steps, dt, 0))
            self._probability[dt] = n_spikes / (steps * self.n_inputs)
        return np.full((1, self.n_inputs), self._probability[dt])
