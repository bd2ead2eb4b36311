"""``brainsleep run``."""

from __future__ import annotations

from typing import Annotated

import typer

from ...support.quick_imports import quick_imports
from .command_options import (
    ControlOption,
    ControlsOption,
    DataDirOption,
    DataOption,
    DeviceOption,
    EvaluateOption,
    ModelArgument,
    NoBaselinesOption,
    NoProgressOption,
    OutOption,
    SetOption,
    StrategiesOption,
    TrainAnewOption,
    controls_of,
    overrides_of,
    say,
    strategies_of,
)


def run(
    model: ModelArgument = None,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes the whole run.")] = 0,
    device: DeviceOption = None,
    evaluate_on: EvaluateOption = None,
    set_: SetOption = None,
    strategies: StrategiesOption = None,
    no_baselines: NoBaselinesOption = False,
    controls: ControlsOption = False,
    control: ControlOption = None,
    train_anew: TrainAnewOption = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Leave a page of it, as brainsleep report does.")
    ] = False,
    no_progress: NoProgressOption = False,
    n_jobs: Annotated[
        int | None,
        typer.Option("--n-jobs", min=1, help="Arms at the same time; all cores unless given."),
    ] = None,
) -> None:
    """Train on one task after another, sleep after each, and measure."""
    with quick_imports():
        from ..result_tables.measure_table import measure_table
        from ..result_tables.tables import result_table
        from ..run import run_experiment
        from ..run_directory.run_clock import seconds_line

    finished = run_experiment(
        model,
        out=out,
        seed=seed,
        overrides=overrides_of(data, data_dir, device, evaluate_on, set_),
        baselines=not no_baselines,
        strategies=strategies_of(strategies),
        controls=controls_of(controls, control),
        train_anew=train_anew,
        resume=resume,
        progress=not no_progress,
        n_jobs=n_jobs,
        report=say,
    )
    typer.echo()
    typer.echo(result_table(finished.metrics))
    if measures := measure_table([finished.metrics]):
        typer.echo(f"\n{measures}")
    if took := seconds_line(finished.directory):
        typer.echo(f"\n{took}")
    typer.echo(f"\nresults and figures: {finished.directory}")
    if report:
        from ..report.reporting import write_report

        page = write_report(finished.directory, report=say, n_jobs=n_jobs)
        typer.echo(f"a page of it: {page}")
    else:
        typer.echo(f"a page of it: brainsleep report {finished.directory}")
