"""Accuracy matrices of continual learning: what they are, and how they are checked.

The matrix :math:`R_{k,j}` is a list of rows, one per task learned: the test accuracy, between 0
and 1, of task :math:`j` after task :math:`k` was learned; ``None`` for a task not yet seen. Rows
and tasks are numbered from 0. An experiment with sleep has two such matrices, for it measures all
tasks before and after the night that follows each task.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError, brief

#: Accuracies by task learned and task tested; None for a task not yet seen.
AccuracyMatrix: TypeAlias = Sequence[Sequence[float | None]] | npt.NDArray[np.float64]


def accuracy_array(R: AccuracyMatrix, name: str = "R") -> npt.NDArray[np.float64]:
    r"""Check an accuracy matrix :math:`R` and return it as an array.

    Parameters
    ----------
    R : sequence of sequences of float or None
        Accuracies, one row per task learned. Not changed.
    name : str
        What error messages call it.

    Returns
    -------
    ndarray of float64, shape (n_learned, n_tasks)
        A new array; NaN for tasks not yet seen.

    Raises
    ------
    ParameterError
        If it is empty, its rows differ in length, or a value is not between 0 and 1.

    Examples
    --------
    >>> accuracy_array([[1.0, None], [0.5, 0.75]]).tolist()
    [[1.0, nan], [0.5, 0.75]]
    """
    if isinstance(R, str) or not hasattr(R, "__len__") or len(R) == 0:
        raise ParameterError(
            f"{name} must be a matrix of accuracies with one row per task learned, not {brief(R)}."
        )
    if any(isinstance(row, str) or not hasattr(row, "__len__") for row in R):
        raise ParameterError(
            f"{name}: every row must be a list of accuracies, one per task, but one is not."
        )
    rows = [[_accuracy(value, name) for value in row] for row in R]
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        raise ParameterError(
            f"{name}: every row needs one entry per task (None if not yet seen), but the rows have "
            f"{', '.join(str(len(row)) for row in rows)}."
        )
    return np.array(rows, dtype=np.float64)


def _accuracy(value: float | None, name: str) -> float:
    """Check one entry; NaN stands for not yet seen."""
    if value is None:
        return math.nan
    if isinstance(value, (bool, str)) or np.ndim(value) != 0:
        raise ParameterError(f"{name}: an accuracy must be a number or None, not {brief(value)}.")
    if not 0 <= value <= 1:
        raise ParameterError(f"{name}: accuracies are between 0 and 1, but one is {brief(value)}.")
    return float(value)
