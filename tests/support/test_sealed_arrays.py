"""Sealed arrays: whose they are, and whether they are as they were written."""

from pathlib import Path

import numpy as np
import pytest

from brainsleep.errors import DataError
from brainsleep.support.sealed_arrays import read_sealed, write_sealed


def test_sealed_arrays_come_back_for_their_key_alone(tmp_path: Path) -> None:
    file, arrays = tmp_path / "a.npz", {"w": np.array([np.nan, -0.0]), "n": np.arange(3)}
    write_sealed(file, arrays, b"mine")
    found = read_sealed(file, b"mine")
    assert found is not None
    assert list(found) == ["w", "n"]
    assert all(found[name].tobytes() == arrays[name].tobytes() for name in arrays)
    assert read_sealed(file, b"yours") is None
    assert [one.name for one in tmp_path.iterdir()] == ["a.npz"]


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    """Also one in the key, which would make the arrays seem to be of something else."""
    file = tmp_path / "a.npz"
    write_sealed(file, {"w": np.arange(4.0)}, b"mine")
    whole, found = file.read_bytes(), 0
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        try:
            arrays = read_sealed(file, b"mine")
        except (DataError, OSError):  # an offset can lie nowhere
            found += 1
        else:  # a byte that says nothing of the content, such as a date
            assert arrays is not None
            assert arrays["w"].tobytes() == np.arange(4.0).tobytes()
    assert found > len(whole) / 2
    np.savez(file, w=np.arange(4.0))
    with pytest.raises(DataError, match="it has no digest"):
        read_sealed(file, b"mine")
