"""What a network says of the test images of tasks, which pass it once for all numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from torch import nn

from ..errors import DataError
from ..support.calls import public
from ..support.names import objects
from .evaluation import TASKS, class_shares, counted, largest, network_outputs
from .interface import require_outputs
from .tasks import Task, share_labels


class TaskAnswers:
    """What a network says of the test images of tasks: those of a task are shown when first needed.

    Parameters
    ----------
    network : torch.nn.Module
        Not changed, as long as it is asked.
    tasks : sequence of Task
        At least one.

    Raises
    ------
    DataError
        If there is no task.
    """

    def __init__(self, network: nn.Module, tasks: Sequence[Task]) -> None:
        self.tasks: tuple[Task, ...] = tuple(objects(tasks, "tasks", Task, TASKS))
        if not self.tasks:
            raise DataError("there are no tasks to measure accuracies on.")
        self._network: nn.Module | None = network
        self._known: dict[int, npt.NDArray[np.floating]] = {}

    def outputs_of(self, k: int) -> npt.NDArray[np.floating]:
        """Return the outputs for the test images of one task, from 0.

        Returns
        -------
        ndarray, shape (n_images, n_outputs)
            Minus infinity for outputs that do not compete.

        Raises
        ------
        DataError
            If it has no test images.
        ParameterError
            As `brainsleep.wake.confusion_matrix`.
        """
        if k not in self._known:
            task = self.tasks[k]
            if len(task.test) == 0:
                raise DataError(f"{task.test.name} has no images to count.")
            assert self._network is not None
            outputs = network_outputs(self._network, task.test.images, candidates=task.candidates)
            require_outputs(outputs.shape[1], task.test)
            self._known[k] = outputs
            if len(self._known) == len(self.tasks):
                self._network = None  # which may be large
        return self._known[k]

    def ask_all(self) -> None:
        """Show all images that the network has not seen yet."""
        for k in range(len(self.tasks)):
            self.outputs_of(k)

    def accuracy_on(self, k: int) -> float:
        """Return the accuracy on one task."""
        return _accuracy(self.tasks[k].test.labels, self.outputs_of(k))

    def row(self, n_seen: int) -> list[float | None]:
        """Return the accuracies as `brainsleep.wake.task_accuracies` does."""
        return [self.accuracy_on(k) if k < n_seen else None for k in range(len(self.tasks))]

    @property
    def outputs(self) -> npt.NDArray[np.floating]:
        """The outputs for all images, task by task."""
        return np.concatenate([self.outputs_of(k) for k in range(len(self.tasks))])

    @property
    def labels(self) -> npt.NDArray[np.int64]:
        """The classes of all images, task by task."""
        return np.concatenate([task.test.labels for task in self.tasks])

    @property
    def accuracies(self) -> list[float]:
        """The accuracy on each task."""
        return [self.accuracy_on(k) for k in range(len(self.tasks))]

    @property
    def final_accuracy(self) -> float:
        """One number for all tasks; see :func:`final_accuracy_of`."""
        if share_labels(self.tasks) or any(task.candidates is not None for task in self.tasks):
            return float(np.mean(self.accuracies))
        return _accuracy(self.labels, self.outputs)

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """Images by class and by the class that they are taken for; see :func:`confusion_of`."""
        outputs = self.outputs
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
    return TaskAnswers(network, tasks).final_accuracy


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
    return TaskAnswers(network, tasks).confusion


def _accuracy(labels: npt.NDArray[np.int64], outputs: npt.NDArray[np.floating]) -> float:
    """Return the unweighted mean of the class accuracies, over the classes present."""
    return float(class_shares(labels, largest(outputs), np.unique(labels)).mean())
