"""Images shown one after the other, with rests between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from brian2.units import Hz, ms

from ..errors import ParameterError
from ..stimuli import Stimulus
from ..support.quantities import quantity


class ImageSequence(Stimulus):
    """Images shown one after the other, each as Poisson spikes at rates proportional to pixels.

    All images have the same total rate, so that thin digits drive as much as bold ones. (The
    published code shows an image again, brighter, until enough neurons have answered.)

    Parameters
    ----------
    images : array_like, shape (n, ...)
        Pixels, at least 0; none all black.
    total_rate : Quantity or str
        Of all inputs together, while an image is shown.
    presentation, rest : Quantity or str
        How long each image is shown, and how long nothing is before the next.
    dt : Quantity or str
        Time step that the circuit will have.

    Raises
    ------
    ParameterError, UnitsError
        If a pixel would spike more than once a step, or a time is no multiple of `dt`.
    """

    def __init__(
        self,
        images: Any,
        total_rate: Any = 6400 * Hz,
        presentation: Any = 350 * ms,
        rest: Any = 150 * ms,
        dt: Any = 0.5 * ms,
    ) -> None:
        pixels = np.asarray(images, dtype=np.float32)
        if pixels.ndim < 2 or len(pixels) == 0:
            raise ParameterError(
                f"stimulus: images must have shape (n, ...) with n >= 1, not {pixels.shape}."
            )
        pixels = pixels.reshape(len(pixels), -1)
        sums = pixels.sum(axis=1, dtype=np.float64)
        if not np.isfinite(sums).all() or pixels.min() < 0 or sums.min() <= 0:
            raise ParameterError(
                "stimulus: pixels must be finite and at least 0, and no image all black."
            )
        self.step = quantity(dt, ms, "dt", minimum=0, exclusive_minimum=True)
        self.shown_steps = self._steps(presentation, "presentation")
        self.presentation_steps = self.shown_steps + self._steps(rest, "rest")
        rate = quantity(total_rate, Hz, "stimulus: total_rate", minimum=0)
        self.probability = (pixels * (rate * self.step / sums)[:, None]).astype(np.float32)
        if self.probability.max() > 1:
            raise ParameterError(
                f"stimulus: at a total rate of {rate:g} Hz a pixel would spike more than once a "
                "step; lower total_rate."
            )
        self.n_inputs = pixels.shape[1]
        self.n_steps = len(pixels) * self.presentation_steps

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        """Raise: they change from image to image."""
        raise NotImplementedError("a sequence of images is drawn image by image")

    def chunks(self, n_steps: int, dt: float, seed: int) -> Iterator[np.ndarray]:
        """Draw the spikes, one chunk an image; each image from a random generator of its own."""
        if abs(dt - self.step) > 1e-9 * dt:
            raise ParameterError(
                f"stimulus: was made for time steps of {self.step * 1e3:g} ms, not {dt * 1e3:g} ms."
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

    def _steps(self, time: Any, name: str) -> int:
        """Return a time in steps."""
        seconds = quantity(time, ms, f"stimulus: {name}", minimum=0)
        steps = round(seconds / self.step)
        if abs(steps * self.step - seconds) > 1e-6 * self.step:
            raise ParameterError(
                f"stimulus: {name} must be a whole number of steps of {self.step * 1e3:g} ms."
            )
        return steps
