"""`TensorBoard`: spikes, weights and accuracy in the course of a night, as scalars."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from brian2.units import second

from ...support.calls import public
from ...support.checks import truth
from ...support.names import read_path
from ...support.optional_packages import import_optional
from ...wake.evaluation import accuracy
from ...wake.given_data import LabelledImages, as_dataset
from .callback import Callback, NightState


@public
class TensorBoard(Callback):
    """Write what a night does to TensorBoard while it runs, by layer and step.

    ``spikes/NAME``: spikes of population NAME in each time step. ``rate/NAME``: its mean rate since
    the last call, in Hz. ``weights/NAME/mean``, ``/std`` and ``/change``: of the weights NAME, the
    last the root mean square of their change since the first call. ``accuracy``: on images that are
    given. Steps are time steps.

    Parameters
    ----------
    directory : path or writer
        Where TensorBoard finds it; or an object with `add_scalar(tag, value, step)`, such as
        torch's `SummaryWriter`, which is not closed.
    every : int
        Number of steps from one call to the next.
    validation : Dataset, DataLoader or pair (images, labels), optional
        What accuracy is measured on at each call.
    spikes : bool
        Whether the spikes of each time step are written: a scalar for each step and population.

    Raises
    ------
    ParameterError, KindError, DataError
        If an argument makes no sense.
    MissingPackageError
        If a directory is given and tensorboard is not installed.

    Examples
    --------
    >>> night = bs.sleep(ann, stimulus, callbacks=[bs.TensorBoard("logs")])  # doctest: +SKIP
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | Any,
        *,
        every: int = 100,
        validation: LabelledImages | None = None,
        spikes: bool = True,
    ) -> None:
        super().__init__(every)
        self.validation = None if validation is None else as_dataset(validation)
        self.spikes = truth(spikes, "spikes")
        self._given = directory if callable(getattr(directory, "add_scalar", None)) else None
        self._directory = None if self._given is not None else read_path(directory, "directory")
        if self._directory is not None:
            import_optional("tensorboard", "logs of TensorBoard", "tensorboard")
        self._writer: Any = self._given
        self._logged: int | None = None
        self._first: dict[str, np.ndarray] = {}

    def __call__(self, state: NightState) -> None:
        """Write what happened since the last call."""
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(str(self._directory))
        if self._logged is None:
            called = (state.first_step - 1) // self.every  # that often before the night went on
            self._logged, self._first = max(0, called * self.every), state.weights
        self._write_spikes(state, self._logged)
        self._write_weights(state)
        if self.validation is not None:
            reached = accuracy(state.require_ann("TensorBoard"), self.validation)
            self._writer.add_scalar("accuracy", reached, state.step)
        self._logged = state.step

    def _write_spikes(self, state: NightState, since: int) -> None:
        """Write spikes of each step, and rates, since some step."""
        seconds = (state.step - since) * float(state.dt / second)
        for name, counts in state.counts.items():
            new = np.asarray(counts[since:])
            if self.spikes:
                for step, count in enumerate(new.tolist(), since):
                    self._writer.add_scalar(f"spikes/{name}", count, step)
            if seconds > 0:
                rate = int(new.sum()) / (state.sizes[name] * seconds)
                self._writer.add_scalar(f"rate/{name}", rate, state.step)

    def _write_weights(self, state: NightState) -> None:
        """Write what weights are like."""
        for name, weights in state.weights.items():
            change = float(np.sqrt(np.mean((weights - self._first[name]) ** 2)))
            scalars = {"mean": weights.mean(), "std": weights.std(), "change": change}
            for what, value in scalars.items():
                self._writer.add_scalar(f"weights/{name}/{what}", float(value), state.step)

    def end(self) -> None:
        """Close what was opened here."""
        if self._given is None and self._writer is not None:
            self._writer.close()
        self._writer, self._logged = self._given, None
