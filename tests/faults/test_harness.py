"""The harness of the attacks finds what it looks for: in programs that are careless on purpose."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import forked
import numpy as np
import pytest
from cases import Case, Tally, Verdict, own_folder, table
from compared_nights import Digest, differences
from damaged import Target, judge_damage
from damages import DAMAGES, damage_one_of, kind_of, swap
from forked import Child, adopted_orphans, call, children_of, count_touches
from kills import kill
from laboratory import Laboratory, leftovers

from brainsleep.errors import DirectoryError

LINES = 6


@dataclass(frozen=True)
class Counting:
    """Writes a line and then how many lines there are: in one step, or in two."""

    careful: bool

    def go(self, directory: Path) -> Digest:
        """Count on from what is noted."""
        directory.mkdir(exist_ok=True)
        log, noted = directory / "log", directory / "noted"
        lines = log.read_text().split() if log.exists() else []
        if not self.careful:
            n_done = int(noted.read_text()) if noted.exists() else 0
            lines += [str(number) for number in range(n_done, LINES)]
            for number in range(n_done, LINES):
                with log.open("a") as stream:
                    stream.write(f"{number}\\n")
                noted.write_text(str(number + 1))
        else:
            for number in range(len(lines), LINES):
                lines.append(str(number))
                new = directory / "new"
                new.write_text(" ".join(lines))
                new.replace(log)
        return {"lines": log.read_text()}


def cases(folder: Path, count: int) -> list[Case]:
    return [Case("harness", 0, number, folder / str(number)) for number in range(count)]


def verdicts(laboratory: Laboratory, subject: Counting, count: int) -> set[str]:
    found = set()
    for case in cases(laboratory.folder, count):
        with own_folder(case.folder):
            found.add(kill(case, laboratory, subject).what)
    return found


def test_kills_find_what_is_not_done_in_one_step(tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)
    assert "wrong" in verdicts(laboratory, Counting(careful=False), 14)
    assert verdicts(laboratory, Counting(careful=True), 8) == {"held"}


def test_damages_find_readers_who_believe_or_crash(tmp_path: Path) -> None:
    laboratory = Laboratory(tmp_path)

    def fill(directory: Path) -> None:
        directory.mkdir()
        (directory / "a1.txt").write_text("text " * 50)
        (directory / "a2.txt").write_text("words " * 50)

    def read(directory: Path) -> Digest:
        return {file.name: file.read_text() for file in sorted(directory.iterdir())}

    target = Target(laboratory.template("texts", fill), None, (read,))
    found = set()
    for case in cases(tmp_path, 60):
        with own_folder(case.folder):
            found.add(judge_damage(case, laboratory, target).what)
    assert found == {"wrong", "raw"}


def test_calls_in_children_are_told_apart(tmp_path: Path) -> None:
    def refuse() -> None:
        raise DirectoryError(f"not in {tmp_path}.")

    assert call(lambda: 3, tmp_path).value == 3
    assert call(refuse, tmp_path).how == "refused"
    assert call(lambda: 1 / 0, tmp_path).how == "raw"
    assert "ZeroDivisionError" in call(lambda: 1 / 0, tmp_path).message
    assert call(lambda: os.kill(os.getpid(), signal.SIGKILL), tmp_path).how == "raw"
    child = Child(lambda: time.sleep(60), tmp_path)
    assert child.wait(0.01) is None
    child.kill()
    assert child.end().how == "killed"


def test_a_child_that_sleeps_is_stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forked, "PATIENCE", 0.2)
    assert call(lambda: time.sleep(60), tmp_path).how == "stuck"
    until = time.monotonic() + 1

    def work() -> None:
        while time.monotonic() < until:
            pass

    assert call(work, tmp_path).how == "returned"


def test_touches_of_files_are_counted_and_kill(tmp_path: Path) -> None:
    def write() -> None:
        (tmp_path / "one").write_text("x")
        (tmp_path / "two").write_text("x")
        Path(os.devnull).write_text("x")

    assert count_touches(write, tmp_path) == 2
    for name in ("one", "two"):
        (tmp_path / name).unlink()
    assert Child(write, tmp_path, touches=2).end().how == "killed"
    assert (tmp_path / "one").exists()
    assert not (tmp_path / "two").exists()


def test_orphans_are_ended(tmp_path: Path) -> None:
    with adopted_orphans():
        child = Child(lambda: os.execvp("sh", ["sh", "-c", "sleep 0.1 & sleep 100"]), tmp_path)
        until = time.monotonic() + 20
        while len(children_of(child.pid)) < 2 and time.monotonic() < until:
            time.sleep(0.01)
        grandchildren = children_of(child.pid)
        child.kill()
        child.wait(0.01)
        for pid in grandchildren[1:]:
            os.kill(pid, signal.SIGKILL)
    assert len(grandchildren) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in grandchildren)


@pytest.mark.parametrize("damage", sorted(set(DAMAGES), key=lambda one: one.__name__))
def test_damages_damage(damage, tmp_path: Path) -> None:
    for number in range(10):
        file = tmp_path / f"file{number}"
        file.write_bytes(bytes(range(1, 251)) * 40)
        before = file.read_bytes()
        damage(file, np.random.default_rng(number))
        assert not file.is_file() or file.is_symlink() or file.read_bytes() != before


def test_each_kind_of_file_is_damaged_as_often(tmp_path: Path) -> None:
    names = ["night.json", *(f"snapshot-{step}.state" for step in range(50))]
    assert {kind_of(Path(name)) for name in names} == {"night.json", "snapshot-#.state"}
    for name in names:
        (tmp_path / name).write_text(name)
    done = []
    for number in range(40):
        with own_folder(tmp_path / "case") as folder:
            for name in names:
                (folder / name).write_text(name)
            done.append(damage_one_of(folder, None, np.random.default_rng(number)))
    assert 10 < sum("night.json" in one for one in done) < 30


def test_swapped_files_have_each_others_content(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    swap(tmp_path / "a", tmp_path / "b")
    assert [(tmp_path / name).read_text() for name in ("a", "b")] == ["b", "a"]


def test_leftovers_are_seen(tmp_path: Path) -> None:
    (tmp_path / "tmp" / "brainsleep-1").mkdir(parents=True)
    (tmp_path / "it").mkdir()
    for name in (".night.json.partial", ".lock", "night.json"):
        (tmp_path / "it" / name).touch()
    assert leftovers(tmp_path, 0) == ["it/.night.json.partial", "tmp/brainsleep-1"]


def test_a_failure_says_how_to_run_it_again(tmp_path: Path) -> None:
    tally = Tally("kill: run")
    tally.add(Case("kill: run", 5, 17, tmp_path), Verdict("wrong", "weights"))
    tally.add(Case("kill: run", 5, 18, tmp_path), Verdict("held"))
    (failure,) = tally.failures
    assert "BRAINSLEEP_FAULTS_SEED=5 BRAINSLEEP_FAULTS_CASE=17" in failure
    assert table([tally]).splitlines()[-1] == "| kill: run | 2 | 1 | 0 | 1 | 0 | 0 | 0 |"
    assert differences({"a": "1", "b": "2"}, {"a": "1", "b": "3"}) == "b"
