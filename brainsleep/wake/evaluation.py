"""What a network knows: accuracies, with all classes to choose from unless tasks say otherwise.

**Accuracy**, everywhere in this package: an image counts as right if its class has the largest
of *all* the network's outputs, not only of those of its task, as class-incremental learning
demands. Where the network is told the task (`Task.candidates`), the outputs of that task compete
alone. The accuracy of one class is the share of its images that are right; the accuracy over
several classes is the *unweighted mean* of theirs, so a class with many images counts no more
than one with few. All are between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..errors import DataError, ParameterError
from ..support.calls import public
from ..support.checks import whole_number
from ..support.names import objects
from .contexts import mode_of
from .given_data import LabelledImages, as_dataset
from .interface import as_network_input, count_outputs, shape_of
from .seeds_and_classes import class_numbers
from .tasks import Task

_BATCH_SIZE = 1000  # limits the memory needed; results do not depend on it
#: What messages call a sequence of tasks.
TASKS = "a list of tasks, as bs.wake.class_incremental returns"


@public
def predict(
    network: nn.Module, images: npt.ArrayLike, *, candidates: Iterable[int] | None = None
) -> npt.NDArray[np.int64]:
    """Return the class of the largest output for each image.

    Parameters
    ----------
    network : torch.nn.Module
        Used in evaluation mode, without gradients, and left as it was.
    images : array_like, shape (n_images, n_pixels)
        What the network takes.
    candidates : iterable of int, optional
        The outputs that compete. Default: all.

    Returns
    -------
    ndarray of int64, shape (n_images,)
        Class numbers; the lower one where outputs tie.

    Raises
    ------
    ParameterError
        If the network does not take these images, an output is NaN, or a candidate has no output.
    """
    return largest(network_outputs(network, images, candidates=candidates))


@public
def network_outputs(
    network: nn.Module, images: npt.ArrayLike, *, candidates: Iterable[int] | None = None
) -> npt.NDArray[np.floating]:
    """Return what a network gives for each image.

    Parameters
    ----------
    network : torch.nn.Module
        Used in evaluation mode, without gradients, and left as it was.
    images : array_like, shape (n_images, n_pixels)
        What the network takes.
    candidates : iterable of int, optional
        The outputs that compete; others are minus infinity. Default: all.

    Returns
    -------
    ndarray, shape (n_images, n_outputs)
        As `brainsleep.measures.calibration_error` takes them; of shape (0, 0) without images.

    Raises
    ------
    ParameterError
        If the network does not take these images, an output is NaN, or a candidate has no output.
    """
    chosen = None if candidates is None else _read_candidates(candidates)
    shown = as_network_input(network, images)
    if len(shown) == 0:
        return np.zeros((0, 0), dtype=np.float32)
    with torch.no_grad(), mode_of(network, training=False):
        batches = [
            _outputs(network, batch, tuple(shown.shape)).cpu().numpy()
            for batch in shown.split(_BATCH_SIZE)
        ]
    outputs = np.concatenate(batches)
    return outputs if chosen is None else _of_candidates(outputs, chosen)


@public
def class_accuracies(
    network: nn.Module,
    dataset: LabelledImages,
    classes: Iterable[int] | None = None,
    *,
    candidates: Iterable[int] | None = None,
) -> npt.NDArray[np.float64]:
    """Return the share of each class's images that are classified right.

    Parameters
    ----------
    network : torch.nn.Module
        Left as it was.
    dataset : Dataset or pair of arrays
        Images of other classes are not shown.
    classes : iterable of int, optional
        Default: the classes `dataset` has images of, ascending.
    candidates : iterable of int, optional
        As for :func:`predict`.

    Returns
    -------
    ndarray of float64, shape (n_classes,)
        In the order of `classes`, between 0 and 1.

    Raises
    ------
    DataError
        If a class has no images, or the data set none at all.
    ParameterError
        As :func:`predict`.
    """
    dataset = as_dataset(dataset)
    wanted = dataset.classes if classes is None else class_numbers(classes, "classes")
    missing = [label for label in wanted if label not in dataset.classes]
    if missing or not wanted:
        what = f"class {missing[0]}" if missing else "any class"
        raise DataError(f"no accuracy: {dataset.name} has no images of {what}.")
    shown = dataset.of_classes(wanted)
    predictions = predict(network, shown.images, candidates=candidates)
    return class_shares(shown.labels, predictions, wanted)


@public
def accuracy(
    network: nn.Module, dataset: LabelledImages, *, candidates: Iterable[int] | None = None
) -> float:
    """Return the unweighted mean of the class accuracies, over the classes present.

    Parameters
    ----------
    network : torch.nn.Module
        Left as it was.
    dataset : Dataset or pair of arrays
        At least one image.
    candidates : iterable of int, optional
        As for :func:`predict`.

    Returns
    -------
    float
        Between 0 and 1; the beginning of this module says what counts as right.

    Raises
    ------
    DataError
        If there are no images.
    ParameterError
        As :func:`predict`.
    """
    return float(class_accuracies(network, dataset, candidates=candidates).mean())


@public
def task_accuracies(
    network: nn.Module, tasks: Sequence[Task], n_seen: int | None = None
) -> list[float | None]:
    """Return the test accuracy of each task seen so far: one row of the matrix R[stage][task].

    The rows of all stages together are what `brainsleep.measures.forgetting` and
    `brainsleep.figures.plot_accuracy_matrix` take.

    Parameters
    ----------
    network : torch.nn.Module
        Left as it was.
    tasks : sequence of Task
        The whole sequence.
    n_seen : int, optional
        How many of them have been learned. Default: all.

    Returns
    -------
    list of float or None
        One entry per task: :func:`accuracy` on its test images, with its candidates; ``None`` if
        not yet seen.

    Raises
    ------
    ParameterError
        If `n_seen` is not a whole number between 0 and the number of tasks.
    """
    tasks = objects(tasks, "tasks", Task, TASKS)
    if n_seen is None:
        n_seen = len(tasks)
    n_seen = whole_number(n_seen, "n_seen", minimum=0, maximum=len(tasks))
    return [_accuracy_of(network, task) if k < n_seen else None for k, task in enumerate(tasks)]


@public
def confusion_matrix(
    network: nn.Module, dataset: LabelledImages, *, candidates: Iterable[int] | None = None
) -> npt.NDArray[np.int64]:
    """Count which class was taken for which.

    Parameters
    ----------
    network : torch.nn.Module
        Left as it was.
    dataset : Dataset or pair of arrays
        At least one image.
    candidates : iterable of int, optional
        As for :func:`predict`.

    Returns
    -------
    ndarray of int64, shape (n_outputs, n_outputs)
        Entry [i, j]: images of class i that were classified as j.

    Raises
    ------
    DataError
        If there are no images.
    ParameterError
        As :func:`predict`, or if a label has no output.
    """
    dataset = as_dataset(dataset)
    if len(dataset) == 0:
        raise DataError(f"{dataset.name} has no images to count.")
    n_outputs = count_outputs(network, dataset)
    predictions = predict(network, dataset.images, candidates=candidates)
    return counted(dataset.labels, predictions, n_outputs)


def largest(outputs: npt.NDArray[np.floating]) -> npt.NDArray[np.int64]:
    """Return the class of the largest output of each image, the lower one where outputs tie."""
    # NumPy's argmax takes the first of several maxima; torch's promises nothing.
    return outputs.argmax(axis=1) if outputs.size else np.zeros(0, dtype=np.int64)


def counted(
    labels: npt.NDArray[np.int64], predictions: npt.NDArray[np.int64], n_outputs: int
) -> npt.NDArray[np.int64]:
    """Count images by class (row) and by the class that they are taken for (column)."""
    cells = labels * n_outputs + predictions
    return np.bincount(cells, minlength=n_outputs**2).reshape(n_outputs, n_outputs)


def class_shares(
    labels: npt.NDArray[np.int64], predictions: npt.NDArray[np.int64], classes: Iterable[int]
) -> npt.NDArray[np.float64]:
    """Return the share of each class's images that are classified right."""
    is_right = predictions == labels
    return np.array([is_right[labels == label].mean() for label in classes])


def chance_level(tasks: Sequence[Task]) -> float | None:
    """Return the accuracy of guessing evenly among the classes that compete.

    They are the candidates of a task, or the classes of all tasks; None where some tasks have more
    than others.
    """
    levels = set(chances([task.classes for task in tasks], [task.candidates for task in tasks]))
    return levels.pop() if len(levels) == 1 else None


def chances(
    classes: Sequence[Iterable[int]], candidates: Sequence[Iterable[int] | None]
) -> list[float]:
    """Return the accuracy of guessing on each task, by the classes and candidates of all tasks."""
    every = {label for of_task in classes for label in of_task}
    return [1 / len(set(of_task or every)) for of_task in candidates]


def _accuracy_of(network: nn.Module, task: Task) -> float:
    """Return the accuracy on a task's test images, with its candidates."""
    return accuracy(network, task.test, candidates=task.candidates)


def _read_candidates(candidates: Iterable[int]) -> npt.NDArray[np.int64]:
    """Return the outputs that compete, ascending."""
    chosen = sorted(set(class_numbers(candidates, "candidates")))
    if not chosen:
        raise ParameterError("candidates is empty: no output could win.")
    return np.array(chosen, dtype=np.int64)


def _of_candidates(
    outputs: npt.NDArray[np.floating], chosen: npt.NDArray[np.int64]
) -> npt.NDArray[np.floating]:
    """Return outputs that are minus infinity but for those that compete."""
    if chosen[-1] >= outputs.shape[1]:
        raise ParameterError(
            f"candidates: output {chosen[-1]} is one of them, "
            f"but the network has only {outputs.shape[1]} outputs."
        )
    competing = np.full_like(outputs, -np.inf)
    competing[:, chosen] = outputs[:, chosen]
    return competing


def _outputs(network: nn.Module, batch: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    """Return the outputs for a batch of images; `shape`, that of all images, is for messages."""
    try:
        outputs = network(batch.clone())  # its first layer may work in place
    except RuntimeError as error:
        raise ParameterError(
            f"the network does not take images of shape {shape}: {error}."
        ) from error
    if not isinstance(outputs, torch.Tensor) or outputs.ndim != 2 or len(outputs) != len(batch):
        raise ParameterError(
            f"the network must give outputs of shape (n, n_outputs), not {shape_of(outputs)}."
        )
    if torch.isnan(outputs).any():
        raise ParameterError("the network's outputs are NaN: its weights have diverged.")
    return outputs.float() if outputs.dtype is torch.bfloat16 else outputs  # NumPy has no bfloat16
