"""Accuracy matrices of continual learning: what they are, and how they are checked.

The matrix :math:`R_{k,j}` is a list of rows, one per task learned: the test accuracy, between 0
and 1, of task :math:`j` after task :math:`k` was learned; ``None`` or NaN for a task not yet seen.
Rows and tasks are numbered from 0. An experiment with sleep has two such matrices, for it measures
all tasks before and after the night that follows each task.

Each row is what `brainsleep.wake.task_accuracies` returns, of all tasks or of those seen so far:
rows may become longer, and what a shorter one lacks at its end counts as not yet seen. One row
alone is a matrix of one row. A DataFrame is taken as its values: the ``after_sleep`` of a run that
`brainsleep.load_run` returns is one.

Rows may also hold accuracies of tasks that are still to come. Where there is one row per task, task
:math:`j` is learned in row :math:`j`, and measures of what was learned leave earlier entries out.
In any other matrix a task is learned in the first row that has an accuracy of it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError, brief
from ..support.checks import number
from ..support.names import items

#: Accuracies by task learned and task tested; None or NaN for a task not yet seen.
AccuracyMatrix: TypeAlias = (
    Sequence[Sequence[float | None]] | Sequence[float | None] | npt.NDArray[np.float64]
)


def accuracy_array(R: AccuracyMatrix, name: str = "R") -> npt.NDArray[np.float64]:
    r"""Check an accuracy matrix :math:`R` and return it as an array.

    Parameters
    ----------
    R : sequence of sequences of float or None, array or DataFrame
        Accuracies, one row per task learned; or one row. Not changed.
    name : str
        What error messages call it.

    Returns
    -------
    ndarray of float64, shape (n_learned, n_tasks)
        A new array; NaN for tasks not yet seen.

    Raises
    ------
    ParameterError
        If it is empty, a row is shorter than one before it, or a value is not between 0 and 1.

    Examples
    --------
    >>> accuracy_array([[1.0, None], [0.5, 0.75]]).tolist()
    [[1.0, nan], [0.5, 0.75]]
    >>> accuracy_array([[1.0], [0.5, 0.75]]).tolist()
    [[1.0, nan], [0.5, 0.75]]
    """
    to_numpy = getattr(R, "to_numpy", None)  # a DataFrame is a list of its columns
    plain = to_numpy() if callable(to_numpy) else R
    given = items(plain, name, "a list of rows of accuracies") if _is_row(plain) else []
    if not given:
        raise ParameterError(
            f"{name} must be a matrix of accuracies with one row per task learned, not {brief(R)}."
        )
    rows = _rows(given, name)
    lengths = [len(row) for row in rows]
    if lengths[0] == 0 or lengths != sorted(lengths):
        raise ParameterError(
            f"{name}: every row needs one entry per task (None if not yet seen), but the rows have "
            f"{', '.join(map(str, lengths))}."
        )
    matrix = np.full((len(rows), lengths[-1]), math.nan)
    for filled, row in zip(matrix, rows, strict=True):
        filled[: len(row)] = row
    return matrix


def learned_only(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return a matrix without accuracies of tasks that were still to come: NaN in their place."""
    if len(matrix) != matrix.shape[1]:
        return matrix
    return np.where(np.tri(len(matrix), dtype=bool), matrix, math.nan)


def right_after_learning(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the accuracy of each task in the row in which it was learned.

    Raises
    ------
    ParameterError
        If a task has none there.
    """
    learned = learned_only(matrix)
    tasks = np.arange(matrix.shape[1])
    rows = tasks if len(matrix) == len(tasks) else (~np.isnan(learned)).argmax(axis=0)
    accuracies = learned[rows, tasks]
    if np.isnan(accuracies).any():
        task = int(np.isnan(accuracies).argmax())
        raise ParameterError(
            f"R: task {task} has no accuracy in row {rows[task]}, right after it was learned; give "
            "a row for each task, as bs.wake.task_accuracies returns it."
        )
    return accuracies


def last_row(matrix: npt.NDArray[np.float64], name: str = "R") -> npt.NDArray[np.float64]:
    """Return the last row, or raise a ParameterError if it lacks a task."""
    last = matrix[-1]
    if np.isnan(last).any():
        task = int(np.isnan(last).argmax())
        raise ParameterError(
            f"{name}: task {task} has no accuracy in the last row; is the run unfinished?"
        )
    return last


def _is_row(value: object) -> bool:
    """Tell whether a value is a sequence, an array or a tensor of at least one dimension."""
    if isinstance(value, (str, bytes, Mapping)) or getattr(value, "ndim", 1) == 0:
        return False
    return hasattr(value, "__len__") and hasattr(value, "__getitem__")


def _rows(R: Sequence[Any], name: str) -> list[list[float]]:
    """Return the rows of a matrix, or the one row that was given."""
    are_rows = [_is_row(row) for row in R]
    if not any(are_rows):
        return [[_accuracy(value, name) for value in R]]
    if not all(are_rows):
        raise ParameterError(
            f"{name}: every row must be a list of accuracies, one per task, but one is not."
        )
    return [[_accuracy(value, name) for value in items(row, name, "a row")] for row in R]


def _accuracy(value: object, name: str) -> float:
    """Check one entry; None and NaN stand for not yet seen."""
    if value is None or (isinstance(value, (float, np.floating)) and math.isnan(value)):
        return math.nan
    field = f"{name}: each accuracy, a part of 1 unless None,"
    return number(value, field, minimum=0, maximum=1)
