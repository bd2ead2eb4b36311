"""Stimuli given as rates, probabilities or spikes, and what `bs.sleep` makes of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity

from ..errors import ParameterError, UnitsError, brief
from .arrays import as_array, check_values
from .stimulus import STEPS_PER_CHUNK, Stimulus

#: What :func:`as_stimulus` takes.
StimulusLike: TypeAlias = Stimulus | npt.ArrayLike

_HINT_FOR_RATES = " For rates in Hz take bs.stimuli.ConstantRates."


class ConstantRates(Stimulus):
    r"""Poisson spikes at constant rates.

    In each step an input with the rate r spikes with probability
    :math:`\min(1, \Delta t \, r)`.

    Parameters
    ----------
    rates : Quantity, shape (n_inputs,) or input-shaped
        Firing rates r in Hz.

    Raises
    ------
    ParameterError
        If a rate is not finite or below 0.
    UnitsError
        If `rates` are not in Hz.
    """

    def __init__(self, rates: Quantity) -> None:
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

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return the constant probabilities."""
        return np.minimum(1.0, dt * self.rates)[None]


class ConstantProbabilities(Stimulus):
    """Each input spikes in every step with its own fixed probability.

    Parameters
    ----------
    probability : array_like of float, shape (n_inputs,) or input-shaped
        Per step, in [0, 1].

    Raises
    ------
    ParameterError
        If a probability is NaN or out of range, or there is none.
    UnitsError
        If `probability` has units or is not an array.
    """

    def __init__(self, probability: npt.ArrayLike) -> None:
        values = as_array(probability, "stimulus", float, hint=_HINT_FOR_RATES)
        check_values(values, "stimulus", minimum=0, maximum=1)
        self.probability = values.reshape(-1)
        self.n_inputs = len(self.probability)

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return the constant probabilities."""
        return self.probability[None]


class ExplicitSpikes(Stimulus):
    """These very spikes; the night lasts as long as they do.

    Parameters
    ----------
    spikes : array_like of bool, shape (n_steps, n_inputs) or (n_steps, ...)
        True where an input spikes.

    Raises
    ------
    ParameterError
        If the shape is another.
    UnitsError
        If `spikes` are not bool.
    """

    def __init__(self, spikes: npt.ArrayLike) -> None:
        values = as_array(spikes, "stimulus: explicit spikes")
        if values.dtype != bool:
            raise UnitsError(f"stimulus: explicit spikes must be bool, not {values.dtype}.")
        if values.ndim < 2 or len(values) == 0:
            raise ParameterError(
                "stimulus: explicit spikes must have shape (n_steps, n_inputs) with at least one "
                f"step, not {values.shape}."
            )
        self.spikes = values.reshape(len(values), -1)
        self.n_steps, self.n_inputs = self.spikes.shape

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Raise an error: these spikes are not drawn."""
        raise NotImplementedError("explicit spikes are not drawn")

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Yield the spikes; `dt` and `seed` change nothing."""
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            yield self.spikes[start : min(start + STEPS_PER_CHUNK, n_steps)]


def as_stimulus(stimulus: StimulusLike, n_inputs: int) -> Stimulus:
    """Turn what a user gives `bs.sleep` into a stimulus.

    Parameters
    ----------
    stimulus : Stimulus or array_like
        A float array (n_inputs,) or input-shaped: spike probabilities per step. A bool array
        (n_steps, n_inputs): explicit spikes.
    n_inputs : int
        Number of inputs of the network.

    Returns
    -------
    Stimulus
        `stimulus` itself, if it is one.

    Raises
    ------
    ParameterError
        If it has the wrong size, or values that are not finite or outside [0, 1].
    UnitsError
        If it is neither a stimulus nor an array of bare numbers or truth values.
    """
    made = stimulus if isinstance(stimulus, Stimulus) else _from_array(stimulus)
    if made.n_inputs != n_inputs:
        raise ParameterError(
            f"stimulus: has {made.n_inputs} inputs, but the network's first layer has {n_inputs}."
        )
    return made


def _from_array(given: npt.ArrayLike) -> Stimulus:
    """Make a stimulus of an array of truth values or numbers."""
    values = as_array(given, "stimulus", hint=_HINT_FOR_RATES)
    if values.dtype == bool:
        return ExplicitSpikes(values)
    if values.dtype.kind in "iuf":
        return ConstantProbabilities(values)
    raise UnitsError(
        "stimulus must be a bs.stimuli object, a float array of spike probabilities or a bool "
        f"array of spikes, not {type(given).__name__}."
    )
