"""Alternatives that need a process of their own: another Python, or another commit of the package.

A worker is a script that reads lines and answers each with one line of JSON. Alternatives that are
kept running take turns without starting anew each time.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from command_line import QUICK_SIZE, parser_of, read
from interleaved import Comparison, show

ROOT = Path(__file__).resolve().parents[1]

#: What the package is compared with where its own past is the other side.
COMMIT_BEFORE = "2a85358"
#: The two sides then.
OURS, BEFORE = "brainsleep", f"commit {COMMIT_BEFORE}"


class WorkerError(RuntimeError):
    """A worker ended where an answer was due; what it wrote to standard error says why."""


class Worker:
    """A process that answers lines.

    Parameters
    ----------
    command : list of str
        Program and arguments.
    environment : dict
        Variables beside those of this process. One thread, unless these say otherwise.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.command = list(map(str, command))
        self._process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
        )

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self._process.communicate()  # its input ends, and with it the process

    def ask(self, line: str = "") -> dict[str, object]:
        """Send a line, and return the answer.

        Raises
        ------
        WorkerError
            If the process ends instead.
        """
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # what it said last is told below
        return self.answer()

    def answer(self) -> dict[str, object]:
        """Return what the process says next: as an answer, or that it has started."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError(f"{' '.join(self.command)} ended without an answer; see above.")
        return json.loads(line)


@contextmanager
def checked_out(commit: str = COMMIT_BEFORE) -> Iterator[Path]:
    """Yield a folder with the files of a commit, which is removed afterwards."""
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory(prefix="before-") as folder:
        tree = Path(folder) / commit
        subprocess.run([*git, "add", "--quiet", "--detach", str(tree), commit], check=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True)


def main_of_versions(
    doc: str | None,
    compare: Callable[[int, int], list[Comparison]],
    work: Callable[[int], None],
    *,
    repeats: int,
    arguments: Sequence[str] | None = None,
) -> None:
    """Read the command line of a script that is also the worker of both sides, and do as it says.

    Parameters
    ----------
    doc : str
        The script's own text.
    compare, work : callable
        What it measures, given neurons in a hidden layer and rounds; what a worker does.
    repeats : int
        Rounds unless given.
    """
    parser = parser_of(doc, repeats=repeats, quick="one round of a small network, as a check")
    parser.add_argument("--hidden", type=int, default=1200, metavar="H")
    parser.add_argument("--work", type=int, metavar="H", help=argparse.SUPPRESS)
    options = read(parser, arguments)
    if options.work:
        work(options.work)
        return
    n_hidden = QUICK_SIZE if options.quick else options.hidden
    show(compare(n_hidden, options.repeats), options.json)


def check_version(package: object, tree: Path) -> None:
    """Raise if a worker has imported another package than that of its side.

    Raises
    ------
    WorkerError
        If its path is not in the tree.
    """
    if not Path(str(package)).resolve().is_relative_to(tree.resolve()):
        raise WorkerError(f"the worker of {tree} has imported {package}; is it installed there?")
