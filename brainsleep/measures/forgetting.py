"""Continual learning: what an accuracy matrix says of a whole experiment."""

from __future__ import annotations

import numpy as np

from ..errors import ParameterError
from ..support.calls import public
from .accuracy_matrix import AccuracyMatrix, accuracy_array, last_row, learned_only
from .transfer import backward_transfer


@public
def final_accuracy(R: AccuracyMatrix) -> float:
    r"""Return the average accuracy: the mean of all tasks after the last one was learned.

    .. math:: A = \frac{1}{T} \sum_{j=0}^{T-1} R_{K-1,j}

    for :math:`K` rows and :math:`T` tasks.

    Parameters
    ----------
    R : sequence of sequences of float or None
        ``R[k][j]``: accuracy of task j after task k was learned. Not changed.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ParameterError
        If `R` is not an accuracy matrix, or the last row lacks a task.

    References
    ----------
    Lopez-Paz, Ranzato 2017, Gradient Episodic Memory for Continual Learning (there ACC).

    Examples
    --------
    >>> final_accuracy([[1.0, None], [0.25, 0.75]])
    0.5
    """
    return float(last_row(accuracy_array(R)).mean())


@public
def average_incremental_accuracy(R: AccuracyMatrix) -> float:
    r"""Return the average accuracy over the tasks learned so far, averaged over all rows.

    .. math:: \bar A = \frac{1}{K} \sum_{k=0}^{K-1} A_k, \qquad
        A_k = \frac{1}{k+1} \sum_{j=0}^{k} R_{k,j}

    for :math:`K` rows, where row :math:`k` counts the tasks learned until then.

    Parameters
    ----------
    R : sequence of sequences of float or None
        ``R[k][j]``: accuracy of task j after task k was learned. Not changed.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    ParameterError
        If `R` is not an accuracy matrix, or a row lacks a task learned until then.

    References
    ----------
    Rebuffi, Kolesnikov, Sperl, Lampert 2017, iCaRL: Incremental Classifier and Representation
    Learning.

    Examples
    --------
    >>> average_incremental_accuracy([[1.0, None], [0.25, 0.75]])
    0.75
    """
    matrix = learned_only(accuracy_array(R))
    last_row(matrix)
    seen = ~np.isnan(matrix)
    missing = np.maximum.accumulate(seen, axis=0) & ~seen
    if len(matrix) == matrix.shape[1]:
        missing = np.tri(len(matrix), dtype=bool) & ~seen
    empty = missing.any(axis=1) | ~seen.any(axis=1)
    if empty.any():
        row = int(empty.argmax())
        raise ParameterError(f"R: row {row} lacks the accuracy of a task learned until then.")
    return float(np.nanmean(matrix, axis=1).mean())


@public
def forgetting(R: AccuracyMatrix) -> float:
    r"""Return how much of each task's best accuracy is lost in the end, averaged over tasks.

    :func:`forgetting_since_learned` is the other definition; it begins where a task was learned.

    .. math:: F = \frac{1}{T-1} \sum_{j=0}^{T-2}
        \left( \max_{k < K-1} R_{k,j} - R_{K-1,j} \right)

    for :math:`K` rows and :math:`T` tasks. The maximum is over the rows before the last in which
    the task had been seen. The last task does not count, as nothing was learned after it. 0 means
    that nothing was forgotten; a negative value, that tasks became better.

    Parameters
    ----------
    R : sequence of sequences of float or None
        ``R[k][j]``: accuracy of task j after task k was learned. Not changed.

    Returns
    -------
    float
        Between -1 and 1; 0 for a single task.

    Raises
    ------
    ParameterError
        If `R` is not an accuracy matrix, the last row lacks a task, or a task other than the last
        is only in the last row.

    References
    ----------
    Chaudhry, Dokania, Ajanthan, Torr 2018, Riemannian Walk for Incremental Learning.

    Examples
    --------
    The first task falls from 1 to 0.25, the second from 0.75 to 0.5.

    >>> forgetting([[1.0, None, None], [0.5, 0.75, None], [0.25, 0.5, 1.0]])
    0.5
    """
    matrix = learned_only(accuracy_array(R))
    final = last_row(matrix)[:-1]
    if final.size == 0:
        return 0.0
    earlier = matrix[:-1, :-1]
    unseen = np.isnan(earlier).all(axis=0)
    if len(earlier) == 0:
        raise ParameterError(
            f"R: one row says nothing of forgetting; give one for each of the {matrix.shape[1]} "
            "tasks, as bs.wake.task_accuracies returns it after the task was learned."
        )
    if unseen.any():
        raise ParameterError(
            f"R: task {int(unseen.argmax())} was not seen before the last row, so it cannot be "
            "said how much of it was forgotten."
        )
    return float((np.nanmax(earlier, axis=0) - final).mean())


@public
def forgetting_since_learned(R: AccuracyMatrix) -> float:
    r"""Return how much accuracy tasks lose after they were learned, averaged over tasks.

    .. math:: F^{learned} = \frac{1}{T-1} \sum_{j=0}^{T-2} \left( R_{j,j} - R_{K-1,j} \right)
        = -\mathrm{BWT}

    :func:`forgetting` begins at the best accuracy instead, so it is never smaller.

    Parameters
    ----------
    R : sequence of sequences of float or None
        ``R[k][j]``: accuracy of task j after task k was learned. Not changed.

    Returns
    -------
    float
        Between -1 and 1; 0 for a single task; negative if tasks became better.

    Raises
    ------
    ParameterError
        As :func:`backward_transfer`.

    References
    ----------
    Lopez-Paz, Ranzato 2017, Gradient Episodic Memory for Continual Learning.

    Examples
    --------
    The first task is learned to 0.5, becomes better and falls to 0.25: of its best more is lost.

    >>> R = [[0.5, None, None], [1.0, 0.75, None], [0.25, 0.75, 1.0]]
    >>> forgetting_since_learned(R), forgetting(R)
    (0.125, 0.375)
    """
    return 0.0 - backward_transfer(R)


@public
def recovered(before: AccuracyMatrix, after: AccuracyMatrix) -> float:
    r"""Return how much accuracy nights give back of tasks learned earlier, averaged over nights.

    .. math:: G = \frac{1}{K-1} \sum_{k=1}^{K-1} \frac{1}{k} \sum_{j=0}^{k-1}
        \left( R^{after}_{k,j} - R^{before}_{k,j} \right)

    for :math:`K` rows. Only tasks learned *before* task :math:`k` count: the one just learned has
    nothing to recover yet. The first night, with no earlier task, does not count either.

    Parameters
    ----------
    before, after : sequence of sequences of float or None
        ``R[k][j]``: accuracy of task j after task k was learned, before and after the night that
        followed. Not changed.

    Returns
    -------
    float
        Between -1 and 1; positive if nights help; 0 for a single row.

    Raises
    ------
    ParameterError
        If one is not an accuracy matrix, their shapes differ, or an earlier task has no accuracy.

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
            f"before has {old.shape[0]} rows of {old.shape[1]} tasks, but after has "
            f"{new.shape[0]} of {new.shape[1]}; give both of one experiment."
        )
    gains = []
    for row in range(1, len(old)):
        gain = (new - old)[row, :row]
        if np.isnan(gain).any():
            task = int(np.isnan(gain).argmax())
            raise ParameterError(
                f"task {task} was learned before task {row}, but has no accuracy in row {row}."
            )
        gains.append(gain.mean())
    return float(np.mean(gains)) if gains else 0.0
