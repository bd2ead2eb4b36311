"""Images shown one after the other, each for the same number of steps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..stimuli import Stimulus


class ShownImages(Stimulus):
    """Images shown one after the other: in each step an input spikes with a probability.

    Parameters
    ----------
    images : ndarray, shape (n, n_inputs)
        In [0, 1].
    order : ndarray of int, shape (n_presentations,)
        Which image each presentation shows.
    presentation_steps : int
        Steps of each presentation.
    pixel_rate : float
        Probability per step that an input of 1 spikes.

    Attributes
    ----------
    n_steps : int
        Of all presentations.
    """

    def __init__(
        self,
        images: npt.NDArray[np.floating],
        order: npt.NDArray[np.integer],
        presentation_steps: int,
        pixel_rate: float,
    ) -> None:
        self.images, self.order = images, order
        self.presentation_steps, self.pixel_rate = presentation_steps, pixel_rate
        self.n_inputs = images.shape[1]
        self.n_steps = len(order) * presentation_steps

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Raise: probabilities change from image to image, and `chunks` draws the spikes."""
        raise NotImplementedError("ShownImages draws its spikes image by image, in chunks()")

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
        """Draw the spikes, one chunk per presentation, each from a random generator of its own.

        Parameters
        ----------
        n_steps : int
            Number of time steps.
        dt : float
            Time step in seconds; nothing depends on it.
        seed : int
            Equal seeds give equal spikes.

        Yields
        ------
        ndarray of bool, shape (up to presentation_steps, n_inputs)
        """
        for index, shown in enumerate(self.order):
            left = n_steps - index * self.presentation_steps
            if left <= 0:
                return
            rng = np.random.default_rng([seed, index])
            seen = np.flatnonzero(self.images[shown])  # most pixels of a digit are black
            chance = self.pixel_rate * self.images[shown, seen]
            spikes = np.zeros((self.presentation_steps, self.n_inputs), dtype=bool)
            spikes[:, seen] = rng.random((self.presentation_steps, len(seen))) < chance
            yield spikes[:left]
