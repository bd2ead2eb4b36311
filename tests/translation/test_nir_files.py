"""NIR files: one plain error for whatever lies there; what is written is whole, or not there."""

from __future__ import annotations

import contextlib
import os
import sys
import types
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest
from brian2 import ms
from helpers import SMALL, asleep, mlp, random_spikes
from nir_euler import chain, lif

import brainsleep as bs
from brainsleep.errors import (
    BrainsleepError,
    DataError,
    DirectoryError,
    KindError,
    MissingPackageError,
    ParameterError,
    TranslationError,
)

GRAPH = chain(nir.Linear(np.ones((3, 2))), lif())


def hdf5(path, **groups) -> None:
    with h5py.File(path, "w") as file:
        for name, value in groups.items():
            file[name] = value


def truncated(path) -> None:
    nir.write(path, GRAPH)
    path.write_bytes(path.read_bytes()[:-500])


def single_node(path) -> None:
    nir.write(path, nir.Linear(np.ones((3, 2))))


def unknown_kind(path) -> None:
    nir.write(path, GRAPH)
    with h5py.File(path, "r+") as file:
        del file["node/nodes/lif/type"]
        file["node/nodes/lif/type"] = "Resonator"


def without_edges(path) -> None:
    nir.write(path, GRAPH)
    with h5py.File(path, "r+") as file:
        del file["node/edges"]


FILES = {
    "missing": (lambda path: None, "there is no such file"),
    "a directory": (lambda path: path.mkdir(), "is a directory"),
    "empty": (lambda path: path.touch(), "is empty"),
    "text": (lambda path: path.write_text("layers: 3\n"), "is no HDF5 file"),
    "numpy": (lambda path: np.save(path.open("wb"), np.ones(3)), "is no HDF5 file"),
    "another HDF5": (lambda path: hdf5(path, weights=np.ones(3)), "holds no NIR graph"),
    "a node that is none": (lambda path: hdf5(path, node=np.ones(3)), "cannot be read as a NIR"),
    "truncated": (truncated, "damaged or truncated"),
    "a single node": (single_node, "cannot be read as a NIR|holds a single Linear"),
    "an unknown kind of node": (unknown_kind, "cannot be read as a NIR"),
    "without edges": (without_edges, "cannot be read as a NIR"),
}


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_graph_is_named(kind: str, tmp_path) -> None:
    make, message = FILES[kind]
    path = tmp_path / "net.nir"
    make(path)
    with pytest.raises(DataError, match=message) as caught:
        bs.from_nir(path, dt=1 * ms)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_cut_anywhere_or_with_other_bytes_raises_nothing_else(tmp_path) -> None:
    path = tmp_path / "net.nir"
    nir.write(path, GRAPH)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for number in range(60):
        damaged = bytearray(whole)
        if number % 2:
            damaged = damaged[: rng.integers(1, len(whole))]
        else:
            for place in rng.integers(8, len(whole), 20):
                damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        with contextlib.suppress(BrainsleepError):
            bs.from_nir(path, dt=1 * ms)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path) -> None:
    path = tmp_path / "net.nir"
    nir.write(path, GRAPH)
    path.chmod(0)
    with pytest.raises(DataError, match="ermission"):
        bs.from_nir(path, dt=1 * ms)


@pytest.mark.parametrize("junk", [None, 3, b"net.nir", [GRAPH], nir.Linear(np.ones((3, 2)))])
def test_what_is_no_path_is_refused(junk) -> None:
    with pytest.raises(KindError, match="path must be"):
        bs.from_nir(junk, dt=1 * ms)


@pytest.mark.parametrize("junk", ["", "a\0b", "n" * 5000])
def test_what_no_file_can_be_called_is_refused(junk) -> None:
    with pytest.raises(ParameterError, match="path"):
        bs.from_nir(junk, dt=1 * ms)


@pytest.fixture(scope="module")
def night():
    return asleep(
        mlp(SMALL, scale=1.5),
        random_spikes(20, SMALL[0], 0.3),
        neuron=bs.Heaviside(gain=1, threshold=0.5, decay=0.9),
        plasticity=bs.SRC(0, 0),
        device=bs.devices.Runtime("numpy"),
        progress=False,
    )


def test_a_target_that_cannot_be_written_is_named(tmp_path, night) -> None:
    with pytest.raises(DirectoryError, match="is a directory"):
        night.to_nir(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DirectoryError, match="cannot write"):
        night.to_nir(tmp_path / "file" / "net.nir")
    with pytest.raises(KindError, match="path must be"):
        night.to_nir(None)


def test_files_are_replaced_and_missing_directories_made(tmp_path, night) -> None:
    file = tmp_path / "not" / "there" / "net.nir"
    night.to_nir(file)
    file.write_text("another")
    night.to_nir(file)
    assert bs.from_nir(file)


def test_what_fails_leaves_the_old_file_and_no_other(tmp_path, night, monkeypatch) -> None:
    path = tmp_path / "net.nir"
    night.to_nir(path)
    before = path.read_bytes()

    write = Path.write_bytes

    def full_disk(target: Path, content: bytes) -> None:
        write(target, content[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(DirectoryError, match=r"cannot write .*net\.nir: the disk at .* is full"):
        night.to_nir(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_without_nir_it_says_how_to_get_it(tmp_path, night, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(MissingPackageError, match="pip install"):
        bs.from_nir(tmp_path / "net.nir")
    with pytest.raises(ImportError, match="brainsleep\\[nir\\]"):
        night.to_nir(tmp_path / "net.nir")


def test_an_old_nir_is_named(tmp_path, monkeypatch) -> None:
    old = types.ModuleType("nir")
    old.read, old.__version__ = lambda filename: None, "0.2"
    monkeypatch.setitem(sys.modules, "nir", old)
    with pytest.raises(MissingPackageError, match=r"nir 0\.2 is too old: pip install -U"):
        bs.from_nir(tmp_path / "net.nir")


def test_lateral_inhibition_is_not_left_out_silently(tmp_path) -> None:
    asleep_with = bs.sleep(
        mlp(SMALL, scale=1.5),
        random_spikes(20, SMALL[0], 0.3),
        neuron=bs.LIF(gain=1, threshold=0.5),
        plasticity=bs.SRC(0, 0),
        lateral={"0": bs.lateral.WinnerTakeAll(0.5)},
        device=bs.devices.Runtime("numpy"),
        progress=False,
    )
    with pytest.raises(TranslationError, match=r"layer '0': .*inhibition within a layer"):
        asleep_with.to_nir(tmp_path / "net.nir")
