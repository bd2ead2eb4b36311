"""Nights on disk that were damaged, or planted with names and links: nothing is believed."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from test_streaming import assert_same, sleep

import brainsleep as bs
from brainsleep.devices.streams import BLOCK_BYTES, digest_file
from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.night.resuming.night_directory import snapshot_weights, snapshots

#: More than one block of counts, and several of spikes.
N_STEPS, EVERY = 20_000, 5_000


def night_on_disk(directory: Path, *, resume: bool = False) -> bs.Night:
    """Run the night of this file, or go on with it."""
    return sleep(duration=N_STEPS, directory=directory, snapshot_every=EVERY, resume=resume)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a finished night."""
    directory = tmp_path_factory.mktemp("whole") / "night"
    night_on_disk(directory)
    return directory


@pytest.fixture(scope="module")
def truth() -> bs.Night:
    """Return the same night in memory."""
    return sleep(duration=N_STEPS)


@pytest.fixture
def finished(whole: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished night."""
    return Path(shutil.copytree(whole, tmp_path / "night"))


@pytest.fixture
def killed(finished: Path) -> Path:
    """Return a copy of the night as if it had been killed before its very end."""
    (finished / "night.json").unlink()
    return finished


def damage(file: Path, rng: random.Random) -> str:
    """Change a file in some way; say in which."""
    content, before = bytearray(file.read_bytes()), file.read_bytes()
    while bytes(content) == before:
        at, other = rng.randrange(len(content)), rng.randrange(len(content))
        kinds = ["flip", "cut", "extend", "zero", "swap", "drop", "noise", "empty", "delete"]
        how = rng.choice(kinds)
        if how == "flip":
            content[at] ^= 1 << rng.randrange(8)
        elif how == "cut":
            del content[at:]
        elif how == "extend":
            content += rng.randbytes(rng.choice([1, 4, BLOCK_BYTES]))
        elif how == "zero":
            content[at : at + 512] = bytes(len(content[at : at + 512]))
        elif how == "swap":
            here, there = content[at : at + 8], content[other : other + 8]
            content[at : at + 8], content[other : other + 8] = there, here
        elif how == "drop":
            del content[at : at + rng.choice([1, 4, BLOCK_BYTES])]
        elif how == "noise":
            content[at : at + 64] = rng.randbytes(len(content[at : at + 64]))
        elif how == "empty":
            content.clear()
        else:
            file.unlink()
            return how
    file.write_bytes(content)
    return how


def readable_steps(error: DirectoryError) -> int:
    """Return how many steps a message says can still be read."""
    found = re.search(r"part\(0, (\d+)\)", str(error))
    return 0 if found is None else int(found[1])


@pytest.mark.parametrize("name", ["spikes1.i", "spikes1.n", "spikes1.i.crc", "spikes1.n.crc"])
def test_files_that_are_gone_are_named(name: str, finished: Path) -> None:
    (finished / "stream" / name).unlink()
    with pytest.raises(DirectoryError, match=rf"{re.escape(name)} cannot be read: No such file"):
        _ = bs.Night.load(finished).spikes["0"].i


@pytest.mark.parametrize("seed", range(24))
def test_damaged_streams_are_found_and_the_rest_is_read(
    seed: int, finished: Path, truth: bs.Night
) -> None:
    rng = random.Random(seed)
    file = rng.choice(sorted((finished / "stream").glob("spikes*")))
    damage(file, rng)
    with pytest.raises(DirectoryError, match=file.stem) as raised:
        assert_same(truth, bs.Night.load(finished))
    n_steps = readable_steps(raised.value)
    if n_steps == 0:
        return
    name = list(truth.spikes)[int(file.name[6])]
    part = bs.Night.load(finished, verify=False).spikes[name].part(0, n_steps)
    expected = truth.spikes[name]
    n_spikes = np.searchsorted(np.rint(expected.t / truth.dt), n_steps)
    assert np.array_equal(part.i, expected.i[:n_spikes])
    assert np.array_equal(part.t, expected.t[:n_spikes])


@pytest.mark.parametrize("seed", range(8))
def test_nights_go_on_from_what_is_intact(seed: int, killed: Path, truth: bs.Night) -> None:
    rng = random.Random(seed)
    stream = killed / "stream"
    kind = ["*.state", "*.lengths", "spikes*[in]", "*.crc"][seed % 4]
    damage(rng.choice(sorted(stream.glob(kind))), rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(truth, night_on_disk(killed, resume=True))
    assert_same(truth, bs.Night.load(killed))


def test_the_snapshot_before_a_damaged_one_is_gone_on_from(killed: Path, truth: bs.Night) -> None:
    for n_steps in (15_000, 20_000):
        _flip(killed / "stream" / f"snapshot-{n_steps}.state", 1000)
    with pytest.warns(UserWarning, match=r"goes on from step 10000.*snapshot-20000\.state"):
        night = night_on_disk(killed, resume=True)
    assert_same(truth, night)
    assert snapshots(killed) == [5000, 10_000, 15_000, 20_000]


def test_a_night_without_an_intact_snapshot_begins_anew(killed: Path, truth: bs.Night) -> None:
    _flip(killed / "stream" / "spikes1.n", 0)
    with pytest.warns(UserWarning, match=r"begins anew.*spikes1\.n"):
        assert_same(truth, night_on_disk(killed, resume=True))


def test_parts_verify_what_they_read_and_no_more(finished: Path, truth: bs.Night) -> None:
    train = bs.Night.load(finished).spikes["0"]
    last = int(np.cumsum(train.counts)[17_000])
    _flip(finished / "stream" / "spikes1.i", 4 * last)
    part, expected = bs.Night.load(finished).spikes["0"].part(100, 9000), truth.spikes["0"]
    first, end = np.searchsorted(np.rint(expected.t / truth.dt), [100, 9000])
    assert 0 < first < end
    assert np.array_equal(part.i, expected.i[first:end])
    assert np.array_equal(part.t, expected.t[first:end])
    for read in (lambda night: night.spikes["0"].part(16_900, 17_100), lambda n: n.spikes["0"].i):
        with pytest.raises(DirectoryError, match="block"):
            read(bs.Night.load(finished))
    assert len(train.part(50, 50)) == 0
    for wrong in [(-1, 5), (5, 4), (0, N_STEPS + 1), (0, 1.5)]:
        with pytest.raises((ParameterError, TypeError), match=r"first|last"):
            train.part(*wrong)


def test_verifying_can_be_switched_off(finished: Path, truth: bs.Night) -> None:
    _flip(finished / "stream" / "spikes0.i", 0)
    with pytest.raises(DirectoryError, match=r"spikes0\.i was damaged: block 1"):
        assert bs.Night.load(finished).spikes["input"].i is None
    found = bs.Night.load(finished, verify=False).spikes["input"]
    assert (found.i != truth.spikes["input"].i).sum() == 1
    assert np.array_equal(found.t, truth.spikes["input"].t)


def test_damaged_snapshots_are_not_believed(finished: Path) -> None:
    state = finished / "stream" / "snapshot-10000.state"
    intact = {name: np.array(one) for name, one in snapshot_weights(finished, 10_000).items()}
    _flip(state, state.stat().st_size - 20)  # in the weights of the last layer
    with pytest.raises(DirectoryError, match=r"snapshot-10000.*other snapshots: after \[5"):
        snapshot_weights(finished, 10_000)
    found = snapshot_weights(finished, 10_000, verify=False)
    assert [np.array_equal(found[name], intact[name]) for name in intact] == [True, True, False]
    assert snapshot_weights(finished, 5000).keys() == intact.keys()


def test_nights_of_version_0_1_are_read(finished: Path, truth: bs.Night) -> None:
    _without_digests(finished)
    assert_same(truth, bs.Night.load(finished))
    assert snapshots(finished) == [5000, 10_000, 15_000, 20_000]
    last = snapshot_weights(finished, 20_000)
    assert all(np.array_equal(last[name], truth.weights_after[name]) for name in last)
    os.truncate(finished / "stream" / "spikes1.i", 400)
    with pytest.raises(DirectoryError, match=r"spikes1\.i has 100 spikes, but"):
        bs.Night.load(finished)


def test_snapshots_without_digests_are_not_gone_on_from(killed: Path, truth: bs.Night) -> None:
    _without_digests(killed)
    with pytest.warns(UserWarning, match=r"begins anew.*no digests"):
        assert_same(truth, night_on_disk(killed, resume=True))
    assert_same(truth, bs.Night.load(killed))


def test_names_in_records_are_not_followed(killed: Path, truth: bs.Night) -> None:
    precious = killed.parent / "precious.txt"
    precious.write_text("precious")
    record = killed / "stream" / "snapshot-20000.lengths"
    lines = record.read_text().splitlines(keepends=True)[:-1]
    for old in (False, True):  # as in version 0.1, and with a digest
        text = "../../precious.txt 3\n" if old else "".join(["stream ../../precious.txt 3 0\n"])
        text = text if old else text + "".join(lines)
        record.write_text(text if old else f"{text}end {zlib.crc32(text.encode())}\n")
        with pytest.warns(UserWarning, match="goes on from step 15000"):
            assert_same(truth, night_on_disk(killed, resume=True))
        (killed / "night.json").unlink()
        assert precious.read_text() == "precious"


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_links_in_a_night_are_not_written_through(
    link: object, killed: Path, truth: bs.Night
) -> None:
    """What the program opens itself, and what is cut before it starts."""
    stream, precious = killed / "stream", killed.parent / "precious.txt"
    (stream / "snapshot-20000.state").unlink()
    planted = ["snapshot-20000.lengths", "snapshot-20000.partial", "snapshot-20000.state"]
    planted += ["spikes2.i", "spikes2.n.crc"]
    for name in planted:
        content = (stream / name).read_bytes() if (stream / name).exists() else b"precious"
        target = precious.with_name(f"{name}.target")
        target.write_bytes(content)
        (stream / name).unlink(missing_ok=True)
        link(target, stream / name)  # type: ignore[operator]
    arrays = list((killed / "arrays").iterdir())  # what Python writes at the end
    for file in arrays:
        precious.with_name(f"{file.name}.target").write_text("precious")
        file.unlink()
        link(precious.with_name(f"{file.name}.target"), file)  # type: ignore[operator]
        planted.append(file.name)
    (killed / ".night.json.0123456789abcdef.partial").touch()
    (killed / "arrays" / ".ab.npz.0123456789abcdef.partial").touch()
    before = {name: precious.with_name(f"{name}.target").read_bytes() for name in planted}
    with pytest.raises(DirectoryError, match=r"spikes2\.(i|n\.crc)"):
        night_on_disk(killed, resume=True)
    for name in ("spikes2.i", "spikes2.n.crc"):  # now as they were
        shutil.copyfile(precious.with_name(f"{name}.target"), stream / f"{name}.copy")
        (stream / f"{name}.copy").replace(stream / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(truth, night_on_disk(killed, resume=True))
    assert not list(killed.rglob("*.partial"))
    for name, content in before.items():
        assert precious.with_name(f"{name}.target").read_bytes() == content, name


def test_a_folder_that_is_a_link_is_left_alone(killed: Path) -> None:
    elsewhere = killed.parent / "elsewhere"
    (killed / "stream").rename(elsewhere)
    (killed / "stream").symlink_to(elsewhere)
    before = {file.name: file.read_bytes() for file in elsewhere.iterdir()}
    with pytest.raises(DirectoryError, match="is no directory, and is left alone"):
        night_on_disk(killed, resume=True)
    assert {file.name: file.read_bytes() for file in elsewhere.iterdir()} == before


def _flip(file: Path, place: int) -> None:
    """Flip one bit of a file."""
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(content)


def _without_digests(directory: Path) -> None:
    """Make a night look as if version 0.1 had written it."""
    stream, layout = directory / "stream", []
    for record in stream.glob("snapshot-*.lengths"):
        lines = [line.split() for line in record.read_text().splitlines()]
        layout = [[line[1], line[2], int(line[3])] for line in lines if line[0] == "state"]
        lengths = [f"{line[1]} {line[2]}\n" for line in lines if line[0] == "stream"]
        record.write_text("".join(lengths))
    (stream / "snapshots.json").write_text(json.dumps(layout))
    for file in stream.glob("spikes*[in]"):
        digest_file(file).unlink()
