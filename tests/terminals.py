"""Pseudo terminals, to see what a person would see."""

from __future__ import annotations

import os
import pty
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

#: Ends what is read.
END = b"\0"


class Terminal:
    """A pseudo terminal and all that was written to it.

    Attributes
    ----------
    device : int
        The file descriptor for the program that has this terminal.
    """

    def __init__(self) -> None:
        self._reading, self.device = pty.openpty()
        self._written = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def text(self) -> str:
        """Return what was written; nothing can be written afterwards."""
        if self._reader.is_alive():
            os.write(self.device, END)
            self._reader.join()
            os.close(self.device)
            os.close(self._reading)
        return self._written.removesuffix(END).decode()

    def _read(self) -> None:
        while not self._written.endswith(END):
            self._written += os.read(self._reading, 2**16)


@contextmanager
def terminal() -> Iterator[Terminal]:
    """Open a pseudo terminal; as `script` makes them, it does not know its size."""
    opened = Terminal()
    try:
        yield opened
    finally:
        opened.text()


@contextmanager
def screen_of_stderr() -> Iterator[Terminal]:
    """Make standard error a terminal for a while."""
    with terminal() as opened, open(os.dup(opened.device), "w", buffering=1) as stream:
        before, sys.stderr = sys.stderr, stream
        try:
            yield opened
        finally:
            stream.flush()
            sys.stderr = before


#: What moves the cursor up by a line, from a bar to the one above.
UP = "\x1b[A"
