"""``brainsleep compare``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...support.quick_imports import quick_imports
from .command_options import (
    NoProgressOption,
    say,
)
from .completion import offer_models


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
    with quick_imports():
        from ..comparison import compare_runs

    text, figure = compare_runs(
        *experiments, seed=seed, out=out, progress=not no_progress, report=say
    )
    typer.echo()
    typer.echo(text)
    typer.echo(f"\nfigure: {figure}")
