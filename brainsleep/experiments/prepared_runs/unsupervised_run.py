"""Run a model file of unsupervised learning: show images, assign classes, measure; resumable."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from ...circuit.readout import ClassReadout
from ...circuit.winners import PreparedWinners, WinnerState
from ...errors import ParameterError
from ...support.files import JsonObject
from ...wake import Dataset, Split
from ..kinds.experiment_kind import ExperimentKind
from ..model_files.run_request import RunRequest
from ..model_files.unsupervised_modelfile import UnsupervisedModel
from ..run_directory.run_clock import FIGURES, KEEPING, LEARNING, MEASURING, RunClock, save_seconds
from ..run_directory.run_state import last_network, load_progress, save_network, save_progress
from .data_run import DataRun

#: Seeds of what is shown, beside those of the blocks of learning.
ASSIGN_SEED, TEST_SEED = 10**6, 2 * 10**6


@dataclass
class Learned:
    """What a run has done so far; kept in ``progress.json``.

    Attributes
    ----------
    curve : list of float
        Accuracy on test (or validation) images after each block.
    seconds : list of float
        What each block of learning took.
    networks : list of str
        Digests of the networks after each block; see `run_state`.
    """

    curve: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)


class UnsupervisedRun(DataRun[UnsupervisedModel]):
    """A run of a model file of unsupervised learning, ready to begin."""

    def __init__(self, request: RunRequest, kind: ExperimentKind) -> None:
        self._started = time.monotonic()
        super().__init__(request, kind)
        _check_n_assign(self.model, self.split)

    @cached_property
    def prepared(self) -> PreparedWinners:
        """The network, compiled."""
        section = self.model.unsupervised
        network = section.build(self.split.train.images.shape[1])
        return network.prepare(
            device=section.device, dtype=section.dtype, progress=self.request.progress
        )

    def check(self) -> None:
        """Compile, which raises what is wrong with the network or its device."""
        _ = self.prepared

    def measure(self, directory: Path) -> JsonObject:
        """Learn, measure and draw; return the results."""
        run = _Learning(self.model, self.split, self.prepared, self.request, directory)
        run.learn()
        with run.clock.part(FIGURES):
            run.draw_figures()
        metrics = run.metrics()
        save_seconds(directory, run.clock.whole(time.monotonic() - self._started))
        return metrics


class _Learning:
    """The steps of one run."""

    def __init__(
        self,
        model: UnsupervisedModel,
        split: Split,
        prepared: PreparedWinners,
        request: RunRequest,
        directory: Path,
    ) -> None:
        self.model, self.split, self.prepared = model, split, prepared
        self.seed, self.directory = request.seed, directory
        self.clock = RunClock()
        self.show_progress, self.report = request.progress, request.report
        self.state = prepared.network.initial_state(self.seed)
        self.done = load_progress(directory, Learned)
        n_old = len(self.done.curve) - len(self.done.networks)  # of an earlier version
        digests = [""] * n_old + self.done.networks
        n_done, state = last_network(directory, digests, self.report)
        for each in (self.done.curve, self.done.seconds, digests):
            del each[n_done:]
        self.done.networks = digests
        if n_done:
            self.state = WinnerState(state["weights"], state["theta"])

    def learn(self) -> None:
        """Show all blocks of images that are not done yet."""
        blocks = shown_images(self.split.train, self.model, self.seed)
        for index in range(len(self.done.curve), len(blocks)):
            images = self.split.train.images[blocks[index]]
            self.state, seconds = self._timed(images, index)
            with self.clock.part(MEASURING):
                accuracy = self.accuracy_of(self.state)
            self.done.curve.append(accuracy)
            self.done.seconds.append(seconds)
            learned = {"weights": self.state.weights, "theta": self.state.theta}
            with self.clock.part(KEEPING):
                self.done.networks.append(save_network(self.directory, index, learned))
                save_progress(self.directory, asdict(self.done))
            shown = sum(map(len, blocks[: index + 1]))
            self.report(f"{shown} images shown: {100 * accuracy:.1f} %")

    def accuracy_of(self, state: WinnerState) -> float:
        """Assign classes by training images, and measure on the others."""
        train, test = self.split.train, self.split.test
        n_assign = self.model.unsupervised.n_assign
        chosen = np.random.default_rng([self.seed, 2]).permutation(len(train.images))[:n_assign]
        answers = self.prepared.respond(
            train.images[chosen],
            state,
            seed=self.seed + ASSIGN_SEED,
            progress=self.show_progress,
        )
        readout = ClassReadout.fit(answers, train.labels[chosen])
        answers = self.prepared.respond(
            test.images, state, seed=self.seed + TEST_SEED, progress=self.show_progress
        )
        return readout.accuracy(answers, test.labels)

    def metrics(self) -> JsonObject:
        """Return the results."""
        self.report("controls: untrained network, class means")
        with self.clock.part(MEASURING):
            untrained = self.accuracy_of(self.prepared.network.initial_state(self.seed))
            class_means = nearest_class_mean(self.split)
        return {
            "dataset": self.split.train.name,
            "evaluated_on": self.model.data.evaluate_on,
            "accuracy": {
                "final": self.done.curve[-1],
                "curve": self.done.curve,
                "untrained": untrained,
                "class_means": class_means,
                "controls": {},
            },
            "timings": [{"learn": seconds} for seconds in self.done.seconds],
        }

    def draw_figures(self) -> None:
        """Draw what the neurons have learned, and how accuracy grew."""
        from ...figures import plot_learning_curve, plot_receptive_fields, save_figure

        figures = self.directory / "figures"
        shape = self.split.train.image_shape
        readout_size = min(100, len(self.state.weights))
        save_figure(
            plot_receptive_fields(self.state.weights[:readout_size], shape),
            figures / "receptive_fields.png",
        )
        shown = np.cumsum([len(b) for b in shown_images(self.split.train, self.model, self.seed)])
        save_figure(
            plot_learning_curve(shown, self.done.curve),
            figures / "learning_curve.png",
        )

    def _timed(self, images: np.ndarray, index: int) -> tuple[WinnerState, float]:
        """Learn one block; return the network and the seconds it took."""
        started = time.perf_counter()
        with self.clock.part(LEARNING):
            state = self.prepared.learn(
                images,
                self.state,
                seed=self.seed + 1000 * (index + 1),
                progress=self.show_progress,
            )
        return state, time.perf_counter() - started


def shown_images(train: Dataset, model: UnsupervisedModel, seed: int) -> list[np.ndarray]:
    """Return the training images shown in each block, by number.

    Parameters
    ----------
    train : Dataset
        Training images.
    model : UnsupervisedModel
        Says how many, and in which order.
    seed : int
        Of the order.

    Returns
    -------
    list of ndarray of int
    """
    rng = np.random.default_rng([seed, 0])
    section = model.unsupervised
    if section.order == "shuffled":
        order = _repeated(rng, np.arange(len(train.images)), section.n_presentations)
        return np.array_split(order, section.blocks)
    classes = np.unique(train.labels)
    per_class = section.n_presentations // len(classes)
    return [_repeated(rng, np.flatnonzero(train.labels == label), per_class) for label in classes]


def nearest_class_mean(split: Split) -> float:
    """Return the accuracy of comparing pixels with the mean image of each class, a yardstick."""
    train, test = split.train, split.test
    classes = np.unique(train.labels)
    means = np.stack([train.images[train.labels == label].mean(axis=0) for label in classes])
    distances = ((test.images[:, None] - means) ** 2).sum(axis=2)
    return float(np.mean(classes[distances.argmin(axis=1)] == test.labels))


def _repeated(rng: np.random.Generator, images: np.ndarray, n: int) -> np.ndarray:
    """Return `n` of some images in random order, all of them before any comes again."""
    rounds = [rng.permutation(images) for _ in range(-(-n // len(images)))]
    return np.concatenate(rounds)[:n]


def _check_n_assign(model: UnsupervisedModel, split: Split) -> None:
    """Refuse to assign classes by more images than there are."""
    n_assign = model.unsupervised.n_assign
    if n_assign is not None and n_assign > len(split.train.images):
        raise ParameterError(
            f"[unsupervised] n_assign is {n_assign}, but there are {len(split.train.images)} "
            "training images."
        )
