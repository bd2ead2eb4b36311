"""MNIST and Fashion-MNIST from IDX files and from OpenML."""

import gzip
import struct

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
    refuses(images, idx(idx_arrays[labels]), "magic number 2049, expected 2051")
    refuses(labels, good, "magic number 2051, expected 2049")
    refuses(images, gzip.compress(good), "magic number")  # gzipped, but not called .gz
    refuses(images, struct.pack(">4I", 2051, 2**31, 2**31, 2**31), "truncated")
    refuses(labels, idx(np.zeros(39)), "40 images but 39 labels")
    refuses(labels, idx(np.full(40, 10)), "label 10")

    compress(idx_folder / images)
    packed = idx_folder / f"{images}.gz"
    content = packed.read_bytes()
    for spoilt in (content[:-40], b"not gzip", content[:30] + b"\xff" * 50 + content[80:]):
        packed.write_bytes(spoilt)
        with pytest.raises(DataError, match="cannot be read"):
            wake.load_split("mnist", idx_folder)
    packed.unlink()

    (idx_folder / images).write_bytes(idx(np.zeros((0, 28, 28))))
    (idx_folder / labels).write_bytes(idx(np.zeros(0)))
    with pytest.raises(DataError, match="no images"):
        wake.load_split("mnist", idx_folder)


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

    monkeypatch.setattr(known_datasets, "fetch_openml", fetch)
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

    monkeypatch.setattr(known_datasets, "fetch_openml", fetch)
    monkeypatch.setattr(known_datasets, "DEBIAN_FASHION_MNIST", tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"mnist: .*no route to host.*data_dir"):
        wake.load_split("mnist")
    with pytest.raises(DataError, match="dataset-fashion-mnist"):
        wake.load_split("fashion_mnist")
