"""Stimuli: what drives the input population during a night.

A stimulus says with which probability each input neuron spikes in each step; the spikes
are drawn here, from a seed, and streamed to the device, so they are the same on every
device. A stimulus of your own derives from :class:`Stimulus` and needs one method.

Images are pixels x in [0, 1]. As in the published code, the rate is twice the nominal
one: p = min(1, 2 dt max_rate x).

A mean image that is kept is stored data; say so with results that rely on one.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import Hz, Quantity, second

from .errors import ParameterError, UnitsError, brief
from .parameters import number, quantity, whole_number

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


class Mask(ABC):
    """Which inputs are seen in which step."""

    @abstractmethod
    def draw(
        self, rng: np.random.Generator, n_steps: int, image_shape: tuple[int, ...]
    ) -> np.ndarray:
        """Return a bool array of shape (n_steps, n_inputs): True where the image is seen."""


@dataclass(frozen=True)
class RandomPixels(Mask):
    """Each pixel is kept with a fixed probability, anew each step (the Python replica's mask).

    Parameters
    ----------
    keep : float
        Probability in [0, 1] that a pixel is kept.
    """

    keep: float = 0.25

    def __post_init__(self) -> None:
        number(self.keep, "stimulus: keep", minimum=0, maximum=1)

    def draw(
        self, rng: np.random.Generator, n_steps: int, image_shape: tuple[int, ...]
    ) -> np.ndarray:
        """Return the pixels kept."""
        return rng.random((n_steps, math.prod(image_shape))) < self.keep


@dataclass(frozen=True)
class RandomWindow(Mask):
    """A square window at a random place, anew each step (the mask of Tadros et al. 2022).

    Parameters
    ----------
    size : int
        Edge of the window in pixels; it always lies within the image.
    """

    size: int = 10

    def __post_init__(self) -> None:
        whole_number(self.size, "stimulus: window size", minimum=1)

    def draw(
        self, rng: np.random.Generator, n_steps: int, image_shape: tuple[int, ...]
    ) -> np.ndarray:
        """Return the pixels inside the window."""
        if len(image_shape) < 2:
            raise ParameterError(
                f"stimulus: a window needs images with rows and columns, not {image_shape}."
            )
        height, width = image_shape[-2:]
        if self.size > min(height, width):
            raise ParameterError(
                f"stimulus: a window of size {self.size} does not fit into images of "
                f"{height} x {width} pixels."
            )
        top = rng.integers(0, height - self.size + 1, n_steps)
        left = rng.integers(0, width - self.size + 1, n_steps)
        row, column = np.arange(height), np.arange(width)
        rows = (row >= top[:, None]) & (row < top[:, None] + self.size)
        columns = (column >= left[:, None]) & (column < left[:, None] + self.size)
        window = rows[:, :, None] & columns[:, None, :]
        n_channels = math.prod(image_shape) // (height * width)
        return np.tile(window.reshape(n_steps, height * width), (1, n_channels))


class ImageStimulus(Stimulus):
    """Common part of the stimuli made of images."""

    def __init__(
        self,
        images: Any,
        max_rate: Any = 200 * Hz,
        mask: Mask | None = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        pixels = _as_array(images, "stimulus: images", np.float32)
        if pixels.ndim < 2 or len(pixels) == 0:
            raise ParameterError(
                f"stimulus: images must have shape (n, ...) with n >= 1, not {pixels.shape}."
            )
        _check_range(pixels, "stimulus: images")
        if mask is not None and not isinstance(mask, Mask):
            raise UnitsError(f"stimulus: mask must be a bs.stimuli mask, not {brief(mask)}.")
        self.all_images = pixels.reshape(len(pixels), -1)
        self.images = self.all_images
        self.n_inputs = self.images.shape[1]
        self.max_rate = quantity(max_rate, Hz, "stimulus: max_rate", minimum=0)
        self.mask = mask
        self.image_shape = image_shape or _image_shape(pixels, mask)
        if math.prod(self.image_shape) != self.n_inputs:
            raise ParameterError(
                f"stimulus: image_shape {self.image_shape} does not have {self.n_inputs} pixels."
            )
        if mask is not None:  # a mask that does not fit is found now, not in the night
            mask.draw(np.random.default_rng(0), 1, self.image_shape)

    def seen_through(
        self, features: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...]
    ) -> ImageStimulus:
        """Return the same stimulus made of features of its images.

        Parameters
        ----------
        features : callable
            Takes images, shape (n, n_inputs), and returns what a layer takes, shape (n, ...).
        shape : tuple of int
            Of the features of one image.

        Returns
        -------
        ImageStimulus
            Of features divided by the largest of all, so that they lie in [0, 1].
        """
        values = np.asarray(features(self.all_images), dtype=np.float32)
        largest = float(values.max())
        seen = copy.copy(self)
        seen.all_images = values.reshape(len(values), -1) / (largest if largest > 0 else 1.0)
        seen.n_inputs = seen.all_images.shape[1]
        seen.image_shape = shape
        seen.images = seen.summary()
        if self.mask is not None:
            self.mask.draw(np.random.default_rng(0), 1, shape)
        return seen

    def summary(self) -> np.ndarray:
        """Return what of all images is shown, shape (n, n_inputs)."""
        return self.all_images

    @abstractmethod
    def pixels(self, rng: np.random.Generator, n_steps: int) -> np.ndarray:
        """Return the images shown, shape (n_steps, n_inputs) or (1, n_inputs)."""

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Return spike probabilities: pixels times twice the rate, where the mask lets them."""
        shown = np.minimum(1.0, 2 * dt * self.max_rate * self.pixels(rng, n_steps))
        if self.mask is None:
            return shown
        return shown * self.mask.draw(rng, n_steps, self.image_shape)


class MeanImage(ImageStimulus):
    """The mean of all images, constant over the night.

    Parameters
    ----------
    images : array_like, shape (n, ...)
        Pixels in [0, 1].
    max_rate : Quantity
        Nominal rate of a white pixel, in Hz; it fires at twice this rate.
    mask : Mask, optional
        :class:`RandomPixels` or :class:`RandomWindow`.
    image_shape : tuple of int, optional
        Shape of one image, where `images` come flat and not square.
    """

    def __init__(self, images: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(images, *args, **kwargs)
        self.images = self.summary()

    def summary(self) -> np.ndarray:
        """Return the mean image."""
        return self.all_images.mean(axis=0, keepdims=True, dtype=np.float64)

    def pixels(self, rng: np.random.Generator, n_steps: int) -> np.ndarray:
        """Return the mean image."""
        return self.images


class ClassMeans(ImageStimulus):
    """The mean image of one class, drawn anew each step.

    Parameters
    ----------
    images : array_like, shape (n, ...)
        Pixels in [0, 1].
    labels : array_like of int, shape (n,)
        Their classes.
    max_rate, mask, image_shape
        As in :class:`MeanImage`.
    """

    def __init__(self, images: Any, labels: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(images, *args, **kwargs)
        classes = np.asarray(labels)
        if classes.shape != (len(self.images),):
            raise ParameterError(
                f"stimulus: {len(self.images)} images, but labels of shape {classes.shape}."
            )
        self.classes = classes
        self.images = self.summary()

    def summary(self) -> np.ndarray:
        """Return the mean of each class."""
        return np.stack(
            [
                self.all_images[self.classes == c].mean(axis=0, dtype=np.float64)
                for c in np.unique(self.classes)
            ]
        )

    def pixels(self, rng: np.random.Generator, n_steps: int) -> np.ndarray:
        """Return one class mean a step."""
        return self.images[rng.integers(0, len(self.images), n_steps)]


class MeanOfRandomImages(ImageStimulus):
    """The mean of a few images drawn, with replacement, anew each step.

    Parameters
    ----------
    images : array_like, shape (n, ...)
        Pixels in [0, 1].
    n_images : int
        How many are averaged; the Python replica takes 10.
    max_rate, mask, image_shape
        As in :class:`MeanImage`.
    """

    def __init__(self, images: Any, n_images: int = 10, *args: Any, **kwargs: Any) -> None:
        super().__init__(images, *args, **kwargs)
        self.n_images = whole_number(n_images, "stimulus: n_images", minimum=1)

    def pixels(self, rng: np.random.Generator, n_steps: int) -> np.ndarray:
        """Return one mean a step."""
        chosen = rng.integers(0, len(self.images), (n_steps, self.n_images))
        total = np.zeros((n_steps, self.n_inputs))
        for column in chosen.T:  # a sum in fixed order, without an array n_images times as large
            total += self.images[column]
        return total / self.n_images


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


def skip_steps(chunks: Iterator[np.ndarray], n_steps: int) -> Iterator[np.ndarray]:
    """Leave out the first steps of a stimulus that comes chunk by chunk."""
    for chunk in chunks:
        if n_steps < len(chunk):
            yield chunk[n_steps:]
        n_steps = max(0, n_steps - len(chunk))


def _image_shape(pixels: np.ndarray, mask: Mask | None) -> tuple[int, ...]:
    """Guess the shape of one image; flat ones are taken for square where a window needs it."""
    shape = pixels.shape[1:]
    if len(shape) >= 2 or not isinstance(mask, RandomWindow):
        return shape
    edge = math.isqrt(shape[0])
    if edge * edge != shape[0]:
        raise ParameterError(
            f"stimulus: a window needs an image_shape; {shape[0]} pixels are not a square."
        )
    return (edge, edge)


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
