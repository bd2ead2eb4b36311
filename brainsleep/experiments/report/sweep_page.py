"""The page of a sweep: one experiment with several seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...measures import MeanSD, summarise
from ...measures.definitions import DEFINITIONS
from ...support.files import JsonMapping
from ..finished_runs.run_results import Run
from ..kinds import kind_of_results
from ..result_tables.paper_tables import paper_table
from ..result_tables.tables import definition_of, heading
from ..result_tables.tidy_results import rows_of
from .accuracy_tables import AccuracyTable, accuracy_tables, chance_level, mean_of, task_names
from .arm_rows import ArmRow, arm_rows, controls_left, measure_definitions
from .facts import Fact, facts_of, on_nights_and_failures, on_validation
from .parameter_table import shown_parameters
from .templating import HtmlPage, render


@dataclass(frozen=True)
class SeedsRow:
    """One arm with several seeds.

    Attributes
    ----------
    arm : ArmRow
        That of the first seed, which says what it is.
    accuracies : list of float
        At the end, by seed.
    spread : MeanSD
        Of these.
    measures : dict of str to MeanSD or None
        As of `ArmRow`, over seeds.
    """

    arm: ArmRow
    accuracies: list[float]
    spread: MeanSD
    measures: dict[str, MeanSD | None]


def sweep_page(directory: Path, runs: Sequence[Run]) -> HtmlPage:
    """Return the page of a sweep.

    Parameters
    ----------
    directory : Path
        Of the sweep.
    runs : sequence of Run
        Of its seeds.

    Raises
    ------
    BrainsleepError
        If what it needs of the runs is damaged.
    """
    all_metrics = [run.metrics for run in runs]
    first = runs[0]
    rows = seeds_rows(all_metrics)
    parameters, sources, problems = shown_parameters(first)
    tidy = [row for metrics in all_metrics for row in rows_of(metrics)]
    seeds = ", ".join(str(one["seed"]) for one in all_metrics)
    return render(
        "sweep.html",
        title=f"{first.metrics['model']}, {len(runs)} seeds",
        heading=heading(first.metrics),
        directory=str(directory),
        definition=definition_of(first.metrics),
        facts=[Fact("seeds", seeds), *_common_facts(runs)],
        reasons=[],
        doubts=doubts_of(all_metrics),
        problems=problems,
        rows=rows,
        measures=measure_definitions([row.arm for row in rows]),
        definitions=DEFINITIONS,
        tables=mean_tables(all_metrics),
        tasks=task_names(first.metrics),
        chance=chance_level(first.metrics),
        tests=paper_table(tidy, heading(first.metrics), definition_of(first.metrics)),
        parameters=parameters,
        references=sources,
    )


def seeds_rows(runs: Sequence[JsonMapping]) -> list[SeedsRow]:
    """Return the arms of some runs that differ in their seeds, in the order of tables."""
    of_runs = [{row.name: row for row in arm_rows(run)} for run in runs]
    names = dict.fromkeys(name for rows in of_runs for name in rows)
    found = []
    for name in names:
        arms = [rows[name] for rows in of_runs if name in rows]
        accuracies = [arm.accuracy for arm in arms]
        measures = {
            key: mean_sd([arm.measures.get(key) for arm in arms]) for key in arms[0].measures
        }
        found.append(SeedsRow(arms[0], accuracies, summarise(accuracies), measures))
    return found


def mean_tables(runs: Sequence[JsonMapping]) -> list[AccuracyTable]:
    """Return the accuracy on each task before and after sleep, mean over seeds."""
    tables = [accuracy_tables(run) for run in runs]
    found = []
    for several in zip(*tables, strict=True):
        values = np.mean(np.array([table.rows for table in several], dtype=float), axis=0)
        rows = [[None if np.isnan(one) else float(one) for one in row] for row in values]
        title = f"{several[0].title}, mean over seeds" if len(runs) > 1 else several[0].title
        found.append(AccuracyTable(title, rows, [mean_of(row) for row in rows]))
    return found


def doubts_of(runs: Sequence[JsonMapping]) -> list[str]:
    """Return what a reader should know of some runs before believing what they say."""
    found = []
    if len(runs) == 1:
        found.append("One seed says nothing of how much results vary.")
    found += on_validation(runs[0])
    if kind_of_results(runs[0]).sleeps and (left := controls_left(runs[0])):
        found.append(f"Controls that were not run: {'; '.join(left)}.")
    if len({str(sorted(run["versions"].items())) for run in runs}) > 1:
        found.append("The runs were made with different versions of what they need.")
    return found + on_nights_and_failures(runs)


def _common_facts(runs: Sequence[Run]) -> list[Fact]:
    """Return the facts that are the same for all runs."""
    first, *others = (facts_of(run) for run in runs)
    return [fact for fact in first if all(fact in facts for facts in others)]


def mean_sd(values: Sequence[float | None]) -> MeanSD | None:
    """Return mean and standard deviation of those that are known; None if none is."""
    known = [value for value in values if value is not None]
    return summarise(known) if known else None
