"""One trial of a study: claimed, run, and noted; in whatever process of whatever machine."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from ...errors import BrainsleepError
from ...support.files import JsonObject
from ..kinds import kind_of_file
from ..run import run_request
from ..run_directory.provenance import commit_of, machine, versions
from ..run_directory.run_clock import WHOLE, processor_parts, processor_seconds
from .in_memory import run_in_memory, train_in_memory
from .study_directory import StudyDirectory
from .study_request import StudyRequest, Trial

#: What came of asking for a trial: it is noted, or another process runs it.
DONE, BUSY = "done", "busy"

#: Packages whose versions are noted.
PACKAGES = ("brainsleep", "brian2", "torch", "numpy")


def run_trial(path: str | Path, trial: Trial) -> str:
    """Run a trial of a study unless that is done, or another process is at it.

    Parameters
    ----------
    path : path
        The directory of the study.
    trial : Trial
        Which.

    Returns
    -------
    str
        `DONE` or `BUSY`.

    Raises
    ------
    OSError
        Of the disk; also a DirectoryError. All other errors of trials are noted as what came of
        them.
    """
    study = StudyDirectory(Path(path))
    request = study.request()
    if trial.only is not None:
        train_in_memory(request.run_of(trial), trial.only)
        return DONE
    with study.claim(trial) as is_mine:
        if not is_mine:
            return BUSY
        if study.record(trial) is None:
            study.note(trial, _record(study, request, trial))
    return DONE


def _record(study: StudyDirectory, request: StudyRequest, trial: Trial) -> JsonObject:
    """Run a trial, and return what is noted of it."""
    started, processor = time.monotonic(), processor_seconds()
    metrics, error = None, None
    took: JsonObject = {}
    try:
        metrics, took = _metrics(study, request, trial)
    except OSError:
        raise
    except BrainsleepError as raised:
        error = str(raised)
    except Exception as raised:  # of a network or data of the user's own
        error = f"{type(raised).__name__}: {raised}"
    took = {**took, WHOLE: round(processor_seconds() - processor, 3)}
    return record_of(request, trial, metrics, error, time.monotonic() - started, took)


def record_of(
    request: StudyRequest,
    trial: Trial,
    metrics: JsonObject | None,
    error: str | None,
    seconds: float,
    took: JsonObject,
) -> JsonObject:
    """Return what is noted of a trial: its metrics, or its error, where it ran, and how long.

    `seconds` are on the clock, `took` is processor time: the whole, and parts if they are known.
    """
    return {
        "setting": trial.number,
        "parameters": trial.parameters,
        "seed": trial.seed,
        "metrics": metrics,
        "error": error,
        "versions": versions(PACKAGES),
        "commit": commit_of(request.model_file.parent),
        "machine": machine(),
        "seconds": round(seconds, 3),
        "processor_seconds": took,
    }


def _metrics(
    study: StudyDirectory, request: StudyRequest, trial: Trial
) -> tuple[JsonObject, JsonObject]:
    """Return the metrics of a trial, those of the separate run, bit for bit; and what parts took.

    Parts of a run that goes on where another process was are not known: its directory tells what
    either of them took.
    """
    if request.keep_nights:
        out = study.path / "runs" / trial.name
        asked = request.run_of(trial, out)
        has_begun = (out / "run.json").exists()
        run = run_request(replace(asked, resume=has_begun))
        return run.metrics, {} if has_begun else processor_parts(out)
    if kind_of_file(request.model_file).sleeps:
        return run_in_memory(request.run_of(trial))
    with tempfile.TemporaryDirectory(prefix="brainsleep-trial-") as folder:
        run = run_request(request.run_of(trial, Path(folder) / "run"))
        return run.metrics, processor_parts(run.directory)
