"""Stimuli given as rates, probabilities or spikes, and what `bs.sleep` makes of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from brian2.units import Hz

from ..errors import ParameterError, UnitsError, brief
from ..support.checks import whole_number
from .base import STEPS_PER_CHUNK, Stimulus, _as_array, _check_range

#: What `brainsleep.sleep` takes for a stimulus.
StimulusLike: TypeAlias = Stimulus | npt.ArrayLike


class ConstantRates(Stimulus):
    """Poisson spikes at constant rates: p = min(1, dt rate), with no factor two.

    Parameters
    ----------
    rates : Quantity, shape (n_inputs,) or input-shaped
        Firing rates in Hz.
    """

    def __init__(self, rates: Any) -> None:
        try:
            hertz = np.asarray(rates / Hz, dtype=float).reshape(-1)
        except (TypeError, ValueError):
            raise UnitsError(
                f"stimulus: rates must be numbers in Hz, not {brief(rates)}."
            ) from None
        if not hasattr(rates, "dim") or rates.dim != Hz.dim:
            raise UnitsError("stimulus: rates must be in Hz, as in [20, 40]*Hz.")
        if not np.isfinite(hertz).all() or (hertz < 0).any():
            raise ParameterError("stimulus: rates must be finite and at least 0 Hz.")
        self.rates = hertz
        self.n_inputs = len(hertz)

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Return the constant probabilities."""
        return np.minimum(1.0, dt * self.rates)[None]


class ConstantProbabilities(Stimulus):
    """Each input spikes in every step with its own fixed probability.

    Parameters
    ----------
    probability : array_like
        In [0, 1], flat or input-shaped.
    """

    def __init__(self, probability: Any) -> None:
        values = _as_array(probability, "stimulus", float)
        _check_range(values, "stimulus")
        self.probability = values.reshape(-1)
        self.n_inputs = len(self.probability)

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Return the constant probabilities."""
        return self.probability[None]


class ExplicitSpikes(Stimulus):
    """These very spikes; the night lasts as long as they do.

    Parameters
    ----------
    spikes : array_like of bool, shape (n_steps, n_inputs) or (n_steps, ...)
        True where an input spikes.
    """

    def __init__(self, spikes: Any) -> None:
        values = _as_array(spikes, "stimulus: explicit spikes")
        if values.dtype != bool:
            raise UnitsError(f"stimulus: explicit spikes must be bool, not {values.dtype}.")
        if values.ndim < 2 or len(values) == 0:
            raise ParameterError(
                "stimulus: explicit spikes must have shape (n_steps, n_inputs) with at least one "
                f"step, not {values.shape}."
            )
        self.spikes = values.reshape(len(values), -1)
        self.n_steps, self.n_inputs = self.spikes.shape

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Return 0 and 1."""
        raise NotImplementedError("explicit spikes are not drawn")

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[np.ndarray]:
        """Hand out the spikes; dt and seed change nothing."""
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            yield self.spikes[start : min(start + STEPS_PER_CHUNK, n_steps)]


class ShuffledPixels(Stimulus):
    """A control: another stimulus with its inputs permuted, so that its shape means nothing.

    Parameters
    ----------
    stimulus : Stimulus
        What to shuffle.
    seed : int
        Fixes the permutation.
    """

    def __init__(self, stimulus: Stimulus, seed: int = 0) -> None:
        if not isinstance(stimulus, Stimulus):
            raise UnitsError(f"stimulus: ShuffledPixels takes a stimulus, not {brief(stimulus)}.")
        self.stimulus = stimulus
        self.n_inputs = stimulus.n_inputs
        self.n_steps = stimulus.n_steps
        self.permutation = np.random.default_rng(
            whole_number(seed, "stimulus: shuffling seed")
        ).permutation(self.n_inputs)

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Return the other stimulus' probabilities at their new places."""
        return self.stimulus.probabilities(rng, n_steps, dt)[:, self.permutation]

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[np.ndarray]:
        """Hand out the other stimulus' spikes at their new places."""
        for chunk in self.stimulus.chunks(n_steps, dt, seed):
            yield chunk[:, self.permutation]


def as_stimulus(stimulus: Any, n_inputs: int) -> Stimulus:
    """Turn what a user gives `bs.sleep` into a stimulus.

    Parameters
    ----------
    stimulus : Stimulus or array_like
        A float array (n_inputs,) or input-shaped: spike probabilities per step. A bool array
        (n_steps, n_inputs): explicit spikes.
    n_inputs : int
        Inputs of the network.

    Raises
    ------
    ParameterError, UnitsError
        If it has the wrong size, or values that are not finite or outside [0, 1].
    """
    if not isinstance(stimulus, Stimulus):
        values = _as_array(stimulus, "stimulus")
        if values.dtype == bool:
            stimulus = ExplicitSpikes(values)
        elif np.issubdtype(values.dtype, np.floating) or np.issubdtype(values.dtype, np.integer):
            stimulus = ConstantProbabilities(values)
        else:
            raise UnitsError(
                "stimulus must be a bs.stimuli object, a float array of spike probabilities or a "
                f"bool array of spikes, not {type(stimulus).__name__}."
            )
    if stimulus.n_inputs != n_inputs:
        raise ParameterError(
            f"stimulus: has {stimulus.n_inputs} inputs, but the network's first layer has "
            f"{n_inputs}."
        )
    return stimulus
