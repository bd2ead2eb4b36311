"""What an accuracy matrix says, all at once."""

from __future__ import annotations

import numpy as np

from ..support.calls import public
from .accuracy_matrix import AccuracyMatrix, accuracy_array
from .forgetting import (
    average_incremental_accuracy,
    final_accuracy,
    forgetting,
    forgetting_since_learned,
)
from .transfer import backward_transfer, forward_transfer, intransigence


@public
def continual_measures(
    R: AccuracyMatrix,
    *,
    ahead: AccuracyMatrix | None = None,
    untrained: AccuracyMatrix | None = None,
    joint: AccuracyMatrix | None = None,
) -> dict[str, float]:
    r"""Return all measures of continual learning that can be said of an accuracy matrix :math:`R`.

    Of a network that was not measured after each task, as one that learns all tasks at once, that
    is the average accuracy in the end. Forward transfer and intransigence need other accuracies.

    Parameters
    ----------
    R : sequence of sequences of float or None
        ``R[k][j]``: accuracy of task j after task k was learned. Not changed.
    ahead, untrained : sequence, optional
        For :func:`forward_transfer`.
    joint : sequence, optional
        For :func:`intransigence`.

    Returns
    -------
    dict of str to float
        By name, as in :data:`brainsleep.measures.definitions.DEFINITIONS`.

    Raises
    ------
    ParameterError
        As :func:`final_accuracy`, or if something that is given does not fit `R`.

    Examples
    --------
    >>> found = continual_measures([[1.0, None], [0.25, 0.75]], joint=[1.0, 1.0])
    >>> found["final_accuracy"], found["forgetting"], found["intransigence"]
    (0.5, 0.75, 0.125)
    >>> continual_measures([[None, None], [0.75, 1.0]])
    {'final_accuracy': 0.875}
    """
    found = {"final_accuracy": final_accuracy(R)}
    if not _after_each_task(R):
        return found
    found |= {
        "average_incremental_accuracy": average_incremental_accuracy(R),
        "forgetting": forgetting(R),
        "forgetting_since_learned": forgetting_since_learned(R),
        "backward_transfer": backward_transfer(R),
    }
    if ahead is not None and untrained is not None:
        found["forward_transfer"] = forward_transfer(ahead, untrained)
    if joint is not None:
        found["intransigence"] = intransigence(R, joint)
    return found


def _after_each_task(R: AccuracyMatrix) -> bool:
    """Tell whether all tasks learned so far were measured after each task."""
    matrix = accuracy_array(R)
    n_rows, n_tasks = matrix.shape
    return n_rows == n_tasks and not np.isnan(matrix[np.tri(n_rows, dtype=bool)]).any()
