"""The command line: ``brainsleep run | compare | sweep | report | models | cache``."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Annotated

import typer

from .. import __version__
from ..errors import BrainsleepError, reason
from ..support.disk import disk_error
from .commands.cache_commands import cache_app
from .commands.compare_command import compare
from .commands.models_command import models
from .commands.report_command import report
from .commands.run_command import run
from .commands.sweep_command import sweep

#: What tells NumPy's OpenBLAS how many threads share a product. They cost more than they gain at
#: the sizes of experiments, and with one the last bits are the same on any number of cores.
BLAS_THREADS = "OPENBLAS_NUM_THREADS"

#: Exit status after Ctrl-C, also that of typer, which catches it first.
INTERRUPTED = 130

app = typer.Typer(
    help="Let artificial neural networks sleep, and measure what it does.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (run, compare, sweep, report, models):
    app.command()(command)
app.add_typer(cache_app, name="cache")


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


def main() -> None:
    """Run the command line; errors of ours are one line, not a traceback, and so are warnings."""
    os.environ.setdefault(BLAS_THREADS, "1")  # read when a command imports NumPy
    format_before = warnings.formatwarning
    warnings.formatwarning = _one_line
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
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        typer.echo("\nbrainsleep: interrupted; go on with --resume --out DIRECTORY", err=True)
        sys.exit(INTERRUPTED)
    finally:
        warnings.formatwarning = format_before


def _one_line(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    """Return a warning without the place in the source, which is none of the user's."""
    shown_by = getattr(warnings.showwarning, "__module__", None)
    if shown_by == "logging":  # Brian2's log, which says WARNING before it and ends the line
        return str(message)
    return f"warning: {message}\n"
