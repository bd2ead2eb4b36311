"""Snapshots: records with digests, and going back to the last one that is intact."""

import json
import os
import zlib

import numpy as np
import pytest

from brainsleep.devices.snapshots import LAYOUT, Snapshot, last_intact, snapshot_steps
from brainsleep.devices.streams import DamageError, digest_file

VALUES = {"layer1.v": np.arange(10.0), "synapses1.w": np.arange(30, dtype=np.float32)}
STREAM = "spikes0.n"


def digest(content):
    return zlib.crc32(content)


def write_stream(folder, n_bytes):
    content = bytes(range(256)) * 4
    (folder / STREAM).write_bytes(content[:n_bytes])
    digests = np.array([digest(content[:n_bytes])], "<u4")
    digests.tofile(digest_file(folder / STREAM))


def write_snapshot(folder, n_steps, lines=None):
    """Write a snapshot in which `lines` may stand for those of its streams."""
    stream = (folder / STREAM).read_bytes()[: 4 * n_steps]
    lines = [f"stream {STREAM} {len(stream)} {digest(stream)}"] if lines is None else lines
    lines = [
        *lines,
        *(f"state {k} {v.dtype.str} {v.size} {digest(v.tobytes())}" for k, v in VALUES.items()),
    ]
    text = "".join(f"{line}\n" for line in lines).encode()
    record = folder / f"snapshot-{n_steps}.lengths"
    record.write_bytes(text + b"end %d\n" % digest(text))
    record.with_suffix(".state").write_bytes(b"".join(v.tobytes() for v in VALUES.values()))
    return record


@pytest.fixture
def folder(tmp_path):
    """Snapshots after 100 and 200 of 250 steps."""
    stream = tmp_path / "night" / "stream"
    stream.mkdir(parents=True)
    write_stream(stream, 1000)
    write_snapshot(stream, 100)
    write_snapshot(stream, 200)
    return stream


def test_snapshots_are_read(folder):
    assert snapshot_steps(folder) == [100, 200]
    found = Snapshot.read(folder, 200)
    for name, values in VALUES.items():
        assert np.array_equal(found.values(name), values)
        assert found.values(name).dtype == values.dtype
    found.verify([STREAM])
    with pytest.raises(DamageError, match=r"has no layer9\.v"):
        found.values("layer9.v")


def test_going_back_cuts_what_came_later(folder):
    (folder / "snapshot-300.partial").touch()
    (folder / "snapshot-notes.txt").touch()
    snapshot = Snapshot.read(folder, 100)
    snapshot.go_back()
    assert (folder / STREAM).stat().st_size == 400
    snapshot.verify([STREAM])
    names = {file.name for file in folder.glob("snapshot-*")}
    assert names == {"snapshot-100.lengths", "snapshot-100.state", "snapshot-notes.txt"}


def test_every_byte_of_the_last_snapshot_counts(folder):
    for suffix in (".lengths", ".state"):
        file = folder / f"snapshot-200{suffix}"
        content = file.read_bytes()
        for place in range(0, len(content), 3):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 8
            file.write_bytes(changed)
            found, faults = last_intact(folder, [STREAM])
            assert found is not None, (suffix, place)
            assert found.n_steps == 100, (suffix, place)
            assert file.stem in str(faults[0])
            file.write_bytes(changed[:place])
            assert last_intact(folder, [STREAM])[0].n_steps == 100, (suffix, place)
        file.write_bytes(content)
    assert last_intact(folder, [STREAM])[0].n_steps == 200


def test_streams_count_as_far_as_a_snapshot_reaches(folder):
    content = (folder / STREAM).read_bytes()
    for damaged_at, expected in [(3, None), (399, None), (400, 100), (799, 100), (800, 200)]:
        changed = bytearray(content)
        changed[damaged_at] ^= 1
        (folder / STREAM).write_bytes(changed)
        found, faults = last_intact(folder, [STREAM])
        assert (None if found is None else found.n_steps) == expected
        assert all(STREAM in str(fault) for fault in faults)


@pytest.mark.parametrize(
    "line",
    [
        "stream ../../precious.txt 3 0",
        "stream /tmp/precious.txt 3 0",
        f"stream {STREAM} -1 0",
        f"stream {STREAM} 1e3 0",
        f"stream {STREAM} {10**17} 0",
        "stream spikes1.n 0 0",
        "stream snapshot-100.state 0 0",
        "delete everything",
        "",
    ],
)
def test_records_name_the_streams_of_the_night_and_no_others(line, folder):
    precious = folder.parents[1] / "precious.txt"
    precious.write_text("precious")
    usual = f"stream {STREAM} 800 {digest((folder / STREAM).read_bytes()[:800])}"
    for lines in ([line], [usual, line], [line, usual]):
        write_snapshot(folder, 200, lines)  # with digests, as an attacker would
        found, faults = last_intact(folder, [STREAM])
        if found is not None and found.n_steps == 200:
            assert found.streams[STREAM].length == 800  # the last line of a name counts
        else:
            assert "snapshot-200.lengths" in str(faults[0]) or STREAM in str(faults[0])
    assert precious.read_text() == "precious"


@pytest.mark.parametrize(
    "line",
    [
        "state layer1.v O8 1 0",
        "state layer1.v <f3 1 0",
        f"state layer1.v <f8 {10**17} 0",
        "state ../v <f8 1 0",
    ],
)
def test_records_hold_numbers_of_known_types(line, folder):
    write_snapshot(folder, 200, [line])
    found, faults = last_intact(folder, [STREAM])
    assert found.n_steps == 100
    assert len(faults) == 1


def test_names_that_are_none_of_a_snapshot_are_passed_over(folder):
    for name in ("snapshot-x.state", "snapshot-.state", "snapshot--5.state", "snapshot-0.state"):
        (folder / name).touch()
    os.mkfifo(folder / "snapshot-900.state")
    (folder / "snapshot-800.state").mkdir()
    (folder / "snapshot-700.state").symlink_to("/dev/zero")
    found, faults = last_intact(folder, [STREAM])
    assert found.n_steps == 200
    assert len(faults) == 3


def test_snapshots_of_version_0_1_are_read_but_not_gone_on_from(folder):
    for record in folder.glob("*.lengths"):
        record.write_text(f"{STREAM} 800\n")
    layout = [[name, values.dtype.str, values.size] for name, values in VALUES.items()]
    (folder / LAYOUT).write_text(json.dumps(layout))
    found = Snapshot.read(folder, 200)
    for name, values in VALUES.items():
        assert np.array_equal(found.values(name), values)
    with pytest.raises(DamageError, match="no digests"):
        found.verify([STREAM])
    for text in ("", "[", "{}", "[[1]]", '[["a.b", "O", 1]]', '[["layer1.v", "<f8", -3]]', "[[]]"):
        (folder / LAYOUT).write_text(text)
        with pytest.raises(DamageError, match=r"not as it was written|bytes, not"):
            Snapshot.read(folder, 200)
