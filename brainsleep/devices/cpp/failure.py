"""Why a night's program did not do what it should, in one line."""

from __future__ import annotations

import errno
import os
import re
import signal
import tempfile
from pathlib import Path
from typing import IO

from ...errors import BrainsleepError, NightError
from ...support.disk import disk_error
from ...support.memory import available_memory, in_words
from ..exit_status import ending
from .scratch import TEMPORARY_ADVICE

#: Exit status of a program that could not write a file (``EX_IOERR``); its message names the file.
CANNOT_WRITE = 74

#: Signals with which programs end that do what no processor can.
_CRASHES = (signal.SIGSEGV, signal.SIGILL, signal.SIGBUS, signal.SIGFPE, signal.SIGABRT)

#: Most characters of what the program says, and most bytes that are looked at.
_MOST_SHOWN, _MOST_READ = 500, 10_000


def failure(status: int, message: str, program: Path, scratch: Path) -> BrainsleepError:
    """Return the error of a program that did not end well.

    Parameters
    ----------
    status : int
        Its exit status; negative for signals.
    message : str
        What it printed.
    program : Path
        Its folder.
    scratch : Path
        The temporary folder in which it ran.

    Returns
    -------
    DirectoryError
        If it could not write a file.
    NightError
        Otherwise.
    """
    written = re.search(r"cannot write (.+) \((\d+)\)$", message)
    if status == CANNOT_WRITE and written is not None:
        file, number = Path(written[1]), int(written[2])
        error = OSError(number, os.strerror(number), str(file))
        advice = TEMPORARY_ADVICE if scratch in file.parents else ""
        return disk_error(error, "the night cannot write", file, advice)
    if "bad_alloc" in message:
        return NightError(
            "the memory did not suffice for the night's program "
            f"({in_words(available_memory())} are free now); end other programs, or allow more."
        )
    said = f" ({message[:_MOST_SHOWN]})" if message else ""
    mend = ""
    if status >= 0 or -status in _CRASHES:
        mend = f"; if {program} was damaged, delete it to have the program compiled again"
    return NightError(f"the night's program {ending(status)}{said}{mend}.")


def start_failure(error: OSError, program: Path) -> NightError:
    """Return the error of a program in a folder that could not be started."""
    mend = f"delete {program} to have it compiled again"
    if error.errno in (errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE):
        mend = "end other programs, or allow more (ulimit)"
    return NightError(f"the night's program cannot be started ({error.strerror}); {mend}.")


def in_memory() -> IO[bytes]:
    """Open a file in memory, where it can be written when the disk is full."""
    try:
        return os.fdopen(os.memfd_create("brainsleep"), "r+b")
    except (AttributeError, OSError):  # Linux only
        return tempfile.TemporaryFile()


def text_of(messages: IO[bytes]) -> str:
    """Return what a program has printed, as far as it is shown."""
    messages.seek(0)
    return " ".join(messages.read(_MOST_READ).decode(errors="replace").split())
