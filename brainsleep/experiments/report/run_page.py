"""The page of one run."""

from __future__ import annotations

from dataclasses import replace

from ...measures.definitions import DEFINITIONS
from ..finished_runs.run_results import Run
from ..result_tables.tables import definition_of, heading
from .accuracy_tables import accuracy_tables, chance_level, task_names
from .arm_rows import arm_rows, measure_definitions
from .facts import doubts, facts_of, reasons
from .night_sections import measured_nights
from .parameter_table import shown_parameters
from .reactivation_table import Reactivations
from .templating import HtmlPage, render


def run_page(run: Run, n_jobs: int = 1) -> HtmlPage:
    """Return the page of a run.

    Parameters
    ----------
    run : Run
        The run.
    n_jobs : int
        How many nights are read at the same time.

    Raises
    ------
    BrainsleepError
        If what it needs of the run is damaged. Nights that are damaged are left out, and said so.
    """
    metrics = run.metrics
    arms = arm_rows(metrics)
    reactivations = Reactivations(run)
    if len(run.nights) > 1 and n_jobs > 1:
        _ = reactivations.why_not  # what processes have in common is made before they begin
    measured = measured_nights(run, reactivations.of_night, n_jobs)
    nights = [section for section, _ in measured]
    problems = [
        f"the night {one.title} is not shown: {one.problem}" for one in nights if one.problem
    ]
    parameters, sources, not_shown = shown_parameters(run)
    problems += not_shown
    found = [one for _, one in measured if one is not None]
    reactivated = reactivations.table(found) if nights else None
    page = render(
        "run.html",
        title=f"{metrics['model']}, seed {metrics['seed']}",
        heading=heading(metrics),
        directory=str(run.directory),
        definition=definition_of(metrics),
        facts=facts_of(run),
        reasons=reasons(run, arms),
        doubts=doubts(run, arms),
        problems=problems,
        arms=arms,
        measures=measure_definitions(arms),
        recovered=metrics.get("sleep", {}).get("measures", {}).get("recovered"),
        definitions=DEFINITIONS,
        tables=accuracy_tables(metrics),
        tasks=task_names(metrics),
        chance=chance_level(metrics),
        curve=metrics["accuracy"].get("curve", []),
        kind=run.kind,
        below="\n".join(run.kind.below(metrics)).strip("\n"),
        per_class=metrics.get("sleep", {}).get("per_class", {}),
        confusion=metrics.get("sleep", {}).get("confusion", []),
        reactivated=reactivated,
        nights=[one for one in nights if not one.problem],
        parameters=parameters,
        references=sources,
        seconds=metrics.get("seconds", {}),
        timings=metrics["timings"],
    )
    if reactivated is None or not reactivated.why_not:
        return page
    line = f"reactivation is not shown: {reactivated.why_not}"
    return replace(page, left_out=(*page.left_out, line))
