"""The steps of a run of tasks: train on one after another, sleep after each, measure; resumable.

Every random draw derives from the seed and the task, never from what came before, so a run
that was interrupted and resumed gives the same results as one that was not.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from ...errors import BrainsleepError
from ...support.array_store import ARRAYS, ArrayStore
from ...support.files import JsonObject, publish_directory
from ...wake.checkpoints import Checkpoints
from ...wake.learning_rates import parameter_groups
from ..arms.arm import Arm, compared_arm
from ..arms.failed_arms import failure_of, naming
from ..arms.learned_tasks import LearnedTask, Progress
from ..arms.setting import Setting
from ..controls import Control, find_controls
from ..model_files.training_sections import StrategySection
from ..nights.arm_nights import SleptNight
from ..nights.finding_lines import new_findings
from ..nights.night_kinds import load_night, nights_of
from ..run_directory.opening import TRAINING
from ..run_directory.run_clock import FIGURES, KEEPING
from ..run_directory.run_state import (
    State,
    last_network,
    load_progress,
    run_digest,
    save_network,
    save_progress,
)
from ..workers.arm_workers import n_workers
from .course import Course
from .kept_arms import result_of
from .run_figures import draw_run_figures
from .run_metrics import run_metrics
from .side_by_side import in_question, in_training, run_side_by_side


class ContinualExperiment:
    """The steps of one run; each is skipped if `progress.json` says it is done.

    Parameters
    ----------
    setting : Setting
        What all arms have in common.
    report : callable
        Told what is going on, line by line.
    """

    def __init__(self, setting: Setting, report: Callable[[str], None]) -> None:
        self.setting, self.model, self.tasks = setting, setting.model, setting.tasks
        self.report = report
        self.directory = Path()
        self.arrays = ArrayStore(self.directory / ARRAYS)
        self.done = Progress()
        self.failed: dict[str, str] = {}  # of the compared arms
        self.weights: tuple[str, ...] = ()  # that sleep may change
        arm = Arm(
            name="sleep", label="sleep", waking=self.model.training.strategy, model=self.model
        )
        self.course = Course(setting, arm)

    def open(self, directory: Path) -> None:
        """Work in a run directory, going on with what is done there."""
        self.directory, self.arrays = directory, ArrayStore(directory / ARRAYS)
        self.done = load_progress(directory, Progress)
        digests = [task.network for task in self.done.tasks]
        n_done, state = last_network(directory, digests, self.report, self._problem_of_old)
        del self.done.tasks[n_done:]
        if n_done:
            self.course.restore(state)
            self.course.seconds = sum(task.seconds for task in self.done.tasks)
            self.course.stored_bytes = max(task.stored_bytes for task in self.done.tasks)

    def check_nights(self) -> None:
        """Raise what training and nights would raise, before anything is trained or written."""
        self.model.nights.check_tasks(len(self.tasks))
        nights = nights_of(self.setting, self.model)
        self.weights = nights.check(self.setting.new_network())
        self.course.waking.check(self.course.network)
        parameter_groups(self.course.network, self.setting.training.lr)

    def run_arms(
        self, strategies: Sequence[StrategySection], controls: Sequence[str], n_jobs: int = 1
    ) -> None:
        """Go through all tasks in all ways: compared, asleep, controls; draw the pictures."""
        n = n_workers(n_jobs)
        if n > 0:
            run_side_by_side(self, strategies, controls, n)
            return
        self.run_baselines(strategies)
        self.run_tasks()
        self.run_controls(controls)
        self.draw_figures()

    def run_baselines(self, strategies: Sequence[StrategySection]) -> None:
        """Go through all tasks in the ways that sleep is held against; note those that fail."""
        for waking in strategies:
            name = waking.arm_name
            if name in self.done.baselines:
                continue
            self.report(in_training(waking))
            arm = compared_arm(waking, self.model)
            try:
                with self.checkpoints(name) as checkpoints:
                    self.done.baselines[name] = result_of(arm, self.setting, checkpoints)
                    self.save_progress()
            except BrainsleepError as error:
                self.note_failure(waking, error)
                self.forget_training()

    def note_failure(self, waking: StrategySection, error: BrainsleepError) -> None:
        """Note that an arm has failed; raise what fails all arms, as a disk does."""
        if isinstance(error, OSError):
            raise error
        name = waking.arm_name
        self.failed[name] = failure_of(waking, self.setting.seed, error)
        self.report(f"failed and left out: {self.failed[name]}")

    def run_tasks(self, after_each: Callable[[], None] = lambda: None) -> None:
        """Learn and sleep, task after task."""
        for index in range(len(self.done.tasks), len(self.tasks)):
            told = [one for done in self.done.tasks for one in done.findings]
            with self.naming("sleep"), self.checkpoints(f"task {index}") as checkpoints:
                learned = self._learned(index, checkpoints)
                self.done.tasks.append(learned)
                self.save_progress()
            self.report(f"task {index + 1} of {len(self.tasks)}: {learned.in_words()}")
            for line in new_findings(learned.findings, told):
                self.report(line)
            after_each()

    def _learned(self, index: int, checkpoints: Checkpoints | None) -> LearnedTask:
        """Learn a task and sleep on it; keep the night and the network that wakes up."""
        course = self.course
        seconds = course.seconds
        ahead = course.accuracy_on(index)
        course.learn(index, checkpoints)
        before = course.row(index + 1)
        learned = LearnedTask(before=before, after=before, ahead=ahead)
        if self.model.nights.has_night(index):
            learned = self._slept(index, learned)
        learned.network = self.save_network(index)
        learned.seconds = course.seconds - seconds
        learned.stored_bytes = course.kept_bytes
        return learned

    def _slept(self, index: int, learned: LearnedTask) -> LearnedTask:
        """Sleep on a task; keep the night, and note what it did."""
        course = self.course
        assert course.nights is not None
        night = course.sleep(index)
        self.save_night(index, night)
        slept = replace(learned, after=course.row(index + 1), **course.nights.notes(night))
        so_far = Progress(tasks=[*self.done.tasks, slept]).growth_over_nights()
        slept.findings += [asdict(finding) for finding in so_far]
        return slept

    def wanted_controls(self, controls: Sequence[str]) -> list[Control]:
        """Return the controls that are not done; say which ones the model does not have."""
        wanted, left_out = find_controls(controls, self.model, self.weights)
        for line in left_out:
            self.report(f"control left out: {line}")
        return [control for control in wanted if control.name not in self.done.controls]

    def run_controls(self, controls: Sequence[str]) -> None:
        """Run what else could explain the effect."""
        for control in self.wanted_controls(controls):
            self.report(in_question(control))
            stage = f"control {control.name}"
            with self.naming(stage), self.checkpoints(stage) as checkpoints:
                result = result_of(control.arm(self.model), self.setting, checkpoints)
                self.done.controls[control.name] = result
                self.save_progress()

    def metrics(self) -> JsonObject:
        """Return the results."""
        after = [task.after for task in self.done.tasks]
        asleep = self.course.result(after, [task.ahead for task in self.done.tasks])
        assert self.course.nights is not None
        stores = self.course.nights.stores
        metrics = run_metrics(self.setting, self.done, asleep, self.weights, stores)
        return {**metrics, **({"failed": self.failed} if self.failed else {})}

    def draw_figures(self, report: Callable[[str], None] | None = None) -> None:
        """Draw the run's pictures."""
        assert self.course.nights is not None
        with self.setting.clock.part(FIGURES):
            nights = self.course.nights
            draw_run_figures(self.directory, self.tasks, nights, report or self.report)

    def naming(self, arm: str) -> AbstractContextManager[None]:
        """Name an arm and the seed in what is raised."""
        return naming(f"{arm}, seed {self.setting.seed}")

    def _night(self, index: int) -> Path:
        """Return where the night after a task lies."""
        return self.directory / "nights" / str(index)

    def _problem_of_old(self, n_tasks: int, state: State) -> str | None:
        """Say whether a network of an earlier version is not the one of the last night."""
        folder = self._night(n_tasks - 1)
        weights = load_night(folder).weights_after if folder.exists() else {}
        if all(np.array_equal(state[name], weights[name].astype("f4")) for name in weights):
            return None
        return "is not the network of the last night"

    def save_progress(self) -> None:
        """Note what is done so far."""
        with self.setting.clock.part(KEEPING):
            save_progress(self.directory, asdict(self.done))

    def save_network(self, index: int) -> str:
        """Keep the network after a task; return its digest."""
        with self.setting.clock.part(KEEPING):
            return save_network(self.directory, index, self.course.state(), self.arrays)

    def save_night(self, index: int, night: SleptNight) -> None:
        """Keep the night after a task."""
        folder = self._night(index)
        shutil.rmtree(folder, ignore_errors=True)  # of a task that was cut short
        with self.setting.clock.part(KEEPING), publish_directory(folder) as work:
            night.write(work, shared=self.arrays)

    @contextmanager
    def checkpoints(self, stage: str) -> Iterator[Checkpoints | None]:
        """Keep how far training comes within a stage, until that is done."""
        yield self.checkpoints_of(stage, self.directory / TRAINING)
        self.forget_training()

    def checkpoints_of(
        self, stage: str, folder: Path, report: Callable[[str], None] | None = None
    ) -> Checkpoints:
        """Return what keeps how far training comes within a stage, in a folder."""
        key = f"{run_digest(self.directory)} {stage}"
        return Checkpoints(folder, key, report or self.report)

    def forget_training(self) -> None:
        """Remove what was kept of training that is over, but for that of arms side by side."""
        for file in (self.directory / TRAINING).glob("*.npz"):
            file.unlink(missing_ok=True)

    def forget_all_training(self) -> None:
        """Remove the folder of it."""
        shutil.rmtree(self.directory / TRAINING, ignore_errors=True)
