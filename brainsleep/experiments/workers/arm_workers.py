"""Arms side by side: forked processes, each of which takes the next arm that nobody has taken.

A forked process has everything of this one, whatever the user's networks and data are made of, and
imports nothing. What it finds out comes back by a pipe; an arm whose process was killed is left to
who asks for it.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, TypeAlias

import torch

from ..run_directory.run_clock import RunClock

#: Goes through one arm; is told what to do with lines of a report.
Work: TypeAlias = Callable[[Callable[[str], None]], Any]

#: Bytes that stand for one arm in the pipe that arms are taken from.
_WORD = 4


@dataclass(frozen=True)
class Answer:
    """What a process says of an arm.

    Attributes
    ----------
    index : int
        Which arm.
    line : str or None
        For the report.
    result : ArmResult or other
        What came of it.
    error : BaseException or None
        What was raised.
    clock : RunClock or None
        What the parts of the arm took.
    """

    index: int
    line: str | None = None
    result: Any = None
    error: BaseException | None = None
    clock: RunClock | None = None


def n_workers(n_jobs: int) -> int:
    """Return how many processes may work beside this one, which has a part of the work, too.

    None where a fork is not safe: elsewhere than on Linux, beside a GPU, and in a process that
    `multiprocessing` has started to work beside others.
    """
    is_worker = multiprocessing.parent_process() is not None
    is_safe = sys.platform == "linux" and not is_worker and not torch.cuda.is_available()
    return n_jobs - 1 if is_safe else 0


class ArmWorkers:
    """Processes that go through arms; use it as a context manager, which ends them.

    Parameters
    ----------
    works : sequence of callable
        One per arm, in the order in which they are begun.
    n : int
        Number of processes.
    clock : RunClock, optional
        What counts the parts of an arm; processes begin it anew for each.
    n_held : int
        How many of the last are not begun before :meth:`release`.
    """

    def __init__(
        self, works: Sequence[Work], n: int, clock: RunClock | None = None, *, n_held: int = 0
    ) -> None:
        self.works = works
        self.clock = RunClock() if clock is None else clock
        self._untaken, self._writing = os.pipe()
        n_free = len(works) - n_held
        self._held = range(n_free, len(works))
        self._offer(range(n_free))
        self._is_open = True
        if not self._held:
            self.release()
        self.processes: list[Any] = []
        self._answers: list[Connection] = []
        self._ended: set[int] = set()
        self._n = min(n, len(works))

    def __enter__(self) -> ArmWorkers:
        """Start the processes."""
        context = multiprocessing.get_context("fork")
        for _ in range(self._n):
            receiving, sending = context.Pipe(duplex=False)
            process = context.Process(target=self._work, args=(sending,), daemon=True)
            with warnings.catch_warnings():
                # of threads that a notebook has: our locks are fork-safe, and torch has one thread
                warnings.filterwarnings("ignore", ".*fork.*", DeprecationWarning)
                with _ctrl_c_waits():
                    process.start()
            sending.close()
            self.processes.append(process)
            self._answers.append(receiving)
        return self

    def __exit__(self, *_: object) -> None:
        """End the processes, whatever they do."""
        for process in self.processes:
            process.kill()
            process.join()
        for answers in self._answers:
            answers.close()
        if self._is_open:
            os.close(self._writing)
        os.close(self._untaken)

    def release(self) -> None:
        """Let those be begun that were held; processes that wait for them go on."""
        self._offer(self._held)
        os.close(self._writing)  # who finds nothing more to take then has nothing more to do
        self._is_open = False

    def _offer(self, indices: Sequence[int]) -> None:
        """Let arms be taken."""
        os.write(self._writing, b"".join(k.to_bytes(_WORD, "big") for k in indices))

    def take(self) -> int | None:
        """Return the next arm, which no process begins any more; None if all are taken.

        As long as some are held and no others are left, this waits.
        """
        word = os.read(self._untaken, _WORD)
        return int.from_bytes(word, "big") if word else None

    def answers(self, *, to_the_end: bool) -> Iterator[Answer]:
        """Yield what processes have said since the last time.

        Parameters
        ----------
        to_the_end : bool
            Whether to wait until all that was taken is answered.
        """
        while self._answers:
            ready = wait(self._answers, None if to_the_end else 0)
            if not ready:
                return
            for one in ready:
                assert isinstance(one, Connection)
                try:
                    answer: Answer = pickle.loads(one.recv_bytes())
                except EOFError:  # it has nothing more to do, or was killed
                    self._answers.remove(one)
                    one.close()
                    continue
                if answer.line is None:
                    self._ended.add(answer.index)
                yield answer

    def is_answered(self, index: int) -> bool:
        """Tell whether a process has gone through an arm."""
        return index in self._ended

    def _work(self, sending: Connection) -> None:
        """Go through arms, in a process of its own."""
        # who presses Ctrl-C means the run, which ends this process
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        if self._is_open:
            os.close(self._writing)
        while (index := self.take()) is not None:

            def report(line: str, number: int = index) -> None:
                sending.send_bytes(pickle.dumps(Answer(number, line=line)))

            self.clock.parts.clear()
            try:
                answer = Answer(index, result=self.works[index](report), clock=self.clock)
            except BaseException as error:  # whatever it is, it is raised by the run
                answer = Answer(index, error=error)
            sending.send_bytes(_pickled(answer))


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Let Ctrl-C wait while a process is forked.

    What it raises would get lost within functions that are called at a fork
    (`os.register_at_fork`), and the run would go on.
    """
    handler = signal.getsignal(signal.SIGINT)
    if handler is None or threading.current_thread() is not threading.main_thread():
        yield  # it is not raised in this thread
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if came:
            signal.raise_signal(signal.SIGINT)


def _end_with_parent() -> None:
    """End this process when the one that started it has ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _pickled(answer: Answer) -> bytes:
    """Return an answer in bytes; an error that cannot be sent, by its name and message."""
    try:
        content = pickle.dumps(answer)
        pickle.loads(content)
    except Exception:
        error = answer.error
        told = RuntimeError(f"{type(error).__name__}: {error}")
        return pickle.dumps(Answer(answer.index, error=told))
    return content
