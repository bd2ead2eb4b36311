"""Stimuli given as rates, probabilities or spikes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity

from ..errors import ParameterError, UnitsError, brief
from ..support.array_values import numbers, read_array
from ..support.calls import public
from .drawing import STEPS_PER_CHUNK
from .stimulus import Stimulus

#: What `brainsleep.stimuli.as_stimulus` takes.
StimulusLike: TypeAlias = Stimulus | npt.ArrayLike

#: For the end of messages that refuse units.
HINT_FOR_RATES = " For rates in Hz take bs.stimuli.ConstantRates."


@public
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
        if not isinstance(rates, Quantity) or rates.dim != Hz.dim:
            raise UnitsError(
                f"stimulus: rates must be in Hz, as in [20, 40]*Hz, not {brief(rates)}."
            )
        hertz = numbers(np.asarray(rates), "stimulus: rates", minimum=0)
        self.rates = hertz.reshape(-1)
        self.n_inputs = len(self.rates)

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {"rates": self.rates * Hz}

    def _details(self) -> list[str]:
        return [f"mean {self.rates.mean():.3g} Hz"] if len(self.rates) else []

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return the constant probabilities."""
        return np.minimum(1.0, dt * self.rates)[None]


@public
class ConstantProbabilities(Stimulus):
    r"""Each input spikes in every step with its own fixed probability.

    .. math:: p_i \text{ as given, whatever the time step}

    Parameters
    ----------
    probability : array_like of float, shape (n_inputs,) or input-shaped
        :math:`p_i`, per step, in [0, 1].

    Raises
    ------
    ParameterError
        If a probability is NaN or out of range, or there is none.
    UnitsError
        If `probability` has units or is not an array.
    """

    def __init__(self, probability: npt.ArrayLike) -> None:
        values = numbers(probability, "stimulus", minimum=0, maximum=1, hint=HINT_FOR_RATES)
        self.probability = values.reshape(-1)
        self.n_inputs = len(self.probability)

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {"probability": self.probability}

    def _details(self) -> list[str]:
        return [f"mean {self.probability.mean():.3g} per step"]

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return the constant probabilities."""
        return self.probability[None]


@public
class ExplicitSpikes(Stimulus):
    """These very spikes; the night lasts as long as they do.

    Parameters
    ----------
    spikes : array_like or Tensor, shape (n_steps, n_inputs) or (n_steps, ...)
        True or 1 where an input spikes, False or 0 where not; of any type.

    Raises
    ------
    ParameterError
        If the shape is another, or a number is neither 0 nor 1.
    UnitsError
        If `spikes` are no numbers or truth values.
    """

    def __init__(self, spikes: npt.ArrayLike) -> None:
        values = read_array(spikes, "stimulus: explicit spikes")
        if values.dtype.kind not in "biuf":
            raise UnitsError(f"stimulus: explicit spikes must be bool, not {values.dtype}.")
        if values.ndim < 2 or values.size == 0:
            raise ParameterError(
                "stimulus: explicit spikes must have shape (n_steps, n_inputs) with at least one "
                f"step, not {values.shape}."
            )
        if not holds_zeros_and_ones(values):
            raise ParameterError(
                "stimulus: explicit spikes must be 0 or 1; the values given range from "
                f"{values.min():g} to {values.max():g}."
            )
        self.spikes = values.reshape(len(values), -1).astype(bool, copy=False)
        self.n_steps, self.n_inputs = self.spikes.shape

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {"spikes": self.spikes}

    def _details(self) -> list[str]:
        return [f"{self.n_steps:,} steps", f"{np.count_nonzero(self.spikes):,} spikes"]

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Raise an error: these spikes are not drawn."""
        raise NotImplementedError("explicit spikes are not drawn")

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Yield the spikes; `dt` and `seed` change nothing."""
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            yield self.spikes[start : min(start + STEPS_PER_CHUNK, n_steps)]


def holds_zeros_and_ones(values: np.ndarray) -> bool:
    """Tell whether an array of truth values or numbers holds nothing but 0 and 1."""
    return values.dtype == bool or bool(((values == 0) | (values == 1)).all())
