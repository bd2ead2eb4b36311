"""The memory: stored patterns of single images with their labels, and the codebook they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DataError, ParameterError
from ..support.array_values import numbers
from ..support.calls import public
from ..support.checks import number
from .codebook import Codebook

#: What a memory consists of as arrays; those of the codebook only if there is one.
_ARRAYS = {"rows", "labels", "mean_activity", "mean_square"}
_OF_CODEBOOK = {"levels", "unit"}


@public
@dataclass(frozen=True, eq=False)
class EpisodeMemory:
    """Stored images of all tasks so far, as codes of the hidden activity that they evoked.

    Parameters
    ----------
    rows : array_like of uint8, shape (n, row_bytes)
        What is stored of each: codes bit by bit, or without a codebook the pixels themselves.
    labels : array_like of uint8, shape (n,)
        The output that each belongs to.
    codebook : Codebook or None
        What codes stand for; None where images themselves are stored.
    mean_activity : float
        Mean activation of the last hidden layer over the images of the first day.
    mean_square : float
        Mean square of the same in units of its mean; learning rates are in proportion to it.

    Raises
    ------
    ParameterError
        If shapes or values do not fit.
    """

    rows: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.uint8]
    codebook: Codebook | None
    mean_activity: float
    mean_square: float

    def __post_init__(self) -> None:
        n = len(np.atleast_1d(self.labels))  # 0 before the first day
        rows, labels = (
            numbers(value, f"memory: {name}", shape=shape, minimum=0, maximum=255, empty=n == 0)
            for name, value, shape in (
                ("rows", self.rows, (n, None)),
                ("labels", self.labels, (n,)),
            )
        )
        if self.codebook is not None and rows.shape[1] != self.codebook.row_bytes:
            raise ParameterError(
                f"memory: rows have {rows.shape[1]} bytes, but the codebook needs "
                f"{self.codebook.row_bytes}."
            )
        values: dict[str, Any] = {"rows": rows.astype(np.uint8), "labels": labels.astype(np.uint8)}
        for name in ("mean_activity", "mean_square"):
            field = f"memory: {name}"
            values[name] = number(getattr(self, name), field, minimum=0, exclusive_minimum=True)
        for name, value in values.items():
            object.__setattr__(self, name, value)  # the class is frozen

    def __len__(self) -> int:
        """Return the number of stored images."""
        return len(self.labels)

    @property
    def learned(self) -> tuple[int, ...]:
        """Outputs of which something is stored, ascending."""
        return tuple(np.unique(self.labels).tolist())

    @property
    def n_bytes(self) -> int:
        """Bytes of all of it: codebook, codes (or pixels), labels, and two numbers of four."""
        of_codebook = 0 if self.codebook is None else self.codebook.n_bytes
        return of_codebook + int(self.rows.nbytes) + int(self.labels.nbytes) + 8

    def room(self, n_bytes: int) -> int:
        """Return how many images a memory like this one holds in so many bytes."""
        empty = replace(self, rows=self.rows[:0], labels=self.labels[:0])
        return max(0, n_bytes - empty.n_bytes) // (self.rows.shape[1] + 1)

    @public
    def with_day(
        self,
        rows: npt.NDArray[np.uint8],
        labels: npt.NDArray[np.integer],
        n_bytes: int,
        rng: np.random.Generator,
    ) -> EpisodeMemory:
        """Return the memory after a day: classes share what fits, and the rest is forgotten.

        Parameters
        ----------
        rows : ndarray of uint8, shape (n, row_bytes)
            Of the day's images.
        labels : ndarray of int, shape (n,)
            Their outputs.
        n_bytes : int
            Most bytes that the memory may have.
        rng : numpy.random.Generator
            Draws which of the day's images are kept; of earlier ones the first stay.

        Raises
        ------
        ParameterError
            If there is not room for one image of each output.
        """
        order = rng.permutation(len(rows))
        all_rows = np.concatenate([self.rows, rows[order]])
        all_labels = np.concatenate([self.labels, np.asarray(labels)[order]])
        outputs, counts = np.unique(all_labels, return_counts=True)
        each = quota(counts.tolist(), self.room(n_bytes))
        if each < 1:
            raise ParameterError(
                f"capacity_bytes: {n_bytes:,} bytes have no room for one image of each of "
                f"{len(outputs)} outputs."
            )
        kept = np.sort(
            np.concatenate([np.flatnonzero(all_labels == one)[:each] for one in outputs])
        )
        return replace(self, rows=all_rows[kept], labels=all_labels[kept].astype(np.uint8))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return all of it as arrays, by name."""
        own: dict[str, npt.NDArray[Any]] = {
            "rows": self.rows,
            "labels": self.labels,
            "mean_activity": np.array(self.mean_activity),
            "mean_square": np.array(self.mean_square),
        }
        if self.codebook is not None:
            own |= {"levels": self.codebook.levels, "unit": np.array(self.codebook.unit)}
        return own

    @staticmethod
    def is_of(arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Tell whether arrays are those of such a memory."""
        return set(arrays) in (_ARRAYS, _ARRAYS | _OF_CODEBOOK)

    @staticmethod
    def of_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> EpisodeMemory:
        """Return the memory of which :meth:`arrays` are these; a DataError for others."""
        if not EpisodeMemory.is_of(arrays):
            raise DataError("these arrays are no memory of episodes.")
        codebook = None
        if "levels" in arrays:
            codebook = Codebook(arrays["levels"], float(arrays["unit"]))
        mean_activity, mean_square = (
            float(arrays[f"mean_{name}"]) for name in ("activity", "square")
        )
        return EpisodeMemory(arrays["rows"], arrays["labels"], codebook, mean_activity, mean_square)

    def __repr__(self) -> str:
        what = "images" if self.codebook is None else "codes of images"
        return (
            f"<EpisodeMemory of {len(self):,} {what}, {len(self.learned)} outputs, "
            f"{self.n_bytes:,} bytes>"
        )


def quota(counts: list[int], room: int) -> int:
    """Return the largest number of images per class with which all fit.

    Parameters
    ----------
    counts : list of int
        How many there are of each class.
    room : int
        How many fit in all.
    """
    each = 0
    while each < max(counts) and sum(min(one, each + 1) for one in counts) <= room:
        each += 1
    return each
