"""How an image becomes input to a spiking network that is awake: a current, rates or times."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from brian2.units import Hz, second

from ..errors import ParameterError, UnitsError, brief, suggest
from ..network.windows import Window
from ..stimuli import STEPS_PER_CHUNK
from ..support.quantities import quantity
from ..translation import INPUT, Connection, Translation

#: Names that users write.
CODINGS = ("constant", "poisson", "latency")


class Coding(ABC):
    """Turns images into input spikes, image by image, each at rest.

    Attributes
    ----------
    name : str
        What users write.
    """

    name: str

    @abstractmethod
    def input_scale(self, n_steps: int) -> float:
        """Return the pixel value that one input spike a step stands for."""

    @abstractmethod
    def chunks(self, image: np.ndarray, number: int, n_steps: int) -> Iterator[np.ndarray]:
        """Make the spikes of one image.

        Parameters
        ----------
        image : ndarray, shape (n_inputs,)
            Its pixels.
        number : int
            Of the image; the same image under the same number gives the same spikes.
        n_steps : int
            Length of the presentation.

        Yields
        ------
        ndarray of bool, shape (up to STEPS_PER_CHUNK, n_inputs)
        """

    def check(self, images: np.ndarray, translation: Translation) -> None:
        """Raise a ParameterError if images, or a network, cannot be had with this coding."""
        low, high = float(images.min()), float(images.max())
        if low < 0 or high > 1:
            raise ParameterError(
                f"data: coding {self.name!r} needs pixels in [0, 1], but they range from {low:g} "
                f"to {high:g}; scale them, or take coding='constant'."
            )

    def currents(self, translation: Translation, images: np.ndarray) -> dict[str, np.ndarray]:
        """Return the constant currents of each image, (n, n_neurons), by layer that gets one."""
        return {}


class ConstantCurrent(Coding):
    """The input neurons are silent; what they feed gets the image's weighted sum in each step.

    Exact from the first step on. The weighted sum costs as many multiplications as in the
    artificial network, once an image.
    """

    name = "constant"

    def input_scale(self, n_steps: int) -> float:
        """Return 1, which nothing depends on: no input neuron spikes."""
        return 1.0

    def chunks(self, image: np.ndarray, number: int, n_steps: int) -> Iterator[np.ndarray]:
        """Make silence."""
        silence = np.zeros((min(n_steps, STEPS_PER_CHUNK), len(image)), dtype=bool)
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            yield silence[: n_steps - start]

    def check(self, images: np.ndarray, translation: Translation) -> None:
        """Raise a ParameterError if the network pools its input, which only spikes can do."""
        for layer in translation.layers:
            if layer.kind != "neurons" and layer.connections[0].source == INPUT:
                raise ParameterError(
                    f"coding: layer {layer.name!r} pools the input itself, and a constant current "
                    "cannot be pooled; take coding='poisson' or 'latency'."
                )

    def currents(self, translation: Translation, images: np.ndarray) -> dict[str, np.ndarray]:
        """Sum the image with the weights that lead from the input, and add the bias."""
        totals: dict[str, np.ndarray] = {}
        for layer in translation.layers:
            for link in layer.connections:
                if link.source == INPUT:
                    bias = 0.0 if layer.bias is None else layer.bias.astype(np.float64)
                    total = totals.setdefault(layer.name, np.zeros((len(images), 1)) + bias)
                    totals[layer.name] = total + weighted_sum(link, images)
        return totals


@dataclass(frozen=True)
class Poisson(Coding):
    """Each input neuron spikes in each step with a probability in proportion to its pixel.

    Attributes
    ----------
    probability : float
        Of a white pixel, in (0, 1].
    seed : int
        Together with an image's number it fixes the spikes.
    """

    probability: float
    seed: int
    name = "poisson"

    def input_scale(self, n_steps: int) -> float:
        """Return 1 over the probability."""
        return 1 / self.probability

    def chunks(self, image: np.ndarray, number: int, n_steps: int) -> Iterator[np.ndarray]:
        """Draw the spikes."""
        rng = np.random.default_rng([self.seed, number])
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            shape = (min(STEPS_PER_CHUNK, n_steps - start), len(image))
            yield rng.random(shape, dtype=np.float32) < self.probability * image


class Latency(Coding):
    """Each input neuron whose pixel is not black spikes once: the brighter, the sooner.

    A pixel x spikes in step floor((1 - x) * (n_steps - 1)). As there is one spike in n_steps steps,
    it stands for n_steps times what a spike a step would, so that it weighs as much as a bias that
    comes in each step.
    """

    name = "latency"

    def input_scale(self, n_steps: int) -> float:
        """Return the number of steps."""
        return float(n_steps)

    def chunks(self, image: np.ndarray, number: int, n_steps: int) -> Iterator[np.ndarray]:
        """Make the spikes."""
        due = np.floor((1 - image.astype(np.float64)) * (n_steps - 1)).astype(np.int64)
        due[image <= 0] = n_steps  # never
        for start in range(0, n_steps, STEPS_PER_CHUNK):
            steps = np.arange(start, min(start + STEPS_PER_CHUNK, n_steps))
            yield steps[:, None] == due


def as_coding(coding: Any, max_rate: Any, dt: float, seed: int) -> Coding:
    """Read the name of a coding, and what belongs to it.

    Parameters
    ----------
    coding : str or Coding
        A name, or an object as it is.
    max_rate : Quantity, str or None
        Rate of a white pixel, for ``"poisson"``; one spike a step unless given.
    dt : float
        Time step in seconds.
    seed : int
        Of ``"poisson"``.

    Returns
    -------
    Coding

    Raises
    ------
    ParameterError, UnitsError
        For an unknown name, and for a rate that is none, too high, or not needed.
    """
    if isinstance(coding, Coding):
        return coding
    if not isinstance(coding, str):
        raise UnitsError(f"coding must be one of {', '.join(CODINGS)}, not {brief(coding)}.")
    if coding not in CODINGS:
        raise ParameterError(f"coding {coding!r}.{suggest(coding, CODINGS)}")
    if coding != "poisson":
        if max_rate is not None:
            raise ParameterError(f"max_rate: coding {coding!r} has no rate; only 'poisson' has.")
        return ConstantCurrent() if coding == "constant" else Latency()
    if max_rate is None:
        return Poisson(1.0, seed)
    rate = quantity(max_rate, Hz, "max_rate", minimum=0, exclusive_minimum=True)
    if rate * dt > 1 + 1e-9:
        raise ParameterError(
            f"max_rate is {rate:g} Hz, more than one spike a step of {dt * 1e3:g} ms; the highest "
            f"rate is {float(1 / (dt * second) / Hz):g} Hz."
        )
    return Poisson(min(rate * dt, 1.0), seed)


def weighted_sum(link: Connection, values: np.ndarray) -> np.ndarray:
    """Return what a connection makes of its source's values, without a bias.

    Parameters
    ----------
    link : Connection
        ``"dense"``, ``"convolution"`` or ``"identity"``.
    values : ndarray, shape (n, n_in)
        Values of the source's neurons.

    Returns
    -------
    ndarray of float64, shape (n, n_out)
    """
    source = np.asarray(values, dtype=np.float64)
    if link.weight is None:
        return source
    weight = np.asarray(link.weight, dtype=np.float64)
    if link.window is None:
        return source @ weight.T
    return _convolved(source, weight, link.window)


def _convolved(source: np.ndarray, weight: np.ndarray, window: Window) -> np.ndarray:
    """Convolve flat images."""
    images = torch.from_numpy(source).reshape(len(source), *window.in_shape)
    margins = []
    for axis in (1, 0):  # torch pads the last axis first
        reach = (window.out_shape[axis + 1] - 1) * window.stride[axis]
        reach += (window.kernel_size[axis] - 1) * window.dilation[axis] + 1
        before = window.padding[axis]
        margins += [before, reach - window.in_shape[axis + 1] - before]
    with torch.no_grad():
        result = torch.nn.functional.conv2d(
            torch.nn.functional.pad(images, margins),
            torch.from_numpy(weight.reshape(window.kernel_shape)),
            stride=window.stride,
            dilation=window.dilation,
            groups=window.groups,
        )
    return result.reshape(len(source), -1).numpy()


def fan_out(link: Connection) -> np.ndarray:
    """Return to how many neurons each neuron of a connection's source leads, shape (n_in,)."""
    if link.window is None:
        return np.full(link.n_in, 1 if link.kind == "identity" else link.n_out, dtype=np.int64)
    window = link.window
    rows, columns = (
        np.bincount(places[places >= 0], minlength=size)
        for places, size in (
            (window.places(0), window.in_shape[1]),
            (window.places(1), window.in_shape[2]),
        )
    )
    per_channel = window.out_shape[0] // window.groups
    return np.tile(per_channel * np.outer(rows, columns).ravel(), window.in_shape[0])
