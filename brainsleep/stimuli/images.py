"""Stimuli made of images.

Pixels x lie in [0, 1]. In each step a pixel spikes with the probability

    p = min(1, dt max_rate x)

where the mask lets it. `max_rate` is meant literally. (The source code published with the papers
on sleep replay draws at twice its nominal rate: its 100 Hz are 200 Hz here.)

A mean image that is kept from task to task is stored data; say so with results that rely on one.
"""

from __future__ import annotations

import copy
import math
from abc import abstractmethod
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity

from ..errors import KindError, ParameterError, brief
from ..support.array_values import numbers, read_array
from ..support.calls import public
from ..support.checks import whole_number
from ..support.names import read_shape
from ..support.quantities import quantity
from .masks import Mask, RandomWindow
from .stimulus import Stimulus

#: Rate of a white pixel, unless given.
MAX_RATE = 900 * Hz


class ImageStimulus(Stimulus):
    r"""Common part of the stimuli made of images.

    In each step input i spikes with the probability

    .. math:: p_i = m_i \min(1, \Delta t \, r_\mathrm{max} \, x_i)

    where x is the image that is shown in this step and m the mask, 0 or 1.

    Parameters
    ----------
    images : array_like, shape (n, ...)
        Pixels in [0, 1].
    max_rate : Quantity or str, optional
        :math:`r_\mathrm{max}`, rate of a white pixel, in Hz.
    mask : Mask, optional
        :math:`m`, :class:`RandomPixels` or :class:`RandomWindow`.
    image_shape : tuple of int, optional
        Shape of one image, where `images` come flat and not square.

    Raises
    ------
    ParameterError
        If a value is out of range, or shapes do not fit together.
    UnitsError
        If units are wrong or missing, or a value is of the wrong kind.
    """

    def __init__(
        self,
        images: npt.ArrayLike,
        max_rate: Quantity | str = MAX_RATE,
        *,
        mask: Mask | None = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        pixels = numbers(images, "stimulus: images", dtype=np.float32)
        if pixels.min() < 0 or pixels.max() > 1:
            raise ParameterError(
                "stimulus: images must lie in [0, 1]; the values given range from "
                f"{pixels.min():g} to {pixels.max():g}. Scale each input, as by (x - min) / "
                "(max - min), and train the network on the same."
            )
        if pixels.ndim < 2:
            raise ParameterError(
                f"stimulus: images must have shape (n, ...) with n >= 1, not {pixels.shape}."
            )
        self.all_images: npt.NDArray[np.floating] = pixels.reshape(len(pixels), -1)
        self.images = self.all_images
        self.n_inputs = self.images.shape[1]
        self.max_rate = quantity(max_rate, Hz, "stimulus: max_rate", minimum=0)
        self.mask = mask
        self.image_shape = (
            _image_shape(pixels, mask)
            if image_shape is None
            else read_shape(image_shape, "stimulus: image_shape")
        )
        if math.prod(self.image_shape) != self.n_inputs:
            raise ParameterError(
                f"stimulus: image_shape {self.image_shape} does not have {self.n_inputs} pixels."
            )
        if mask is not None:  # a mask that does not fit is found now, not in the night
            mask.draw(np.random.default_rng(0), 1, self.image_shape)

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {
            "images": self.all_images,
            "max_rate": self.max_rate * Hz,
            "mask": self.mask,
            "image_shape": self.image_shape,
        }

    def _details(self) -> list[str]:
        mask = [] if self.mask is None else [repr(self.mask)]
        return [f"{len(self.all_images):,} images", f"max_rate={self.max_rate:.4g} Hz", *mask]

    def seen_through(
        self,
        features: Callable[[npt.NDArray[np.floating]], npt.NDArray[np.floating]],
        shape: tuple[int, ...],
    ) -> ImageStimulus:
        """Return the same stimulus, made of features of its images.

        Parameters
        ----------
        features : callable
            Takes images, shape (n, n_inputs), and returns what a layer takes, shape (n, ...).
        shape : tuple of int
            Shape of the features of one image.

        Returns
        -------
        ImageStimulus
            Its features are divided by the largest of all, so that they lie in [0, 1].

        Raises
        ------
        ParameterError
            If the mask does not fit `shape`.
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

    def summary(self) -> npt.NDArray[np.floating]:
        """Return the images that steps choose from, shape (n, n_inputs)."""
        return self.all_images

    @abstractmethod
    def pixels(self, rng: np.random.Generator, n_steps: int) -> npt.NDArray[np.floating]:
        """Return the image shown in each step, before the mask.

        Parameters
        ----------
        rng : numpy.random.Generator
            The only source of randomness to use.
        n_steps : int
            Number of steps wanted.

        Returns
        -------
        ndarray of float, shape (n_steps, n_inputs) or (1, n_inputs)
            With one row, the image is the same in all steps.
        """

    def probabilities(
        self, rng: np.random.Generator, n_steps: int, dt: float
    ) -> npt.NDArray[np.floating]:
        """Return spike probabilities: pixels times the rate, where the mask lets them."""
        shown = np.minimum(1.0, dt * self.max_rate * self.pixels(rng, n_steps))
        if self.mask is None:
            return shown
        return shown * self.mask.draw(rng, n_steps, self.image_shape)


@public
class MeanImage(ImageStimulus):
    r"""The mean of all images, constant over the night.

    .. math:: p_i = m_i \min\left(1, \Delta t \, r_\mathrm{max} \frac{1}{n} \sum_k x_{k i}\right)

    Parameters
    ----------
    images, max_rate, mask, image_shape
        As in :class:`ImageStimulus`.
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

    def summary(self) -> npt.NDArray[np.floating]:
        """Return the mean image."""
        return self.all_images.mean(axis=0, keepdims=True, dtype=np.float64)

    def pixels(self, rng: np.random.Generator, n_steps: int) -> npt.NDArray[np.floating]:
        """Return the mean image."""
        return self.images


@public
class ClassMeans(ImageStimulus):
    r"""The mean image of one class; the class is drawn anew in each step.

    .. math:: p_i = m_i \min(1, \Delta t \, r_\mathrm{max} \, \bar x_{c i}),
        \qquad c \text{ drawn evenly from all classes}

    Parameters
    ----------
    images, max_rate, mask, image_shape
        As in :class:`ImageStimulus`.
    labels : array_like of int, shape (n,)
        The classes of the images.

    Raises
    ------
    ParameterError
        If there is not one label for each image; and as in :class:`ImageStimulus`.
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
        classes = read_array(labels, "stimulus: labels")
        if classes.shape != (len(self.images),):
            raise ParameterError(
                f"stimulus: {len(self.images)} images, but labels of shape {brief(classes.shape)}."
            )
        if classes.dtype.kind not in "biuf":
            raise KindError(f"stimulus: labels must be numbers, not {brief(labels)}.")
        self.classes = classes
        self.images = self.summary()

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {**super().arguments(), "labels": self.classes}

    def summary(self) -> npt.NDArray[np.floating]:
        """Return the mean image of each class, in ascending order of classes."""
        return np.stack(
            [
                self.all_images[self.classes == c].mean(axis=0, dtype=np.float64)
                for c in np.unique(self.classes)
            ]
        )

    def pixels(self, rng: np.random.Generator, n_steps: int) -> npt.NDArray[np.floating]:
        """Return the mean of one class for each step."""
        return self.images[rng.integers(0, len(self.images), n_steps)]


@public
class MeanOfRandomImages(ImageStimulus):
    r"""The mean of a few images, drawn with replacement and anew in each step.

    .. math:: p_i = m_i \min\left(1, \Delta t \, r_\mathrm{max} \frac{1}{n} \sum_k x_{c_k i}\right)

    with n images :math:`c_k` drawn evenly from all images.

    Parameters
    ----------
    images, max_rate, mask, image_shape
        As in :class:`ImageStimulus`.
    n_images : int, optional
        :math:`n`, how many images are averaged; the Python replica of Tadros et al. 2022 takes 10.
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

    def arguments(self) -> dict[str, object]:
        """Return the arguments that make the same stimulus again."""
        return {**super().arguments(), "n_images": self.n_images}

    def pixels(self, rng: np.random.Generator, n_steps: int) -> npt.NDArray[np.floating]:
        """Return one mean for each step."""
        chosen = rng.integers(0, len(self.images), (n_steps, self.n_images))
        total = np.zeros((n_steps, self.n_inputs))
        for column in chosen.T:  # a sum in fixed order, without an array n_images times as large
            total += self.images[column]
        return total / self.n_images


def _image_shape(pixels: npt.NDArray[np.floating], mask: Mask | None) -> tuple[int, ...]:
    """Return the shape of one image; where a window needs it, flat images are taken for square."""
    shape = pixels.shape[1:]
    if len(shape) >= 2 or not isinstance(mask, RandomWindow):
        return shape
    edge = math.isqrt(shape[0])
    if edge * edge != shape[0]:
        raise ParameterError(
            f"stimulus: a window needs an image_shape; {shape[0]} pixels are not a square."
        )
    return (edge, edge)
