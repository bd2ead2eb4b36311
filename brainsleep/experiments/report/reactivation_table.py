"""Whether neurons that a class of images drives awake are those that fired asleep, for a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import nn

from ...errors import BrainsleepError, DirectoryError
from ...measures import reactivation, spike_counts
from ...night import Night
from ...night.labels import labels_of
from ...night.result import with_hidden
from ...translation import activations, write_back
from ...wake import Dataset, Task, concatenate
from ..model_files.modelfile import ModelFile
from ..run_results import Run
from ..tasks_again import tasks_again

#: Most activations that are computed at a time: images times neurons.
MOST_VALUES = 20_000_000

#: Images of each class, at most.
MOST_IMAGES = 100


@dataclass(frozen=True)
class ReactivationRow:
    """One population in one night.

    Attributes
    ----------
    night, population : str
        What the page calls them.
    mean : list of float
        By class: correlation of activations awake and spike counts asleep, mean over images.
    band : list of float
        By class: two standard deviations of it, if the neurons were shuffled.
    untrained : list of float
        By class: that of the same spikes and the activations of the untrained network.
    """

    night: str
    population: str
    mean: list[float]
    band: list[float]
    untrained: list[float]


@dataclass(frozen=True)
class ReactivationTable:
    """Reactivation in all nights of a run.

    Attributes
    ----------
    classes : list of str
        The columns.
    learned : dict of str to list of bool
        By night: whether each class was learned before it.
    rows : list of ReactivationRow
        Night by night; none if `why_not` says why.
    n_images : int
        Images per class, at most.
    why_not : str
        Why there are no rows; else empty.
    """

    classes: list[str] = field(default_factory=list)
    learned: dict[str, list[bool]] = field(default_factory=dict)
    rows: list[ReactivationRow] = field(default_factory=list)
    n_images: int = 0
    why_not: str = ""


def reactivation_table(run: Run) -> ReactivationTable:
    """Return the reactivation in the nights of a run, of its test images.

    Images and networks are made again from what the run directory says, and the images compared
    with their digest there. Nothing of the user's is executed for it.
    """
    try:
        return _table(run)
    except BrainsleepError as error:
        return ReactivationTable(why_not=str(error))


def _table(run: Run) -> ReactivationTable:
    settings, model = run.settings, run.model
    if not isinstance(model, ModelFile) or "network" not in settings:
        raise DirectoryError("the run does not keep the network that it began with.")
    if model.dreams is not None:
        raise DirectoryError("it is measured in nights of [sleep], not of [dreams].")
    if "module" in settings["network"]:
        raise DirectoryError("the network is made by code of the user's own.")
    tasks = tasks_again(run)
    untrained = run.nights.untrained()
    assert untrained is not None
    images = _some_images(tasks, untrained)
    labels = images.labels
    before = activations(untrained, images.images)
    classes = np.unique(labels)
    found = ReactivationTable([str(label) for label in classes], n_images=_most_alike(labels))
    for task in run.nights_after[: len(run.nights)]:
        title = f"after task {task}"
        try:
            night = Night.load(run.directory / "nights" / str(task - 1))
            rows = _night_rows(night, title, untrained, images, before)
        except BrainsleepError:
            continue  # the page says so where it shows nights
        seen = {label for one in tasks[:task] for label in one.classes}
        found.learned[title] = [int(label) in seen for label in classes]
        found.rows.extend(rows)
    if not found.rows:
        raise DirectoryError("no night can be read.")
    return found


def _some_images(tasks: Sequence[Task], network: nn.Module) -> Dataset:
    """Return test images of all tasks: of each class the first ones, so many that memory lasts."""
    images = concatenate([task.test for task in tasks])
    one = activations(network, images.images[:1])
    width = sum(values.shape[1] for values in one.values())
    n_classes = len(np.unique(images.labels))
    most = int(np.clip(MOST_VALUES // (width * n_classes), 1, MOST_IMAGES))
    chosen = [np.flatnonzero(images.labels == label)[:most] for label in np.unique(images.labels)]
    rows = np.concatenate(chosen)
    return Dataset(images.name, images.images[rows], images.labels[rows], images.image_shape)


def _night_rows(
    night: Night,
    title: str,
    network: nn.Module,
    images: Dataset,
    before: Mapping[str, np.ndarray],
) -> list[ReactivationRow]:
    """Return the rows of a night: of the network that fell asleep, and of the untrained one."""
    asleep = write_back(network, with_hidden(night.weights_before, night.under_masks))
    counts, labels = spike_counts(night.spikes), labels_of(night)
    found = reactivation(counts, activations(asleep, images.images), images.labels)
    other = reactivation(counts, before, images.labels)
    return [
        ReactivationRow(
            title,
            labels.get(name, name),
            _list(found.mean[name]),
            _list(2 * found.null_sd[name]),
            _list(other.mean[name]) if name in other.mean else [],
        )
        for name in found.mean
    ]


def _list(values: np.ndarray) -> list[float]:
    return [float(value) for value in values]


def _most_alike(labels: np.ndarray) -> int:
    """Return how many images a class has, at most."""
    return int(np.unique(labels, return_counts=True)[1].max())
