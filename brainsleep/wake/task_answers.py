"""What a network says of the test images of all tasks, which pass it once for all numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from torch import nn

from ..errors import DataError
from ..support.calls import public
from ..support.names import objects
from .evaluation import TASKS, class_shares, counted, largest, network_outputs
from .interface import count_outputs
from .tasks import Task, share_labels


@dataclass(frozen=True, eq=False)
class TaskAnswers:
    """What a network gives for the test images of tasks.

    Attributes
    ----------
    tasks : tuple of Task
        At least one.
    outputs : tuple of ndarray, shape (n_images, n_outputs)
        Of each task; minus infinity for outputs that do not compete.
    """

    tasks: tuple[Task, ...]
    outputs: tuple[npt.NDArray[np.floating], ...]

    @classmethod
    def of(cls, network: nn.Module, tasks: Sequence[Task]) -> Self:
        """Show a network the test images of tasks.

        Raises
        ------
        DataError
            If there is no task, or one has no test images.
        ParameterError
            As `brainsleep.wake.confusion_matrix`.
        """
        read = objects(tasks, "tasks", Task, TASKS)
        if not read:
            raise DataError("there are no tasks to measure accuracies on.")
        for task in read:
            if len(task.test) == 0:
                raise DataError(f"{task.test.name} has no images to count.")
            count_outputs(network, task.test)
        shown = [network_outputs(network, t.test.images, candidates=t.candidates) for t in read]
        return cls(tuple(read), tuple(shown))

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The classes of all images, task by task."""
        return np.concatenate([task.test.labels for task in self.tasks])

    @property
    def accuracies(self) -> list[float]:
        """The accuracy on each task, as `brainsleep.wake.task_accuracies` returns it."""
        pairs = zip(self.tasks, self.outputs, strict=True)
        return [_accuracy(one.test.labels, given) for one, given in pairs]

    @property
    def final_accuracy(self) -> float:
        """One number for all tasks; see :func:`final_accuracy_of`."""
        if share_labels(self.tasks) or any(task.candidates is not None for task in self.tasks):
            return float(np.mean(self.accuracies))
        return _accuracy(self.labels, np.concatenate(self.outputs))

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """Images by class and by the class that they are taken for; see :func:`confusion_of`."""
        outputs = np.concatenate(self.outputs)
        return counted(self.labels, largest(outputs), outputs.shape[1])


@public
def final_accuracy_of(network: nn.Module, tasks: Sequence[Task]) -> float:
    """Return one number for all tasks: what tables of results show.

    Parameters
    ----------
    network : torch.nn.Module
        Left as it was.
    tasks : sequence of Task
        At least one.

    Returns
    -------
    float
        The unweighted mean over the classes of all tasks. Where tasks share labels, or have
        candidates of their own, the unweighted mean of their accuracies.

    Raises
    ------
    DataError
        If there is no task, or one has no test images.
    ParameterError
        As :func:`brainsleep.wake.predict`, or if a label has no output.
    """
    return TaskAnswers.of(network, tasks).final_accuracy


@public
def confusion_of(network: nn.Module, tasks: Sequence[Task]) -> npt.NDArray[np.int64]:
    """Count which class was taken for which, over the test images of all tasks.

    Parameters
    ----------
    network : torch.nn.Module
        Left as it was.
    tasks : sequence of Task
        At least one; each with its own candidates.

    Returns
    -------
    ndarray of int64, shape (n_outputs, n_outputs)
        As of :func:`brainsleep.wake.confusion_matrix`.

    Raises
    ------
    DataError
        If there is no task, or one has no test images.
    ParameterError
        As :func:`brainsleep.wake.confusion_matrix`.
    """
    return TaskAnswers.of(network, tasks).confusion


def _accuracy(labels: npt.NDArray[np.int64], outputs: npt.NDArray[np.floating]) -> float:
    """Return the unweighted mean of the class accuracies, over the classes present."""
    return float(class_shares(labels, largest(outputs), np.unique(labels)).mean())
