"""Stimuli made of images, and the masks that show a part of them.

Images are pixels x in [0, 1]; a pixel spikes with probability p = min(1, dt max_rate x) per step.
The published codes draw at twice their nominal rate: their 100 Hz are 200 Hz here.

A mean image that is kept is stored data; say so with results that rely on one.
"""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity

from ..errors import ParameterError, UnitsError, brief
from ..support.checks import number, whole_number
from ..support.quantities import quantity
from .base import Stimulus, _as_array, _check_range

#: Rate of a white pixel, unless given.
MAX_RATE = 400 * Hz


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
        images: npt.ArrayLike,
        max_rate: Quantity | str = MAX_RATE,
        *,
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
        """Return spike probabilities: pixels times the rate, where the mask lets them."""
        shown = np.minimum(1.0, dt * self.max_rate * self.pixels(rng, n_steps))
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
        Rate of a white pixel, in Hz.
    mask : Mask, optional
        :class:`RandomPixels` or :class:`RandomWindow`.
    image_shape : tuple of int, optional
        Shape of one image, where `images` come flat and not square.
    """

    def __init__(
        self,
        images: npt.ArrayLike,
        max_rate: Quantity | str = MAX_RATE,
        *,
        mask: Mask | None = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(images, max_rate, mask=mask, image_shape=image_shape)
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

    def __init__(
        self,
        images: npt.ArrayLike,
        labels: npt.ArrayLike,
        *,
        max_rate: Quantity | str = MAX_RATE,
        mask: Mask | None = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(images, max_rate, mask=mask, image_shape=image_shape)
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

    def __init__(
        self,
        images: npt.ArrayLike,
        n_images: int = 10,
        *,
        max_rate: Quantity | str = MAX_RATE,
        mask: Mask | None = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(images, max_rate, mask=mask, image_shape=image_shape)
        self.n_images = whole_number(n_images, "stimulus: n_images", minimum=1)

    def pixels(self, rng: np.random.Generator, n_steps: int) -> np.ndarray:
        """Return one mean a step."""
        chosen = rng.integers(0, len(self.images), (n_steps, self.n_images))
        total = np.zeros((n_steps, self.n_inputs))
        for column in chosen.T:  # a sum in fixed order, without an array n_images times as large
            total += self.images[column]
        return total / self.n_images


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
