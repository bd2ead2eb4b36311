"""The page of a study: many settings of some parameters, each with several seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import DirectoryError
from ...measures import MeanSD
from ...support.files import JsonMapping, JsonObject
from ...support.json_files import read_json
from ..result_tables.tables import definition_of, heading
from ..studies.best_setting import first_metrics
from ..studies.study_directory import StudyDirectory
from ..studies.study_display import in_words
from ..studies.study_request import StudyRequest
from .facts import Fact
from .sweep_page import doubts_of, mean_sd
from .templating import HtmlPage, render

#: Settings that the table shows, the best first.
MOST_SHOWN = 200

#: A parameter is drawn on a logarithmic axis if its largest value is so many times its smallest.
_LOG = 50


@dataclass(frozen=True)
class SettingRow:
    """One setting.

    Attributes
    ----------
    number : int
        Of the setting.
    parameters : dict
        Values by dotted keys.
    accuracies : list of float
        At the end, of the trials that did not fail.
    spread : MeanSD or None
        Of these; None if all failed.
    errors : list of str
        Of those that did.
    """

    number: int
    parameters: JsonObject
    accuracies: list[float]
    spread: MeanSD | None
    errors: list[str]


def study_page(directory: Path) -> HtmlPage:
    """Return the page of a study; of one that is not finished, what there is of it.

    Raises
    ------
    DirectoryError
        If it is damaged, or no trial is finished.
    """
    request = StudyDirectory(directory).request()
    records = _records(directory, "[0-9]*-seed-*[0-9].json")
    tests = _records(directory, "*-test.json")
    rows = setting_rows(records)
    first = first_metrics(records)
    if first is None:
        raise DirectoryError(
            f"{directory} holds a study without a trial that came to an end; "
            "brainsleep sweep with --resume --out goes on with it."
        )
    metrics = [one["metrics"] for one in records if one["metrics"] is not None]
    keys = [one.key for one in request.space]
    return render(
        "study.html",
        title=f"{first['model']}: {len(rows)} settings of {', '.join(keys)}",
        heading=heading(first),
        directory=str(directory),
        definition=definition_of(first),
        facts=_facts(request, records, first),
        reasons=[],
        doubts=[*_doubts(tests), *doubts_of(metrics)],
        problems=_problems(records),
        keys=keys,
        rows=rows[:MOST_SHOWN],
        n_left=max(0, len(rows) - MOST_SHOWN),
        best=_best(directory),
        tests=mean_sd([one["metrics"]["accuracy"]["final"] for one in tests if one["metrics"]]),
        drawn={"scatters": [_scatter(key, rows) for key in keys]},
        in_words=in_words,
    )


def setting_rows(records: Sequence[JsonMapping]) -> list[SettingRow]:
    """Return the settings that were tried, the best first, those that failed last."""
    of_settings: dict[int, list[JsonMapping]] = {}
    for record in records:
        of_settings.setdefault(record["setting"], []).append(record)
    rows = []
    for number, trials in of_settings.items():
        trials = sorted(trials, key=lambda one: one["seed"])
        finals = [one["metrics"]["accuracy"]["final"] for one in trials if one["metrics"]]
        errors = [one["error"] for one in trials if one["error"]]
        rows.append(SettingRow(number, trials[0]["parameters"], finals, mean_sd(finals), errors))
    return sorted(rows, key=lambda row: (-(row.spread.mean if row.spread else -1.0), row.number))


def _records(directory: Path, pattern: str) -> list[JsonObject]:
    """Read what is noted of trials, in the order of their numbers and seeds."""
    files = sorted((directory / "trials").glob(pattern))
    found = [read_json(file, "brainsleep sweep with --resume runs it again") for file in files]
    return sorted(found, key=lambda one: (one["setting"], one["seed"]))


def _best(directory: Path) -> JsonObject | None:
    file = directory / "best.json"
    if not file.exists():
        return None
    return read_json(file, "brainsleep sweep with --resume writes it anew")


def _facts(request: StudyRequest, records: Sequence[JsonMapping], first: JsonMapping) -> list[Fact]:
    """Return what was varied, how, where, and with which versions."""
    seeds = sorted({one["seed"] for one in records})
    machines = sorted({str(one["machine"]["name"]) for one in records})
    versions = ", ".join(f"{name} {value}" for name, value in first["versions"].items())
    commits = sorted({str(one["commit"])[:12] for one in records if one["commit"]})
    search = (
        request.search
        if request.search == "grid"
        else f"{request.search}, seed " + str(request.search_seed)
    )
    found = [
        Fact("model", str(first["model"])),
        Fact("data", f"{first['dataset']}, {first.get('evaluated_on', 'test')} images"),
        Fact("search", search),
        Fact("seeds", ", ".join(map(str, seeds))),
        Fact("trials", f"{len(records)}, {sum(one['seconds'] for one in records):,.0f} s in all"),
        Fact("machines", ", ".join(machines)),
        Fact("versions", versions),
    ]
    changed = in_words(dict(request.overrides.changes))
    if request.overrides.changes:
        found.append(Fact("changed in all trials", changed))
    return found + ([Fact("commit of the model file", ", ".join(commits))] if commits else [])


def _doubts(tests: Sequence[JsonMapping]) -> list[str]:
    """Say what choosing the best of many does to its accuracy."""
    if tests:
        return []
    return [
        "The best of many settings looks better than it is, on the images that it was chosen by: "
        "brainsleep sweep with --test-best measures it on test images."
    ]


def _problems(records: Sequence[JsonMapping]) -> list[str]:
    failed = [one for one in records if one["error"]]
    if not failed:
        return []
    shown = failed[0]
    return [
        f"{len(failed)} of {len(records)} trials failed and are left out. The first, with seed "
        f"{shown['seed']} and {in_words(shown['parameters'])}: {shown['error']}"
    ]


def _scatter(key: str, rows: Sequence[SettingRow]) -> JsonObject:
    """Return accuracy against one parameter, a dot per setting: the mean over its seeds."""
    known = [row for row in rows if row.spread is not None]
    values: list[Any] = [row.parameters.get(key) for row in known]
    means = [100 * row.spread.mean for row in known if row.spread is not None]
    x = [float(one) for one in values if _is_number(one)]
    names = None
    if len(x) < len(values):
        names = list(dict.fromkeys(map(str, values)))
        x = [float(names.index(str(one))) for one in values]
    order = sorted(range(len(x)), key=lambda k: x[k])
    x, y = [x[k] for k in order], [means[k] for k in order]
    low, high = (x[0], x[-1]) if x else (0.0, 1.0)
    return {
        "key": key,
        "label": key.rpartition(".")[2],
        "x": x,
        "y": y,
        "names": names,
        "log": names is None and low > 0 and high / low > _LOG and math.isfinite(high),
        "margin": 0.06 * (high - low) or 0.5,
    }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
