"""What the scripts of this folder share: reading a run directory, and one line for an error."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from brainsleep.errors import BrainsleepError, DirectoryError


def parser(description: str, figure: str) -> argparse.ArgumentParser:
    """Make a command line with the arguments that all scripts take."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("run", type=Path, help="a run directory, as runs/NAME")
    default = f"RUN/figures/{figure}.png"
    result.add_argument("--out", type=Path, help=f"where to write the figure (default: {default})")
    return result


def add_night(result: argparse.ArgumentParser) -> None:
    """Let the command line choose a night."""
    result.add_argument("--night", type=int, metavar="K", help="which, from 0 (default: the last)")


def output(arguments: argparse.Namespace, figure: str) -> Path:
    """Say where the figure goes."""
    return arguments.out or arguments.run / "figures" / f"{figure}.png"


def night_directory(run: Path, number: int | None) -> Path:
    """Find a night's directory, the last one by default."""
    if not run.is_dir():
        raise DirectoryError(f"{run} is no directory.")
    nights = run / "nights"
    found = sorted(int(path.name) for path in nights.glob("*") if path.name.isdecimal())
    if not found:
        raise DirectoryError(f"{run} is no run directory with nights: nothing in {nights}.")
    if number is None:
        number = found[-1]
    if number not in found:
        raise DirectoryError(
            f"{run} has no night {number}; there are {', '.join(map(str, found))}."
        )
    return nights / str(number)


def read_metrics(run: Path) -> dict[str, Any]:
    """Read a run's metrics."""
    file = run / "metrics.json"
    try:
        metrics = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DirectoryError(f"{run} is no finished run: {file}: {error.strerror}.") from None
    except ValueError as error:
        raise DirectoryError(f"{file} is damaged: {error}.") from None
    if not isinstance(metrics, dict):
        raise DirectoryError(f"{file} holds no metrics of a run.")
    return metrics


def command(main: Callable[[Sequence[str] | None], Path]) -> None:
    """Run a script: print where the figure is, or one line about what is wrong."""
    try:
        print(main(None))
    except BrainsleepError as error:
        sys.exit(f"error: {error}")
