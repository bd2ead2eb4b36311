"""Whether neurons that a class of images drives awake are those that fired asleep, for a page."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from torch import fx, nn

from ...errors import BrainsleepError, DirectoryError
from ...measures import reactivation, spike_counts
from ...night import Night
from ...night.describing.labels import labels_of
from ...night.result import with_hidden
from ...translation import Translation, activations, as_translation, write_back
from ...wake import Dataset, Task, concatenate
from ..finished_runs.run_results import Run
from ..finished_runs.tasks_again import tasks_again
from ..model_files.modelfile import ModelFile
from ..nights.night_kinds import AnyNight, load_night

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


@dataclass(frozen=True)
class NightReactivation:
    """Reactivation in one night.

    Attributes
    ----------
    title : str
        What the page calls the night.
    rows : list of ReactivationRow
        One per population; none if it cannot be measured.
    learned : list of bool
        Whether each class was learned before it.
    """

    title: str
    rows: list[ReactivationRow] = field(default_factory=list)
    learned: list[bool] = field(default_factory=list)


class Reactivations:
    """The reactivation in the nights of a run, of its test images, night by night.

    Images and networks are made again from what the run directory says, and the images compared
    with their digest there. Nothing of the user's is executed for it.

    Parameters
    ----------
    run : Run
        The run.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    @functools.cached_property
    def why_not(self) -> str:
        """Why nothing can be measured; else empty. Networks and images are made for it."""
        try:
            assert self._shown is not None
        except BrainsleepError as error:
            return str(error)
        return ""

    def of_night(self, night: AnyNight, task: int) -> NightReactivation:
        """Return the reactivation in the night after a task; nothing if it cannot be measured."""
        title = f"after task {task}"
        if self.why_not or not isinstance(night, Night):
            return NightReactivation(title)
        shown = self._shown
        try:
            rows = _night_rows(night, title, shown)
        except BrainsleepError:  # the page says so where it shows nights
            return NightReactivation(title)
        seen = {label for one in shown.tasks[:task] for label in one.classes}
        return NightReactivation(title, rows, [int(label) in seen for label in shown.classes])

    def table(self, nights: Sequence[NightReactivation]) -> ReactivationTable:
        """Return what was found in those nights that can be read, or why there is nothing."""
        if nights and self.why_not:
            return ReactivationTable(why_not=self.why_not)
        rows = [row for night in nights for row in night.rows]
        if not rows:
            return ReactivationTable(why_not="no night can be read.")
        return ReactivationTable(
            classes=[str(label) for label in self._shown.classes],
            learned={night.title: night.learned for night in nights if night.learned},
            rows=rows,
            n_images=_most_alike(self._shown.images.labels),
        )

    @functools.cached_property
    def _shown(self) -> _Shown:
        """What is measured with, made when the first night is there."""
        settings, model = self._run.settings, self._run.model
        if not isinstance(model, ModelFile) or "network" not in settings:
            raise DirectoryError("the run does not keep the network that it began with.")
        if model.dreams is not None:
            raise DirectoryError("it is measured in nights of [sleep], not of [dreams].")
        if "module" in settings["network"]:
            raise DirectoryError("the network is made by code of the user's own.")
        tasks = tasks_again(self._run)
        untrained = self._run.nights.untrained()
        assert untrained is not None
        tests = concatenate([task.test for task in tasks])
        translation = as_translation(untrained, [tests.images.shape[1:]])
        images = _some_images(tests, translation)
        return _Shown(tasks, translation, images, activations(translation, images.images))


def reactivation_table(run: Run) -> ReactivationTable:
    """Return the reactivation in the nights of a run; see :class:`Reactivations`."""
    reactivations, found = Reactivations(run), []
    for task in run.nights_after[: len(run.nights)]:
        with suppress(BrainsleepError):  # the page says so where it shows nights
            night = load_night(run.directory / "nights" / str(task - 1))
            found.append(reactivations.of_night(night, task))
    return reactivations.table(found)


@dataclass(frozen=True)
class _Shown:
    """What reactivation is measured with."""

    tasks: Sequence[Task]
    untrained: Translation
    images: Dataset
    before: Mapping[str, np.ndarray]  # activations of the untrained network

    @property
    def classes(self) -> np.ndarray:
        return np.unique(self.images.labels)


def _some_images(images: Dataset, network: Translation) -> Dataset:
    """Return images of all tasks: of each class the first ones, so many that memory lasts."""
    one = activations(network, images.images[:1])
    width = sum(values.shape[1] for values in one.values())
    n_classes = len(np.unique(images.labels))
    most = int(np.clip(MOST_VALUES // (width * n_classes), 1, MOST_IMAGES))
    chosen = [np.flatnonzero(images.labels == label)[:most] for label in np.unique(images.labels)]
    rows = np.concatenate(chosen)
    return Dataset(images.name, images.images[rows], images.labels[rows], images.image_shape)


def _night_rows(night: Night, title: str, shown: _Shown) -> list[ReactivationRow]:
    """Return the rows of a night: of the network that fell asleep, and of the untrained one."""
    network, images = shown.untrained, shown.images
    asleep = _with_weights(network, with_hidden(night.weights_before, night.under_masks))
    counts, labels = spike_counts(night.spikes), labels_of(night)
    found = reactivation(counts, activations(asleep, images.images), images.labels)
    other = reactivation(counts, shown.before, images.labels)
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


def _with_weights(
    network: Translation, weights: Mapping[str, np.ndarray]
) -> Translation | nn.Module:
    """Return a network with other weights, read again only where it has to be."""
    if not weights.keys() <= network.graph.state_dict().keys():
        return write_back(network.module, weights)
    graph = write_back(network.graph, weights)
    assert isinstance(graph, fx.GraphModule)
    return replace(network, graph=graph, module=graph)


def _list(values: np.ndarray) -> list[float]:
    return [float(value) for value in values]


def _most_alike(labels: np.ndarray) -> int:
    """Return how many images a class has, at most."""
    return int(np.unique(labels, return_counts=True)[1].max())
