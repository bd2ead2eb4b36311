"""Why a compiler failed: the code, a full disk, or that it was killed."""

from __future__ import annotations

import errno
import re
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..errors import CompilerError, DirectoryError, brief
from ..support.disk import disk_of, free_bytes, shown
from ..support.files import write_atomically
from ..support.memory import available_memory, in_words
from .exit_status import signal_name

#: The file of a failure, beside the folder of the build, which does not outlive it.
LOG = "last_failure.log"

#: What GCC, Clang and nvcc say of their own parts that a signal ended, or that got no memory.
_KILLED = re.compile(
    r"Killed signal|terminated by signal|due to signal|unable to execute command|out of memory"
    r"|virtual memory exhausted|Cannot allocate memory|bad_alloc"
)

_FULL = re.compile("no space left on device|disk quota exceeded", re.IGNORECASE)


def run_compiler(command: Sequence[str], folder: Path) -> None:
    """Run a compiler in the folder of a build.

    Parameters
    ----------
    command : sequence of str
        The compiler and its arguments.
    folder : Path
        Where it runs.

    Raises
    ------
    CompilerError
        In one line: with the compiler's first messages and the place of the full log, or that it
        was killed.
    DirectoryError
        If a disk that it writes to is full.
    """
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CompilerError(
            f"the compiler {brief(command[0])} cannot be run: {error.strerror}."
        ) from error
    if result.returncode != 0:
        if _FULL.search(result.stderr):
            raise _full_disk(command[0], folder.parent)
        raise CompilerError(_failure(command, folder, result))


def _full_disk(compiler: str, cache: Path) -> DirectoryError:
    """Return the error of a compiler that could not write; it does not say on which disk."""
    places = " and ".join(
        f"{shown(place)} ({free_bytes(place) / 1e6:.1f} MB are left on {shown(disk_of(place))})"
        for place in (Path(tempfile.gettempdir()), cache)
    )
    error = DirectoryError(
        f"{compiler} could not write, a disk is full: it writes to {places}; free some space, or "
        "set TMPDIR and BRAINSLEEP_CACHE to folders elsewhere."
    )
    error.errno = errno.ENOSPC
    return error


def _failure(command: Sequence[str], folder: Path, result: subprocess.CompletedProcess[str]) -> str:
    """Say why a compiler failed, whose disks are not full."""
    if result.returncode < 0 or _KILLED.search(result.stderr):
        by = f"by {signal_name(-result.returncode)}" if result.returncode < 0 else "or gave up"
        return (
            f"{command[0]} was killed {by} while it compiled: most likely the memory did not "
            f"suffice ({in_words(available_memory())} are free now); end other programs, or allow "
            "more (ulimit)."
        )
    errors = [line for line in result.stderr.splitlines() if re.search("error|fatal", line)][:3]
    said = " | ".join(errors) or f"exit status {result.returncode}"
    log = folder.with_name(LOG)
    with suppress(DirectoryError):  # of a full disk; the first lines are there all the same
        write_atomically(log, f"{shlex.join(command)}\n{result.stdout}{result.stderr}")
        return f"{command[0]} could not compile the generated code (see {log}): {said}"
    return f"{command[0]} could not compile the generated code: {said}"
