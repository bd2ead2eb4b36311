"""The page of several runs or sweeps side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import BrainsleepError, ParameterError
from ...measures import MeanSD
from ...measures.definitions import DEFINITIONS
from ..finished_runs.run_results import Run
from ..finished_runs.sweep_comparison import by_seed, directory_of
from ..kinds import kind_of_results
from ..result_tables.tables import comparison_rows, definition_of
from .accuracy_tables import AccuracyTable, chance_level, task_names
from .facts import facts_of
from .night_sections import night_sections
from .parameter_table import parameter_rows
from .shown_night import NightSection
from .sweep_page import SeedsRow, doubts_of, mean_tables, seeds_rows
from .templating import NOTHING, HtmlPage, render


@dataclass(frozen=True)
class ComparedArm:
    """One arm in several experiments.

    Attributes
    ----------
    label, kind, question : str
        As of `ArmRow`.
    spreads : list of MeanSD or None
        Accuracy in each experiment; None where it was not run.
    """

    label: str
    kind: str
    question: str
    spreads: list[MeanSD | None]


@dataclass(frozen=True)
class ComparedRow:
    """One fact or parameter in several experiments.

    Attributes
    ----------
    name : str
        Of the fact, or the parameter's key.
    values : list of str
        In each experiment.
    """

    name: str
    values: list[str]

    @property
    def differs(self) -> bool:
        """Whether they are not all the same."""
        return len(set(self.values)) > 1


@dataclass(frozen=True)
class ComparedTables:
    """The accuracies on each task of one experiment."""

    label: str
    tables: list[AccuracyTable]
    tasks: list[str]
    chance: float | None


def comparison_page(experiments: Mapping[str, Sequence[Run]]) -> HtmlPage:
    """Return the page of several experiments side by side.

    Parameters
    ----------
    experiments : mapping of str to sequence of Run
        By label: one run, or those of a sweep.

    Raises
    ------
    BrainsleepError
        If what it needs of the runs is damaged, or one does not sleep.
    """
    metrics = {label: [run.metrics for run in runs] for label, runs in experiments.items()}
    for label, runs in metrics.items():
        kind = kind_of_results(runs[0])
        if not kind.sleeps:
            raise ParameterError(f"{label} {kind.alone}; write a page of it alone.")
    parameters, problems = _parameters(experiments)
    nights = _nights(experiments)
    tables = [
        ComparedTables(label, mean_tables(runs), task_names(runs[0]), chance_level(runs[0]))
        for label, runs in metrics.items()
    ]
    return render(
        "comparison.html",
        title=" and ".join(experiments),
        heading=f"{len(experiments)} experiments side by side",
        directory=", ".join(str(directory_of(runs)) for runs in experiments.values()),
        labels=list(experiments),
        definition=definition_of(next(iter(metrics.values()))[0]),
        facts=_facts(experiments),
        doubts=[(label, doubts_of(runs)) for label, runs in metrics.items()],
        problems=[*problems, *(f"{one.title}: {one.problem}" for one in nights if one.problem)],
        arms=_arms([seeds_rows(runs) for runs in metrics.values()]),
        by_seed=[line.strip() for line in by_seed(metrics) if line],
        definitions=DEFINITIONS,
        compared=tables,
        costs=[[NOTHING if one == "-" else one for one in row] for row in comparison_rows(metrics)],
        parameters=parameters,
        nights=[one for one in nights if not one.problem],
    )


def _arms(of_experiments: Sequence[Sequence[SeedsRow]]) -> list[ComparedArm]:
    """Put the arms of all experiments in one table, in the order in which they come first."""
    known = {row.arm.name: row.arm for rows in of_experiments for row in rows}
    spreads = [{row.arm.name: row.spread for row in rows} for rows in of_experiments]
    return [
        ComparedArm(arm.label, arm.kind, arm.question, [one.get(name) for one in spreads])
        for name, arm in known.items()
    ]


def _facts(experiments: Mapping[str, Sequence[Run]]) -> list[ComparedRow]:
    found = []
    for runs in experiments.values():
        facts = {fact.name: fact.text for fact in facts_of(runs[0])}
        seeds = ", ".join(str(run.metrics["seed"]) for run in runs)
        found.append({**facts, "seed": seeds})
    return _rows(found)


def _parameters(
    experiments: Mapping[str, Sequence[Run]],
) -> tuple[list[ComparedRow], list[str]]:
    """Return the parameters of all experiments, and what is wrong with those that lack theirs."""
    found, problems = [], []
    for label, runs in experiments.items():
        try:
            rows = parameter_rows(runs[0])
        except BrainsleepError as error:
            rows = []
            problems.append(f"parameters of {label} are not shown: {error}")
        found.append({row.key: " ".join(filter(None, [row.value, row.unit])) for row in rows})
    return _rows(found), problems


def _rows(columns: Sequence[Mapping[str, str]]) -> list[ComparedRow]:
    names = dict.fromkeys(name for column in columns for name in column)
    return [ComparedRow(name, [column.get(name, NOTHING) for column in columns]) for name in names]


def _nights(experiments: Mapping[str, Sequence[Run]]) -> list[NightSection]:
    """Return the last night of the first run of each experiment."""
    return [
        night
        for label, runs in experiments.items()
        for night in night_sections(runs[0], prefix=f"{label}, ", last_only=True)
    ]
