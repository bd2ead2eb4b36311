"""What scripts of this folder found: run them, keep it with what it holds for, put it on a page.

`summary.py` and `details.py` share it. Something is measured again if it was measured with another
state of the package, or while others used the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from interleaved import machine, versions

HERE = Path(__file__).parent
PAGE = HERE / "RESULTS.md"
#: Seconds that one script may take.
LIMIT = 1800


def options_of(doc: str | None, what: str) -> argparse.Namespace:
    """Read the command line; `what` is what can be measured, as "rows"."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--measure", action="store_true", help=f"{what} that are missing or old")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="beginnings of names")
    parser.add_argument("--again", action="store_true", help="measure what is measured already")
    parser.add_argument("--busy", action="store_true", help="others use this machine: a first look")
    parser.add_argument("--quick", action="store_true", help="check the scripts; keep nothing")
    return parser.parse_args()


def read(file: Path) -> dict[str, Any]:
    """Return what is kept in a file; nothing, if there is none."""
    return json.loads(file.read_text()) if file.exists() else {}


def write(file: Path, kept: dict[str, Any]) -> None:
    """Keep it."""
    file.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def is_done(kept: dict[str, Any] | None, state: str) -> bool:
    """Tell whether something holds for the package as it is, and for a quiet machine."""
    return kept is not None and kept["package"] == state and not kept["busy"]


def holds_for(*, busy: bool) -> dict[str, Any]:
    """Return what something that was measured just now holds for."""
    return {
        "machine": machine(),
        "versions": versions(),
        "package": state_of_package(),
        "commit": commit(),
        "date": date.today().isoformat(),
        "busy": busy,
    }


def state_of_package() -> str:
    """Return git's digest of the package's files, with a plus sign if some are changed."""
    return git("rev-parse", "--short=12", "HEAD:brainsleep") + changed()


def commit() -> str:
    """Return the commit, with a plus sign if files of the package are changed."""
    return git("rev-parse", "--short", "HEAD") + changed()


def changed() -> str:
    """Return a plus sign if files of the package are not those of the commit."""
    command = ["git", "-C", str(HERE.parent), "diff", "--quiet", "HEAD", "--", "brainsleep"]
    return "+" if subprocess.run(command).returncode else ""


def git(*words: str) -> str:
    """Return what git says of this repository."""
    command = ["git", "-C", str(HERE.parent), *words]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def run(script: str, *, quick: bool) -> list[Any] | None:
    """Run a script with its arguments, and return what it wrote; None if it failed."""
    with tempfile.TemporaryDirectory(prefix="found-") as folder:
        file = Path(folder) / "found.json"
        words = shlex.split(script)
        command = [sys.executable, str(HERE / words[0]), *words[1:], "--json", str(file)]
        command += ["--quick"] if quick else []
        environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
        try:
            subprocess.run(command, env=environment, check=True, timeout=LIMIT)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            print(f"  {script} failed: {error}", flush=True)
            return None
        return json.loads(file.read_text()) if file.exists() else None


def on_page(name: str, page: Path = PAGE) -> str:
    """Return what a page has between the marks of this name."""
    begin, end = marks(name)
    return page.read_text().split(begin)[1].split(end)[0].strip("\n")


def put_on_page(name: str, lines: list[str], page: Path = PAGE) -> None:
    """Put lines between the marks of this name."""
    begin, end = marks(name)
    before, rest = page.read_text().split(begin)
    after = rest.split(end)[1]
    page.write_text("\n".join([before + begin, "", *lines, "", end + after]))


def marks(name: str) -> tuple[str, str]:
    """Return what stands before and after a part of a page that a script writes."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
