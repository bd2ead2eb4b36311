"""``brainsleep sweep``."""

from __future__ import annotations

from typing import Annotated

import typer

from .command_options import (
    ControlOption,
    ControlsOption,
    DataDirOption,
    DataOption,
    DeviceOption,
    EvaluateOption,
    NoBaselinesOption,
    NoProgressOption,
    OutOption,
    SetOption,
    StrategiesOption,
    SweptModelArgument,
    controls_of,
    overrides_of,
    say,
    strategies_of,
)


def sweep(
    model: SweptModelArgument,
    seeds: Annotated[int, typer.Option(min=1, help="How many: 0, 1, … seeds - 1.")] = 5,
    n_jobs: Annotated[int, typer.Option("--n-jobs", min=1, help="Runs at the same time.")] = 1,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = None,
    device: DeviceOption = None,
    evaluate_on: EvaluateOption = None,
    set_: SetOption = None,
    strategies: StrategiesOption = None,
    no_baselines: NoBaselinesOption = False,
    controls: ControlsOption = False,
    control: ControlOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep runs that are there.")] = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Run a model with several seeds; report mean and standard deviation."""
    from ..sweep import run_sweep
    from ..tables import sweep_table

    directory, summary = run_sweep(
        model,
        n_seeds=seeds,
        n_jobs=n_jobs,
        out=out,
        overrides=overrides_of(data, data_dir, device, evaluate_on, set_),
        baselines=not no_baselines,
        strategies=strategies_of(strategies),
        controls=controls_of(controls, control),
        resume=resume,
        progress=not no_progress,
        report=say,
    )
    typer.echo()
    typer.echo(sweep_table(summary))
    typer.echo(f"\nresults: {directory}")
