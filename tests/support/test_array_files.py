"""Files that promise more than they hold, or hold more than memory: told before it is taken."""

import struct
import subprocess
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

from brainsleep.errors import DataError, DirectoryError
from brainsleep.support import memory
from brainsleep.support.array_files import read_arrays, write_arrays
from brainsleep.support.files import read_text
from brainsleep.support.json_files import read_json
from brainsleep.support.memory import available_memory, in_words, require_memory


def header(shape, dtype="<f8", version=1, text=None):
    """Return the beginning of an npy file."""
    if text is None:
        text = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape!r}, }}"
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text.encode("latin1")


def npz(path, content, name="w.npy", compression=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr(name, content)


def longer_than_it_is(path, size):
    """Write an entry that says it has `size` bytes."""
    npz(path, header((size // 8,)))
    content = bytearray(path.read_bytes())
    central = content.rindex(b"PK\x01\x02")
    content[central + 24 : central + 28] = struct.pack("<I", len(header((size // 8,))) + size)
    path.write_bytes(content)


def compressed_by(method, path):
    """Write an entry that says another method of compression than there is."""
    npz(path, header((1,)) + b"\0" * 8)
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 10] = method
    path.write_bytes(content)


HUGE = {
    "10^13 values": lambda path: npz(path, header((10**13,))),
    "10^13 values, in two dimensions": lambda path: npz(path, header((10**6, 10**7))),
    "more values than any integer": lambda path: npz(path, header((2**62, 2**62))),
    "3 GB that are not there": lambda path: longer_than_it_is(path, 3 * 10**9),
    "a header of 4 GB": lambda path: npz(path, b"\x93NUMPY\2\0\xff\xff\xff\xff" + b" " * 10**6),
    "a deep header": lambda path: npz(path, header((), text="(" * 9000)),
    "a header that is code": lambda path: npz(path, header((), text="__import__('os')")),
    "fewer than no values": lambda path: npz(path, header((-1,))),
    "pickles": lambda path: npz(path, header((1,), "|O") + b"\x80\x04N."),
    "records": lambda path: npz(path, header((1,), [("a", "<f8")]) + b"\0" * 8),
    "texts of no length": lambda path: npz(path, header((10**13,), "<U0")),
    "an unknown version": lambda path: npz(path, header((1,), version=9) + b"\0" * 8),
    "more than it says": lambda path: npz(path, header((1,)) + b"\0" * 9),
    "no array": lambda path: npz(path, b"text", "notes.txt"),
    "no archive": lambda path: path.write_bytes(b"PK" * 100),
    "nothing": lambda path: path.write_bytes(b""),
    "an unknown compression": lambda path: compressed_by(99, path),
}


@pytest.mark.parametrize("kind", HUGE)
def test_what_cannot_be_read_is_told_before_memory_is_taken(tmp_path, kind):
    file = tmp_path / "weights.npz"
    HUGE[kind](file)
    tracemalloc.start()
    try:
        with pytest.raises(DataError) as raised:
            read_arrays(file)
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_arrays(tmp_path / "weights.npz")


ARRAYS = {
    "0.weight": np.random.default_rng(0).normal(size=(30, 70)).astype(np.float32),
    "odd/name": np.asfortranarray(np.arange(12).reshape(3, 4)),
    "file": np.array([True, False]),
    "none": np.zeros((0, 5)),
    "one": np.array(3.5),
}


@pytest.mark.parametrize("by", ["us", "savez", "savez_compressed"])
def test_arrays_come_back_as_they_were(tmp_path, by):
    file = tmp_path / "arrays.npz"
    arrays = dict(ARRAYS)
    if by == "us":
        write_arrays(file, arrays)
    else:
        del arrays["file"]  # which savez cannot write
        getattr(np, by)(file, **arrays)
    found = read_arrays(file)
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].flags.writeable


def test_one_bit_anywhere_is_found_or_does_not_matter(tmp_path):
    file = tmp_path / "arrays.npz"
    write_arrays(file, ARRAYS)
    whole = file.read_bytes()
    rng = np.random.default_rng(1)
    told = 0
    for place in rng.choice(len(whole), 300, replace=False):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        file.write_bytes(damaged)
        try:
            found = read_arrays(file)
        except DataError:
            told += 1
            continue
        for name in found.keys() & ARRAYS.keys():
            np.testing.assert_array_equal(found[name], ARRAYS[name])
    assert told > 250


def test_what_fits_into_memory_is_read_and_what_does_not_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "zeros.npz"
    np.savez_compressed(file, w=np.zeros(10**6))
    assert file.stat().st_size < 10_000
    assert read_arrays(file)["w"].nbytes == 8_000_000
    monkeypatch.setattr("brainsleep.support.memory.available_memory", lambda: 7_000_000)
    with pytest.raises(DataError) as raised:
        read_arrays(file)
    assert str(raised.value) == f"{file}: asks for 8 MB of memory, and 7 MB are free."


def test_memory_that_is_available(monkeypatch, tmp_path):
    assert 10**7 < available_memory() < 10**14
    group = tmp_path / "queue" / "job"
    group.mkdir(parents=True)
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    lines = {"memory.max": "5000000\n", "memory.stat": "anon 2000000\nfile 999999\n"}
    for name, text in lines.items():
        (group.parent / name).write_text(text)
    (group / "memory.max").write_text("max\n")
    assert list(memory._of_group(*(group.parent / name for name in lines), "anon")) == [3_000_000]
    assert list(memory._of_group(group / "memory.max", group / "memory.stat", "anon")) == []
    require_memory(1000, "a file")
    monkeypatch.setattr(memory, "_limits", lambda: iter([10**9, -5]))
    with pytest.raises(DataError, match="asks for 1 kB of memory, and 0 bytes are free"):
        require_memory(1000, "a file")


def test_a_limit_of_the_process_counts():
    code = """
import resource
from brainsleep.support.memory import available_memory
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
print(available_memory() < 2**30)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout == "True\n", result.stderr


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (999, "999 bytes"), (1.6e9, "1.6 GB"), (8e13, "80 TB"), (1e25, "1e+07 EB")],
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words


def test_texts_without_end_are_read_no_further(tmp_path):
    file = tmp_path / "night.json"
    with file.open("wb") as stream:
        stream.truncate(10**10)  # takes no space
    with pytest.raises(DataError, match=r"night.json: has 10 GB; .* more than 16.8 MB\.$"):
        read_text(file)
    with pytest.raises(DirectoryError, match=r"night.json: has 10 GB; .* 16.8 MB; run again\.$"):
        read_json(file, "run again")
    (tmp_path / "endless").symlink_to("/dev/zero")
    with pytest.raises(DataError, match=r"endless: has no end in sight; .* 16.8 MB"):
        read_text(tmp_path / "endless")


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "night.json").write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"night.json: is no text in UTF-8"):
        read_text(tmp_path / "night.json")


@pytest.mark.parametrize(
    "array",
    [
        np.arange(400_000.0),  # more than one piece
        np.arange(6, dtype=">i4").reshape(2, 3)[:, ::2],
        np.asfortranarray(np.arange(6.0, dtype=np.float16).reshape(2, 3)),
        np.zeros((3, 0), dtype=np.float32),
        np.array(True),
    ],
)
def test_arrays_are_written_as_numpy_writes_them(array, tmp_path):
    write_arrays(tmp_path / "a.npz", {"w": array}, compress=False)
    np.save(tmp_path / "w.npy", array)
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert archive.read("w.npy") == (tmp_path / "w.npy").read_bytes()
    found = read_arrays(tmp_path / "a.npz")["w"]
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    np.testing.assert_array_equal(found, array)
