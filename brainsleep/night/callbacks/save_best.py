"""`SaveBest`: keep the weights of the best accuracy in the course of a night."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ...errors import DataError, DirectoryError, ParameterError, brief
from ...support.array_files import read_arrays, write_arrays
from ...support.calls import public
from ...support.files import make_parents
from ...support.names import read_path
from ...wake.evaluation import accuracy
from ...wake.given_data import LabelledImages, as_dataset
from .callback import Callback, NightState

if TYPE_CHECKING:
    from torch import nn

#: Array of steps and accuracies in a file, beside the best weights, whose names begin otherwise.
_HISTORY, _WEIGHTS = "history", "weights:"


@public
class SaveBest(Callback):
    """Measure accuracy every so many steps of a night, and keep the network that had the best.

    The best of many measurements is better than it will be on other images, as the images chose it.
    So give **validation** images that nothing else was chosen by: never test images, on which the
    chosen network is to be measured in the end.

    Parameters
    ----------
    validation : Dataset, DataLoader or pair (images, labels)
        What accuracy is measured on, as by `brainsleep.wake.accuracy`; read once.
    every : int
        Number of steps from one measurement to the next; the first is before the night, so that the
        best may be that of no sleep.
    path : path, optional
        An npz file of the best weights and all accuracies, written after each call, so that a night
        on disk that goes on knows what came before. When a night begins it is replaced;
        missing directories are made.

    Attributes
    ----------
    ann : torch.nn.Module or None
        A copy of the network with the best weights; None before the first measurement.
    weights : dict of str to ndarray
        The same weights, as in `Night.weights_after`.
    accuracy : float
        Its accuracy, in [0, 1]; the first of those that are alike.
    step : int
        After how many steps.
    history : list of (int, float)
        Steps and accuracies of all measurements.

    Raises
    ------
    ParameterError, KindError, DataError
        If `every`, `path` or the images make no sense.

    Examples
    --------
    >>> best = bs.SaveBest(digits.validation, every=50)  # doctest: +SKIP
    >>> night = bs.sleep(ann, stimulus, callbacks=[best])  # doctest: +SKIP
    >>> best.step, best.accuracy, best.ann  # doctest: +SKIP
    """

    def __init__(
        self,
        validation: LabelledImages,
        *,
        every: int = 100,
        path: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(every)
        self.validation = as_dataset(validation)
        self.path = None if path is None else read_path(path, "path")
        self._forget()

    def _forget(self) -> None:
        """Begin anew."""
        self.ann: nn.Module | None = None
        self.weights: dict[str, np.ndarray] = {}
        self.accuracy, self.step = -1.0, 0
        self.history: list[tuple[int, float]] = []

    def __call__(self, state: NightState) -> None:
        """Measure accuracy, and keep the network if it is the best so far.

        Raises
        ------
        ParameterError
            If the night goes on and there is no file of what came before, or the network is not
            known or does not take the images.
        DirectoryError
            If the file cannot be read or written.
        """
        ann = state.require_ann("SaveBest")
        if state.step == 0:
            self._forget()
        elif not self.history:
            self._go_on(state)
        reached = accuracy(ann, self.validation)
        self.history.append((state.step, reached))
        if reached > self.accuracy:
            self.accuracy, self.step = reached, state.step
            self.weights, self.ann = state.weights, ann
        if self.path is not None:
            self._write()

    def _go_on(self, state: NightState) -> None:
        """Read what came before the steps at which a night on disk goes on."""
        if self.path is None:
            raise ParameterError(
                f"SaveBest: the night goes on after {state.first_step} steps, and what came before "
                "is not known; give SaveBest a path when the night begins."
            )
        try:
            arrays = read_arrays(self.path)
            steps, accuracies = arrays.pop(_HISTORY).T
        except (DataError, OSError, KeyError, ValueError) as error:
            raise DirectoryError(
                f"SaveBest: the night goes on after {state.first_step} steps, but {self.path} does "
                f"not say what came before: {brief(error)}."
            ) from None
        found = list(zip(steps.astype(int).tolist(), accuracies.tolist(), strict=True))
        self.step, self.accuracy = max(found, key=lambda one: one[1])
        self.history = [one for one in found if one[0] < state.first_step]  # others come again
        self.weights = {name.removeprefix(_WEIGHTS): one for name, one in arrays.items()}
        self.ann = state.network_with(self.weights)

    def _write(self) -> None:
        """Write the best weights and all accuracies."""
        assert self.path is not None
        arrays = {f"{_WEIGHTS}{name}": one for name, one in self.weights.items()}
        make_parents(self.path)
        write_arrays(self.path, {_HISTORY: np.array(self.history, float), **arrays})

    def __repr__(self) -> str:
        if not self.history:
            return f"SaveBest(every={self.every}, nothing measured yet)"
        return f"SaveBest(every={self.every}, {self.accuracy:.1%} after {self.step:,} steps)"
