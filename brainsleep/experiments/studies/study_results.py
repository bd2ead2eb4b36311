"""What a study leaves: tidy rows as CSV and Parquet, tables for papers, and a table to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...measures import summarise
from ...support.files import JsonMapping, JsonObject
from ...support.json_files import write_json
from ...support.texttable import plain
from ..arms.failed_arms import failed_of
from ..model_files.run_request import say_nothing
from ..result_tables.paper_tables import REFERENCE, paper_table, write_tables
from ..result_tables.tables import definition_of
from ..result_tables.tidy_results import rows_of_record, save_rows
from ..run import experiment_name
from .best_setting import at_edge, edge_notes, first_metrics, save_on_test
from .study import Study
from .study_display import in_words
from .study_request import Trial

#: Settings that the table to look at shows.
MOST_SHOWN = 20


def save_results(
    study: Study, reference: str = REFERENCE, report: Callable[[str], None] = say_nothing
) -> str:
    """Write the results of a study beside its trials; return a table to look at.

    Parameters
    ----------
    study : Study
        What came of it.
    reference : str
        The arm that others are tested against.
    report : callable
        Told what is left out.

    Raises
    ------
    ParameterError
        If there is no such arm.
    """
    rows = [row for record in study.records for row in rows_of_record(record)]
    save_rows(study.directory, rows, report)
    title, first = _title(study), first_metrics(study.records)
    if first is not None:
        write_tables(study.directory, paper_table(rows, title, definition_of(first), reference))
    if study.best is not None:
        write_json(study.directory / "best.json", _best(study, study.best))
    tested = save_on_test(study, reference, report) if study.tests else []
    return "\n".join([title, "", _ranked(study), "", *edge_notes(study), "", *tested]).rstrip()


def _title(study: Study) -> str:
    """Return what was tried, in one line."""
    request = study.request
    name = experiment_name(request.run_of(Trial(0, 0, {})))
    keys = ", ".join(one.key for one in request.space)
    seeds = "1 seed" if request.n_seeds == 1 else f"{request.n_seeds} seeds"
    first = first_metrics(study.records) or {}
    images = f", {first['evaluated_on']} images" if "evaluated_on" in first else ""
    n = len(study.settings)
    return f"{name}: {n} settings of {keys} ({request.search}), {seeds}{images}"


def _ranked(study: Study) -> str:
    """Return the settings, best first, as a table of plain text."""
    n = study.request.n_seeds
    order = sorted(
        range(len(study.settings)),
        key=lambda number: (-(study.objectives[number] or -1.0), number),
    )
    lines = [["setting", "accuracy, %", "seeds"]]
    for number in order[:MOST_SHOWN]:
        finals = _finals(study.records[number * n : (number + 1) * n])
        lines.append([in_words(study.settings[number]), _spread(finals), f"{len(finals)} of {n}"])
    more = len(order) - MOST_SHOWN
    rest = [f"and {more} more, in results.csv"] if more > 0 else []
    failed = sum(bool(record["error"]) for record in study.records)
    told = [f"{failed} trials failed; results.csv has their errors"] if failed else []
    arms = failed_of([one["metrics"] for one in study.records if one["metrics"] is not None])
    told += [
        f"{name} failed in {len(messages)} trials: {messages[0]}" for name, messages in arms.items()
    ]
    return "\n".join([plain(lines), *rest, *told])


def _best(study: Study, number: int) -> JsonObject:
    n = study.request.n_seeds
    chosen = study.records[number * n : (number + 1) * n]
    return {
        "setting": number,
        "parameters": study.settings[number],
        "chosen_by": _finals(chosen),
        "on_test": _finals(study.tests) if study.tests else None,
        "at_edge": at_edge(study),
    }


def _finals(records: Sequence[JsonMapping]) -> list[float]:
    """Return the accuracies at the end of trials that did not fail."""
    return [one["metrics"]["accuracy"]["final"] for one in records if not one["error"]]


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "-"
    spread = summarise(values)
    return f"{100 * spread.mean:.1f}" + (f" ± {100 * spread.sd:.1f}" if len(values) > 1 else "")
