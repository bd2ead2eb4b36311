"""Run a study: many settings of a model's parameters, each with several seeds.

Trials run on any number of processes and machines, and each is noted when it is finished. A study
that was killed at any moment goes on where it was: no trial is lost or run twice, and what comes of
it is the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...support.content_digest import content_digest
from ...support.cores import n_cores
from ...support.directory_lock import is_free, numbered
from ...support.files import JsonObject
from ..kinds import kind_of_file
from ..model_files.materials import compared_strategies, model_of
from ..model_files.run_request import say_nothing
from ..run import experiment_name
from .search_space import Choice, grid
from .study_directory import StudyDirectory
from .study_display import StudyDisplay
from .study_request import StudyRequest, Trial
from .study_search import chosen, generations, write_journal
from .study_workers import LocalWorkers, Workers
from .trial import record_of
from .trial_outcomes import Outcome

#: Seconds between two looks at trials that other processes run.
PAUSE = 0.5

#: Keys of a model file that training while awake does not depend on.
_NIGHTS = "sleep."


@dataclass(frozen=True)
class Study:
    """What came of a study.

    Attributes
    ----------
    directory : Path
        Where everything lies.
    request : StudyRequest
        What was asked for.
    settings : list of dict
        Values by dotted keys, in the order of their numbers.
    records : list of dict
        What is noted of each trial: by setting, and within it by seed.
    tests : list of dict
        The same of the best setting, evaluated on test images; empty if that was not asked for.
    """

    directory: Path
    request: StudyRequest
    settings: list[JsonObject]
    records: list[JsonObject]
    tests: list[JsonObject]

    @property
    def objectives(self) -> list[float | None]:
        """Of each setting: the accuracy at the end, mean over seeds; None if a trial failed."""
        n = self.request.n_seeds
        of_settings = [
            self.records[number * n : (number + 1) * n] for number in range(len(self.settings))
        ]
        return [objective(records) for records in of_settings]

    @property
    def best(self) -> int | None:
        """The number of the setting with the highest objective, the first of equal ones."""
        return best_of(self.objectives)


def run_study(
    request: StudyRequest,
    *,
    out: str | Path | None = None,
    workers: Workers | None = None,
    resume: bool = False,
    test_best: bool = False,
    progress: bool = True,
    report: Callable[[str], None] = say_nothing,
) -> Study:
    """Run the trials of a study that are not finished.

    Parameters
    ----------
    request : StudyRequest
        What is varied, and how.
    out : path, optional
        Its directory; ``runs/NAME-study`` unless given, with a number when taken. A finished study
        of this very request is read, and not run again.
    workers : Workers, optional
        Who runs trials; as many processes as there are cores unless given. They are closed.
    resume : bool
        Go on with the study that is there, also together with others that work on it.
    test_best : bool
        In the end run the best setting once more, evaluated on test images.
    progress : bool
        Show a live table, where there is a terminal.
    report : callable
        Told what is going on, line by line.

    Returns
    -------
    Study

    Raises
    ------
    BrainsleepError
        For a model file, data or a setting that will not do, before any trial; and for a machine
        that lacks what trials need. What a trial itself raises is noted, and others go on.
    """
    workers = LocalWorkers(n_cores()) if workers is None else workers
    try:
        request = replace(request, model_file=request.model_file.absolute())
        name = experiment_name(request.run_of(Trial(0, 0, {})))
        _check_settings(request)
        data = _data_digest(request, report)
        wanted = Path("runs") / f"{name}-study" if out is None else Path(out)
        for path in numbered(wanted):
            study = StudyDirectory(path)
            if not resume and study.is_finished(request, data):
                report(f"{path} holds this very study, finished; it is not run again")
                resume = True
            if out is not None or resume or is_free(path):
                break
        study.begin(request, data, resume=resume)
        with StudyDisplay(name, request, workers.n, progress) as display:
            return _Driver(study, request, workers, display, report).run(test_best)
    finally:
        workers.close()


def objective(records: Sequence[JsonObject]) -> float | None:
    """Return the mean accuracy of the trials of a setting; None if one of them failed."""
    if any(record["error"] for record in records):
        return None
    return float(np.mean([record["metrics"]["accuracy"]["final"] for record in records]))


def best_of(objectives: Sequence[float | None]) -> int | None:
    """Return the place of the highest, the first of equal ones; None if there is none."""
    known = [(-value, number) for number, value in enumerate(objectives) if value is not None]
    return min(known)[1] if known else None


@dataclass
class _Driver:
    """Goes through a study, generation by generation."""

    study: StudyDirectory
    request: StudyRequest
    workers: Workers
    display: StudyDisplay
    report: Callable[[str], None]

    def run(self, test_best: bool) -> Study:
        settings: list[JsonObject] = []
        records: list[JsonObject] = []
        told: list[tuple[JsonObject, float | None]] = []
        for generation, numbers in enumerate(generations(self.request)):
            new = chosen(self.study, self.request, generation, told)
            found = self._finish(self.request.trials_of(numbers.start, new))
            for number, setting in zip(numbers, new, strict=True):
                of_setting = [found[number, seed] for seed in range(self.request.n_seeds)]
                settings.append(setting)
                records += of_setting
                told.append((setting, objective(of_setting)))
            if self.request.search == "tpe":
                write_journal(self.study, self.request, told)
        study = Study(self.study.path, self.request, settings, records, [])
        if test_best and study.best is not None:
            tests = [
                Trial(study.best, seed, settings[study.best], on_test=True)
                for seed in range(self.request.n_seeds)
            ]
            study = replace(study, tests=list(self._finish(tests).values()))
        return study

    def _finish(self, trials: Sequence[Trial]) -> dict[tuple[int, int], JsonObject]:
        """Run those trials that are not noted yet; return what is noted of all of them."""
        records: dict[tuple[int, int], JsonObject] = {}
        self.display.add(trials)
        while True:
            missing = []
            for trial in trials:
                if (trial.number, trial.seed) in records:
                    continue
                record = self.study.record(trial)
                if record is None:
                    missing.append(trial)
                else:
                    records[trial.number, trial.seed] = record
                    self.display.done(trial, record)
            if not missing:
                return records
            self._run(missing)

    def _run(self, trials: Sequence[Trial]) -> None:
        """Run trials once; those that other processes run are waited for a little."""
        is_busy = False
        for outcome in self.workers.run(self.study.path, self._with_baselines(trials)):
            trial = outcome.trial
            is_busy |= outcome.is_busy
            if trial.only is not None:
                continue
            if outcome.died:
                self._note_death(outcome)
            record = None if outcome.is_busy else self.study.record(trial)
            if record is not None:
                self.display.done(trial, record)
                if not self.display.is_shown:  # in a log, say that it is alive
                    self.report(self.display.line(trial))
                if record["error"]:
                    self.report(f"setting {trial.number}, seed {trial.seed}: {record['error']}")
                for failure in (record["metrics"] or {}).get("failed", {}).values():
                    self.report(f"setting {trial.number}: failed and left out: {failure}")
        if is_busy:
            time.sleep(PAUSE)

    def _with_baselines(self, trials: Sequence[Trial]) -> list[Trial]:
        """Put before the trials of each seed what they share, so that processes share its work.

        Otherwise the first process would train the baselines, and the others wait for it.
        """
        wanted: list[Trial] = []
        if not kind_of_file(self.request.model_file).sleeps or not self._only_nights_vary:
            return list(trials)
        for seed in dict.fromkeys(trial.seed for trial in trials):
            of_seed = [trial for trial in trials if trial.seed == seed]
            if len(of_seed) > 1:
                wanted += [replace(of_seed[0], only=name) for name in self._strategies]
            wanted += of_seed
        return wanted

    @property
    def _only_nights_vary(self) -> bool:
        """Whether all settings train the same networks while awake."""
        return all(one.key.startswith(_NIGHTS) for one in self.request.space)

    @property
    def _strategies(self) -> list[str]:
        """The names of the arms that do not sleep."""
        asked = self.request.run_of(Trial(0, 0, {}))
        return [one.arm_name for one in compared_strategies(asked, model_of(asked))]

    def _note_death(self, outcome: Outcome) -> None:
        """Note that a trial has ended its process each time."""
        trial = outcome.trial
        with self.study.claim(trial) as is_mine:
            if is_mine and self.study.record(trial) is None:
                error = f"its process ended {outcome.died} times; is there enough memory?"
                self.study.note(trial, record_of(self.request, trial, None, error, 0.0, {}))


def _check_settings(request: StudyRequest) -> None:
    """Raise what the model file, or a setting that is known beforehand, is refused for."""
    settings = list(grid(request.space)) if request.search == "grid" else _ends(request)
    for setting in settings:
        experiment_name(request.run_of(Trial(0, 0, setting)))


def _ends(request: StudyRequest) -> list[JsonObject]:
    """Return settings that have all values between them, and the ends of all ranges."""
    ends = {
        one.key: one.values if isinstance(one, Choice) else (one.low, one.high)
        for one in request.space
    }
    n = max(map(len, ends.values()))
    return [
        {key: values[min(at, len(values) - 1)] for key, values in ends.items()} for at in range(n)
    ]


def _data_digest(request: StudyRequest, report: Callable[[str], None]) -> str:
    """Return the digest of what the first seed learns, as it is without what varies.

    What of the user's own is executed for it is part of it, and is reported.
    """
    run = replace(request.run_of(Trial(0, 0, {})), report=report)
    prepared = kind_of_file(request.model_file).prepare(run)
    return content_digest(prepared.data_sha256, dict(prepared.request.code or {}))
