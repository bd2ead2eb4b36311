"""Folders of processes that are gone are removed, and no others."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest
from processes import start_script

from brainsleep.support import owned_folders
from brainsleep.support.files import publish_directory
from brainsleep.support.owned_folders import make_owned_folder, sweep_owned_folders

#: Makes a folder with a file in it, and goes on when it is told to.
OWNER = """
import sys
from pathlib import Path
from brainsleep.support.owned_folders import make_owned_folder
path, _ = make_owned_folder(Path(sys.argv[1]), "mine")
(path / "weights").write_bytes(bytes(1000))
print(path, flush=True)
sys.stdin.read()
"""

#: The same, and leaves the folder to a child.
PARENT = OWNER.replace("path, _", "path, owner").replace(
    "print",
    "import subprocess\nsubprocess.Popen(['sleep', '60'], pass_fds=(owner,),"
    " stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)\nprint",
)

#: Saves over and over again in the same place, half of it each time.
SAVER = """
import shutil, sys
from pathlib import Path
from brainsleep.support.files import publish_directory
print("ready", flush=True)
while True:
    with publish_directory(Path(sys.argv[1])) as work:
        for number in range(50):
            (work / str(number)).write_bytes(bytes(1000))
    shutil.rmtree(sys.argv[1])
"""


def start(script: str, *arguments: object) -> tuple[subprocess.Popen[str], str]:
    """Start a process; return it and the first line it prints."""
    process, line = start_script(script, *arguments)
    return process, line.strip()


def test_folders_of_the_living_stay_and_those_of_the_dead_go(tmp_path: Path) -> None:
    (living, kept), (dying, left) = (start(OWNER, tmp_path) for _ in range(2))
    dying.kill()
    dying.wait()
    own, owner = make_owned_folder(tmp_path, "mine")
    assert len(list(tmp_path.iterdir())) == 3
    sweep_owned_folders(tmp_path, "mine")
    assert sorted(map(str, tmp_path.iterdir())) == sorted([kept, str(own)])
    assert not Path(left).exists()
    os.close(owner)
    living.communicate("")
    sweep_owned_folders(tmp_path, "mine")
    assert list(tmp_path.iterdir()) == []


def test_a_child_that_inherits_a_folder_keeps_it(tmp_path: Path) -> None:
    parent, kept = start(PARENT, tmp_path)
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    parent.kill()
    parent.wait()
    sweep_owned_folders(tmp_path, "mine")
    assert Path(kept).exists()
    for child in children:
        os.kill(int(child), 9)
    for _ in range(500):
        sweep_owned_folders(tmp_path, "mine")
        if not Path(kept).exists():
            return
        time.sleep(0.01)
    pytest.fail("the folder stayed")


def test_what_is_not_of_this_kind_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    for name in ("mine", "mine-old", "mine-0123456789abcdef", "mine-host-0123456789abcdeg"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(owned_folders, "_machine", lambda: "elsewhere")
    os.close(make_owned_folder(tmp_path, "mine")[1])
    monkeypatch.setattr(owned_folders, "_machine", lambda: "host")
    (tmp_path / "mine-host-0000000000000000").symlink_to(precious)
    (tmp_path / "mine-host-1111111111111111").write_text("a file")
    before = sorted(tmp_path.iterdir())
    sweep_owned_folders(tmp_path, "mine")
    assert sorted(tmp_path.iterdir()) == before
    sweep_owned_folders(tmp_path / "none", "mine")
    os.close(make_owned_folder(tmp_path, "mine")[1])
    sweep_owned_folders(tmp_path, "mine")
    assert sorted(tmp_path.iterdir()) == before


def test_folders_of_other_users_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, owner = make_owned_folder(tmp_path, "mine")
    os.close(owner)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    sweep_owned_folders(tmp_path, "mine")
    assert path.exists()


def test_without_locks_of_the_system_nothing_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError("No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    path, owner = make_owned_folder(tmp_path, "mine")
    os.close(owner)
    sweep_owned_folders(tmp_path, "mine")
    assert path.exists()


def test_many_make_and_sweep_at_the_same_time(tmp_path: Path) -> None:
    for _ in range(20):
        os.close(make_owned_folder(tmp_path, "mine")[1])
    problems: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(30):
                sweep_owned_folders(tmp_path, "mine")
                path, owner = make_owned_folder(tmp_path, "mine")
                (path / "file").write_text("text")
                sweep_owned_folders(tmp_path, "mine")
                assert (path / "file").read_text() == "text"
                os.close(owner)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    sweep_owned_folders(tmp_path, "mine")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_is_published_whole_and_the_half_of_a_killed_process_goes(
    tmp_path: Path,
) -> None:
    chance = random.Random(1)
    target = tmp_path / "night"
    halves = 0
    for _ in range(6):
        saver, _ = start(SAVER, target)
        time.sleep(0.05 * chance.random())
        saver.kill()
        saver.wait()
        halves += len(list(tmp_path.glob(".night-*")))
        shutil.rmtree(target, ignore_errors=True)
        with publish_directory(target) as work:
            (work / "whole").touch()
        assert os.listdir(target) == ["whole"]
        assert os.listdir(tmp_path) == ["night"]
        shutil.rmtree(target)
    assert halves > 0
