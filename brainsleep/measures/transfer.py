"""Transfer: what learning one task does to the others, and what it takes to learn the next."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from ..support.calls import public
from .accuracy_matrix import AccuracyMatrix, accuracy_array, last_row, right_after_learning


@public
def backward_transfer(R: AccuracyMatrix) -> float:
    r"""Return what tasks gained after they were learned (BWT), averaged over tasks.

    .. math:: \mathrm{BWT} = \frac{1}{T-1} \sum_{j=0}^{T-2} \left( R_{K-1,j} - R_{j,j} \right)

    for :math:`K` rows and :math:`T` tasks. The last task does not count, as nothing was learned
    after it. Negative values are forgetting: :func:`forgetting_since_learned` is ``-BWT``.

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
        If `R` is not an accuracy matrix, or a task lacks its accuracy in the last row or in that
        in which it was learned.

    References
    ----------
    Lopez-Paz, Ranzato 2017, Gradient Episodic Memory for Continual Learning.

    Examples
    --------
    The first task falls from 1 to 0.25, the second from 0.75 to 0.5.

    >>> backward_transfer([[1.0, None, None], [0.5, 0.75, None], [0.25, 0.5, 1.0]])
    -0.5
    """
    matrix = accuracy_array(R)
    final = last_row(matrix)
    if len(final) == 1:
        return 0.0
    if len(matrix) == 1:
        raise ParameterError(
            f"R: one row says nothing of transfer; give one for each of the {len(final)} tasks, as "
            "bs.wake.task_accuracies returns it after the task was learned."
        )
    return float((final - right_after_learning(matrix))[:-1].mean())


@public
def forward_transfer(ahead: AccuracyMatrix, untrained: AccuracyMatrix) -> float:
    r"""Return what tasks gain before they are learned (FWT), averaged over tasks.

    .. math:: \mathrm{FWT} = \frac{1}{T-1} \sum_{j=1}^{T-1} \left( R_{j-1,j} - b_j \right)

    where :math:`R_{j-1,j}` is the accuracy of task :math:`j` right before it is learned, and
    :math:`b_j` that of the untrained network. The first task does not count. Where one network has
    outputs for all classes and all of them compete (class-incremental learning), outputs of classes
    still to come are never the largest after the first task, so that it is about minus
    :math:`b_j`: it says something of domain- and task-incremental learning.

    Parameters
    ----------
    ahead : sequence of float, or of sequences of float
        The accuracy of each task right before it is learned, one row; or the rows of all tasks,
        ``bs.wake.task_accuracies(network, tasks)`` after each task, which hold these. Not changed.
    untrained : sequence of float
        The accuracy of each task before any training: one row. Not changed.

    Returns
    -------
    float
        Between -1 and 1; 0 for a single task.

    Raises
    ------
    ParameterError
        If one is not as it must be, or an accuracy is missing.

    References
    ----------
    Lopez-Paz, Ranzato 2017, Gradient Episodic Memory for Continual Learning.

    Examples
    --------
    The second task is at 0.5 before it is learned, and was at 0.25 before any training.

    >>> forward_transfer([[1.0, 0.5], [0.75, 1.0]], [0.5, 0.25])
    0.25
    >>> forward_transfer([0.5, 0.5], [0.5, 0.25])
    0.25
    """
    before = _before_learning(accuracy_array(ahead, "ahead"))
    start = last_row(accuracy_array(untrained, "untrained"), "untrained")
    if len(before) != len(start):
        raise ParameterError(
            f"ahead has {len(before)} tasks, but untrained {len(start)}; give both of the same."
        )
    gain = (before - start)[1:]
    if np.isnan(gain).any():
        task = 1 + int(np.isnan(gain).argmax())
        raise ParameterError(
            f"ahead: task {task} has no accuracy from before it was learned; "
            "bs.wake.task_accuracies(network, tasks) measures all tasks unless n_seen is given."
        )
    return float(gain.mean()) if gain.size else 0.0


def _before_learning(matrix: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the accuracy of each task before it was learned; NaN for the first of a matrix."""
    n_rows, n_tasks = matrix.shape
    if n_rows == 1:
        return matrix[0]
    if n_rows != n_tasks:
        raise ParameterError(
            f"ahead must be one row, or a row for each task, not {n_rows} of {n_tasks} tasks."
        )
    return np.concatenate([[np.nan], np.diagonal(matrix, 1)])


@public
def intransigence(R: AccuracyMatrix, joint: AccuracyMatrix) -> float:
    r"""Return how much worse tasks are learned than by joint training, averaged over tasks.

    .. math:: I = \frac{1}{T} \sum_{j=0}^{T-1} \left( a^*_j - R_{j,j} \right)

    where :math:`a^*_j` is the accuracy of task :math:`j` of a reference that was trained on several
    tasks together, and :math:`R_{j,j}` that right after the task was learned. The source's
    reference for task :math:`j` knows the tasks up to :math:`j`; runs have one reference, trained
    on all tasks, to which more classes are open. Where outputs compete, it is therefore low for
    early tasks, and may be negative for a network that has forgotten the others.

    Parameters
    ----------
    R : sequence of sequences of float or None
        ``R[k][j]``: accuracy of task j after task k was learned. Not changed.
    joint : sequence of float
        The reference's accuracy of each task: one row; of a matrix the last row counts. Not
        changed.

    Returns
    -------
    float
        Between -1 and 1; 0 if tasks are learned as well as jointly.

    Raises
    ------
    ParameterError
        If one is not an accuracy matrix, their tasks differ, or an accuracy is missing.

    References
    ----------
    Chaudhry, Dokania, Ajanthan, Torr 2018, Riemannian Walk for Incremental Learning.

    Examples
    --------
    >>> intransigence([[1.0, None], [0.25, 0.5]], [1.0, 0.75])
    0.125
    """
    learned = right_after_learning(accuracy_array(R))
    reference = last_row(accuracy_array(joint, "joint"), "joint")
    if len(learned) != len(reference):
        raise ParameterError(
            f"R has {len(learned)} tasks, but joint {len(reference)}; give both of the same."
        )
    return float((reference - learned).mean())
