"""Work shared out among processes: results in order, errors as they were, and no work is lost."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from brainsleep.errors import DataError
from brainsleep.experiments.workers.shared_out import shared_out


def _number_and_process(number: int) -> tuple[int, int]:
    return number, os.getpid()


@pytest.mark.parametrize("n_jobs", [1, 2, 3, 9])
def test_results_come_in_order(n_jobs: int) -> None:
    works = [functools.partial(_number_and_process, number) for number in range(5)]
    found = shared_out(works, n_jobs)
    assert [number for number, _ in found] == list(range(5))
    if n_jobs == 1:
        assert {process for _, process in found} == {os.getpid()}
    assert shared_out([], n_jobs) == []


def test_what_is_raised_is_raised() -> None:
    def fails() -> int:
        raise DataError("no such images.")

    with pytest.raises(DataError, match="no such images"):
        shared_out([lambda: 1, fails, lambda: 2], 2)


def test_what_a_killed_process_was_doing_is_done_here(tmp_path: Path) -> None:
    """The first piece is taken by either process; the one that is not this one is killed."""
    own, begun = os.getpid(), tmp_path / "begun"

    def killed_elsewhere(number: int) -> int:
        if os.getpid() != own:
            begun.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        while not begun.exists():  # until the other process has taken a piece
            pass
        return number

    works = [functools.partial(killed_elsewhere, number) for number in range(4)]
    if os.name == "posix" and os.uname().sysname == "Linux":
        assert shared_out(works, 2) == [0, 1, 2, 3]
        assert begun.exists()


def test_ctrl_c_while_a_process_is_forked_is_not_lost() -> None:
    """In functions that are called at a fork nothing that is raised goes any further."""
    code = """
import os, signal, time
from brainsleep.experiments.workers.shared_out import shared_out

def interrupted():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)

os.register_at_fork(after_in_parent=interrupted)
try:
    shared_out([lambda: 1, lambda: 2], 2)
except KeyboardInterrupt:
    print("interrupted")
"""
    given = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert (given.stdout, given.stderr) == ("interrupted\n", "")
