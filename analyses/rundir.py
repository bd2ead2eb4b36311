"""Code that the scripts of this folder share: reading a run directory, and errors of one line."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from brainsleep.errors import BrainsleepError, DirectoryError
from brainsleep.support.json_files import read_json


def parser(description: str, figure: str) -> argparse.ArgumentParser:
    """Make a command line with the arguments of all scripts that read a run."""
    result = argparse.ArgumentParser(description=description)
    result.add_argument("run", type=Path, help="a run directory, such as runs/NAME")
    default = f"RUN/figures/{figure}.png"
    result.add_argument("--out", type=Path, help=f"where to write the figure (default: {default})")
    return result


def add_night(result: argparse.ArgumentParser) -> None:
    """Let the command line choose a night."""
    result.add_argument(
        "--night", type=int, metavar="K", help="which night, from 0 (default: the last)"
    )


def output(arguments: argparse.Namespace, figure: str) -> Path:
    """Return the path of the figure."""
    return arguments.out or arguments.run / "figures" / f"{figure}.png"


def night_directory(run: Path, number: int | None) -> Path:
    """Return the directory of a night; of the last one if no number is given."""
    if not run.is_dir():
        raise DirectoryError(f"{run} is no directory; give a run directory, such as runs/NAME.")
    nights = run / "nights"
    found = sorted(int(path.name) for path in nights.glob("*") if path.name.isdecimal())
    if not found:
        raise DirectoryError(f"{run} is no run directory with nights: {nights} is empty.")
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
    if not file.exists():
        raise DirectoryError(f"{run} is no finished run: {file} is missing.")
    return read_json(file)


def write_json(path: Path, content: Any) -> Path:
    """Write numbers to a file, make its folder if need be, and return the path."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    except OSError as error:
        raise DirectoryError(f"cannot write {path}: {error.strerror}.") from None
    return path


def command(main: Callable[[Sequence[str] | None], Path]) -> None:
    """Run a script, and print the path of what it wrote, or an error of one line."""
    try:
        print(main(None))
    except BrainsleepError as error:
        sys.exit(f"error: {error}")
