"""How an image becomes the input of a spiking network: a current, spike rates or spike times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from brian2.units import Hz, Quantity, second
from numpy.typing import NDArray

from ..errors import KindError, ParameterError, brief
from ..stimuli import STEPS_PER_CHUNK
from ..support.calls import public
from ..support.checks import known_name
from ..support.quantities import quantity
from ..translation import INPUT, Translation
from .synaptic_sums import weighted_sum

#: Names that users write.
CODINGS = ("constant", "poisson", "latency")


class Coding(ABC):
    """Turns images into input spikes; each image is shown to a network at rest.

    Attributes
    ----------
    name : str
        The name that users write.
    is_silent : bool
        Whether no input neuron ever spikes, so that all input is :meth:`currents`.
    """

    name: str
    is_silent: bool = False

    @abstractmethod
    def input_scale(self, n_steps: int) -> float:
        """Return the pixel value that an input spike in every step stands for.

        Parameters
        ----------
        n_steps : int
            Length of a presentation in time steps.
        """

    @abstractmethod
    def chunks(
        self, image: NDArray[np.floating], number: int, n_steps: int
    ) -> Iterator[NDArray[np.bool_]]:
        """Make the spikes of one image.

        Parameters
        ----------
        image : ndarray, shape (n_inputs,)
            Its pixels.
        number : int
            Its number; the same image under the same number gives the same spikes.
        n_steps : int
            Length of the presentation in time steps.

        Yields
        ------
        ndarray of bool, shape (up to STEPS_PER_CHUNK, n_inputs)
            Whether each input neuron spikes in each step.
        """

    def check(self, images: NDArray[np.floating], translation: Translation) -> None:
        """Check that this coding can show these images to this network.

        Parameters
        ----------
        images : ndarray, shape (n, n_inputs)
            The images.
        translation : Translation
            The network.

        Raises
        ------
        ParameterError
            If it cannot.
        """
        low, high = float(images.min()), float(images.max())
        if low < 0 or high > 1:
            raise ParameterError(
                f"data: coding {self.name!r} needs pixels in [0, 1], but they range from {low:g} "
                f"to {high:g}; scale them, or use coding='constant'."
            )

    def currents(
        self, translation: Translation, images: NDArray[np.floating]
    ) -> dict[str, NDArray[np.float64]]:
        """Return the constant currents that images cause.

        Parameters
        ----------
        translation : Translation
            The network.
        images : ndarray, shape (n, n_inputs)
            The images.

        Returns
        -------
        dict of str to ndarray, shape (n, n_neurons)
            By layer that gets a current; empty for codings that spike.
        """
        return {}


class ConstantCurrent(Coding):
    """The layers after the input get the image's weighted sum in each step, and no input spikes.

    Exact from the first step on. The weighted sum costs as many multiplications as in the
    artificial network, once per image.
    """

    name = "constant"
    is_silent = True

    def input_scale(self, n_steps: int) -> float:
        """Return 1; no input neuron spikes, so nothing depends on it."""
        return 1.0

    def chunks(
        self, image: NDArray[np.floating], number: int, n_steps: int
    ) -> Iterator[NDArray[np.bool_]]:
        """Make arrays without spikes."""
        silence = np.zeros((min(n_steps, STEPS_PER_CHUNK), len(image)), dtype=bool)
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            yield silence[: n_steps - start]

    def check(self, images: NDArray[np.floating], translation: Translation) -> None:
        """Raise a ParameterError if the network pools its input, which needs spikes."""
        for layer in translation.layers:
            if layer.kind != "neurons" and layer.connections[0].source == INPUT:
                raise ParameterError(
                    f"coding: layer {layer.name!r} pools the input itself, and a constant current "
                    "cannot be pooled; use coding='poisson' or 'latency'."
                )

    def currents(
        self, translation: Translation, images: NDArray[np.floating]
    ) -> dict[str, NDArray[np.float64]]:
        """Sum the images with the weights that lead from the input, and add the bias."""
        totals: dict[str, NDArray[np.float64]] = {}
        for layer in translation.layers:
            for link in layer.connections:
                if link.source == INPUT:
                    bias = 0.0 if layer.bias is None else layer.bias.astype(np.float64)
                    total = totals.setdefault(layer.name, np.zeros((len(images), 1)) + bias)
                    totals[layer.name] = total + weighted_sum(link, images)
        return totals


@public
@dataclass(frozen=True)
class Poisson(Coding):
    """Each input neuron spikes in each step with a probability in proportion to its pixel.

    Attributes
    ----------
    probability : float
        Probability of a spike in a step for a pixel of 1, in (0, 1].
    seed : int
        The spikes of an image depend on this seed and on the number of the image.
    """

    probability: float
    seed: int
    name = "poisson"

    def input_scale(self, n_steps: int) -> float:
        """Return 1 over the probability."""
        return 1 / self.probability

    def chunks(
        self, image: NDArray[np.floating], number: int, n_steps: int
    ) -> Iterator[NDArray[np.bool_]]:
        """Draw the spikes."""
        rng = np.random.default_rng([self.seed, number])
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            shape = (min(STEPS_PER_CHUNK, n_steps - start), len(image))
            yield rng.random(shape, dtype=np.float32) < self.probability * image


class Latency(Coding):
    """Each input neuron whose pixel is not 0 spikes once: the brighter the pixel, the sooner.

    A pixel x spikes in step floor((1 - x) * (n_steps - 1)). This one spike counts as much as a
    spike in each of the n_steps steps, so that it has the same weight as a bias, which is added in
    each step.
    """

    name = "latency"

    def input_scale(self, n_steps: int) -> float:
        """Return the number of steps."""
        return float(n_steps)

    def chunks(
        self, image: NDArray[np.floating], number: int, n_steps: int
    ) -> Iterator[NDArray[np.bool_]]:
        """Make the spikes."""
        due = np.floor((1 - image.astype(np.float64)) * (n_steps - 1)).astype(np.int64)
        due[image <= 0] = n_steps  # never
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            steps = np.arange(start, min(start + STEPS_PER_CHUNK, n_steps))
            yield steps[:, None] == due


def as_coding(
    coding: str | Coding, max_rate: Quantity | str | None, dt: float, seed: int
) -> Coding:
    """Return a coding by its name; return one that is given as it is.

    Parameters
    ----------
    coding : str or Coding
        ``"constant"``, ``"poisson"``, ``"latency"``, or a coding.
    max_rate : Quantity, str or None
        Rate of a pixel of 1 in Hz, for ``"poisson"``; one spike per step unless given.
    dt : float
        Time step in seconds.
    seed : int
        Seed of ``"poisson"``.

    Returns
    -------
    Coding

    Raises
    ------
    KindError
        If `coding` is neither a name nor a coding.
    ParameterError
        For an unknown name, and for a rate that is too high or not needed.
    UnitsError
        For a rate that is not in Hz.
    """
    if isinstance(coding, Coding):
        return coding
    if not isinstance(coding, str):
        raise KindError(f"coding must be one of {', '.join(CODINGS)}, not {brief(coding)}.")
    known_name(coding, "coding", CODINGS)
    if coding != "poisson":
        if max_rate is not None:
            raise ParameterError(
                f"max_rate: coding {coding!r} has no rate, but {brief(max_rate)} was given; leave "
                "max_rate out, or use coding='poisson'."
            )
        return ConstantCurrent() if coding == "constant" else Latency()
    if max_rate is None:
        return Poisson(1.0, seed)
    rate = quantity(max_rate, Hz, "max_rate", minimum=0, exclusive_minimum=True)
    if rate * dt > 1 + 1e-9:
        raise ParameterError(
            f"max_rate is {rate:g} Hz, which is more than one spike per step of {dt * 1e3:g} ms; "
            f"the highest possible rate is {float(1 / (dt * second) / Hz):g} Hz."
        )
    return Poisson(min(rate * dt, 1.0), seed)
