"""MNIST and Fashion-MNIST from IDX files and from OpenML."""

import gzip
import struct
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brainsleep import wake
from brainsleep.errors import DataError, ParameterError
from brainsleep.wake.datasets import known_datasets
from brainsleep.wake.datasets.idx import read_idx


def idx(array):
    header = struct.pack(f">I{array.ndim}I", 0x0800 | array.ndim, *array.shape)
    return header + array.astype(np.uint8).tobytes()


@pytest.fixture
def idx_arrays():
    rng = np.random.default_rng(0)
    return {
        "train-images-idx3-ubyte": rng.integers(0, 256, (40, 28, 28)),
        "train-labels-idx1-ubyte": np.tile(np.arange(10), 4),
        "t10k-images-idx3-ubyte": rng.integers(0, 256, (20, 28, 28)),
        "t10k-labels-idx1-ubyte": np.tile(np.arange(10)[::-1], 2),
    }


@pytest.fixture
def idx_folder(tmp_path, idx_arrays):
    for name, array in idx_arrays.items():
        (tmp_path / name).write_bytes(idx(array))
    return tmp_path


def compress(path):
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
    path.unlink()


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_idx_files(idx_folder, idx_arrays, name, gzipped):
    if gzipped:
        for path in list(idx_folder.iterdir()):
            compress(path)
    split = wake.load_split(name, str(idx_folder))
    for part, prefix in ((split.train, "train"), (split.test, "t10k")):
        images = idx_arrays[f"{prefix}-images-idx3-ubyte"]
        assert part.name == name
        assert part.image_shape == (28, 28)
        np.testing.assert_array_equal(np.round(part.images.reshape(images.shape) * 255), images)
        np.testing.assert_array_equal(part.labels, idx_arrays[f"{prefix}-labels-idx1-ubyte"])


def test_first_images_of_each_class(idx_folder):
    whole = wake.load_split("mnist", idx_folder)
    split = wake.load_split("mnist", idx_folder, train_per_class=3)
    # Labels count 0 to 9 four times, so the first three of each are the first thirty images.
    assert np.array_equal(split.train.images, whole.train.images[:30])
    assert len(split.test) == 20
    with pytest.raises(ParameterError, match=r"class 0 .*only 4"):
        wake.load_split("mnist", idx_folder, train_per_class=5)


def test_missing_files_are_named(idx_folder):
    (idx_folder / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match=r"missing: t10k-labels-idx1-ubyte\.$") as caught:
        wake.load_split("mnist", idx_folder)
    assert str(idx_folder) in str(caught.value)
    assert "train-images-idx3-ubyte" in str(caught.value)
    with pytest.raises(DataError, match="no such folder"):
        wake.load_split("mnist", idx_folder / "nowhere")


def test_spoilt_idx_files(idx_folder, idx_arrays):
    def refuses(name, content, message):
        path = idx_folder / name
        path.write_bytes(content)
        with pytest.raises(DataError, match=message) as caught:
            wake.load_split("mnist", idx_folder)
        assert str(idx_folder) in str(caught.value)
        path.write_bytes(idx(idx_arrays[name]))

    images, labels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
    good = idx(idx_arrays[images])
    refuses(images, good[:-1], "truncated")
    refuses(images, good[:7], "truncated")
    refuses(images, b"", "truncated")
    refuses(images, good + b"\0", "too long")
    refuses(
        images, idx(idx_arrays[labels]), r"magic number 2049, expected 2051 \(it holds labels\)"
    )
    refuses(labels, good, r"magic number 2051, expected 2049 \(it holds images\)")
    refuses(
        images,
        b"\n<!DOCTYPE html><title>404 Not Found</title>",
        "magic number 171712836.* web page",
    )
    refuses(images, b"<html>", "truncated.* web page")
    refuses(images, struct.pack(">4I", 2051, 2**31, 2**31, 2**31), "truncated")
    refuses(labels, idx(np.zeros(39)), "40 images but 39 labels")
    refuses(labels, idx(np.full(40, 10)), "label 10")

    compress(idx_folder / images)
    packed = idx_folder / f"{images}.gz"
    content = packed.read_bytes()
    spoilt_in_the_middle = content[:30] + b"\xff" * 50 + content[80:]
    for spoilt in (content[:-40], b"not gzip", b"<html></html>", spoilt_in_the_middle):
        packed.write_bytes(spoilt)
        with pytest.raises(DataError, match="cannot be read"):
            wake.load_split("mnist", idx_folder)
    packed.unlink()

    (idx_folder / images).write_bytes(idx(np.zeros((0, 28, 28))))
    (idx_folder / labels).write_bytes(idx(np.zeros(0)))
    with pytest.raises(DataError, match="no images"):
        wake.load_split("mnist", idx_folder)


def test_sizes_that_no_array_can_have(idx_folder):
    (idx_folder / "train-images-idx3-ubyte").write_bytes(struct.pack(">4I", 2051, 0, 2**31, 2**31))
    with pytest.raises(DataError, match="holds no images: its sizes are"):
        wake.load_split("mnist", idx_folder)


def test_the_content_tells_whether_a_file_is_gzipped(idx_folder, idx_arrays):
    images, labels = "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
    (idx_folder / images).write_bytes(gzip.compress(idx(idx_arrays[images])))
    (idx_folder / labels).rename(idx_folder / f"{labels}.gz")
    assert_same(wake.load_split("mnist", idx_folder), idx_arrays)


# Layouts

LAYOUTS = {
    "mnist": ["", "raw", "MNIST/raw", "MNIST", "mnist", "mnist/Raw"],
    "fashion_mnist": ["", "raw", "FashionMNIST/raw", "fashion-mnist", "Fashion_MNIST/raw"],
}
SPELLINGS = [
    lambda name: name,
    lambda name: name.replace("-idx", ".idx"),
    lambda name: name.upper(),
    lambda name: f"{name}.gz",
    lambda name: f"{name.replace('-idx', '.IDX')}.GZ",
    lambda name: f"{name}/{name}",
    lambda name: f"{name.replace('-idx', '.idx')}.gz" if "train" in name else name,
]


def write(folder, arrays, spell=str):
    for name, array in arrays.items():
        path = folder / spell(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        packed = path.suffix.lower() == ".gz"
        path.write_bytes(gzip.compress(idx(array)) if packed else idx(array))


def assert_same(split, arrays):
    for part, prefix in ((split.train, "train"), (split.test, "t10k")):
        images = arrays[f"{prefix}-images-idx3-ubyte"]
        assert np.array_equal(np.round(part.images * 255), images.reshape(len(images), -1))
        assert np.array_equal(part.labels, arrays[f"{prefix}-labels-idx1-ubyte"])


@pytest.mark.parametrize("spell", SPELLINGS)
@pytest.mark.parametrize(("name", "place"), [(n, p) for n, ps in LAYOUTS.items() for p in ps])
@pytest.mark.filterwarnings("error")
def test_layouts(tmp_path, idx_arrays, name, place, spell):
    write(tmp_path / place, idx_arrays, spell)
    split = wake.load_split(name, tmp_path)
    assert split.train.name == name
    assert_same(split, idx_arrays)


def test_each_set_is_found_in_the_folder_of_its_name(tmp_path, idx_arrays):
    clothes = {name: array // 2 for name, array in idx_arrays.items()}
    write(tmp_path / "MNIST/raw", idx_arrays)
    write(tmp_path / "FashionMNIST/raw", clothes)
    assert_same(wake.load_split("mnist", tmp_path), idx_arrays)
    assert_same(wake.load_split("fashion_mnist", tmp_path), clothes)
    with warnings.catch_warnings(action="error"):
        assert_same(wake.load_split("mnist", tmp_path / "MNIST"), idx_arrays)
    for folder in (tmp_path / "FashionMNIST", tmp_path / "FashionMNIST" / "raw"):
        with pytest.raises(DataError, match="'fashion_mnist' by its name"):
            wake.load_split("mnist", folder)
    (tmp_path / "MNIST").rename(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"missing: train.* There is 'fashion_mnist'; ask for that"):
        wake.load_split("mnist", tmp_path)


def test_of_several_copies_the_one_read_is_named(tmp_path, idx_arrays):
    others = {name: array // 2 for name, array in idx_arrays.items()}
    write(tmp_path, idx_arrays)
    write(tmp_path / "MNIST/raw", others)
    with pytest.warns(UserWarning, match=f"read from {tmp_path}; .* also in .*raw") as warned:
        split = wake.load_split("mnist", tmp_path)
    assert_same(split, idx_arrays)
    assert warned[0].filename == __file__
    next(tmp_path.glob("*labels*")).unlink()  # now that copy is not complete
    assert_same(wake.load_split("mnist", tmp_path), others)


@pytest.mark.filterwarnings("error")
def test_of_several_names_the_plain_one_is_read(tmp_path, idx_arrays):
    spoilt = {name: array // 2 for name, array in idx_arrays.items()}
    write(tmp_path, spoilt, lambda name: f"{name}.gz")
    write(tmp_path, spoilt, lambda name: f"{name.replace('-idx', '.idx')}.gz")
    write(tmp_path, idx_arrays, lambda name: name.replace("-idx", ".idx"))
    assert_same(wake.load_split("mnist", tmp_path), idx_arrays)
    write(tmp_path, spoilt)
    assert_same(wake.load_split("mnist", tmp_path), spoilt)


def test_links_and_files_in_place_of_folders(tmp_path, idx_arrays):
    write(tmp_path / "store", idx_arrays)
    (tmp_path / "MNIST").mkdir()
    (tmp_path / "MNIST" / "raw").symlink_to(tmp_path / "store")
    assert_same(wake.load_split("mnist", tmp_path), idx_arrays)
    broken = tmp_path / "store" / "train-images-idx3-ubyte"
    broken.unlink()
    with pytest.raises(DataError, match=r"raw .*missing: train-images-idx3-ubyte\.$"):
        wake.load_split("mnist", tmp_path)
    broken.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte cannot be read: .*No such file"):
        wake.load_split("mnist", tmp_path)
    with pytest.raises(DataError, match="a file; give the folder it is in"):
        wake.load_split("mnist", tmp_path / "store" / "t10k-labels-idx1-ubyte")


# Files that unfold, or promise, more than they should


def zeros(path, n_bytes, start=b""):
    """Write a gzip file of many zeros."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(start)
        for _ in range(n_bytes // 2**20):
            stream.write(bytes(2**20))


BOMBS = {
    "no magic number": (lambda path: zeros(path, 2**28), "magic number 0"),
    "another magic number": (
        lambda path: zeros(path, 2**28, struct.pack(">2I", 2049, 2**28)),
        r"magic number 2049, expected 2051 \(it holds labels\)",
    ),
    "more than it promises": (
        lambda path: zeros(path, 2**28, struct.pack(">4I", 2051, 1, 28, 28)),
        "is too long: its header promises 1 x 28 x 28 = 784 bytes, it holds more",
    ),
    "less than it promises": (
        lambda path: zeros(path, 2**20, struct.pack(">4I", 2051, 2**21, 10, 10)),
        "is truncated: .* = 209715200 bytes, it holds 1048576",
    ),
    "more than memory": (
        lambda path: zeros(path, 2**20, struct.pack(">4I", 2051, 2**31, 1000, 1000)),
        "asks for 10.7 PB of memory, and .*B are free",
    ),
    "more than memory, not compressed": (
        lambda path: path.write_bytes(struct.pack(">4I", 2051, 2**31, 1000, 1000)),
        "is truncated",
    ),
    "compressed twice": (
        lambda path: path.write_bytes(gzip.compress(gzip.compress(bytes(2**26)))),
        "is not the IDX file|is truncated",
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_file_that_unfolds_to_too_much_is_told_before_memory_is_taken(tmp_path, kind):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    make, message = BOMBS[kind]
    make(path)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match=message) as raised:
            read_idx(path, n_dimensions=3)
        held = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held < (2.2e8 if kind == "less than it promises" else 1e7)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_limit_is_the_memory_that_is_free(tmp_path, monkeypatch):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    zeros(path, 2**24, struct.pack(">4I", 2051, 2**14, 32, 32))
    tracemalloc.start()
    try:
        assert read_idx(path, n_dimensions=3).shape == (16384, 32, 32)
        assert tracemalloc.get_traced_memory()[1] < 1.5 * 2**24
    finally:
        tracemalloc.stop()
    monkeypatch.setattr("brainsleep.support.memory.available_memory", lambda: 5 * 2**24 - 1)
    with pytest.raises(DataError, match=r"asks for 83.9 MB of memory, and 83.9 MB are free"):
        read_idx(path, n_dimensions=3)


@settings(max_examples=60, deadline=None)
@given(content=st.binary(max_size=64))
def test_no_bytes_crash_the_idx_reader(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("idx") / "train-images-idx3-ubyte"
    for target, written in ((path, content), (path.with_suffix(".gz"), content)):
        target.write_bytes(written)
        try:
            array = read_idx(target, n_dimensions=3)
        except DataError:
            continue
        assert idx(array) == content


def test_debian_folder_serves_by_default(idx_folder, monkeypatch):
    monkeypatch.setattr(known_datasets, "DEBIAN_FASHION_MNIST", idx_folder)
    assert len(wake.load_split("fashion_mnist").train) == 40


@pytest.mark.skipif(
    not known_datasets.DEBIAN_FASHION_MNIST.is_dir(), reason="dataset-fashion-mnist not installed"
)
def test_debian_package_as_it_is():
    split = wake.load_split("fashion_mnist", train_per_class=1000)
    assert np.bincount(split.train.labels).tolist() == [1000] * 10
    assert np.bincount(split.test.labels).tolist() == [1000] * 10
    assert split.train.images.shape == (10_000, 784)
    # The first training image of Fashion-MNIST is an ankle boot, the first test image another.
    assert split.train.labels[0] == 9
    assert split.test.labels[0] == 9


def test_openml_is_asked_when_there_are_no_files(monkeypatch, tmp_path):
    asked = []

    def fetch(name, **options):
        asked.append(name)
        images = np.zeros((70_000, 4), dtype=np.int64)
        images[60_000:] = 255
        return images, np.arange(70_000).astype(str).astype("U1")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    monkeypatch.setattr(known_datasets, "DEBIAN_FASHION_MNIST", tmp_path / "nowhere")
    # Tiny pictures stand in for 28 x 28 ones.
    original = known_datasets.Dataset
    monkeypatch.setattr(
        known_datasets, "Dataset", lambda n, i, lab, shape=(2, 2): original(n, i, lab, shape)
    )
    for name in ("mnist", "fashion_mnist"):
        split = wake.load_split(name)
        assert len(split.train) == 60_000
        assert len(split.test) == 10_000
        assert split.train.images.max() == 0
        assert split.test.images.min() == 1
        assert split.train.labels[:3].tolist() == [0, 1, 2]
    assert asked == ["mnist_784", "Fashion-MNIST"]


def test_no_network_is_one_clear_error(monkeypatch, tmp_path):
    def fetch(name, **options):
        raise OSError("no route to host")

    monkeypatch.setattr("sklearn.datasets.fetch_openml", fetch)
    monkeypatch.setattr(known_datasets, "DEBIAN_FASHION_MNIST", tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"mnist: .*no route to host.*data_dir"):
        wake.load_split("mnist")
    with pytest.raises(DataError, match="dataset-fashion-mnist"):
        wake.load_split("fashion_mnist")
