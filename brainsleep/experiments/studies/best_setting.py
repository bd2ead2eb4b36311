"""The best setting of a study: whether a better one may lie beyond, and how it does on test images.

With ``--test-best`` the directory of a study has a folder `ON_TEST` with the tables and rows of the
best setting, all arms and seeds, evaluated on test images.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ...errors import ParameterError, brief
from ...support.disk import plain_disk_errors
from ...support.files import JsonMapping
from ...support.quantities import is_percentage, percentage
from ...support.texttable import indented, plain
from ..result_tables.paper_tables import paper_table, write_tables
from ..result_tables.tables import definition_of, heading
from ..result_tables.tidy_results import rows_of_record, save_rows
from .search_space import Choice, Range
from .study import Study
from .study_display import in_words

#: The folder of what came of the best setting on test images.
ON_TEST = "on_test"

#: A value is at the edge of a range within this part of it from an end.
EDGE = 0.05


def at_edge(study: Study) -> dict[str, str]:
    """Return the keys whose best value lies at an end of what was searched: "lower" or "upper"."""
    if study.best is None or len(study.settings) < 2:
        return {}
    best = study.settings[study.best]
    found = {one.key: _edge(one, best[one.key]) for one in study.request.space}
    return {key: edge for key, edge in found.items() if edge is not None}


def edge_notes(study: Study) -> list[str]:
    """Say of each value of the best setting that lies at an end that a better may lie beyond."""
    space = {one.key: one for one in study.request.space}
    notes = []
    for key, edge in at_edge(study).items():
        assert study.best is not None
        value = brief(study.settings[study.best][key])
        notes.append(
            f"{key} = {value} lies at the {edge} end of what was searched "
            f"({_ends_in_words(space[key])}): a better value may lie beyond."
        )
    return notes


def save_on_test(study: Study, reference: str, report: Callable[[str], None]) -> list[str]:
    """Write what came of the best setting on test images; return it as lines to look at.

    Parameters
    ----------
    study : Study
        Whose best setting was tested.
    reference : str
        The arm that others are tested against.
    report : callable
        Told what is left out.
    """
    assert study.best is not None
    folder = study.directory / ON_TEST
    with plain_disk_errors("cannot write to", folder):
        folder.mkdir(exist_ok=True)
    rows = [row for record in study.tests for row in rows_of_record(record)]
    save_rows(folder, rows, report)
    words, first = in_words(study.settings[study.best]), first_metrics(study.tests)
    if first is None:
        error = study.tests[0]["error"]
        return [f"the best setting, {words}, failed on test images: {error}"]
    title = f"{heading(first)}; the best of {len(study.settings)} settings, {words}"
    without = [
        {name: value for name, value in row.items() if name not in study.settings[study.best]}
        for row in rows
    ]
    table = paper_table(without, title, definition_of(first), reference)
    table = table.with_notes([training_note(study)])
    write_tables(folder, table.with_notes(edge_notes(study)))
    return [table.title, "", indented(plain(table.rows)), "", *table.notes]


def training_note(study: Study) -> str:
    """Say how the best setting was chosen, and how the networks that were tested were trained."""
    chosen_on = (first_metrics(study.records) or {}).get("evaluated_on", "test")
    n = study.request.n_seeds
    seeds = "seed 0" if n == 1 else f"seeds 0 to {n - 1}"
    if chosen_on == "test":
        return (
            "The setting was chosen on these test images, by the same seeds: its accuracy looks "
            "better than it is."
        )
    return (
        "The setting was chosen by sleep's accuracy on validation images, a fifth of the training "
        f"images. For this table all networks were trained anew ({seeds}) on all training images, "
        "those of validation among them."
    )


def first_metrics(records: Sequence[JsonMapping]) -> JsonMapping | None:
    """Return the metrics of the first trial that did not fail; None if all did."""
    return next((one["metrics"] for one in records if one["metrics"] is not None), None)


def _edge(one: Choice | Range, value: object) -> str | None:
    """Return the end at which a value lies; None for one in between, and for words."""
    number = _number(value)
    ends = _ends(one)
    if number is None or ends is None:
        return None
    low, high, width = *ends, 0.0
    if isinstance(one, Range):
        if one.log:
            low, high, number = math.log(low), math.log(high), math.log(number)
        width = EDGE * (high - low)
    if number <= low + width:
        return "lower"
    return "upper" if number >= high - width else None


def _ends(one: Choice | Range) -> tuple[float, float] | None:
    """Return the smallest and the largest value; None for what has no order, or one value."""
    if isinstance(one, Range):
        return one.low, one.high
    numbers = [number for number in map(_number, one.values) if number is not None]
    if len(numbers) < len(one.values) or len({is_percentage(value) for value in one.values}) > 1:
        return None
    return (min(numbers), max(numbers)) if min(numbers) < max(numbers) else None


def _ends_in_words(one: Choice | Range) -> str:
    if isinstance(one, Range):
        return f"{one.low:g} to {one.high:g}"
    values = sorted(one.values, key=lambda value: _number(value) or 0.0)
    return f"{values[0]} to {values[-1]}"


def _number(value: object) -> float | None:
    """Return a number, or a percentage as one; None for other values."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if is_percentage(value):
        try:
            return percentage(value, "value")
        except ParameterError:
            return None
    return None
