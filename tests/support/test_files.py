"""Files that appear whole or not at all, carry a digest, and have one writer at a time."""

from __future__ import annotations

import json
import os
import platform
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import start_script

from brainsleep.errors import DirectoryError
from brainsleep.support.directory_lock import LOCK, directory_lock
from brainsleep.support.files import PARTIAL, remove_partial_files, write_atomically
from brainsleep.support.json_files import DIGEST, read_json, write_json

CONTENT = {"seed": 3, "accuracy": [0.1, None, 0.25], "names": {"α": "layer \n 1"}, "n": 1e-300}


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a process that prints a line when it is ready."""
    process, line = start_script(script, *arguments)
    assert line == "ready\n"
    return process


# Atomic files


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_atomically(file, "old")
    write_atomically(file, b"\x00new")
    assert file.read_bytes() == b"\x00new"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "taken" / "inside").mkdir(parents=True)
    with pytest.raises(DirectoryError, match=r"cannot write .*taken"):
        write_atomically(tmp_path / "taken", "text")
    with pytest.raises(DirectoryError, match=r"cannot write .*none/file"):
        write_atomically(tmp_path / "none" / "file", "text")
    assert os.listdir(tmp_path) == ["taken"]


def test_many_writers_of_one_file_leave_one_of_their_contents(tmp_path: Path) -> None:
    texts = [str(number) * 10_000 for number in range(8)]

    def write(text: str) -> None:
        for _ in range(20):
            write_atomically(tmp_path / "file", text)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        if (tmp_path / "file").exists():
            assert (tmp_path / "file").read_text() in texts
    for thread in threads:
        thread.join()
    assert os.listdir(tmp_path) == ["file"]


WRITER = """
import sys
from pathlib import Path
from brainsleep.support.files import write_atomically
print("ready", flush=True)
for number in range(10**9):
    write_atomically(Path(sys.argv[1]), f"{number} " * 20_000)
"""


def test_a_killed_writer_leaves_a_whole_file_and_what_can_be_removed(tmp_path: Path) -> None:
    chance = random.Random(1)
    for _ in range(5):
        writer = start(WRITER, tmp_path / "file")
        time.sleep(0.05 + 0.1 * chance.random())
        writer.kill()
        writer.wait()
        words = (tmp_path / "file").read_text().split()
        assert (len(words), len(set(words))) == (20_000, 1)
    (tmp_path / f".file.0123456789abcdef{PARTIAL}").touch()
    (tmp_path / ".other.partial").touch()
    remove_partial_files(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".other.partial", "file"]


# JSON with a digest


def test_json_comes_back_as_it_was_written(tmp_path: Path) -> None:
    written = write_json(tmp_path / "one.json", CONTENT)
    assert read_json(tmp_path / "one.json") == written == {**CONTENT, DIGEST: written[DIGEST]}
    assert write_json(tmp_path / "two.json", written) == written


def test_files_without_a_digest_are_read(tmp_path: Path) -> None:
    (tmp_path / "old.json").write_text(json.dumps(CONTENT))
    assert read_json(tmp_path / "old.json") == CONTENT


def test_each_flipped_bit_is_found_or_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    written = write_json(file, CONTENT)
    whole = file.read_bytes()

    def damaged(bit: int) -> str | None:
        """Return the error for a flipped bit; without one, nothing that counts has changed."""
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        file.write_bytes(content)
        try:
            read = read_json(file)
        except DirectoryError as error:
            return str(error)
        # in space between values, or in the name of the digest
        assert {name: read[name] for name in CONTENT} == CONTENT
        assert read.get(DIGEST, written[DIGEST]) == written[DIGEST]
        return None

    found = [error for error in map(damaged, range(8 * len(whole))) if error is not None]
    assert all(str(file) in error for error in found)
    assert len(found) > 6 * len(whole)


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"sha256": "0"}', b"1" * 9999],
)
def test_what_is_no_json_object_is_told_with_what_to_do(tmp_path: Path, damaged: bytes) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(damaged)
    with pytest.raises(DirectoryError, match=r"one.json is damaged \(.*\); begin again\.$"):
        read_json(file, "begin again")


def test_a_missing_file_is_called_missing(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match=r"one.json is missing\.$"):
        read_json(tmp_path / "one.json")


# Locks on directories

HOLDER = """
import sys
from pathlib import Path
from brainsleep.support.directory_lock import directory_lock
with directory_lock(Path(sys.argv[1])):
    print("ready", flush=True)
    sys.stdin.read()
"""

#: Its child holds the lock, too.
PARENT = """
import subprocess, sys
from pathlib import Path
from brainsleep.support.directory_lock import directory_lock
with directory_lock(Path(sys.argv[1])) as token:
    child = subprocess.Popen(["sleep", sys.argv[2]], pass_fds=(token,), stdout=subprocess.DEVNULL)
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_the_lock_goes_with_its_block(tmp_path: Path) -> None:
    for _ in range(2):
        with directory_lock(tmp_path):
            assert os.listdir(tmp_path) == [LOCK]
        assert os.listdir(tmp_path) == []


def test_the_holder_of_a_lock_is_named(tmp_path: Path) -> None:
    holder = start(HOLDER, tmp_path)
    words = rf"{tmp_path} is in use by process {holder.pid} on {platform.node()}"
    with pytest.raises(DirectoryError, match=words), directory_lock(tmp_path, patience=0.1):
        pass
    holder.communicate("")
    with directory_lock(tmp_path, patience=0):
        assert (tmp_path / LOCK).read_text().startswith(f"{os.getpid()} ")


def test_threads_of_one_process_keep_each_other_out(tmp_path: Path) -> None:
    with (
        directory_lock(tmp_path),
        pytest.raises(DirectoryError, match=f"process {os.getpid()} "),
        directory_lock(tmp_path, patience=0),
    ):
        pass
    assert os.listdir(tmp_path) == []


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    holder = start(HOLDER, tmp_path)
    holder.send_signal(signal.SIGKILL)
    with directory_lock(tmp_path):
        holder.wait()
    assert os.listdir(tmp_path) == []


def test_a_child_that_inherits_the_lock_is_waited_for(tmp_path: Path) -> None:
    parent = start(PARENT, tmp_path, 1)
    started = time.monotonic()
    parent.kill()
    parent.wait()
    words = f"in use by a simulation that was started by process {parent.pid} on "
    with pytest.raises(DirectoryError, match=words), directory_lock(tmp_path, patience=0.05):
        pass
    with directory_lock(tmp_path):
        assert time.monotonic() - started > 0.8


def test_one_at_a_time(tmp_path: Path) -> None:
    inside, most = [], []

    def work() -> None:
        for _ in range(20):
            with directory_lock(tmp_path, patience=60):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 160
    assert set(most) == {1}
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("text", ["", "1", "x" * 300, "12 host", "1 2 3\n"])
def test_a_lock_file_that_names_nobody(tmp_path: Path, text: str) -> None:
    with directory_lock(tmp_path):
        (tmp_path / LOCK).write_text(text)
        with (
            pytest.raises(DirectoryError, match="in use by another process"),
            directory_lock(tmp_path, patience=0),
        ):
            pass


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_in_place_of_the_lock_is_not_followed(
    link: Callable[[Path, Path], None], tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_text("text")
    link(precious, tmp_path / LOCK)
    with pytest.raises(DirectoryError, match="cannot write to"), directory_lock(tmp_path):
        pass
    assert precious.read_text() == "text"


def test_a_directory_that_is_not_there_is_not_locked(tmp_path: Path) -> None:
    with pytest.raises(DirectoryError, match="cannot write to"), directory_lock(tmp_path / "none"):
        pass


def test_what_another_host_has_left_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / LOCK).write_text("17 elsewhere\n")
    with directory_lock(tmp_path):
        assert "was left by process 17 on elsewhere" in caplog.text


def test_without_locks_of_the_system_the_directory_is_entered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import fcntl

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError("No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with directory_lock(tmp_path), directory_lock(tmp_path, patience=0):
        pass
    assert "no locks here" in caplog.text
    assert os.listdir(tmp_path) == []
