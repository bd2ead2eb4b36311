"""Who runs the trials of a study: processes of this machine."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from ...errors import DirectoryError
from ...support.disk import plain_disk_errors
from .study_request import Trial
from .study_worker import BEGUN, line_of
from .trial_outcomes import Outcome

#: What processes say on their standard error, in the directory of the study.
LOG = "workers.log"

#: How often a trial may take its process with it before that is what came of it.
MOST_DEATHS = 5

#: How often a process may end before it begins the trial that it was given: loading torch and the
#: like takes seconds, in which who kills processes hits the same trial again and again.
MOST_STARTS = 20

#: How often a trial may fail for what the machine lacks before the study stops.
MOST_FAILURES = 2

#: One thread per process: they share the cores, and equal seeds give equal results.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


#: The command that starts a process.
WORKER = [sys.executable, "-m", "brainsleep.experiments.studies.study_worker"]


#: Names a trial, and what of it is run.
_Key: TypeAlias = tuple[str, str | None]


class Workers(ABC):
    """What runs trials at the same time."""

    #: How many run at the same time.
    n: int

    @abstractmethod
    def run(self, path: Path, trials: Sequence[Trial]) -> Iterator[Outcome]:
        """Run trials of the study in a directory; yield what came of each, as it comes.

        Raises
        ------
        DirectoryError
            If a machine lacks what trials need, such as space on its disk.
        """

    @abstractmethod
    def close(self) -> None:
        """End what was started."""


@dataclass(eq=False)
class _Process:
    """A process that runs one trial at a time."""

    process: subprocess.Popen[bytes]
    trial: Trial | None = None
    has_begun: bool = False
    unread: bytes = b""


class _Deaths:
    """How often processes ended with a trial: before they began it, and since."""

    def __init__(self) -> None:
        self.before, self.since = Counter[_Key](), Counter[_Key]()

    def count(self, trial: Trial, has_begun: bool) -> int:
        """Count one more; return how many there were if that is too many, and else 0."""
        counts, most = (self.since, MOST_DEATHS) if has_begun else (self.before, MOST_STARTS)
        counts[_key(trial)] += 1
        return counts[_key(trial)] if counts[_key(trial)] >= most else 0


@dataclass
class LocalWorkers(Workers):
    """Processes of this machine; one that was killed is replaced, and its trial is run again.

    Parameters
    ----------
    n : int
        How many.
    """

    n: int
    _processes: list[_Process] = field(default_factory=list, init=False, repr=False)

    def run(self, path: Path, trials: Sequence[Trial]) -> Iterator[Outcome]:
        """Run trials; see :meth:`Workers.run`."""
        waiting = deque(trials)
        deaths, failures = _Deaths(), Counter[_Key]()
        with selectors.DefaultSelector() as selector:
            for one in self._processes:
                selector.register(self._output(one), selectors.EVENT_READ, one)
            while waiting or any(one.trial for one in self._processes):
                self._give(path, waiting, selector)
                for key, _ in selector.select():
                    one = key.data
                    trial, answer = one.trial, self._read(one)
                    if answer is None:
                        continue
                    if answer == {}:  # it was killed
                        selector.unregister(self._output(one))
                        self._bury(one)
                        if trial is None:
                            continue
                        died = deaths.count(trial, one.has_begun)
                        if died:
                            yield Outcome(trial, died=died)
                        else:
                            waiting.append(trial)  # behind others, which it may spare
                        continue
                    assert trial is not None
                    if "failed" in answer:
                        failures[_key(trial)] += 1
                        if failures[_key(trial)] >= MOST_FAILURES:
                            raise DirectoryError(str(answer["failed"]))
                        waiting.appendleft(trial)
                    else:
                        yield Outcome(trial, is_busy=answer["outcome"] == "busy")

    def close(self) -> None:
        """End all processes, whatever they do."""
        for one in self._processes[:]:
            one.process.kill()
            self._bury(one)

    @property
    def pids(self) -> list[int]:
        """The numbers of the processes, for those who look at them."""
        return [one.process.pid for one in self._processes]

    def _give(self, path: Path, waiting: deque[Trial], selector: selectors.BaseSelector) -> None:
        """Give each idle process a trial; start processes as long as they are wanted."""
        idle = [one for one in self._processes if one.trial is None]
        while waiting and (idle or len(self._processes) < self.n):
            if idle:
                one = idle.pop()
            else:
                one = _start(path / LOG)
                self._processes.append(one)
                selector.register(self._output(one), selectors.EVENT_READ, one)
            one.trial, one.has_begun = waiting.popleft(), False
            assert one.process.stdin is not None
            with suppress(BrokenPipeError):  # its end is noticed when its output is read
                one.process.stdin.write(line_of(str(path), one.trial))
                one.process.stdin.flush()

    def _read(self, one: _Process) -> dict[str, object] | None:
        """Return the answer of a process; None if it is not there yet, and {} if it has ended."""
        piece = os.read(self._output(one), 2**16)
        if not piece:
            return {}
        *lines, one.unread = (one.unread + piece).split(b"\n")
        for answer in map(json.loads, lines):
            if answer != BEGUN:
                one.trial = None
                return dict(answer)
            one.has_begun = True
        return None

    def _bury(self, one: _Process) -> None:
        self._processes.remove(one)
        for stream in (one.process.stdin, one.process.stdout):
            assert stream is not None
            with suppress(OSError):
                stream.close()
        one.process.wait()

    @staticmethod
    def _output(one: _Process) -> int:
        assert one.process.stdout is not None
        return one.process.stdout.fileno()


def _key(trial: Trial) -> _Key:
    return trial.name, trial.only


def _start(log: Path) -> _Process:
    """Start a process that finds the modules that this one does, and writes its warnings down."""
    paths = [path for path in sys.path if path]
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)}
    with plain_disk_errors("cannot write to", log), log.open("ab") as stream:
        process = subprocess.Popen(
            WORKER,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stream,
            start_new_session=True,  # who presses Ctrl-C means the study, which ends them
        )
    return _Process(process)
