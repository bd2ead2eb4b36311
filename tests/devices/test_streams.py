"""Streams: digests in C++ and in Python, reading parts, and cutting."""

import os
import subprocess
import zlib

import numpy as np
import pytest

from brainsleep.devices.compiler import compiler_flags, require_compiler
from brainsleep.devices.rendering import render
from brainsleep.devices.streams import (
    BLOCK_BYTES,
    DamageError,
    StreamReader,
    cut,
    digest_file,
    intact_beginning,
    verify_beginning,
)

INT32 = np.dtype(np.int32)
PER_BLOCK = BLOCK_BYTES // 4

#: Prints the digest of each beginning, of the lengths given, of what comes in.
DIGESTS = """
#include <cstdio>
#include <cstdlib>
#include <vector>
int main(int n, char** lengths)
{
    std::vector<char> bytes(200000);
    const size_t size = fread(&bytes[0], 1, bytes.size(), stdin);
    for (int k = 1; k < n; k++)
    {
        const size_t length = atoi(lengths[k]);
        printf("%u ", brainsleep::crc32(&bytes[size - length], length));
    }
}
"""


@pytest.mark.parametrize("flags", [["-mno-pclmul"], []], ids=["tables", "native"])
def test_digests_of_programs_are_those_of_zlib(flags, tmp_path):
    source, program = tmp_path / "digests.cpp", tmp_path / "digests"
    source.write_text(render("templates/program/crc32.cpp") + DIGESTS)
    command = [require_compiler(), *compiler_flags("float32"), *flags, str(source)]
    if subprocess.run([*command, "-o", str(program)], capture_output=True).returncode:
        pytest.skip("the compiler has no such flag here")
    content = np.random.default_rng(0).bytes(100_003)
    lengths = [*range(300), 4095, 4096, 4097, BLOCK_BYTES, 100_000, 100_003]
    done = subprocess.run(
        [program, *map(str, lengths)], input=content, capture_output=True, check=True
    )
    expected = [zlib.crc32(content[len(content) - length :]) for length in lengths]
    assert [int(digest) for digest in done.stdout.split()] == expected


@pytest.fixture
def stream(tmp_path):
    """Four blocks of numbers, the last a short one, with their digests."""
    file = tmp_path / "spikes0.i"
    np.arange(3 * PER_BLOCK + 100, dtype=np.int32).tofile(file)
    write_digests(file)
    return file


def write_digests(file):
    content = file.read_bytes()
    blocks = [content[k : k + BLOCK_BYTES] for k in range(0, len(content), BLOCK_BYTES)]
    np.array([zlib.crc32(block) for block in blocks], "<u4").tofile(digest_file(file))


def flip(file, place):
    content = bytearray(file.read_bytes())
    content[place] ^= 16
    file.write_bytes(content)


def test_a_flipped_bit_is_found_in_its_block_and_only_there(stream):
    flip(stream, BLOCK_BYTES + 17)
    reader = StreamReader(stream, INT32)
    with pytest.raises(DamageError, match="block 2 of 4 is not as it was written"):
        reader.read()
    with pytest.raises(DamageError, match="block 2 of 4"):
        reader.read(PER_BLOCK - 1, PER_BLOCK + 1)
    for first, last in [(0, PER_BLOCK), (2 * PER_BLOCK, 3 * PER_BLOCK + 100)]:
        assert np.array_equal(reader.read(first, last), np.arange(first, last))
    assert StreamReader(stream, INT32, verify=False).read()[PER_BLOCK + 4] != PER_BLOCK + 4
    assert intact_beginning(stream) == BLOCK_BYTES


@pytest.mark.parametrize("length", [0, 4, 4 * PER_BLOCK, BLOCK_BYTES * 3, BLOCK_BYTES * 3 + 396])
def test_a_stream_that_was_cut_is_found(stream, length):
    os.truncate(stream, length)
    with pytest.raises(DamageError, match=r"digests|block"):
        StreamReader(stream, INT32).read()
    with pytest.raises(DamageError, match="values, not"):
        StreamReader(stream, INT32).read(0, 3 * PER_BLOCK + 100)


@pytest.mark.parametrize("more", [1, 4, BLOCK_BYTES])
def test_a_stream_that_was_extended_is_found(stream, more):
    with stream.open("ab") as end:
        end.write(bytes(more))
    with pytest.raises(DamageError, match=r"whole values|digests|block 4"):
        StreamReader(stream, INT32).read()
    assert intact_beginning(stream) == 3 * BLOCK_BYTES


@pytest.mark.parametrize("change", ["flip", "cut", "extend", "delete"])
def test_damage_to_digests_is_found(stream, change):
    digests = digest_file(stream)
    if change == "flip":
        flip(digests, 0)
    elif change == "cut":
        os.truncate(digests, 12)
    elif change == "extend":
        digests.write_bytes(digests.read_bytes() + bytes(4))
    else:
        (stream.parent / "another.crc").touch()  # or else the folder has no digests
        digests.unlink()
    with pytest.raises(DamageError, match=r"spikes0\.i"):
        StreamReader(stream, INT32).read()


def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", ".", "nothing"):
        with pytest.raises(DamageError, match=r"is not a file|cannot be read"):
            StreamReader(tmp_path / name, INT32).read()


@pytest.mark.parametrize("length", [0, 4, BLOCK_BYTES, BLOCK_BYTES + 8, 3 * BLOCK_BYTES + 400])
def test_cutting_leaves_a_stream_with_its_digests(stream, length):
    whole, rest = divmod(length, BLOCK_BYTES)
    last = zlib.crc32(stream.read_bytes()[whole * BLOCK_BYTES : length]) if rest else 0
    verify_beginning(stream, length, last)
    cut(stream, length, last)
    assert np.array_equal(StreamReader(stream, INT32).read(), np.arange(length // 4))
    verify_beginning(stream, length, last)


def test_only_the_beginning_counts_of_a_stream_that_was_written_on(stream):
    length = 2 * BLOCK_BYTES + 40
    last = zlib.crc32(stream.read_bytes()[2 * BLOCK_BYTES : length])
    flip(stream, length + 1)
    verify_beginning(stream, length, last)
    with pytest.raises(DamageError, match="block 3 of 3"):
        verify_beginning(stream, length, last + 1)
    flip(stream, length - 1)
    with pytest.raises(DamageError, match="block 3 of 3"):
        verify_beginning(stream, length, last)
    with pytest.raises(DamageError, match="has 197008 of 197012 bytes"):
        verify_beginning(stream, 3 * BLOCK_BYTES + 404, 0)


@pytest.mark.parametrize("kind", ["symbolic link", "hard link", "fifo", "nothing"])
@pytest.mark.parametrize("which", ["stream", "digests"])
def test_links_are_not_cut(stream, kind, which, tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_bytes(bytes(1000))
    file = stream if which == "stream" else digest_file(stream)
    file.unlink()
    if kind == "symbolic link":
        file.symlink_to(precious)
    elif kind == "hard link":
        os.link(precious, file)
    elif kind == "fifo":
        os.mkfifo(file)
    with pytest.raises(DamageError, match=r"cannot be opened|left alone"):
        cut(stream, 8, 0)
    assert precious.read_bytes() == bytes(1000)
