"""``brainsleep report``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ...support.quick_imports import quick_imports


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            help="The directory of a finished run, a sweep, a study or a night; or several of runs "
            "and sweeps, side by side.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where the page goes; report.html in the directory, or of several comparison.html "
            "beside the first.",
        ),
    ] = None,
) -> None:
    """Write one HTML page of a run: results, rasters, weights, parameters. Any browser shows it.

    What is left out, as a night that is damaged, is told in a line each on standard error.
    """
    with quick_imports():
        from ..report.reporting import write_report

    typer.echo(write_report(*runs, out=out, report=partial(typer.echo, err=True)))
