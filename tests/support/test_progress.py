"""Progress bars in terminals, files, notebooks, threads and forked processes."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import pytest
from terminals import UP, screen_of_stderr
from tqdm.std import TqdmDefaultWriteLock

from brainsleep.support.progress import (
    bars_aside,
    bars_if,
    in_notebook,
    progress_bar,
    text_bar,
    waiting_bar,
)
from brainsleep.support.user_warnings import warn_user


def last_line(text: str) -> str:
    """Return what is left to read in the last line, once the cursor has gone back."""
    return text.rsplit("\n", 1)[-1].rstrip("\r").rsplit("\r", 1)[-1].strip()


def test_a_bar_shows_in_a_terminal_and_is_gone_afterwards() -> None:
    with screen_of_stderr() as screen:
        with progress_bar(4, "training", unit="batch") as bar:
            bar.update(3)
            bar.refresh()
    text = screen.text()
    assert "training:  75%" in text
    assert "3/4" in text
    assert last_line(text) == ""


def test_a_bar_that_ends_early_is_gone_too() -> None:
    with screen_of_stderr() as screen:
        with suppress(KeyboardInterrupt), progress_bar(10, "sleep") as bar:
            bar.update(2)
            raise KeyboardInterrupt
        with progress_bar(10, "again") as bar:
            assert abs(bar.pos) == 0, "the first bar still has its line"
    assert last_line(screen.text()) == ""


def test_no_bar_shows_where_none_is_wanted() -> None:
    with screen_of_stderr() as screen:
        with progress_bar(10, "training", False) as bar:
            bar.update(10)
        with bars_if(False), progress_bar(10, "training"), waiting_bar("compile"):
            pass
        with bars_if(False), bars_if(True), progress_bar(10, "training"):
            pass
    assert screen.text() == ""


def test_no_bar_goes_into_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "log"
    with file.open("w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        for enabled in (True, False):
            with progress_bar(10, "training", enabled) as bar, waiting_bar("compile", enabled):
                bar.update(10)
    assert file.read_text() == ""


@pytest.mark.parametrize("closed", [False, True])
def test_there_may_be_no_standard_error(
    closed: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stream = (tmp_path / "log").open("w")
    stream.close()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", stream if closed else None)
        with progress_bar(10, "training") as bar, bars_aside():
            bar.update(10)
    assert bar.disable


def test_of_bars_within_bars_two_show() -> None:
    with screen_of_stderr() as screen:
        with progress_bar(2, "sweep"):
            for _ in range(2):
                with progress_bar(3, "training") as inner, progress_bar(5, "third") as third:
                    inner.update(1)
                    third.update(1)
    text = screen.text()
    assert "sweep" in text
    assert "training" in text
    assert "third" not in text
    assert UP in text
    assert UP * 2 not in text


def test_a_bar_goes_below_one_of_the_user() -> None:
    with screen_of_stderr() as screen:
        with text_bar(total=3, desc="seeds") as users, progress_bar(3, "training") as ours:
            assert (abs(users.pos), abs(ours.pos)) == (0, 1)
    assert UP in screen.text()


def test_lines_stand_above_the_bars() -> None:
    with screen_of_stderr() as screen:
        with progress_bar(3, "sweep"), bars_aside():
            print("seed 0", file=sys.stderr)
        with progress_bar(3, "calibrate"), warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = lambda message, *_: print(message, file=sys.stderr)
            warn_user("silent")
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in screen.text().split("\n")]
    assert lines[:2] == ["seed 0", "silent"]


def test_what_nobody_knows_the_end_of_shows_that_time_goes_on() -> None:
    with screen_of_stderr() as screen:
        with waiting_bar("compile"):
            time.sleep(1.2)
    text = screen.text()
    assert "compile: 00:00" in text
    assert "compile: 00:01" in text
    assert last_line(text) == ""


def test_a_bar_starts_no_thread() -> None:
    with screen_of_stderr():
        before = set(threading.enumerate())
        with progress_bar(3, "training") as bar:
            bar.update(1)
            assert set(threading.enumerate()) == before


def test_bars_in_many_threads() -> None:
    with screen_of_stderr():

        def work() -> None:
            for _ in range(30):
                with progress_bar(20, "training") as bar:
                    for _ in range(20):
                        bar.update(1)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        with progress_bar(1, "afterwards") as bar:
            assert not bar.disable


def test_a_forked_process_does_not_wait_for_a_thread_that_it_does_not_have() -> None:
    with screen_of_stderr():
        held, over = threading.Event(), threading.Event()

        def hold() -> None:
            with TqdmDefaultWriteLock.th_lock:
                held.set()
                over.wait(60)

        holder = threading.Thread(target=hold)
        holder.start()
        held.wait()
        child = os.fork()
        if child == 0:
            with progress_bar(3, "child") as bar, bars_aside():
                bar.update(1)
            os._exit(7)
        try:
            assert exit_status(child) == 7, "it hangs"
        finally:
            over.set()
            holder.join()


def exit_status(child: int, seconds: float = 20) -> int | None:
    """Return the exit status of a process; one that does not end is killed."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, 9)
    os.waitpid(child, 0)
    return None


def test_workers_leave_the_terminal_to_those_that_started_them() -> None:
    with screen_of_stderr():

        def work() -> None:
            with progress_bar(3, "worker") as bar:
                os._exit(7 if bar.disable else 8)

        with progress_bar(3, "parent"):
            worker = multiprocessing.get_context("fork").Process(target=work)
            worker.start()
            worker.join(20)
            assert worker.exitcode == 7


# Notebooks

CELLS = """
from brainsleep.support.progress import in_notebook, progress_bar, waiting_bar
assert in_notebook()
with progress_bar(4, "quiet", False), waiting_bar("hushed", False):
    pass
with progress_bar(4, "loud") as bar:
    bar.update(3)
try:
    with progress_bar(4, "cut short") as bar:
        bar.update(1)
        raise KeyError
except KeyError:
    assert bar.disable
print("done")
"""


def test_bars_in_a_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ipykernel")
    manager = pytest.importorskip("jupyter_client.manager")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    kernel, client = manager.start_new_kernel(kernel_name="python3")
    printed = {"stdout": "", "stderr": "", "widgets": "", "error": ""}

    def note(message: dict[str, dict[str, str]]) -> None:
        content = message["content"]
        if "text" in content:
            printed[content["name"]] += content["text"]
        printed["widgets"] += str(content.get("data", ""))
        printed["error"] += str(content.get("traceback", ""))

    try:
        client.execute_interactive(CELLS, output_hook=note, timeout=60)
    finally:
        client.stop_channels()
        kernel.shutdown_kernel(now=True)
    assert printed["error"] == ""
    assert printed["stdout"] == "done\n"
    bars = printed["stderr"] + printed["widgets"]
    assert "loud" in bars
    assert "cut short" in bars
    assert "quiet" not in bars
    assert "hushed" not in bars


def test_this_is_no_notebook() -> None:
    assert not in_notebook()
