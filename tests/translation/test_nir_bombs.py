"""NIR files of some kilobytes that unfold to, or ask for, more than fits into memory."""

from __future__ import annotations

import tracemalloc

import h5py
import nir
import numpy as np
import pytest
from brian2 import ms
from nir_euler import chain, lif

import brainsleep as bs
from brainsleep.errors import BrainsleepError, DataError
from brainsleep.support.memory import available_memory

WEIGHT, EDGES = "node/nodes/linear/weight", "node/edges"
COMPRESSED = {"compression": "gzip", "compression_opts": 9}


def instead(name, **dataset):
    """Return what puts a dataset in the place of another."""

    def change(file):
        if name in file:
            del file[name]
        file.create_dataset(name, **dataset)

    return change


def zeros(file):
    """Write 1.6 GB of zeros into 1.6 MB."""
    instead(WEIGHT, shape=(20_000, 10_000), dtype="f8", chunks=(20_000, 100), **COMPRESSED)(file)
    for column in range(0, 500, 100):  # the others are filled by the reader
        file[WEIGHT][:, column : column + 100] = 0


def doubled(file):
    group = file.create_group("node/metadata")
    for _ in range(25):
        inner = group.create_group("left")
        group["right"] = inner
        group = inner


def repeated(file):
    values = file.create_dataset("values", data=np.random.default_rng(0).random(100_000))
    group = file.create_group("node/metadata")
    for number in range(2000):
        group[str(number)] = values


BOMBS = {
    "zeros": (zeros, "unfolds to 1.6 GB, .*at most 200 times"),
    "10^13 values that are not there": (
        instead(WEIGHT, shape=(10**7, 10**6), dtype="f8", chunks=(1000, 1000), **COMPRESSED),
        "unfolds to 80 TB",
    ),
    "10^13 values of one byte": (
        instead("node/metadata/x", shape=(10**13,), dtype="u1", chunks=(1000,)),
        "unfolds to 10 TB",
    ),
    "one value in a chunk of 3 GB": (
        instead("node/nodes/lif/r", shape=(3,), maxshape=(None,), dtype="f8", chunks=(4 * 10**8,)),
        "unfolds to 3.2 GB",
    ),
    "a group in itself": (lambda file: file["node"].__setitem__("x", file["node"]), "circles"),
    "two ways at each of 25 forks": (doubled, "circles, or have no end"),
    "one array 2000 times": (repeated, "unfolds to 1.6 GB"),
    "10^12 texts": (
        instead(EDGES, shape=(10**12, 2), dtype=h5py.string_dtype(), chunks=(1000, 2)),
        "has 2000000000000 texts",
    ),
    "another file": (
        lambda file: file["node"].__setitem__("x", h5py.ExternalLink("/etc/passwd", "/")),
        "'x' leads into another file",
    ),
    "lists": (
        instead("node/metadata/x", shape=(9,), dtype=h5py.vlen_dtype(np.int32)),
        "/node/metadata/x holds no numbers, nor texts",
    ),
    "a name of 60,000 letters": (
        lambda file: file["node"].create_group("n" * 60_000),
        r"the name 'nnn.*\.\.\. is too long",
    ),
}  # fmt: skip


def told(path, message):
    tracemalloc.start()
    try:
        with pytest.raises(BrainsleepError, match=message) as raised:
            bs.from_nir(path, dt=1 * ms)
        assert tracemalloc.get_traced_memory()[1] < 5e7
    finally:
        tracemalloc.stop()
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < len(str(path)) + 300
    return raised.value


@pytest.mark.parametrize("kind", BOMBS)
def test_a_file_that_unfolds_to_too_much_is_told_before_memory_is_taken(kind, tmp_path):
    path = tmp_path / "net.nir"
    nir.write(path, chain(nir.Linear(np.ones((3, 2))), lif()))
    make, message = BOMBS[kind]
    with h5py.File(path, "r+") as file:
        make(file)
    assert path.stat().st_size < 3e6
    error = told(path, message)
    assert isinstance(error, DataError)
    assert str(path) in str(error)


def graph(node, shape, path):
    parameters = (np.array(0.01), np.array(1.0), np.array(0.0), np.array(1.0))
    nodes = {
        "input": nir.Input({"input": np.array(shape)}),
        "first": node,
        "lif": nir.LIF(*parameters),
        "output": nir.Output({"output": np.array([1])}),
    }
    edges = [("input", "first"), ("first", "lif"), ("lif", "output")]
    nir.write(path, nir.NIRGraph(nodes, edges, type_check=False), compression=None)


def convolution(shape, **options):
    settings = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, **options}
    return nir.Conv2d(shape[1:], np.ones((4, 1, 3, 3)), bias=np.zeros(4), **settings)


ASKING = {
    "a large image": (convolution((1, 10**6, 10**6)), (1, 10**6, 10**6), "asks for 160 TB"),
    "much padding": (convolution((1, 8, 8), padding=10**6), (1, 8, 8), "asks for .* TB of memory"),
    "endless padding": (convolution((1, 8, 8), padding=10**9), (1, 8, 8), "node 'first'"),
    "wide dilation": (convolution((1, 8, 8), dilation=10**9), (1, 8, 8), "window is larger"),
    "many neurons": (nir.Scale(np.array(1.0)), (10**13,), "asks for 640 TB"),
    "more neurons than numbers": (nir.Scale(np.array(1.0)), (2**62,), "node 'first'"),
    "a large window": (
        nir.SumPool2d(*np.array([[10**9] * 2, [1, 1], [0, 0]])),
        (1, 8, 8),
        "window is larger",
    ),
}


@pytest.mark.parametrize("kind", ASKING)
def test_a_graph_that_asks_for_too_much_names_the_node(kind, tmp_path):
    node, shape, message = ASKING[kind]
    graph(node, shape, tmp_path / "net.nir")
    told(tmp_path / "net.nir", message)


def test_a_file_that_memory_does_not_suffice_for_is_told(tmp_path, monkeypatch):
    path = tmp_path / "net.nir"
    nir.write(path, chain(nir.Linear(np.random.default_rng(0).random((3, 1000))), lif()))
    assert available_memory() > 10**6
    bs.from_nir(path, dt=1 * ms)
    monkeypatch.setattr("brainsleep.support.memory.available_memory", lambda: 90_000)
    told(path, r"net.nir: asks for 96.* kB of memory, and 90 kB are free")


def test_weights_that_compress_well_are_read(tmp_path):
    path = tmp_path / "net.nir"
    nir.write(path, chain(nir.Linear(np.zeros((3, 10**6))), lif()))
    assert path.stat().st_size < 24e6 / 250
    bs.from_nir(path, dt=1 * ms)
