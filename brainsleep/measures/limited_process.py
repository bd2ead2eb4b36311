"""A program that is asked one question after the other, and ended when an answer takes too long."""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any

#: Seconds that a process has to import what it needs, on a busy machine.
_START = 120.0


class LimitedProcess:
    """A program of this folder: it reads questions and writes answers, pickled.

    It first reads the memory that it may take, and writes an answer when it is ready.

    Parameters
    ----------
    program : str
        Name of its file.
    max_bytes : int
        Memory that it may take beside that with which it starts.
    """

    def __init__(self, program: str, max_bytes: int) -> None:
        self.path = Path(__file__).with_name(program)
        self.max_bytes = max_bytes
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> LimitedProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def ask(self, question: object, seconds: float) -> Any:
        """Return the answer; text says why there is none.

        Parameters
        ----------
        question : object
            What can be pickled.
        seconds : float
            When the process is ended; the next question starts another.
        """
        try:
            if self._process is None:
                self._start()
                if not self._answers_within(_START):
                    return "its process did not start"
                self._read()
            self._write(question)
            if not self._answers_within(seconds):
                return f"took longer than {seconds:g} s"
            return self._read()
        except (EOFError, OSError, pickle.UnpicklingError):
            self._end()
            return "its process ended, perhaps for lack of memory"

    def _start(self) -> None:
        """Start the program and tell it how much memory it may take."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        self._write(self.max_bytes)

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """Return what it reads from, and what it writes to."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def _write(self, question: object) -> None:
        stdin, _ = self._pipes()
        pickle.dump(question, stdin)
        stdin.flush()

    def _read(self) -> Any:
        return pickle.load(self._pipes()[1])

    def _answers_within(self, seconds: float) -> bool:
        """Wait for an answer; end the process if there is none."""
        waiting = select.poll()  # which takes descriptors above 1023 as well
        waiting.register(self._pipes()[1], select.POLLIN)
        if waiting.poll(min(seconds * 1000, 2**31 - 1)):
            return True
        self._end()
        return False

    def _end(self) -> None:
        """End the process, if there is one."""
        if self._process is None:
            return
        self._process.kill()
        self._process.communicate()
        self._process = None
