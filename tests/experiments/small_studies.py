"""A study that runs in seconds, and workers that run in this process."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.result_tables.tidy_results import OF_THE_RUN
from brainsleep.experiments.studies.search_space import parse_space
from brainsleep.experiments.studies.study import Study, run_study
from brainsleep.experiments.studies.study_request import StudyRequest, Trial
from brainsleep.experiments.studies.study_results import save_results
from brainsleep.experiments.studies.study_workers import Workers
from brainsleep.experiments.studies.trial import run_trial
from brainsleep.experiments.studies.trial_outcomes import Outcome

#: Two tasks of few images on a small network; its program is that of other tests.
MODEL = Path(__file__).parents[1] / "faults" / "models" / "continual.toml"
QUICK = {"tasks.classes": [[0, 1], [2, 3]], "sleep.steps.first": 60}

RATES = "sleep.plasticity.increase"


class Here(Workers):
    """Runs trials in this process, and remembers which; stops after some, as by a kill."""

    n = 1

    def __init__(self, most: int = 10**9) -> None:
        self.most = most
        self.ran: list[str] = []

    def run(self, path: Path, trials: Sequence[Trial]) -> Iterator[Outcome]:
        for trial in trials:
            if len(self.ran) >= self.most:
                raise KeyboardInterrupt
            if trial.only is None:
                self.ran.append(trial.name)
            yield Outcome(trial, is_busy=run_trial(path, trial) == "busy")

    def close(self) -> None:
        self.is_closed = True


def small_request(*words: str, **options: object) -> StudyRequest:
    fixed, space = parse_space(words, [])
    varied = {one.key for one in space}
    changes = {key: value for key, value in {**QUICK, **fixed}.items() if key not in varied}
    overrides = Overrides(changes=changes, evaluate_on="validation")
    given = {"n_seeds": 2, "strategies": ("sequential",), **options}
    return StudyRequest(model_file=MODEL, space=space, overrides=overrides, **given)


def run_small(
    request: StudyRequest, out: Path | None, workers: Workers, **options: object
) -> Study:
    study = run_study(request, out=out, workers=workers, progress=False, **options)
    save_results(study)
    return study


def table(directory: Path) -> list[dict[str, str]]:
    """Return the rows of a study but for what tells where and when it ran."""
    with (directory / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    return [{name: row[name] for name in row if name not in OF_THE_RUN} for row in rows]
