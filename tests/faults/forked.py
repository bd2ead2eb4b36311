"""Functions that run in a child process, which may be killed at any moment.

The child is a fork of this process, so that nothing has to be imported again.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import select
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brainsleep.errors import BrainsleepError

#: A child is stuck if it sleeps for so many seconds, or has not ended after so many times as long.
#: Most cases take less than a second on a machine with nothing to do.
PATIENCE, MOST_WAITS = 60, 20

#: What Python does with files, as audit hooks name it; each is told before it is done.
TOUCHES = (
    "open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link",
    "os.symlink", "os.chmod", "os.utime", "os.listdir", "os.scandir", "fcntl.flock", "fcntl.lockf",
    "subprocess.Popen", "sqlite3.connect",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a child ended.

    Attributes
    ----------
    how : str
        ``"returned"``, ``"refused"`` (by an error of the package), ``"raw"`` (by another error, or
        a signal that nobody sent), ``"killed"`` (by us) or ``"stuck"``.
    value : object
        What the function returned.
    message : str
        What the error said, or where it came from if it is raw.
    """

    how: str
    value: Any = None
    message: str = ""


class Child:
    """A function on its way in a process of its own.

    Parameters
    ----------
    function : callable
        What it returns must be picklable.
    watched : Path
        Where the child's files are.
    touches : int
        If not 0, the child kills itself before it touches files below `watched` for this time.
    """

    def __init__(self, function: Callable[[], Any], watched: Path, touches: int = 0) -> None:
        self._results, results = os.pipe()
        self._was_killed = touches > 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # fork in a process with threads
            self.pid = os.fork()
        if self.pid == 0:
            os.close(self._results)
            _be_child(function, watched, touches, results)
        os.close(results)

    def kill(self) -> None:
        """Kill the child itself; what it started goes on."""
        self._was_killed = True
        kill_all([self.pid])

    def simulators(self) -> list[int]:
        """Return the compiled programs that the child runs now."""
        return [pid for pid in children_of(self.pid) if _executable(pid).endswith("/main")]

    def wait(self, seconds: float | None = None) -> Ended | None:
        """Wait for the end; return None if it has not come by then, and the child goes on."""
        readable, _, _ = select.select([self._results], [], [], seconds)
        if not readable:
            return None
        with open(self._results, "rb") as stream:
            content = stream.read()
        _, status = os.waitpid(self.pid, 0)
        if content:
            return pickle.loads(content)
        number = os.waitstatus_to_exitcode(status)
        if self._was_killed and number == -signal.SIGKILL:
            return Ended("killed")
        return Ended("raw", message=f"the process ended with status {number}")

    def end(self) -> Ended:
        """Wait for the end; a busy machine may give the child no turn for long."""
        before = None
        for _ in range(MOST_WAITS):
            ended = self.wait(PATIENCE)
            if ended is not None:
                return ended
            now = _activity(self.pid)
            if now == before and "R" not in now and "D" not in now:
                break
            before = now
        self.kill()
        self.wait()
        return Ended("stuck", message=f"it sleeps, or has no end: {before}")


def call(function: Callable[[], Any], watched: Path) -> Ended:
    """Run a function in a child from beginning to end."""
    return Child(function, watched).end()


def count_touches(function: Callable[[], Any], watched: Path) -> int:
    """Return how often a function touches files below a folder."""

    def counted() -> int:
        count = [0]
        _at_each_touch(watched, lambda: count.__setitem__(0, count[0] + 1))
        function()
        return count[0]

    ended = call(counted, watched)
    assert ended.how == "returned", ended.message
    return int(ended.value)


def kill_all(pids: Iterable[int]) -> None:
    """Kill processes, those that have not ended yet."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def children_of(pid: int) -> list[int]:
    """Return the processes that a process has started and that have not ended."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, file.read_text().split())
    return found


@contextmanager
def adopted_orphans() -> Iterator[None]:
    """Become the parent of all whose parents were killed, and end them at the end."""
    set_subreaper = 36
    before = set(children_of(os.getpid()))
    ctypes.CDLL(None).prctl(set_subreaper, 1, 0, 0, 0)
    try:
        yield
    finally:
        until = time.monotonic() + 5
        while orphans := set(children_of(os.getpid())) - before:
            if time.monotonic() > until:
                kill_all(orphans)
            for pid in orphans:
                with suppress(ChildProcessError):
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(0.005)
        ctypes.CDLL(None).prctl(set_subreaper, 0, 0, 0, 0)


def _be_child(function: Callable[[], Any], watched: Path, touches: int, results: int) -> None:
    """Run the function, send what came of it, and end without any of pytest's clearing up."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        if touches:
            left = [touches]

            def count() -> None:
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

            _at_each_touch(watched, count)
        content = pickle.dumps(_ended(function))
        with open(results, "wb") as stream:
            stream.write(content)
    finally:
        os._exit(0)


def _ended(function: Callable[[], Any]) -> Ended:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return Ended("returned", function())
        except BrainsleepError as error:
            return Ended("refused", message=str(error))
        except BaseException as error:
            return Ended("raw", message=_where_from(error))


def _where_from(error: BaseException) -> str:
    """Return an error in one line, and the last place in the package that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/brainsleep/" in frame.filename] or frames
    place = f"{ours[-1].filename.rpartition('/brainsleep/')[2]}:{ours[-1].lineno}"
    text = traceback.format_exception_only(error)[-1].strip()
    return f"{text} (at {place} in {ours[-1].name})"


def _at_each_touch(watched: Path, do: Callable[[], None]) -> None:
    """Call a function before each touch of files below a folder; for as long as the process is."""
    beginning, working = str(watched), [False]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if working[0] or event not in TOUCHES:
            return
        paths = [one for one in arguments if isinstance(one, str | bytes | os.PathLike)]
        if paths and not any(os.fsdecode(path).startswith(beginning) for path in paths):
            return
        working[0] = True
        do()
        working[0] = False

    sys.addaudithook(hook)


def _activity(pid: int) -> str:
    """Return the state and the processor time of a process and of those it has started."""
    found = []
    for one in (pid, *children_of(pid)):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(") ")[2].split()
            found.append(f"{fields[0]} {fields[11]} {fields[12]}")
    return ", ".join(found)


def _executable(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""
