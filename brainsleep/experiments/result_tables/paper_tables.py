"""Tables for papers, in Markdown and LaTeX: mean ± SD, n, and paired tests against a reference."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import ParameterError, suggest
from ...measures import PairedDifference, holm, paired_difference, summarise
from ...support.files import JsonMapping, write_atomically
from ...wake import STRATEGIES
from .markup import latex, markdown
from .tables import definition_of, heading
from .tidy_results import SLEEP, columns_of, rows_of

#: What results are tested against unless another arm is named.
REFERENCE = "sequential"

#: Columns of rows that are no parameters begin here.
_FIRST_COLUMN = "seed"

#: What stands where there is nothing to say.
_NOTHING = "–"


@dataclass(frozen=True)
class PaperRow:
    """A row: one arm of one setting.

    Attributes
    ----------
    arm, label : str
        Its name, and what tables call it.
    parameters : tuple of str
        Of the setting, in the order of the columns; empty words for arms that they do not change.
    values : mapping of int to float
        Accuracy by seed.
    reference : mapping of int to float
        That of the reference by seed; empty for the reference itself.
    """

    arm: str
    label: str
    parameters: tuple[str, ...]
    values: Mapping[int, float]
    reference: Mapping[int, float]

    @property
    def difference(self) -> PairedDifference | None:
        """How it differs from the reference, by seed; None with fewer than two seeds in common."""
        seeds = [seed for seed in self.reference if seed in self.values]
        if len(seeds) < 2:
            return None
        return paired_difference(
            [self.reference[seed] for seed in seeds], [self.values[seed] for seed in seeds]
        )


@dataclass(frozen=True)
class PaperTable:
    """A table.

    Attributes
    ----------
    title : str
        What it shows, in one line.
    rows : sequence of sequence of str
        A heading first.
    notes : sequence of str
        What stands under it.
    n_left : int
        How many columns are words, and flush left.
    """

    title: str
    rows: Sequence[Sequence[str]]
    notes: Sequence[str]
    n_left: int = 1

    def with_notes(self, notes: Sequence[str]) -> PaperTable:
        """Return it with more notes."""
        return replace(self, notes=[*self.notes, *notes])

    def markdown(self) -> str:
        """Return it in Markdown."""
        return markdown(self.title, self.rows, self.notes, self.n_left)

    def latex(self) -> str:
        """Return it in LaTeX, with the rules of booktabs."""
        return latex(self.title, self.rows, self.notes, self.n_left)


def paper_table(
    rows: Sequence[JsonMapping], title: str, definition: str, reference: str = REFERENCE
) -> PaperTable:
    """Return a table of accuracies.

    Parameters
    ----------
    rows : sequence of mapping
        As of `brainsleep.experiments.result_tables.tidy_results`.
    title : str
        What it shows.
    definition : str
        What accuracy means.
    reference : str
        The arm that others are tested against, seed by seed and in each setting; left out where
        there is none of that name, unless other arms were run.

    Raises
    ------
    ParameterError
        If no arm has the name of the reference (but for the default).
    """
    found = _grouped(rows, reference)
    names = _parameter_names(rows)
    differences = [row.difference for row in found]
    is_tested = any(one is not None for one in differences)
    has_ranks = any(one is not None and not math.isnan(one.p_ranks) for one in differences)
    p_values = holm(math.nan if one is None else one.p for one in differences)
    p_ranks = holm(math.nan if one is None else one.p_ranks for one in differences)
    heading = ["", *(name.rpartition(".")[2] for name in names), "accuracy, %", "n"]
    if is_tested:
        heading += ["difference", "p (t)", *(["p (Wilcoxon)"] if has_ranks else [])]
    lines = [heading]
    for row, difference, p, p_rank in zip(found, differences, p_values, p_ranks, strict=True):
        cells = [row.label, *row.parameters, _mean(row.values), str(len(row.values))]
        if is_tested:
            mean = _NOTHING if difference is None else _signed(100 * difference.mean)
            cells += [mean, _p(p), *([_p(p_rank)] if has_ranks else [])]
        lines.append(cells)
    label = next((row.label for row in found if row.arm == reference), reference)
    notes = [f"{definition}; mean ± SD over seeds."]
    notes += _on_chance(rows, found)
    notes += _on_failures([row for row in rows if row.get("error")])
    if is_tested:
        notes += _on_tests(label, sum(not math.isnan(p) for p in p_values), has_ranks)
    return PaperTable(title, lines, notes, 1 + len(names))


def save_paper_table(
    directory: Path, runs: Sequence[JsonMapping], reference: str = REFERENCE
) -> None:
    """Write the tables of a run, or of the runs of a sweep, to its directory.

    Parameters
    ----------
    directory : Path
        Of the run or the sweep.
    runs : sequence of mapping
        Contents of ``metrics.json``.
    reference : str
        The arm that others are tested against.

    Raises
    ------
    ParameterError
        If there is no such arm.
    DirectoryError
        If they cannot be written.
    """
    rows = [row for metrics in runs for row in rows_of(metrics)]
    table = paper_table(rows, heading(runs[0]), definition_of(runs[0]), reference)
    write_tables(directory, table)


def write_tables(directory: Path, table: PaperTable) -> None:
    """Write ``table.md`` and ``table.tex``, unless that is what they hold.

    Raises
    ------
    DirectoryError
        If they cannot be written.
    """
    for name, text in (("table.md", table.markdown()), ("table.tex", table.latex())):
        file = directory / name
        try:
            is_there = file.read_bytes() == text.encode()
        except OSError:
            is_there = False
        if not is_there:
            write_atomically(file, text)


def _on_tests(label: str, n_tests: int, has_ranks: bool) -> list[str]:
    tests = "paired t-test" + (" and Wilcoxon signed-rank test" if has_ranks else "")
    few = "" if has_ranks else "; with fewer than six seeds Wilcoxon's test can say nothing"
    return [
        f"Difference: percentage points above '{label}', mean over equal seeds. p: {tests}, "
        f"two-sided, corrected by Holm for the {n_tests} rows tested{few}."
    ]


def _on_chance(rows: Sequence[JsonMapping], found: Sequence[PaperRow]) -> list[str]:
    """Name the arms in which nothing is drawn, so that all seeds give the same."""
    strategies = {row["arm"]: str(row.get("strategy")) for row in rows}
    labels = [
        f"'{row.label}'"
        for row in found
        if len(row.values) > 1
        and len(set(row.values.values())) == 1
        and strategies[row.arm] in STRATEGIES
        and not STRATEGIES[strategies[row.arm]].has_chance
    ]
    if not labels:
        return []
    what = "does" if len(labels) == 1 else "do"
    return [f"± 0.0: {', '.join(dict.fromkeys(labels))} {what} not depend on the seed."]


def _on_failures(failed: Sequence[JsonMapping]) -> list[str]:
    """Say how many trials failed, and how often single arms did."""
    n_trials = sum(row["arm"] == SLEEP for row in failed)
    of_arms = Counter(row["label"] for row in failed if row["arm"] != SLEEP)
    return [
        *([f"{n_trials} trials failed and are left out."] if n_trials else []),
        *(
            f"'{label}' failed in {n} of the runs, which are left out."
            for label, n in of_arms.items()
        ),
    ]


def _parameter_names(rows: Sequence[JsonMapping]) -> list[str]:
    """Return the columns that hold parameters: those before the seed."""
    columns = columns_of(rows)
    return columns[: columns.index(_FIRST_COLUMN)]


def _grouped(rows: Sequence[JsonMapping], reference: str) -> list[PaperRow]:
    """Return the rows of the table: arms in the order in which they come, settings within them."""
    names = _parameter_names(rows)
    values: dict[str, dict[tuple[str, ...], dict[int, float]]] = {}
    labels: dict[str, str] = {}
    for row in rows:
        if row.get("accuracy") is None and row["arm"] == SLEEP:
            continue
        setting = tuple(str(row.get(name)) for name in names)
        of_setting = values.setdefault(row["arm"], {}).setdefault(setting, {})
        if row.get("accuracy") is None:
            labels.setdefault(row["arm"], row["label"])  # it failed
        else:
            of_setting[row["seed"]] = row["accuracy"]
            labels[row["arm"]] = row["label"]
    if reference not in values and reference != REFERENCE:
        raise ParameterError(f"there is no arm {reference!r}.{suggest(reference, values)}")
    found = []
    for arm, of_arm in values.items():
        if len(of_arm) > 1 and _are_equal(list(of_arm.values())):
            of_arm = {("",) * len(names): max(of_arm.values(), key=len)}
        for setting, of_seeds in of_arm.items():
            compared = values.get(reference, {}) if arm != reference else {}
            alone = next(iter(compared.values()), {}) if _are_equal(list(compared.values())) else {}
            found.append(
                PaperRow(arm, labels[arm], setting, of_seeds, compared.get(setting, alone))
            )
    return found


def _are_equal(values: Sequence[Mapping[int, float]]) -> bool:
    """Tell whether the seeds that any two have in common have the same accuracies."""
    merged: dict[int, float] = {}
    for one in values:
        if any(merged.get(seed, value) != value for seed, value in one.items()):
            return False
        merged.update(one)
    return True


def _mean(values: Mapping[int, float]) -> str:
    if not values:
        return _NOTHING
    spread = summarise(values.values())
    return f"{100 * spread.mean:.1f}" + (f" ± {100 * spread.sd:.1f}" if len(values) > 1 else "")


def _signed(value: float) -> str:
    """Return a number with its sign, which is no hyphen."""
    return f"{value:+.1f}".replace("-", "−")


def _p(p: float) -> str:
    if math.isnan(p):
        return _NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.2g}" if p < 0.1 else f"{p:.2f}"
