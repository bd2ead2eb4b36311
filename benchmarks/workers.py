"""Alternatives that need a process of their own: another Python, or another commit of the package.

A worker is a script that reads lines and answers each with one line of JSON. Alternatives that are
kept running take turns without starting anew each time.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]

#: What the package is compared with where its own past is the other side.
COMMIT_BEFORE = "2a85358"


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
