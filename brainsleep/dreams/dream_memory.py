"""What a network with dreams keeps from night to night besides its weights."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError, ParameterError
from ..support.array_files import read_arrays, write_arrays
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import number
from ..support.files import make_parents, replacing
from ..support.names import items, read_path
from .outputs import read_outputs

#: What a file holds.
_ARRAYS = {"feedback", "thresholds", "mean_square", "learned"}


@public
@dataclass(frozen=True, eq=False)
class DreamMemory:
    """Feedback weights, thresholds and which outputs have learned.

    Parameters
    ----------
    feedback : array_like, shape (n_outputs, n_hidden)
        Weights from each output to a hidden layer, in [0, 1]: with which probability each of its
        neurons spikes when the output does. They amount to class means of hidden activity.
    thresholds : sequence of float
        Of the hidden layers, first to last; set once, in the first night.
    mean_square : float
        Mean square of the last hidden layer's activation in units of its mean, over the images of
        the first day; learning rates are in proportion to it.
    learned : sequence of int
        Outputs that have learned, ascending.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    feedback: npt.NDArray[np.floating]
    thresholds: Sequence[float]
    mean_square: float
    learned: Sequence[int]

    def __post_init__(self) -> None:
        own = np.asarray(self.feedback)
        kind = np.float32 if own.dtype == np.float32 else np.float64
        feedback = numbers(
            own, "memory: feedback", shape=(None, None), minimum=0, maximum=1, dtype=kind
        )
        thresholds = numbers(
            items(self.thresholds, "memory: thresholds", "numbers"), "memory: thresholds"
        )
        if thresholds.min() <= 0:
            raise ParameterError("memory: thresholds must be above 0.")
        number(self.mean_square, "memory: mean_square", minimum=0, exclusive_minimum=True)
        object.__setattr__(self, "mean_square", float(self.mean_square))
        object.__setattr__(self, "feedback", feedback)  # the class is frozen
        object.__setattr__(self, "thresholds", tuple(thresholds.tolist()))
        learned = read_outputs(self.learned, "memory: learned", len(feedback))
        object.__setattr__(self, "learned", learned)

    @property
    def n_bytes(self) -> int:
        """Bytes of all of it: feedback weights as they are, other numbers in four, flags in one."""
        n_outputs = len(self.feedback)
        return int(self.feedback.nbytes) + 4 * (len(self.thresholds) + 1) + n_outputs

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as arrays, by the names of the parameters."""
        return {
            "feedback": self.feedback,
            "thresholds": np.array(self.thresholds),
            "mean_square": np.array(self.mean_square),
            "learned": np.array(self.learned, dtype=np.int64),
        }

    @staticmethod
    def of_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> DreamMemory:
        """Return the memory of which :meth:`arrays` are these."""
        thresholds, learned = (arrays[name].tolist() for name in ("thresholds", "learned"))
        mean_square = float(arrays["mean_square"])
        return DreamMemory(arrays["feedback"], thresholds, mean_square, learned)

    @public
    def save(self, file: str | os.PathLike[str]) -> None:
        """Write it to an npz file; one that is there is replaced.

        Parameters
        ----------
        file : path
            The file.

        Raises
        ------
        DirectoryError
            If it cannot be written.
        """
        path = read_path(file, "file")
        make_parents(path)
        with replacing(path) as partial:
            write_arrays(partial, self.arrays())

    @staticmethod
    @public
    def load(file: str | os.PathLike[str]) -> DreamMemory:
        """Read what :meth:`save` wrote.

        Raises
        ------
        DataError
            If the file is not there, or holds something else.
        """
        path = read_path(file, "file")
        if not path.is_file():
            raise DataError(f"{path} is no file; DreamMemory.save writes one.")
        found = read_arrays(path)
        if set(found) != _ARRAYS:
            raise DataError(f"{path} holds no memory of dreams.")
        return DreamMemory.of_arrays(found)

    def __repr__(self) -> str:
        n_outputs, n_hidden = self.feedback.shape
        return (
            f"<DreamMemory of {n_outputs} outputs × {n_hidden} neurons, "
            f"{len(self.learned)} learned, {self.n_bytes:,} bytes>"
        )
