"""Spikes on disk have what spikes in memory have, and a part of them is read alone."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms, second
from hypothesis import given
from hypothesis import strategies as st
from test_streaming import sleep

import brainsleep as bs
from brainsleep.devices.activity import Spikes
from brainsleep.devices.streams import BLOCK_BYTES, StreamReader
from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.night.files import streaming
from brainsleep.night.files.streaming import StreamedSpikes

#: More than a block of counts, and several of spikes.
N_STEPS = 20_000


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """Return the directory of a night."""
    directory = tmp_path_factory.mktemp("parts") / "night"
    sleep(duration=N_STEPS, directory=directory)
    return directory


@pytest.fixture
def streamed(directory):
    return bs.Night.load(directory).spikes["0"]


def in_memory(train):
    return Spikes(np.array(train.i), train.t, train.n_neurons)


def assert_same(first, second_):
    assert type(first) is type(second_) is Spikes
    assert first.n_neurons == second_.n_neurons
    assert first.i.dtype == second_.i.dtype == np.int32
    assert np.array_equal(first.i, second_.i)
    assert np.array_equal(first.t / second, second_.t / second)


def test_both_kinds_have_the_same_methods():
    def public(kind):
        return {name for name in dir(kind) if not name.startswith("_")}

    assert public(Spikes) - {"i", "t", "n_neurons"} <= public(StreamedSpikes)


def test_parts_of_a_night_on_disk_are_those_in_memory(streamed):
    memory = in_memory(streamed)
    part = streamed.between(2 * second, "3 s")
    assert 0 < len(part) < len(memory)
    assert_same(part, memory.between(2 * second, 3 * second))
    some = streamed.of([0, 7])
    assert 0 < len(some) < len(memory)
    assert_same(some, memory.of([0, 7]))
    assert_same(streamed.of(np.arange(30) == 7), memory.of(7))
    assert_same(part.of(7), some.of(7).between(2 * second, 3 * second))
    assert len(streamed.of([])) == len(streamed.between(0 * ms, 0 * ms)) == 0


def test_trains_and_tables_of_a_night_on_disk(streamed):
    memory = in_memory(streamed)
    trains, expected = streamed.trains(), memory.trains()
    assert list(trains) == list(expected) == list(range(30))
    assert all(np.array_equal(trains[neuron], expected[neuron]) for neuron in expected)
    assert streamed.to_pandas().equals(memory.to_pandas())


def test_what_is_wrong_is_refused_as_in_memory(streamed):
    with pytest.raises(ParameterError, match="stop must not be before start"):
        streamed.between(5 * ms, 4 * ms)
    with pytest.raises(ParameterError, match="neurons must lie between 0 and 29, not 30"):
        streamed.of(30)


@given(
    st.sampled_from([0.1, 0.3, 1, 7]),
    st.lists(st.integers(0, 3), min_size=1, max_size=30),
    st.integers(0, 40),
    st.integers(0, 40),
    st.lists(st.integers(0, 4)),
    st.integers(1, 5),
)
def test_any_part_is_that_of_a_mask(dt, counts, start, length, neurons, at_a_time):
    steps = np.repeat(np.arange(len(counts)), counts)
    indices = (np.arange(len(steps)) * 3 % 5).astype(np.int32)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(streaming, "AT_A_TIME", at_a_time)
        np.array(counts, np.int32).tofile(Path(folder, "spikes1.n"))
        indices.tofile(Path(folder, "spikes1.i"))
        train = StreamedSpikes(Path(folder), 1, 5, dt * ms, len(counts))
        ends = start * dt * ms, (start + length) * dt * ms
        pieces = list(train.pieces(*ends))
        assert np.array_equal(
            np.concatenate([np.zeros(0, np.int32), *(piece.i for piece in pieces)]),
            train.between(*ends).i,
        )
        assert all(len(piece) <= max(at_a_time, max(counts)) for piece in pieces)
        for part, mask in [
            (
                train.between(start * dt * ms, (start + length) * dt * ms),
                (start <= steps) & (steps < start + length),
            ),
            (train.of(neurons), np.isin(indices, neurons)),
        ]:
            assert_same(part, Spikes(indices[mask], steps[mask] * (dt * ms), 5))


def test_some_time_is_read_alone(streamed, monkeypatch):
    read, parts = StreamReader.read, []

    def noted(reader, first=0, last=None):
        parts.append((reader.file.name, first, len(reader) if last is None else last))
        return read(reader, first, last)

    monkeypatch.setattr(StreamReader, "read", noted)
    ends = np.cumsum(streamed.counts)
    parts.clear()
    streamed.between(1 * second, 1.5 * second)
    assert parts == [("spikes1.n", 0, 1500), ("spikes1.i", ends[999], ends[1499])]
    monkeypatch.setattr(streaming, "AT_A_TIME", 1000)
    parts.clear()
    bs.Night.load(streamed.folder.parent).spikes["0"].of(3)
    assert max(last - first for name, first, last in parts if name == "spikes1.i") == 1000
    assert max(last for name, _, last in parts if name == "spikes1.i") == len(streamed)


def test_damage_is_found_in_the_part_that_has_it(directory, tmp_path):
    train = copy_of(directory, tmp_path).spikes["0"]
    file = train.folder / "spikes1.i"
    content = bytearray(file.read_bytes())
    assert len(content) > 2 * BLOCK_BYTES
    content[2 * BLOCK_BYTES] ^= 1
    file.write_bytes(content)
    expected = bs.Night.load(directory).spikes["0"]
    assert_same(train.between("0 s", "1 s"), expected.between("0 s", "1 s"))
    for read in (
        lambda: train.between("0 s", "3600 s"),
        lambda: train.of(0),
        train.trains,
        train.to_pandas,
    ):
        with pytest.raises(DirectoryError, match=r"spikes1\.i was damaged: block 3"):
            read()


def test_what_is_there_of_damaged_spikes_is_read(directory, tmp_path):
    copy_of(directory, tmp_path)
    file = tmp_path / "night" / "stream" / "spikes1.i"
    values = np.fromfile(file, np.int32)
    values[[5, 6]] = -1, 2**30
    values.tofile(file)
    train = bs.Night.load(tmp_path / "night", verify=False).spikes["0"]
    assert np.array_equal(train.of(range(30)).i, np.delete(values, [5, 6]))
    with pytest.raises(ParameterError, match="i must lie between 0 and 29"):
        train.trains()


def copy_of(directory, folder):
    """Copy a night, and load the copy."""
    shutil.copytree(directory, folder / "night")
    return bs.Night.load(folder / "night")
