"""Images shown one after the other, with rests between them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from brian2.units import Hz, Quantity, ms

from ..devices.arguments import read_time_step
from ..errors import ParameterError
from ..stimuli import Stimulus
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import LARGEST_COUNT
from ..support.quantities import Time, quantity


@public
class ImageSequence(Stimulus):
    """Images shown one after the other, each as Poisson spikes at rates proportional to pixels.

    All images have the same total rate, so that thin digits drive as much as bold ones. (The
    published code shows an image again, brighter, until enough neurons have answered.)

    Parameters
    ----------
    images : array_like, shape (n_images, ...)
        Pixels, at least 0; no image may be all black.
    total_rate : Quantity or str
        Rate of all inputs together while an image is shown.
    presentation, rest : Quantity or str
        How long each image is shown, and how long the input is silent before the next.
    dt : Quantity or str
        Time step of the circuit.

    Attributes
    ----------
    probability : ndarray of float32, shape (n_images, n_inputs)
        Spike probability of each pixel in each step.
    shown_steps : int
        Time steps for which an image is shown.
    presentation_steps : int
        Time steps from the beginning of one image to that of the next: shown, and rest.
    step : float
        Time step in seconds.

    Raises
    ------
    ParameterError, UnitsError
        If a pixel would spike more than once in a step, or a time is not a multiple of `dt`.

    References
    ----------
    Diehl, Cook 2015, Frontiers in Computational Neuroscience 9:99 (input encoding).
    """

    def __init__(
        self,
        images: npt.ArrayLike,
        *,
        total_rate: Quantity | str = 6400 * Hz,
        presentation: Time = 350 * ms,
        rest: Time = 150 * ms,
        dt: Time = 0.5 * ms,
    ) -> None:
        pixels = _read_pixels(images)
        self.step = read_time_step(dt)
        self.shown_steps = self._steps(presentation, "presentation")
        self.presentation_steps = self.shown_steps + self._steps(rest, "rest")
        rate = quantity(total_rate, Hz, "stimulus: total_rate", minimum=0)
        sums = pixels.sum(axis=1, dtype=np.float64)
        self.probability = (pixels * (rate * self.step / sums)[:, None]).astype(np.float32)
        if self.probability.max() > 1:
            raise ParameterError(
                f"stimulus: at a total rate of {rate:g} Hz a pixel would spike more than once in "
                "a step; lower total_rate or dt."
            )
        self.n_inputs = pixels.shape[1]
        self.n_steps = len(pixels) * self.presentation_steps

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Raise: probabilities change from image to image, and `chunks` draws the spikes."""
        raise NotImplementedError("ImageSequence draws its spikes image by image, in chunks()")

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[np.ndarray]:
        """Draw the spikes, one chunk per image, each from a random generator of its own.

        Parameters
        ----------
        n_steps : int
            Number of time steps.
        dt : float
            Time step in seconds; that of the sequence.
        seed : int
            Equal seeds give equal spikes.

        Yields
        ------
        ndarray of bool, shape (up to presentation_steps, n_inputs)

        Raises
        ------
        ParameterError
            If `dt` is another time step.
        """
        if abs(dt - self.step) > 1e-9 * dt:
            raise ParameterError(
                f"stimulus: was made for time steps of {self.step * 1e3:g} ms, not {dt * 1e3:g} "
                "ms; make it with the circuit's dt."
            )
        for index, probability in enumerate(self.probability):
            left = n_steps - index * self.presentation_steps
            if left <= 0:
                return
            rng = np.random.default_rng([seed, index])
            seen = np.flatnonzero(probability)  # most pixels of a digit are black
            spikes = np.zeros((self.presentation_steps, self.n_inputs), dtype=bool)
            draws = rng.random((self.shown_steps, len(seen)), dtype=np.float32)
            spikes[: self.shown_steps, seen] = draws < probability[seen]
            yield spikes[:left]

    def _steps(self, time: Time, name: str) -> int:
        """Return a time in steps."""
        seconds = quantity(time, ms, f"stimulus: {name}", minimum=0)
        if seconds / self.step > LARGEST_COUNT:
            raise ParameterError(f"stimulus: {name} is more than {LARGEST_COUNT} steps of dt.")
        steps = round(seconds / self.step)
        if abs(steps * self.step - seconds) > 1e-6 * self.step:
            raise ParameterError(
                f"stimulus: {name} ({seconds * 1e3:g} ms) must be a whole number of steps of "
                f"{self.step * 1e3:g} ms."
            )
        return steps


def _read_pixels(images: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Return images as rows of pixels."""
    pixels = numbers(images, "stimulus: images", minimum=0, dtype=np.float32)
    if pixels.ndim < 2:
        raise ParameterError(
            f"stimulus: images must have shape (n_images, ...) with n_images >= 1, not "
            f"{pixels.shape}."
        )
    pixels = pixels.reshape(len(pixels), -1)
    sums = pixels.sum(axis=1, dtype=np.float64)
    if sums.min() <= 0:
        raise ParameterError("stimulus: images: one is all black; leave it out.")
    return pixels
