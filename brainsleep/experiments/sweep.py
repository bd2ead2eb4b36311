"""Run one model file with several seeds, and summarise."""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from joblib import Parallel, delayed

from ..errors import DirectoryError
from ..measures import summarise
from ..support.directory_lock import directory_lock, is_free, numbered
from ..support.disk import is_folder, is_there, plain_disk_errors
from ..support.files import JsonObject, remove_partial_files
from ..support.json_files import read_json, write_json
from ..support.progress import progress_bar
from .arms.failed_arms import failed_of
from .finished_runs.finished import finished_metrics
from .model_files.overrides import Overrides
from .model_files.run_request import RunRequest, say_nothing
from .model_files.shipped import find_model
from .result_tables.paper_tables import REFERENCE, save_paper_table
from .result_tables.tables import label_of
from .result_tables.tidy_results import rows_of_run, save_rows
from .run import experiment_name, run_request


def run_sweep(
    model: str | Path | None = None,
    *,
    n_seeds: int = 5,
    n_jobs: int = 1,
    out: str | Path | None = None,
    overrides: Overrides | None = None,
    baselines: bool = True,
    strategies: tuple[str, ...] | None = None,
    controls: tuple[str, ...] = (),
    resume: bool = False,
    train_anew: bool = False,
    progress: bool = True,
    reference: str = REFERENCE,
    report: Callable[[str], None] = say_nothing,
) -> tuple[Path, JsonObject]:
    """Run a model file with the seeds 0, 1, … n_seeds - 1.

    Parameters
    ----------
    model, overrides, baselines, strategies, controls, report
        As for `brainsleep.experiments.run.run_experiment`; with more than one job, the runs report
        nothing.
    n_seeds : int
        How many seeds.
    n_jobs : int
        How many runs at the same time; each is a process of its own.
    out : path, optional
        ``runs/NAME-sweep`` unless given, with a number when taken; each seed has a run directory in
        it. A finished sweep of this very request is read, and not run again.
    resume : bool
        Keep finished runs that are there, go on with unfinished ones.
    train_anew : bool
        Train all networks, in place of reading those that are kept.
    progress : bool
        Show how many seeds are done and, with one job, below it what the current run does; where
        there is a terminal or a notebook.
    reference : str
        The arm that the tables ``table.md`` and ``table.tex`` test the others against.

    Returns
    -------
    directory : Path
        Where the runs, ``summary.json``, ``results.csv`` and tables lie.
    summary : dict
        For each accuracy its values, mean and sample standard deviation; and the findings of all
        nights.

    Raises
    ------
    BrainsleepError
        As for `brainsleep.experiments.run.run_experiment`; also if another sweep works in the
        directory, or it holds runs of another model file or other options.
    """
    request = RunRequest(
        model_file=find_model(model),
        overrides=overrides or Overrides(),
        baselines=baselines,
        strategies=strategies,
        controls=controls,
        resume=True,
        train_anew=train_anew,
        progress=progress and n_jobs == 1,
        report=report if n_jobs == 1 else say_nothing,
    )
    name = experiment_name(request)
    wanted = Path("runs") / f"{name}-sweep" if out is None else Path(out)
    for directory in numbered(wanted):
        requests = [
            replace(request, out=directory / f"seed-{seed}", seed=seed) for seed in range(n_seeds)
        ]
        finished = None if resume else _finished(directory, requests)
        if finished is not None:
            report(f"{directory} holds this very sweep, finished; it is not run again")
            return directory, _written(directory, finished, reference, report)
        if out is not None or resume or is_free(directory):
            break
    with (
        _sweep_directory(directory, resume),
        progress_bar(n_seeds, f"sweep {name}", progress, unit="seed") as bar,
    ):
        runs = []
        for metrics in _finish_all(requests, n_jobs):
            runs.append(metrics)
            bar.update(1)
        return directory, _written(directory, runs, reference, report)


def _finished(directory: Path, requests: list[RunRequest]) -> list[JsonObject] | None:
    """Return the results of a finished sweep of this very request; None if there is none."""
    files = [Path(one.out or "") / "metrics.json" for one in requests]
    if not all(map(is_there, [directory / "summary.json", *files])):
        return None
    try:
        seeds = read_json(directory / "summary.json").get("seeds")
        if seeds != [one.seed for one in requests]:
            return None
        quiet = [replace(one, resume=False, report=say_nothing) for one in requests]
        return [run_request(one).metrics for one in quiet]  # finished: none is run
    except DirectoryError:
        return None  # of another sweep, which stays


def _written(
    directory: Path, runs: list[JsonObject], reference: str, report: Callable[[str], None]
) -> JsonObject:
    """Write the summary, the rows and the tables of finished runs; return the summary."""
    summary = write_json(directory / "summary.json", _summary(runs))
    rows = [row for run in runs for row in rows_of_run(directory / f"seed-{run['seed']}", run)]
    save_rows(directory, rows, report)
    save_paper_table(directory, runs, reference)
    return summary


def _finish_all(requests: list[RunRequest], n_jobs: int) -> Iterator[JsonObject]:
    """Run all seeds, some at the same time; their results come in the order of the seeds."""
    if n_jobs == 1:
        yield from map(_finish, requests)
    else:
        yield from Parallel(n_jobs=n_jobs, backend="loky", return_as="generator")(
            delayed(_finish_in_worker)(request, os.getpid()) for request in requests
        )


@contextmanager
def _sweep_directory(directory: Path, resume: bool) -> Iterator[None]:
    """Work in the directory of a sweep, in which no other sweep works meanwhile."""
    _require_resumed(directory, resume)
    with plain_disk_errors("cannot write to", directory):
        directory.mkdir(parents=True, exist_ok=True)
    with directory_lock(directory):
        _require_resumed(directory, resume)  # another may have been here meanwhile
        remove_partial_files(directory)
        yield


def _require_resumed(directory: Path, resume: bool) -> None:
    """Raise a DirectoryError if there is something in a directory that is not to be resumed."""
    if not resume and not is_free(directory):
        raise DirectoryError(
            f"{directory} exists already; choose another (--out), or go on with it by --resume."
        )


def _finish(request: RunRequest) -> JsonObject:
    """Run one seed, or read its finished run."""
    metrics = finished_metrics(request)
    if metrics is not None:
        return metrics
    request.report(f"seed {request.seed}")
    begun = replace(request, resume=is_folder(Path(request.out or "")))
    return run_request(begun).metrics


def _finish_in_worker(request: RunRequest, parent: int) -> JsonObject:
    """Run one seed in a process that does not outlive the sweep."""
    if os.getpid() != parent:  # joblib starts no processes within some others
        _end_with(parent)
    return _finish(request)


@functools.cache
def _end_with(parent: int) -> None:
    """End this process when the one that started it is gone, as by a kill; nothing is lost."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def _summary(runs: list[JsonObject]) -> JsonObject:
    """Collect the accuracies of all seeds."""
    first = runs[0]
    scores = [
        {
            name: value
            for name, value in {**run["accuracy"], **run["accuracy"]["controls"]}.items()
            if isinstance(value, float)
        }
        for run in runs
    ]
    accuracy = {}
    failed = failed_of(runs)
    for name in dict.fromkeys(name for score in scores for name in score):
        values = [score[name] for score in scores if name in score]
        spread = summarise(values)
        sd = spread.sd if len(values) > 1 else None  # JSON knows no NaN
        accuracy[name] = {"values": values, "mean": spread.mean, "sd": sd}
    return {
        "model": first["model"],
        "scenario": first["scenario"],
        **{key: first[key] for key in ("accuracy_definition", "stores") if key in first},
        "dataset": first["dataset"],
        "evaluated_on": first["evaluated_on"],
        "seeds": [run["seed"] for run in runs],
        "accuracy": accuracy,
        "labels": {name: _label(name, runs) for name in accuracy},
        **({"failed": failed} if failed else {}),
        "findings": [night for run in runs for night in run.get("findings", [])],
        "versions": first["versions"],
    }


def _label(name: str, runs: list[JsonObject]) -> str:
    """Return what tables call an arm, by the first run in which it did not fail."""
    return label_of(name, next((run for run in runs if name not in run.get("failed", {})), runs[0]))
