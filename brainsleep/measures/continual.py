"""Continual learning: what the accuracy matrix says.

The matrix :math:`R_{k,j}` is a list of rows, one a stage: the test accuracy, between 0 and 1, of
task :math:`j` at stage :math:`k`, when the tasks up to :math:`k` have been learned; ``None`` for a
task not yet seen. Stages and tasks count from 0; task :math:`k` is learned at stage :math:`k`.
An experiment with sleep has two such matrices: before and after each stage's night.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError

AccuracyMatrix = Sequence[Sequence[float | None]]


@dataclass(frozen=True)
class MeanSD:
    """A mean with its spread, over seeds for example.

    Attributes
    ----------
    mean : float
        Arithmetic mean.
    sd : float
        Sample standard deviation (divided by n - 1); NaN for a single value, which has none.
    n : int
        Number of values.
    """

    mean: float
    sd: float
    n: int

    def __str__(self) -> str:
        spread = "" if math.isnan(self.sd) else f" ± {self.sd:.3f}"
        return f"{self.mean:.3f}{spread} (n = {self.n})"


def summarise(values: Iterable[float]) -> MeanSD:
    r"""Return the mean and the sample standard deviation.

    .. math:: m = \frac{1}{n} \sum_i x_i, \qquad s = \sqrt{\frac{1}{n-1} \sum_i (x_i - m)^2}

    Parameters
    ----------
    values : iterable of float
        One value a seed, say.

    Returns
    -------
    MeanSD
        Written ``0.695 ± 0.027 (n = 5)`` as text.

    Raises
    ------
    ParameterError
        If there are no values, or one is NaN or infinite.

    Examples
    --------
    >>> summarise([0.5, 0.75, 1.0])
    MeanSD(mean=0.75, sd=0.25, n=3)
    >>> print(summarise([0.5, 0.75, 1.0]))
    0.750 ± 0.250 (n = 3)
    """
    array = np.array(list(values), dtype=np.float64)
    if array.size == 0:
        raise ParameterError("values: there are none to summarise.")
    if not np.isfinite(array).all():
        raise ParameterError(f"values must be finite, but are {array.tolist()}.")
    sd = float(array.std(ddof=1)) if array.size > 1 else math.nan
    return MeanSD(mean=math.fsum(array) / array.size, sd=sd, n=array.size)


def final_accuracy(R: AccuracyMatrix) -> float:
    r"""Return the mean accuracy over all tasks at the last stage.

    .. math:: A = \frac{1}{T} \sum_{j=0}^{T-1} R_{K-1,j}

    for :math:`K` stages and :math:`T` tasks.

    Parameters
    ----------
    R : sequence of sequences of float or None
        Accuracy by stage and task. Left as it was.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ParameterError
        If `R` is no accuracy matrix, or a task had not been seen at the last stage.

    Examples
    --------
    >>> final_accuracy([[1.0, None], [0.25, 0.75]])
    0.5
    """
    return float(_last_stage(accuracy_array(R)).mean())


def forgetting(R: AccuracyMatrix) -> float:
    r"""Return how much of each task's best accuracy is lost at the end, averaged over tasks.

    .. math:: F = \frac{1}{T-1} \sum_{j=0}^{T-2}
        \left( \max_{k < K-1} R_{k,j} - R_{K-1,j} \right)

    for :math:`K` stages and :math:`T` tasks: the maximum is over the stages before the last at
    which the task had been seen, and the last task, which had no time to be forgotten, does not
    count. 0 means that nothing was forgotten; a negative value, that tasks became better. As in
    Chaudhry et al. (2018), *Riemannian Walk for Incremental Learning*.

    Parameters
    ----------
    R : sequence of sequences of float or None
        Accuracy by stage and task. Left as it was.

    Returns
    -------
    float
        Between -1 and 1; 0 for a single task.

    Raises
    ------
    ParameterError
        If `R` is no accuracy matrix, a task had not been seen at the last stage, or one other
        than the last task had not been seen before it.

    Examples
    --------
    The first task falls from 1 to 0.25, the second from 0.75 to 0.5.

    >>> forgetting([[1.0, None, None], [0.5, 0.75, None], [0.25, 0.5, 1.0]])
    0.5
    """
    matrix = accuracy_array(R)
    final = _last_stage(matrix)[:-1]
    if final.size == 0:
        return 0.0
    earlier = matrix[:-1, :-1]
    unseen = np.isnan(earlier).all(axis=0)
    if unseen.any():
        raise ParameterError(
            f"R: task {int(unseen.argmax())} was not seen before the last stage, so nobody knows "
            "how much of it was forgotten."
        )
    return float((np.nanmax(earlier, axis=0) - final).mean())


def recovered(before: AccuracyMatrix, after: AccuracyMatrix) -> float:
    r"""Return what a night gives back of the tasks learned in earlier stages, averaged over stages.

    .. math:: G = \frac{1}{K-1} \sum_{k=1}^{K-1} \frac{1}{k} \sum_{j=0}^{k-1}
        \left( R^{after}_{k,j} - R^{before}_{k,j} \right)

    for :math:`K` stages. Only tasks learned *before* stage :math:`k` count: the one just learned
    has nothing to recover yet. The first stage, with no earlier task, does not count either.

    Parameters
    ----------
    before, after : sequence of sequences of float or None
        Accuracy by stage and task, before and after each stage's night. Left as they were.

    Returns
    -------
    float
        Between -1 and 1; positive if nights help; 0 for a single stage.

    Raises
    ------
    ParameterError
        If one is no accuracy matrix, their shapes differ, or an earlier task has no accuracy.

    Examples
    --------
    The second night lifts the first task from 0 to 0.5, at some cost for the second.

    >>> recovered([[1.0, None], [0.0, 1.0]], [[1.0, None], [0.5, 0.75]])
    0.5
    """
    old = accuracy_array(before, "before")
    new = accuracy_array(after, "after")
    if old.shape != new.shape:
        raise ParameterError(
            f"before has {old.shape[0]} stages of {old.shape[1]} tasks, but after has "
            f"{new.shape[0]} of {new.shape[1]}."
        )
    gains = []
    for stage in range(1, len(old)):
        gain = (new - old)[stage, :stage]
        if np.isnan(gain).any():
            task = int(np.isnan(gain).argmax())
            raise ParameterError(
                f"task {task} was learned before stage {stage}, but has no accuracy there."
            )
        gains.append(gain.mean())
    return float(np.mean(gains)) if gains else 0.0


def accuracy_array(R: AccuracyMatrix, name: str = "R") -> npt.NDArray[np.float64]:
    """Check an accuracy matrix and return it as an array.

    Parameters
    ----------
    R : sequence of sequences of float or None
        Accuracy by stage and task. Left as it was.
    name : str
        What messages call it.

    Returns
    -------
    ndarray of float64, shape (n_stages, n_tasks)
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
        raise ParameterError(f"{name} must be a matrix of accuracies, one row a stage, not {R!r}.")
    if any(isinstance(row, str) or not hasattr(row, "__len__") for row in R):
        raise ParameterError(f"{name}: every row must be a list of accuracies, one a task.")
    rows = [[_accuracy(value, name) for value in row] for row in R]
    lengths = {len(row) for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        raise ParameterError(
            f"{name}: every stage needs one entry a task (None if not yet seen), but the rows have "
            f"{', '.join(str(len(row)) for row in rows)}."
        )
    return np.array(rows, dtype=np.float64)


def _accuracy(value: float | None, name: str) -> float:
    """Check one entry; NaN stands for not yet seen."""
    if value is None:
        return math.nan
    if isinstance(value, (bool, str)) or np.ndim(value) != 0:
        raise ParameterError(f"{name}: an accuracy must be a number or None, not {value!r}.")
    if not 0 <= value <= 1:
        raise ParameterError(f"{name}: accuracies are between 0 and 1, but one is {value!r}.")
    return float(value)


def _last_stage(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the last row, or raise if it misses a task."""
    last = matrix[-1]
    if np.isnan(last).any():
        task = int(np.isnan(last).argmax())
        raise ParameterError(
            f"R: task {task} has no accuracy at the last stage; is the run unfinished?"
        )
    return last
