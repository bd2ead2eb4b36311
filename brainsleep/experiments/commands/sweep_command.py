"""``brainsleep sweep``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ...errors import ParameterError
from ...support.quick_imports import quick_imports
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
    StrategiesOption,
    SweptModelArgument,
    TrainAnewOption,
    controls_of,
    overrides_of,
    say,
    strategies_of,
)

if TYPE_CHECKING:
    from ..studies.study_workers import Workers

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the model file, as in sleep.neuron.decay=0.99; with several values "
        "(KEY=1e-4,2e-4) each is tried. May be given several times: all combinations are tried.",
    ),
]
VaryOption = Annotated[
    list[str] | None,
    typer.Option(
        "--vary",
        metavar="KEY=VALUES",
        help="The same, for values (KEY=a,b,c) and ranges (KEY=1e-5..1e-3:log, KEY=10..20) to "
        "search by random or tpe.",
    ),
]
SearchOption = Annotated[
    str | None,
    typer.Option(
        metavar="WAY",
        help="How settings are chosen: grid (all combinations, the default), random, or tpe "
        "(Optuna). random and tpe evaluate on validation images unless told otherwise.",
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Run trials on a Dask cluster, tcp://HOST:PORT."),
]
SlurmOption = Annotated[
    list[str] | None,
    typer.Option(
        "--slurm-set",
        metavar="KEY=VALUE",
        help="An option of dask_jobqueue.SLURMCluster, as in queue=short or walltime=01:00:00.",
    ),
]


def sweep(
    model: SweptModelArgument,
    seeds: Annotated[int, typer.Option(min=1, help="How many: 0, 1, … seeds - 1.")] = 5,
    n_jobs: Annotated[
        int | None,
        typer.Option(
            "--n-jobs",
            min=1,
            help="Runs at the same time; 1 for a sweep over seeds, all cores for several settings.",
        ),
    ] = None,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = None,
    device: DeviceOption = None,
    evaluate_on: EvaluateOption = None,
    set_: SetOption = None,
    vary: VaryOption = None,
    search: SearchOption = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="Settings that random and tpe try; 50.")
    ] = None,
    search_seed: Annotated[int, typer.Option(min=0, help="Of what random and tpe draw.")] = 0,
    test_best: Annotated[
        bool,
        typer.Option("--test-best", help="In the end evaluate the best setting on test images."),
    ] = False,
    keep_nights: Annotated[
        bool, typer.Option("--keep-nights", help="Keep a run directory of each trial.")
    ] = False,
    scheduler: SchedulerOption = None,
    slurm: Annotated[
        bool, typer.Option("--slurm", help="Run trials as jobs of SLURM, --n-jobs of them.")
    ] = False,
    slurm_set: SlurmOption = None,
    reference: Annotated[
        str,
        typer.Option(metavar="ARM", help="What tables test results against, as in sleep or joint."),
    ] = "sequential",
    strategies: StrategiesOption = None,
    no_baselines: NoBaselinesOption = False,
    controls: ControlsOption = False,
    control: ControlOption = None,
    resume: Annotated[bool, typer.Option("--resume", help="Keep runs that are there.")] = False,
    train_anew: TrainAnewOption = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Run a model with several seeds, and with several settings of its parameters."""
    from dataclasses import replace

    with quick_imports():
        from ..finished_runs.sweep_comparison import load_runs
        from ..model_files.shipped import find_model
        from ..result_tables.measure_table import measure_table
        from ..result_tables.tables import sweep_table
        from ..studies.search_space import parse_space
        from ..studies.study import run_study
        from ..studies.study_request import DEFAULT_SETTINGS, StudyRequest
        from ..studies.study_results import save_results
        from ..sweep import run_sweep

    fixed, space = parse_space(set_ or (), vary or ())
    overrides = replace(overrides_of(data, data_dir, device, evaluate_on, None), changes=fixed)
    if not space:
        given = (search, trials, scheduler, slurm_set, slurm, test_best, keep_nights)
        _refuse_for_one_setting(any(given))
        directory, summary = run_sweep(
            model,
            n_seeds=seeds,
            n_jobs=n_jobs or 1,
            out=out,
            overrides=overrides,
            baselines=not no_baselines,
            strategies=strategies_of(strategies),
            controls=controls_of(controls, control),
            resume=resume,
            train_anew=train_anew,
            progress=not no_progress,
            reference=reference,
            report=say,
        )
        typer.echo()
        typer.echo(sweep_table(summary))
        if measures := measure_table([run.metrics for run in load_runs(directory)]):
            typer.echo(f"\n{measures}")
        typer.echo(f"\nresults and tables: {directory}")
        return
    if trials is not None and search not in ("random", "tpe"):
        raise ParameterError("--trials goes with --search random or tpe; a grid is tried whole.")
    request = StudyRequest(
        model_file=find_model(model),
        space=space,
        overrides=overrides,
        n_seeds=seeds,
        search=search or "grid",
        n_settings=trials or DEFAULT_SETTINGS,
        search_seed=search_seed,
        baselines=not no_baselines,
        strategies=strategies_of(strategies),
        controls=controls_of(controls, control),
        keep_nights=keep_nights,
        train_anew=train_anew,
    ).on_validation(wanted=test_best or search in ("random", "tpe"), report=say)
    study = run_study(
        request,
        out=out,
        workers=_workers(n_jobs, scheduler, slurm, slurm_set or ()),
        resume=resume,
        test_best=test_best,
        progress=not no_progress,
        report=say,
    )
    typer.echo()
    typer.echo(save_results(study, reference, report=say))
    typer.echo(f"\nresults and tables: {study.directory}")


def _refuse_for_one_setting(is_given: bool) -> None:
    """Raise a ParameterError for options that make no sense if nothing varies."""
    if is_given:
        raise ParameterError(
            "--search, --trials, --test-best, --keep-nights, --scheduler and --slurm are for "
            "several settings: give a key several values (--set KEY=a,b or --vary KEY=a..b)."
        )


def _workers(
    n_jobs: int | None, scheduler: str | None, slurm: bool, options: list[str] | tuple[()]
) -> Workers | None:
    """Return who runs trials; None: as many processes as there are cores."""
    from ..model_files.model_changes import parse_changes
    from ..studies.dask_workers import dask_workers, slurm_workers
    from ..studies.study_workers import LocalWorkers

    if slurm and scheduler is not None:
        raise ParameterError("--slurm and --scheduler are two ways to run trials; choose one.")
    if options and not slurm:
        raise ParameterError("--slurm-set goes with --slurm.")
    if slurm:
        return slurm_workers(n_jobs or 2, parse_changes(options, "--slurm-set", "KEY=VALUE"))
    if scheduler is not None:
        return dask_workers(scheduler)
    return None if n_jobs is None else LocalWorkers(n_jobs)
