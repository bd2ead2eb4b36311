"""All arms of a run side by side: some in processes of their own, the one that sleeps in this one.

Results are those of one arm after the other: no arm depends on another. What is done is noted by
this process alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from ...errors import BrainsleepError
from ...support.content_digest import content_digest
from ...wake.checkpoints import Checkpoints
from ..arms.arm import Arm, ArmResult, compared_arm
from ..arms.learned_tasks import Progress
from ..arms.setting import Setting
from ..controls import Control
from ..model_files.modelfile import ModelFile
from ..model_files.training_sections import StrategySection
from ..run_directory.opening import TRAINING
from ..run_directory.run_clock import LEARNING, MEASURING
from ..workers.arm_workers import Answer, ArmWorkers, Work
from .kept_arms import result_of

T = TypeVar("T")


class Experiment(Protocol):
    """What is shared out; see `ContinualExperiment`."""

    setting: Setting
    model: ModelFile
    directory: Path
    report: Callable[[str], None]
    done: Progress
    failed: dict[str, str]

    def wanted_controls(self, controls: Sequence[str]) -> list[Control]:
        """Return the controls that are not done."""
        ...

    def run_tasks(self, after_each: Callable[[], None]) -> None:
        """Learn and sleep, task after task."""
        ...

    def draw_figures(self, report: Callable[[str], None]) -> None:
        """Draw the run's pictures, in whatever process, once all tasks are learned."""
        ...

    def checkpoints_of(
        self, stage: str, folder: Path, report: Callable[[str], None] | None
    ) -> Checkpoints:
        """Return what keeps how far training comes within a stage."""
        ...

    def naming(self, arm: str) -> AbstractContextManager[None]:
        """Name an arm and the seed in what is raised."""
        ...

    def note_failure(self, waking: StrategySection, error: BrainsleepError) -> None:
        """Note that an arm has failed."""
        ...

    def save_progress(self) -> None:
        """Note what is done so far."""
        ...


def in_training(waking: StrategySection) -> str:
    """Return the line that says which arm is begun."""
    name = waking.arm_name
    return f"training: {name if ':' in name else name.replace('_', ' ')}"


def in_question(control: Control) -> str:
    """Return the line that says which control is begun."""
    return f"control: {control.label}. {control.question}"


@dataclass(frozen=True)
class _Job:
    """An arm to go through, one that is compared or a control; or, without arm, the pictures."""

    stage: str
    line: str = ""
    arm: Arm | None = None
    waking: StrategySection | None = None  # of those compared


def run_side_by_side(
    experiment: Experiment,
    strategies: Sequence[StrategySection],
    controls: Sequence[str],
    n: int,
) -> None:
    """Go through all tasks in all ways, with so many processes beside this one."""
    all_of_them = _SideBySide(experiment, strategies, controls)
    names = [job.arm.name for job in all_of_them.jobs if job.arm is not None]
    all_of_them.run(n)
    compared = [one.arm_name for one in strategies]
    _in_order(experiment.done.baselines, compared)
    _in_order(experiment.failed, compared)
    _in_order(experiment.done.controls, names)
    experiment.save_progress()


class _SideBySide:
    """What is left to do of a run, shared out.

    Parameters
    ----------
    experiment : Experiment
        Whose arms they are.
    strategies, controls
        What is asked for.
    """

    def __init__(
        self,
        experiment: Experiment,
        strategies: Sequence[StrategySection],
        controls: Sequence[str],
    ) -> None:
        self.experiment, self.setting = experiment, experiment.setting
        model = experiment.model
        compared = [
            _Job(one.arm_name, in_training(one), compared_arm(one, model), one)
            for one in strategies
            if one.arm_name not in experiment.done.baselines
        ]
        # those that learn as the arm that sleeps does read the first task that this one has trained
        compared.sort(key=lambda job: job.waking == model.training.strategy)
        others = [
            _Job(f"control {one.name}", in_question(one), one.arm(model))
            for one in experiment.wanted_controls(controls)
        ]
        self.jobs = [*compared, *others, _Job("figures")]

    def run(self, n: int) -> None:
        """Go through all arms; who has nothing else to do then draws the pictures."""
        works = [self._work(job) for job in self.jobs]
        n = min(n, len(works) - 1)
        with self.setting.clock.part(MEASURING):
            self.setting.untrained.ask_all()  # in this process, for all of them
        with ArmWorkers(works, n, self.setting.clock, n_held=1) as workers:

            def note(*, to_the_end: bool = False) -> None:
                for answer in workers.answers(to_the_end=to_the_end):
                    self._note(answer)

            self.experiment.run_tasks(note)
            workers.release()
            taken: list[int] = []
            while (index := workers.take()) is not None:
                taken.append(index)
                self._run_here(index, works[index])
                note()
            with self.setting.clock.part(LEARNING):  # on the clock, of other processes
                note(to_the_end=True)
            for index in range(len(works)):
                if index not in taken and not workers.is_answered(index):  # killed on the way
                    self._run_here(index, works[index])

    def _run_here(self, index: int, work: Work) -> None:
        """Go through an arm in this process."""
        try:
            result = work(self.experiment.report)
        except BrainsleepError as error:
            self._note(Answer(index, error=error))
        else:
            self._note(Answer(index, result=result))

    def _work(self, job: _Job) -> Work:
        """Return what goes through an arm, in whatever process."""

        def work(report: Callable[[str], None]) -> ArmResult | None:
            if job.arm is None:
                self.experiment.draw_figures(report)
                return None
            report(job.line)
            kept = self.experiment.checkpoints_of(job.stage, self._folder(job), report)
            return result_of(job.arm, self.setting, kept)

        return work

    def _note(self, answer: Answer) -> None:
        """Report a line; note what came of an arm, or raise what was raised."""
        experiment, job = self.experiment, self.jobs[answer.index]
        if answer.clock is not None:
            self.setting.clock.add_processor(answer.clock)
        if answer.line is not None:
            experiment.report(answer.line)
            return
        if answer.result is not None and job.arm is not None:
            if job.waking is None:
                experiment.done.controls[job.arm.name] = answer.result
            else:
                experiment.done.baselines[job.stage] = answer.result
            experiment.save_progress()
        elif job.waking is not None and isinstance(answer.error, BrainsleepError):
            experiment.note_failure(job.waking, answer.error)
        elif answer.error is not None:
            with experiment.naming(job.stage):
                raise answer.error
        shutil.rmtree(self._folder(job), ignore_errors=True)

    def _folder(self, job: _Job) -> Path:
        """Return where it lies how far an arm has come."""
        return self.experiment.directory / TRAINING / content_digest(job.stage)[:16]


def _in_order(noted: dict[str, T], names: Sequence[str]) -> None:
    """Bring arms into the order of their names, whichever was done first; others come before."""
    for name in names:
        if name in noted:
            noted[name] = noted.pop(name)
