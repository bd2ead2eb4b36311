"""The command line: ``brainsleep run | compare | sweep | models | cache``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import __version__
from ..errors import BrainsleepError, reason
from ..support.disk import disk_error
from ..support.progress import bars_aside
from .completion import DATASETS, DEVICES, EVALUATED_ON, offer, offer_models

if TYPE_CHECKING:
    from ..devices.cache import Entry
    from .overrides import Overrides

app = typer.Typer(
    help="Let artificial neural networks sleep, and measure what it does.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

cache_app = typer.Typer(
    help="The compiled programs that are kept. BRAINSLEEP_CACHE sets the folder, "
    "BRAINSLEEP_CACHE_SIZE how much space they may take (default 1 GiB).",
    no_args_is_help=True,
)
app.add_typer(cache_app, name="cache")

ModelArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="MODEL",
        autocompletion=offer_models,
        help="A model file, or the name of one that comes with the package (brainsleep models); "
        "the default experiment without one.",
    ),
]
SweptModelArgument = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        autocompletion=offer_models,
        help="A model file, or the name of one that comes with the package (brainsleep models).",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where results go; runs/NAME, with a number when taken."),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        autocompletion=offer(DATASETS),
        help="digits, mnist or fashion_mnist, in place of the model's own.",
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of the data set's IDX files, or of torchvision's."),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        autocompletion=offer(DEVICES),
        help="cpp, cpp_stock, runtime or cuda, in place of the model's own.",
    ),
]
EvaluateOption = Annotated[
    str | None,
    typer.Option(
        autocompletion=offer(EVALUATED_ON),
        help="test or validation (a fifth of the training images, to tune on).",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the model file, as in sleep.neuron.decay=0.99; "
        "may be given several times.",
    ),
]
NoBaselinesOption = Annotated[
    bool,
    typer.Option(
        "--no-baselines", help="Leave out the training without sleep that results are held against."
    ),
]
ControlsOption = Annotated[
    bool,
    typer.Option(
        "--controls", help="Also run the controls: what else could explain the effect of sleep."
    ),
]
NoProgressOption = Annotated[
    bool, typer.Option("--no-progress", help="Show no progress bars; none show in a pipe anyway.")
]


def _show_version(wanted: bool) -> None:
    """Print the version and end, if that is wanted."""
    if wanted:
        typer.echo(f"brainsleep {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=_show_version,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Take the options that come before any command."""


@app.command()
def run(
    model: ModelArgument = None,
    data: DataOption = None,
    data_dir: DataDirOption = None,
    out: OutOption = None,
    seed: Annotated[int, typer.Option(min=0, help="Fixes the whole run.")] = 0,
    device: DeviceOption = None,
    evaluate_on: EvaluateOption = None,
    set_: SetOption = None,
    no_baselines: NoBaselinesOption = False,
    controls: ControlsOption = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out.")] = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Train on one task after another, sleep after each, and measure."""
    from .controls import CONTROLS
    from .run import run_experiment
    from .tables import result_table

    finished = run_experiment(
        model,
        out=out,
        seed=seed,
        overrides=_overrides(data, data_dir, device, evaluate_on, set_),
        baselines=not no_baselines,
        controls=CONTROLS if controls else (),
        resume=resume,
        progress=not no_progress,
        report=_say,
    )
    typer.echo()
    typer.echo(result_table(finished.metrics))
    typer.echo(f"\nresults and figures: {finished.directory}")


@app.command()
def compare(
    experiments: Annotated[
        list[Path],
        typer.Argument(
            metavar="EXPERIMENT",
            autocompletion=offer_models,
            help="Model files, runs or sweeps, two or more.",
        ),
    ],
    seed: Annotated[int, typer.Option(min=0, help="Seed of model files that are run.")] = 0,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the figure goes; runs/compare-A-B-….")
    ] = None,
    no_progress: NoProgressOption = False,
) -> None:
    """Put models, runs or sweeps side by side: accuracy, rates, weight change, time; a figure."""
    from .comparison import compare_runs

    text, figure = compare_runs(
        *experiments, seed=seed, out=out, progress=not no_progress, report=_say
    )
    typer.echo()
    typer.echo(text)
    typer.echo(f"\nfigure: {figure}")


@app.command()
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
    no_baselines: NoBaselinesOption = False,
    controls: ControlsOption = False,
    resume: Annotated[bool, typer.Option("--resume", help="Keep runs that are there.")] = False,
    no_progress: NoProgressOption = False,
) -> None:
    """Run a model with several seeds; report mean and standard deviation."""
    from .controls import CONTROLS
    from .sweep import run_sweep
    from .tables import sweep_table

    directory, summary = run_sweep(
        model,
        n_seeds=seeds,
        n_jobs=n_jobs,
        out=out,
        overrides=_overrides(data, data_dir, device, evaluate_on, set_),
        baselines=not no_baselines,
        controls=CONTROLS if controls else (),
        resume=resume,
        progress=not no_progress,
        report=_say,
    )
    typer.echo()
    typer.echo(sweep_table(summary))
    typer.echo(f"\nresults: {directory}")


@app.command()
def models(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            autocompletion=offer_models,
            help="Print this one, to copy and change it.",
        ),
    ] = None,
) -> None:
    """List the model files that come with the package; run takes their names."""
    from .shipped import shipped_model, table_of_models

    if name is not None:
        typer.echo(shipped_model(name).read_text(), nl=False)
        return
    typer.echo(table_of_models())


@cache_app.command("list")
def list_cache() -> None:
    """Show the compiled programs that are kept, last used first."""
    from ..devices.cache import cache_path, list_programs, size_limit

    limit, entries = size_limit(), list_programs()
    total = sum(entry.size for entry in entries)
    for line in _program_table(entries):
        typer.echo(line)
    typer.echo(
        f"{_programs(len(entries))}, {_megabytes(total)} of {_megabytes(limit)}, in {cache_path()}"
    )


@cache_app.command("clear")
def clear_cache(
    older_than: Annotated[
        float,
        typer.Option("--older-than", metavar="DAYS", min=0, help="Only what was not used since."),
    ] = 0.0,
) -> None:
    """Remove compiled programs, but none that is running."""
    from ..devices.cache import cache_path, clear

    removal = clear(older_than)
    in_use = f"; {removal.in_use} in use stayed" if removal.in_use else ""
    typer.echo(
        f"removed {_programs(removal.programs)}, {_megabytes(removal.size)}, "
        f"from {cache_path()}{in_use}"
    )


def _program_table(entries: Sequence[Entry]) -> list[str]:
    """Return compiled programs as lines of a table; no lines if there are none."""
    if not entries:
        return []
    columns = ("network", "neuron", "plasticity", "dtype", "device")
    rows: list[tuple[str, ...]] = [("program", *columns, "size", "built", "last used")]
    for entry in entries:
        words = [entry.description.get(name, "?") for name in columns]
        built = "?" if entry.built is None else _date(entry.built)
        key = entry.directory.name[:8]
        rows.append((key, *words, _megabytes(entry.size), built, _date(entry.used)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _programs(number: int) -> str:
    return "1 program" if number == 1 else f"{number} programs"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def _say(line: str) -> None:
    """Print a line of a report above the progress bars."""
    with bars_aside():
        typer.echo(line)


def _overrides(
    data: str | None,
    data_dir: Path | None,
    device: str | None,
    evaluate_on: str | None,
    changes: list[str] | None,
) -> Overrides:
    """Collect what the command line changes in a model file."""
    from .model_changes import parse_changes
    from .overrides import Overrides

    return Overrides(
        dataset=data,
        data_dir=None if data_dir is None else str(data_dir),
        device=device,
        evaluate_on=evaluate_on,
        changes=parse_changes(changes or ()),
    )


def main() -> None:
    """Run the command line; errors of ours are one line, not a traceback."""
    try:
        app()
    except BrainsleepError as error:
        typer.echo(f"brainsleep: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        typer.echo(f"brainsleep: {disk_error(error, 'cannot use')}", err=True)
        sys.exit(1)
    except MemoryError as error:
        typer.echo(f"brainsleep: the memory does not suffice: {reason(error)}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        typer.echo("\nbrainsleep: interrupted; go on with --resume", err=True)
        sys.exit(130)
