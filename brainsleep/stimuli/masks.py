"""Masks: which part of an image is seen in which step."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import number, whole_number


class Mask(ABC):
    """Which inputs are seen in which step; a mask of your own derives from this class."""

    @abstractmethod
    def draw(
        self, rng: np.random.Generator, n_steps: int, image_shape: tuple[int, ...]
    ) -> npt.NDArray[np.bool_]:
        """Draw what is seen.

        Parameters
        ----------
        rng : numpy.random.Generator
            The only source of randomness to use.
        n_steps : int
            Number of steps wanted.
        image_shape : tuple of int
            Shape of one image.

        Returns
        -------
        ndarray of bool, shape (n_steps, n_inputs)
            True where the image is seen.
        """


@public
@dataclass(frozen=True)
class RandomPixels(Mask):
    """Each pixel is seen with a fixed probability, drawn anew in each step.

    The mask of the Python replica of Tadros et al. 2022.

    Parameters
    ----------
    keep : float, optional
        Probability in [0, 1] that a pixel is seen.

    Raises
    ------
    ParameterError
        If `keep` is out of range.
    """

    keep: float = 0.25

    def __post_init__(self) -> None:
        number(self.keep, "stimulus: keep", minimum=0, maximum=1)

    def draw(
        self, rng: np.random.Generator, n_steps: int, image_shape: tuple[int, ...]
    ) -> npt.NDArray[np.bool_]:
        """Draw the pixels seen; see :meth:`Mask.draw`."""
        return rng.random((n_steps, math.prod(image_shape))) < self.keep


@public
@dataclass(frozen=True)
class RandomWindow(Mask):
    """A square window at a random place, drawn anew in each step.

    The mask of Tadros et al. 2022. All places within the image are equally likely; in images of
    several channels, the window is the same in all.

    Parameters
    ----------
    size : int, optional
        Edge of the window in pixels.

    Raises
    ------
    ParameterError
        If `size` is below 1.
    """

    size: int = 10

    def __post_init__(self) -> None:
        whole_number(self.size, "stimulus: window size", minimum=1)

    def draw(
        self, rng: np.random.Generator, n_steps: int, image_shape: tuple[int, ...]
    ) -> npt.NDArray[np.bool_]:
        """Draw the windows; see :meth:`Mask.draw`.

        Raises
        ------
        ParameterError
            If images have no rows and columns, or are smaller than the window.
        """
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
