"""Arrays that are made once: damage, limits, several processes, and kills."""

import logging
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from brainsleep.support.kept_arrays import KeptArrays

KEY, OTHER = "0" * 32, "1" * 32
ROOT = Path(__file__).parents[2]


class Maker:
    """Makes arrays, and counts how often."""

    def __init__(self, size: int = 1000) -> None:
        self.arrays = {"w": np.arange(size, dtype=np.float32), "n": np.array([1, 2])}
        self.count = 0

    def __call__(self) -> dict[str, np.ndarray]:
        self.count += 1
        return self.arrays


@pytest.fixture
def kept(tmp_path: Path) -> KeptArrays:
    return KeptArrays(tmp_path / "kept", 10**6, "the folder of tests", "TESTS")


def equal(one: object, other: object) -> bool:
    return {k: (v.dtype.str, v.tobytes()) for k, v in one.items()} == {
        k: (v.dtype.str, v.tobytes()) for k, v in other.items()
    }


def test_arrays_are_made_once_and_read_bit_for_bit(kept: KeptArrays) -> None:
    make = Maker()
    make.arrays["odd"] = np.array([np.nan, -0.0, np.inf])
    assert kept.entries() == []
    first, was_kept = kept.obtain(KEY, make)
    again, was_kept_now = kept.obtain(KEY, make)
    assert (was_kept, was_kept_now, make.count) == (False, True, 1)
    assert equal(first, make.arrays)
    assert equal(again, make.arrays)
    assert kept.obtain(OTHER, make)[1] is False
    assert sorted(file.name for file in kept.folder.iterdir()) == [f"{KEY}.npz", f"{OTHER}.npz"]
    assert kept.folder.stat().st_mode & 0o077 == 0


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        flip,
        lambda file: file.write_bytes(file.read_bytes()[:-9]),
        lambda file: file.write_bytes(b""),
        lambda file: shutil.copy(file.with_name(f"{OTHER}.npz"), file),
        lambda file: np.savez(file, w=np.zeros(3)),
    ],
)
def test_what_is_damaged_is_made_anew(kept, damage, caplog) -> None:
    make = Maker()
    kept.obtain(KEY, make)
    kept.obtain(OTHER, Maker(10))
    damage(kept.folder / f"{KEY}.npz")
    with caplog.at_level(logging.WARNING, "brainsleep"):
        found, was_kept = kept.obtain(KEY, make)
    assert (was_kept, make.count) == (False, 2)
    assert equal(found, make.arrays)
    assert "is damaged" in caplog.text
    assert kept.obtain(KEY, make)[1]


def test_what_was_not_used_for_longest_goes(kept: KeptArrays) -> None:
    keys = [str(number) * 32 for number in range(4)]
    make = Maker(70_000)  # 280 kB: three fit
    for age, key in enumerate(keys[:3]):
        kept.obtain(key, make)
        os.utime(kept.folder / f"{key}.npz", (1000 + age, 1000 + age))
    assert kept.obtain(keys[0], make)[1]  # is the youngest now
    kept.obtain(keys[3], make)
    assert [entry.file.stem for entry in kept.entries()] == [keys[3], keys[0], keys[2]]
    kept.obtain(KEY[:-1] + "a", Maker(10**6))  # larger than all that is allowed
    assert len(kept.entries()) == 3


def test_clearing_takes_what_is_old_and_what_is_left(kept: KeptArrays) -> None:
    for key in (KEY, OTHER):
        kept.obtain(key, Maker())
    os.utime(kept.folder / f"{KEY}.npz", (1000, 1000))
    (kept.folder / f".{KEY}.npz.{'a' * 16}.partial").touch()
    (kept.folder / f"{KEY}.lock").touch()
    (kept.folder / "notes.npz").touch()
    assert [one.file.stem for one in kept.clear(older_than_days=1)] == [KEY]
    assert sorted(file.name for file in kept.folder.iterdir()) == [f"{OTHER}.npz", "notes.npz"]
    assert len(kept.clear()) == 1
    assert KeptArrays(kept.folder / "none", 1, "x", "X").clear() == []


def test_what_making_raises_is_raised_and_nothing_is_kept(kept: KeptArrays) -> None:
    def fail() -> dict[str, np.ndarray]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept.obtain(KEY, fail)
    assert list(kept.folder.iterdir()) == []
    assert not kept.obtain(KEY, Maker())[1]


def test_a_folder_that_cannot_be_used_costs_no_more_than_time(tmp_path, caplog) -> None:
    (tmp_path / "file").touch()
    make = Maker()
    kept = KeptArrays(tmp_path / "file" / "kept", 10**6, "the folder of tests", "TESTS")
    with caplog.at_level(logging.WARNING, "brainsleep"):
        assert not kept.obtain(KEY, make)[1]
        assert not kept.obtain(KEY, make)[1]
    assert make.count == 2
    assert "set TESTS to a folder" in caplog.text


def test_threads_make_it_once(kept: KeptArrays) -> None:
    make = Maker()
    threads = [threading.Thread(target=kept.obtain, args=(KEY, make)) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert make.count == 1


WORKER = """
import sys, time
from pathlib import Path
import numpy as np
from brainsleep.support.kept_arrays import KeptArrays
folder = Path(sys.argv[1])
def make():
    with open(folder / "made", "a") as file:
        print(sys.argv[2], file=file, flush=True)
    if sys.argv[2] == "killed":
        time.sleep(60)
    time.sleep(0.2)
    return {"w": np.ones(5)}
print(KeptArrays(folder / "kept", 10**6, "x", "X").obtain("0" * 32, make)[1])
"""


def worker(folder: Path, name: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder), name],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_processes_make_it_once_and_go_on_where_one_was_killed(tmp_path: Path) -> None:
    killed = worker(tmp_path, "killed")
    while not (tmp_path / "made").exists():
        assert killed.poll() is None
    others = [worker(tmp_path, "other") for _ in range(3)]
    killed.kill()
    killed.communicate()
    outputs = sorted(one.communicate()[0].strip() for one in others)
    assert outputs == ["False", "True", "True"]
    assert (tmp_path / "made").read_text().split() == ["killed", "other"]
    assert [file.name for file in (tmp_path / "kept").iterdir()] == [f"{KEY}.npz"]
