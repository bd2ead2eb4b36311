"""Results as tidy rows: one for each trial and arm, whatever they come from.

A row is flat: parameters, seed, arm, accuracy, measures, costs, versions, commit, machine.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import DirectoryError
from ...support.disk import plain_disk_errors
from ...support.files import JsonMapping, JsonObject, replacing, write_atomically
from ...support.json_files import read_json
from ..kinds import kind_of_results
from .tables import arm_names, arm_of, label_of

#: What the arm that sleeps is called in rows; in ``metrics.json`` its accuracy is ``"final"``.
SLEEP = "sleep"

#: Columns that say where and when a trial ran, and differ from run to run.
OF_THE_RUN = ("seconds", "trial_seconds", "machine", "commit")


def rows_of(
    metrics: JsonMapping, parameters: JsonMapping | None = None, **more: object
) -> list[JsonObject]:
    """Return the rows of a run or trial, one for each arm; of one that failed, with its error.

    Parameters
    ----------
    metrics : mapping
        Content of ``metrics.json``.
    parameters : mapping, optional
        The setting of a study; each key becomes a column.
    **more
        Further columns.
    """
    scores = metrics["accuracy"]
    values = {**scores, **scores.get("controls", {})}
    labels = kind_of_results(metrics).rows
    common = {name: metrics.get(name) for name in ("model", "scenario", "dataset", "evaluated_on")}
    versions = {f"version_{name}": value for name, value in metrics["versions"].items()}
    found = [
        {
            **dict(parameters or {}),
            "seed": metrics["seed"],
            "arm": SLEEP if name == "final" else name,
            "label": labels.get(name) or label_of(name, metrics),
            "kind": _kind(name, scores),
            "strategy": arm_of(name, metrics).get("kind"),
            "accuracy": values[name],
            **_measured(name, metrics),
            **common,
            **versions,
            **more,
        }
        for name in labels or arm_names(scores)
        if name in values
    ]
    failed = [
        {
            **dict(parameters or {}),
            **{"seed": metrics["seed"], "arm": name, "label": label_of(name, metrics)},
            **{"kind": "strategy", "accuracy": None, **common, **versions, **more},
            "error": message,
        }
        for name, message in metrics.get("failed", {}).items()
    ]
    return [*found, *failed]


def rows_of_run(directory: Path, metrics: JsonMapping) -> list[JsonObject]:
    """Return the rows of a run in a directory, with where it began; runs of old may not say."""
    try:
        began = read_json(directory / "run.json")
    except DirectoryError:
        began = {}
    where = {name: began.get(name) for name in ("commit", "machine")}
    return rows_of(metrics, setting=0, error=None, **where)


def rows_of_record(record: JsonMapping) -> list[JsonObject]:
    """Return the rows of a trial of a study; of one that failed a single one, with its error."""
    more = {
        "setting": record["setting"],
        "error": record["error"],
        "commit": record["commit"],
        "machine": record["machine"]["name"],
        "trial_seconds": record["seconds"],
    }
    if record["metrics"] is None:
        versions = {f"version_{name}": value for name, value in record["versions"].items()}
        failed = {"seed": record["seed"], "arm": SLEEP, "label": "failed", "kind": "sleep"}
        return [{**record["parameters"], **failed, **versions, **more}]
    return rows_of(record["metrics"], record["parameters"], **more)


def columns_of(rows: Sequence[JsonMapping]) -> list[str]:
    """Return the names of all columns, in the order in which they come first."""
    return list(dict.fromkeys(name for row in rows for name in row))


def save_rows(directory: Path, rows: Sequence[JsonMapping], report: Callable[[str], None]) -> None:
    """Write ``results.csv`` and ``results.parquet``, unless that is what the first holds.

    Parameters
    ----------
    directory : Path
        Where.
    rows : sequence of mapping
        As of :func:`rows_of`.
    report : callable
        Told if there is no Parquet file, for want of pyarrow.

    Raises
    ------
    DirectoryError
        If they cannot be written.
    """
    file, parquet = directory / "results.csv", directory / "results.parquet"
    text = csv_of(rows)
    try:
        is_there = file.read_bytes() == text.encode() and parquet.exists()
    except OSError:
        is_there = False
    if is_there:
        return
    write_atomically(file, text)
    if not write_parquet(parquet, rows):
        report("results.parquet is not written: it needs pyarrow (pip install 'brainsleep[sweep]')")


def csv_of(rows: Sequence[JsonMapping]) -> str:
    """Return rows as CSV, with a heading; what a row does not have stays empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns_of(rows), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def write_parquet(file: Path, rows: Sequence[JsonMapping]) -> bool:
    """Write rows to a Parquet file; return False if pyarrow is not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        return False
    columns = {name: _column([row.get(name) for row in rows]) for name in columns_of(rows)}
    with plain_disk_errors("cannot write", file), replacing(file) as partial:
        parquet.write_table(pyarrow.table(columns), partial)
    return True


def _column(values: Iterable[object]) -> list[Any]:
    """Return values of one type: numbers, truth values, or else text."""
    plain = list(map(_plain, values))
    kinds = {type(value) for value in plain if value is not None}
    if kinds <= {int, float} and float in kinds:
        return [None if value is None else float(value) for value in plain]
    if len(kinds) > 1:
        return [None if value is None else str(value) for value in plain]
    return plain


def _plain(value: object) -> Any:
    """Return what a cell can hold: lists and tables as text."""
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _kind(name: str, scores: Mapping[str, object]) -> str:
    if name == "final":
        return "sleep"
    controls = scores.get("controls", {})
    return "control" if isinstance(controls, Mapping) and name in controls else "strategy"


def _measured(name: str, metrics: JsonMapping) -> JsonObject:
    """Return the measures and costs of an arm, those that were noted."""
    noted = arm_of(name, metrics)
    measures = {
        key: value
        for key, value in noted.get("measures", {}).items()
        if isinstance(value, int | float)
    }
    numbers = {
        key: noted[key]
        for key in ("stored_bytes", "calibration_error")
        if noted.get(key) is not None
    }
    sums = {
        key: sum(noted[key])
        for key in ("spikes", "synaptic_operations")
        if isinstance(noted.get(key), list)
        and all(isinstance(one, int | float) for one in noted[key])
    }
    seconds = metrics.get("seconds", {}).get(name)
    return {**measures, **numbers, **sums, **({} if seconds is None else {"seconds": seconds})}
