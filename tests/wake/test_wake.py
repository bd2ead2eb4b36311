"""The waking side: data sets, tasks, networks, training, evaluation, baselines."""

import copy
import gzip
import math
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from brainsleep import wake
from brainsleep.errors import BrainsleepError, DataError, ParameterError
from brainsleep.wake import datasets as wake_datasets

MODEL = wake.Training(lr=0.05, momentum=0.5, batch_size=25, epochs=4)
QUICK = wake.Training(lr=0.1, momentum=0.5, batch_size=10, epochs=2)
BASELINES = [
    wake.joint,
    wake.sequential,
    wake.sequential_masked,
    wake.sequential_centred,
    wake.weight_averaging,
]


def random_dataset(n_per_class=12, n_classes=6, n_pixels=16, seed=0, name="noise"):
    """Classes that can be told apart: each has its own bright pixels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_classes), n_per_class)
    rng.shuffle(labels)
    images = rng.random((len(labels), n_pixels)) * 0.5
    images[np.arange(len(labels)), labels] = 1.0
    return wake.Dataset(name, images.astype(np.float32), labels, (4, n_pixels // 4))


@pytest.fixture
def split():
    return wake.Split(random_dataset(), random_dataset(5, seed=1))


@pytest.fixture
def tasks(split):
    return wake.class_incremental(split, [(0, 1), (2, 3), (4, 5)])


@pytest.fixture
def network():
    return wake.mlp((16, 20, 12, 6), seed=3)


@pytest.fixture(scope="session")
def digits():
    return wake.load_split("digits")


def weights(network):
    return {name: value.clone() for name, value in network.state_dict().items()}


def assert_same_weights(one, other):
    assert one.keys() == other.keys()
    for name in one:
        assert torch.equal(one[name], other[name]), name


class Reads(nn.Module):
    """Its outputs are its inputs: a network whose answers a test can write down."""

    def forward(self, images):
        return images


def with_predictions(labels, predictions, n_classes):
    """A data set and what `Reads` will say about it."""
    images = np.eye(n_classes, dtype=np.float32)[predictions]
    return wake.Dataset("written", images, np.array(labels), (n_classes,))


# Data sets ----------------------------------------------------------------------------------


def test_dataset_keeps_types_and_order():
    dataset = wake.Dataset("d", np.zeros((3, 4)), np.array([2, 0, 2], dtype=np.uint8), (2, 2))
    assert dataset.images.dtype == np.float32
    assert dataset.labels.dtype == np.int64
    assert len(dataset) == 3
    assert dataset.classes == (0, 2)
    assert dataset.of_classes([2, 7]).labels.tolist() == [2, 2]
    assert len(dataset.of_classes([])) == 0
    assert len(dataset.subset([])) == 0
    assert dataset.subset([1, 0]).labels.tolist() == [0, 2]
    assert dataset.subset(dataset.labels == 2).labels.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("images", "labels", "image_shape", "message"),
    [
        (np.zeros((2, 2, 2)), [0, 1], (2, 2), "shape"),
        (np.zeros((2, 4)), [0], (2, 2), "labels"),
        (np.zeros((2, 4)), [0.0, 1.0], (2, 2), "integers"),
        (np.zeros((2, 4)), [0, -1], (2, 2), "-1"),
        (np.zeros((2, 4)), [0, 1], (28, 28), "784"),
        (np.full((2, 4), np.nan), [0, 1], (2, 2), r"\[0, 1\]"),
        (np.full((2, 4), 255.0), [0, 1], (2, 2), "255"),
        (np.full((2, 4), -0.1), [0, 1], (2, 2), "-0.1"),
        ([["a", "b"]], [0], (2,), "numbers"),
    ],
)
def test_dataset_refuses(images, labels, image_shape, message):
    with pytest.raises(ParameterError, match=message):
        wake.Dataset("mine", images, np.array(labels), image_shape)


def test_subset_refuses_what_is_not_there():
    with pytest.raises(ParameterError, match="noise"):
        random_dataset().subset([10_000])


def test_split_needs_images_of_one_shape():
    with pytest.raises(ParameterError, match="shape"):
        wake.Split(random_dataset(), random_dataset(n_pixels=20))


def test_concatenate():
    one, other = random_dataset(), random_dataset(seed=1)
    both = wake.concatenate([one, other])
    assert np.array_equal(both.images, np.vstack([one.images, other.images]))
    assert np.array_equal(both.labels, np.r_[one.labels, other.labels])
    with pytest.raises(DataError):
        wake.concatenate([])
    with pytest.raises(ParameterError, match="shape"):
        wake.concatenate([one, random_dataset(n_pixels=20)])


def test_digits_are_split_once_and_for_all(digits):
    assert len(digits.train) == 4000
    assert len(digits.test) == 1000
    assert np.bincount(digits.train.labels).tolist() == [400] * 10
    assert np.bincount(digits.test.labels).tolist() == [100] * 10
    assert digits.train.images.min() == 0
    assert digits.train.images.max() == 1
    # The very images: a change of split would make results incomparable.
    assert digits.test.labels[:12].tolist() == DIGITS_TEST_LABELS
    train_rows = {row.tobytes() for row in digits.train.images}
    shared = sum(row.tobytes() in train_rows for row in digits.test.images)
    assert shared == 0


DIGITS_TEST_LABELS = [6, 3, 0, 8, 8, 3, 0, 0, 7, 8, 5, 8]


def test_unknown_name_is_guessed():
    with pytest.raises(ParameterError, match="Did you mean 'fashion_mnist'"):
        wake.load_split("fashion-mnist")


@pytest.mark.parametrize("count", [0, -1, 1.5, True, "10"])
def test_train_per_class_must_be_a_count(count):
    with pytest.raises(ParameterError, match="train_per_class"):
        wake.load_split("mnist", train_per_class=count)


def test_digits_need_no_folder(tmp_path):
    with pytest.raises(ParameterError, match="data_dir"):
        wake.load_split("digits", tmp_path)


def test_validation_comes_out_of_the_training_part(split):
    held_out = wake.hold_out_validation(split, fraction=0.25, seed=1)
    assert np.bincount(held_out.train.labels).tolist() == [9] * 6
    assert np.bincount(held_out.test.labels).tolist() == [3] * 6
    rows = sorted(map(bytes, np.vstack([held_out.train.images, held_out.test.images])))
    assert rows == sorted(map(bytes, split.train.images))
    again = wake.hold_out_validation(split, fraction=0.25, seed=1)
    other = wake.hold_out_validation(split, fraction=0.25, seed=2)
    assert np.array_equal(held_out.test.images, again.test.images)
    assert not np.array_equal(held_out.test.images, other.test.images)


@pytest.mark.parametrize("fraction", [0, 1, -0.2, 1.5, math.nan, True, "0.2", 0.001])
def test_validation_fraction(split, fraction):
    with pytest.raises(ParameterError, match="fraction"):
        wake.hold_out_validation(split, fraction)


# IDX files ----------------------------------------------------------------------------------


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
    with pytest.raises(DataError, match=r"missing: t10k-labels-idx1-ubyte$") as caught:
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
            array = wake_datasets._read_idx(target, n_dimensions=3)
        except DataError:
            continue
        assert idx(array) == content


def test_debian_folder_serves_by_default(idx_folder, monkeypatch):
    monkeypatch.setattr(wake_datasets, "DEBIAN_FASHION_MNIST", idx_folder)
    assert len(wake.load_split("fashion_mnist").train) == 40


@pytest.mark.skipif(
    not wake_datasets.DEBIAN_FASHION_MNIST.is_dir(), reason="dataset-fashion-mnist not installed"
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

    monkeypatch.setattr(wake_datasets, "fetch_openml", fetch)
    monkeypatch.setattr(wake_datasets, "DEBIAN_FASHION_MNIST", tmp_path / "nowhere")
    # Tiny pictures stand in for 28 x 28 ones.
    original = wake_datasets.Dataset
    monkeypatch.setattr(
        wake_datasets, "Dataset", lambda n, i, lab, shape=(2, 2): original(n, i, lab, shape)
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

    monkeypatch.setattr(wake_datasets, "fetch_openml", fetch)
    monkeypatch.setattr(wake_datasets, "DEBIAN_FASHION_MNIST", tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"mnist: .*no route to host.*data_dir"):
        wake.load_split("mnist")
    with pytest.raises(DataError, match="dataset-fashion-mnist"):
        wake.load_split("fashion_mnist")


# Tasks --------------------------------------------------------------------------------------


def test_tasks_hold_their_classes_and_no_others(split, tasks):
    assert [task.index for task in tasks] == [0, 1, 2]
    assert [task.classes for task in tasks] == [(0, 1), (2, 3), (4, 5)]
    for task in tasks:
        assert task.train.classes == task.classes
        assert task.test.classes == task.classes
    assert sum(len(task.train) for task in tasks) == len(split.train)


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        ([], DataError, "no tasks"),
        ([[0, 1], []], DataError, "task 1"),
        ([[0, 1], [2, 9]], DataError, "task 1 .*class 9"),
        ([[0, 1], [1, 2]], ParameterError, "class 1 .*task 0 .*task 1"),
        ([[0, 0]], ParameterError, "class 0"),
        ([0, 1], ParameterError, "task 0"),
        (3, ParameterError, "classes"),
        ([[0, 1.5]], ParameterError, "task 0"),
        ([[0, True]], ParameterError, "task 0"),
        (["01"], ParameterError, "task 0"),
        ([[-1]], ParameterError, "task 0"),
    ],
)
def test_bad_tasks(split, classes, error, message):
    with pytest.raises(error, match=message):
        wake.class_incremental(split, classes)


def test_task_without_test_images(split):
    lame = wake.Split(split.train, split.test.of_classes([0, 1, 2]))
    with pytest.raises(DataError, match=r"task 1 .*test images of class 3"):
        wake.class_incremental(lame, [(0, 1), (2, 3)])


# Networks -----------------------------------------------------------------------------------


def kinds(network):
    return [type(module).__name__ for module in network]


def test_mlp_layers():
    hidden = ["Linear", "ReLU", "Dropout"]
    assert kinds(wake.mlp((4, 5, 6, 3))) == hidden * 2 + ["Linear"]
    assert kinds(wake.mlp((4, 5, 6, 3), dropout=0)) == hidden[:2] * 2 + ["Linear"]
    assert kinds(wake.mlp((4, 5, 3), output_relu=True)) == hidden + ["Linear", "ReLU"]
    assert kinds(wake.mlp((4, 3))) == ["Linear"]
    network = wake.mlp((4, 5, 3), bias=True, dropout=0.5, init=0.01, seed=1)
    assert network[2].p == 0.5
    assert network[0].bias.abs().max() == 0
    assert 0 < network[0].weight.abs().max() <= 0.01
    assert network[0].weight.min() < 0
    assert wake.mlp((4, 5))[0].bias is None


def test_mlp_default_weights_are_torch_s():
    network = wake.mlp((30, 20, 10), seed=5)
    torch.manual_seed(5)
    first, second = nn.Linear(30, 20, bias=False), nn.Linear(20, 10, bias=False)
    assert torch.equal(network[0].weight, first.weight)
    assert torch.equal(network[3].weight, second.weight)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sizes": (4,)}, "sizes"),
        ({"sizes": 4}, "sizes"),
        ({"sizes": (4, 0)}, r"sizes\[1\]"),
        ({"sizes": (4, 2.5)}, r"sizes\[1\]"),
        ({"dropout": 1}, "dropout"),
        ({"dropout": -0.1}, "dropout"),
        ({"dropout": "0.5"}, "dropout"),
        ({"init": 0}, "init"),
        ({"init": math.inf}, "init"),
        ({"init": "defaults"}, "init=.*Did you mean 'default'"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_bad_mlp(arguments, message):
    with pytest.raises(ParameterError, match=message):
        wake.mlp(**({"sizes": (4, 3)} | arguments))


# Training -----------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(
    field=st.sampled_from(["lr", "momentum", "batch_size", "epochs", "loss"]),
    value=st.one_of(
        st.floats(max_value=0, exclude_max=True),
        st.just(math.inf),
        st.just(math.nan),
        st.booleans(),
        st.none(),
        st.text(max_size=5),
        st.lists(st.integers(), max_size=2),
    ),
)
def test_training_names_the_bad_field(field, value):
    with pytest.raises(ParameterError, match=field):
        wake.Training(**{field: value})


def test_training_limits():
    with pytest.raises(ParameterError, match="lr"):
        wake.Training(lr=0)
    with pytest.raises(ParameterError, match="momentum"):
        wake.Training(momentum=1)
    with pytest.raises(ParameterError, match="Did you mean 'cross_entropy'"):
        wake.Training(loss="crossentropy")
    wake.Training(lr=np.float32(0.1), batch_size=np.int64(3), momentum=0)


def test_training_learns_in_place(network, split):
    before = weights(network)
    losses = wake.train(
        network, split.train, wake.Training(0.1, 0.5, 10, 30), seed=0, progress=False
    )
    assert len(losses) == 30
    assert losses[-1] < 0.5 * losses[0]
    assert not torch.equal(before["0.weight"], network[0].weight)
    assert wake.accuracy(network, split.test) > 0.9
    assert all(p.grad is None for p in network.parameters())


def loop(network, dataset, training, seed):
    """Training as a textbook would write it, without dropout."""
    images, labels = torch.tensor(dataset.images).double(), torch.tensor(dataset.labels)
    generator = torch.Generator().manual_seed(seed)
    velocity = [torch.zeros_like(p) for p in network.parameters()]
    losses = []
    for _ in range(training.epochs):
        order = torch.randperm(len(labels), generator=generator)
        epoch = []
        for start in range(0, len(labels), training.batch_size):
            chosen = order[start : start + training.batch_size]
            outputs = network(images[chosen])
            if training.loss == "mse":
                targets = torch.zeros_like(outputs)
                targets[torch.arange(len(chosen)), labels[chosen]] = 1
                each = ((outputs - targets) ** 2).mean(1)
            else:
                each = -torch.log_softmax(outputs, 1)[torch.arange(len(chosen)), labels[chosen]]
            gradients = torch.autograd.grad(each.mean(), list(network.parameters()))
            for p, v, g in zip(network.parameters(), velocity, gradients, strict=True):
                v.mul_(training.momentum).add_(g)
                p.data.sub_(training.lr * v)
            epoch.extend(each.tolist())
        losses.append(np.mean(epoch))
    return losses


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_training_is_sgd_with_momentum(split, loss):
    training = wake.Training(0.2, 0.7, 11, 3, loss)  # 72 images: the last batch is smaller
    network = wake.mlp((16, 20, 6), dropout=0, bias=True, seed=3).double()
    expected = copy.deepcopy(network)
    losses = wake.train(network, split.train, training, seed=7, progress=False)
    np.testing.assert_allclose(losses, loop(expected, split.train, training, 7), rtol=1e-10)
    for p, q in zip(network.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-10, atol=1e-12)


def test_training_repeats_itself(network, split):
    other, third = copy.deepcopy(network), copy.deepcopy(network)
    losses = wake.train(network, split.train, QUICK, seed=4, progress=False)
    torch.manual_seed(999)  # what the user did to torch's numbers does not matter
    torch.rand(13)
    assert wake.train(other, split.train, QUICK, seed=4, progress=False) == losses
    assert_same_weights(weights(network), weights(other))
    wake.train(third, split.train, QUICK, seed=5, progress=False)
    assert not torch.equal(network[0].weight, third[0].weight)


def test_dropout_acts_and_is_seeded(split):
    with_dropout, without = wake.mlp((16, 20, 6), seed=0), wake.mlp((16, 20, 6), dropout=0, seed=0)
    assert torch.equal(with_dropout[0].weight, without[0].weight)
    wake.train(with_dropout, split.train, QUICK, seed=0, progress=False)
    wake.train(without, split.train, QUICK, seed=0, progress=False)
    assert not torch.equal(with_dropout[0].weight, without[0].weight)


def test_random_state_and_modes_are_left_alone(network, split, tasks):
    network.eval()
    network[2].train()  # mixed on purpose
    modes = [module.training for module in network.modules()]
    torch.manual_seed(1)
    np.random.seed(1)
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    wake.mlp((4, 3), seed=8)
    wake.mlp((4, 3), init=0.1, seed=8)
    wake.hold_out_validation(split)
    wake.train(network, split.train, QUICK, seed=4, progress=False)
    wake.accuracy(network, split.test)
    wake.confusion_matrix(network, split.test)
    for baseline in BASELINES:
        baseline(network, tasks, QUICK, seed=0, progress=False)
    assert torch.equal(torch.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)
    assert [module.training for module in network.modules()] == modes


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_masked_outputs_learn_nothing(network, tasks, loss):
    training = wake.Training(0.1, 0.5, 10, 2, loss)
    before, unmasked = weights(network), copy.deepcopy(network)
    wake.train(network, tasks[1].train, training, seed=0, classes=(2, 3), progress=False)
    wake.train(unmasked, tasks[1].train, training, seed=0, progress=False)
    closed, opened = [0, 1, 4, 5], [2, 3]
    assert torch.equal(network[-1].weight[closed], before["6.weight"][closed])
    assert not torch.equal(network[-1].weight[opened], before["6.weight"][opened])
    assert not torch.equal(network[0].weight, before["0.weight"])
    assert not torch.equal(unmasked[-1].weight[closed], before["6.weight"][closed])


def test_masked_training_is_training_of_a_smaller_head(tasks):
    """With cross-entropy, masked outputs might as well not exist."""
    whole = wake.mlp((16, 20, 6), dropout=0, seed=0)
    small = wake.mlp((16, 20, 2), dropout=0, seed=0)
    small[0].weight.data.copy_(whole[0].weight.data)
    small[2].weight.data.copy_(whole[2].weight.data[2:4])
    data = tasks[1].train
    shifted = wake.Dataset("shifted", data.images, data.labels - 2, data.image_shape)
    losses = wake.train(whole, data, QUICK, seed=0, classes=(2, 3), progress=False)
    np.testing.assert_allclose(
        losses, wake.train(small, shifted, QUICK, seed=0, progress=False), rtol=1e-5
    )
    torch.testing.assert_close(whole[2].weight[2:4], small[2].weight, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ((), "classes"),
        ((0,), r"mask the classes \[1\]"),
        ((0, 1, 6), "from 0 to 5"),
        (1, "classes"),
    ],
)
def test_bad_masks(network, tasks, classes, message):
    with pytest.raises(ParameterError, match=message):
        wake.train(network, tasks[0].train, QUICK, seed=0, classes=classes, progress=False)


def test_training_refuses_what_cannot_work(network, split):
    before = weights(network)

    def refuses(error, message, net=network, data=split.train, training=QUICK, seed=0):
        with pytest.raises(error, match=message):
            wake.train(net, data, training, seed=seed, progress=False)

    refuses(DataError, "noise has no images", data=split.train.subset([]))
    refuses(ParameterError, "seed", seed=-1)
    refuses(ParameterError, "label 5.*5 outputs", net=wake.mlp((16, 5)))
    refuses(ParameterError, r"\(n, 16\)", net=wake.mlp((17, 6)))
    refuses(ParameterError, "n_outputs", net=nn.Sequential(wake.mlp((16, 6)), nn.Flatten(0)))
    refuses(ParameterError, "nothing to train", net=Reads())
    frozen = copy.deepcopy(network).requires_grad_(False)
    refuses(ParameterError, "nothing to train", net=frozen)
    assert_same_weights(before, weights(network))
    refuses(ParameterError, "diverged.*lr", training=wake.Training(lr=1e30))


def test_frozen_layers_stay_frozen(network, split):
    network[0].requires_grad_(False)
    before = weights(network)
    wake.train(network, split.train, QUICK, seed=0, progress=False)
    assert torch.equal(network[0].weight, before["0.weight"])
    assert not torch.equal(network[3].weight, before["3.weight"])


def test_training_inside_no_grad_and_read_only_images(network, split):
    images = split.train.images.copy()
    images.flags.writeable = False
    dataset = wake.Dataset("locked", images, split.train.labels, (4, 4))
    other = copy.deepcopy(network)
    with torch.no_grad():
        wake.train(network, dataset, QUICK, seed=0, progress=False)
    wake.train(other, split.train, QUICK, seed=0, progress=False)
    assert_same_weights(weights(network), weights(other))
    assert not images.flags.writeable


def test_training_seeds_are_stable_and_distinct():
    assert wake.training_seed(0, 0) == TRAINING_SEED_0_0
    seeds = {
        wake.training_seed(s, k, purpose)
        for s in range(20)
        for k in range(10)
        for purpose in ("wake", "joint")
    }
    assert len(seeds) == 400
    assert all(0 <= seed < 2**63 for seed in seeds)
    for arguments in ((-1, 0), (0, -1), (0.5, 0), (0, True)):
        with pytest.raises(ParameterError):
            wake.training_seed(*arguments)


TRAINING_SEED_0_0 = 8682533941970242503


def test_stopping_between_tasks_changes_nothing(network, tasks, tmp_path):
    whole = wake.sequential(network, tasks, QUICK, seed=6, progress=False)
    first = wake.sequential(network, tasks[:2], QUICK, seed=6, progress=False)
    torch.save(first.state_dict(), tmp_path / "weights.pt")
    resumed = wake.mlp((16, 20, 12, 6), seed=77)
    resumed.load_state_dict(torch.load(tmp_path / "weights.pt"))
    seed = wake.training_seed(6, 2)
    wake.train(resumed, tasks[2].train, QUICK, seed=seed, progress=False)
    assert_same_weights(weights(whole), weights(resumed))


# Evaluation ---------------------------------------------------------------------------------


def test_accuracy_is_the_unweighted_mean_over_classes():
    # Class 0: 4 of 4 right; class 1: 1 of 2; class 2: 0 of 1. Of all images 5/7 are right.
    dataset = with_predictions([0, 0, 0, 0, 1, 1, 2], [0, 0, 0, 0, 1, 2, 0], 4)
    assert wake.class_accuracies(Reads(), dataset).tolist() == [1.0, 0.5, 0.0]
    assert wake.class_accuracies(Reads(), dataset, [2, 1]).tolist() == [0.0, 0.5]
    assert wake.accuracy(Reads(), dataset) == pytest.approx(0.5)
    expected = [[4, 0, 0, 0], [0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert wake.confusion_matrix(Reads(), dataset).tolist() == expected


def test_all_classes_compete():
    """An image taken for another task's class is wrong, though right within its own task."""
    split = wake.Split(
        with_predictions([0, 1, 2, 3], [0, 1, 2, 3], 4),
        with_predictions([0, 1, 2, 3, 3], [2, 1, 2, 3, 3], 4),
    )
    tasks = wake.class_incremental(split, [(0, 1), (2, 3)])
    assert wake.task_accuracies(Reads(), tasks) == [0.5, 1.0]
    assert wake.task_accuracies(Reads(), tasks, 1) == [0.5, None]
    assert wake.task_accuracies(Reads(), tasks, 0) == [None, None]
    for n_seen in (-1, 3, 1.0, True):
        with pytest.raises(ParameterError, match="n_seen"):
            wake.task_accuracies(Reads(), tasks, n_seen)


def test_predict_evaluates(network, split):
    """Dropout is off, batches do not matter, nothing is left behind."""
    dataset = random_dataset(n_per_class=400)  # more than one batch
    modes = [module.training for module in network.modules()]
    predictions = wake.predict(network, dataset.images)
    assert predictions.dtype == np.int64
    assert [module.training for module in network.modules()] == modes
    assert all(p.grad is None for p in network.parameters())
    twin = copy.deepcopy(network).eval()
    with torch.no_grad():
        expected = twin(torch.tensor(dataset.images)).argmax(1).numpy()
    assert np.array_equal(predictions, expected)
    assert wake.predict(network, dataset.images[:0]).tolist() == []
    assert wake.predict(network, dataset.images[:3].tolist()).shape == (3,)


def test_predict_spares_the_images():
    images = np.full((2, 3), -1.0, dtype=np.float32)
    wake.predict(nn.Sequential(nn.ReLU(inplace=True)), images)
    assert (images == -1).all()


def test_ties_go_to_the_lower_class():
    assert wake.predict(Reads(), np.ones((2, 5))).tolist() == [0, 0]


def test_evaluation_refuses(network, split):
    with pytest.raises(DataError, match="class 9"):
        wake.class_accuracies(network, split.test, [0, 9])
    nothing = split.test.subset([])
    for measure in (wake.accuracy, wake.class_accuracies, wake.confusion_matrix):
        with pytest.raises(DataError):
            measure(network, nothing)
    with pytest.raises(ParameterError, match=r"\(2, 17\)"):
        wake.predict(network, np.zeros((2, 17)))
    with pytest.raises(ParameterError, match="n_outputs"):
        wake.predict(nn.Flatten(0), np.zeros((2, 17)))
    with pytest.raises(ParameterError, match="label 5"):
        wake.confusion_matrix(wake.mlp((16, 3)), split.test)
    with torch.no_grad():
        network[0].weight[0, 0] = math.nan
    with pytest.raises(ParameterError, match="NaN"):
        wake.accuracy(network, split.test)
    assert network.training


# Baselines ----------------------------------------------------------------------------------


@pytest.mark.parametrize("baseline", BASELINES)
def test_baselines_spare_the_network_and_repeat(baseline, network, tasks):
    before = weights(network)
    one = baseline(network, tasks, QUICK, seed=2, progress=False)
    assert_same_weights(before, weights(network))
    assert one is not network
    assert_same_weights(
        weights(one), weights(baseline(network, tasks, QUICK, seed=2, progress=False))
    )
    other = baseline(network, tasks, QUICK, seed=3, progress=False)
    assert not torch.equal(one[0].weight, other[0].weight)
    with pytest.raises(DataError, match="no tasks"):
        baseline(network, (), QUICK)


def test_sequential_is_training_task_by_task(network, tasks):
    expected = copy.deepcopy(network)
    for k, task in enumerate(tasks):
        seed = wake.training_seed(2, k)
        wake.train(expected, task.train, QUICK, seed=seed, progress=False)
    result = wake.sequential(network, tasks, QUICK, seed=2, progress=False)
    assert_same_weights(weights(expected), weights(result))


def test_masked_is_training_with_the_tasks_classes(network, tasks):
    expected = copy.deepcopy(network)
    for k, task in enumerate(tasks):
        seed = wake.training_seed(2, k)
        wake.train(expected, task.train, QUICK, seed=seed, classes=task.classes, progress=False)
    result = wake.sequential_masked(network, tasks, QUICK, seed=2, progress=False)
    assert_same_weights(weights(expected), weights(result))


def test_joint_sees_the_union(network, tasks, split):
    union = wake.concatenate([task.train for task in tasks])
    assert len(union) == len(split.train)
    expected = copy.deepcopy(network)
    seed = wake.training_seed(2, 0, "joint")
    wake.train(expected, union, QUICK, seed=seed, progress=False)
    result = wake.joint(network, tasks, QUICK, seed=2, progress=False)
    assert_same_weights(weights(expected), weights(result))


def test_weight_averaging_is_the_mean_of_the_models(tasks):
    network = nn.Sequential(nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 6))
    models = []
    for k, task in enumerate(tasks):
        model = copy.deepcopy(network)
        wake.train(model, task.train, QUICK, seed=wake.training_seed(2, k), progress=False)
        models.append(model.state_dict())
    averaged = wake.weight_averaging(network, tasks, QUICK, seed=2, progress=False).state_dict()
    for name, value in averaged.items():
        each = np.stack([model[name].numpy() for model in models])
        if value.is_floating_point():
            np.testing.assert_allclose(value.numpy(), each.mean(0), rtol=1e-6, atol=1e-7)
        else:
            assert value == each[-1]
    alone = wake.weight_averaging(network, tasks[:1], QUICK, seed=2, progress=False)
    assert_same_weights(models[0], weights(alone))


def test_centred_rows(network, tasks):
    network = wake.mlp((16, 20, 6), bias=True, seed=3)
    before = weights(network)
    centred = wake.centre_rows(network)
    assert_same_weights(before, weights(network))
    for k in (0, 3):
        original = before[f"{k}.weight"].numpy().astype(np.float64)
        expected = original - original.mean(1, keepdims=True)
        np.testing.assert_allclose(centred[k].weight.detach().numpy(), expected, atol=1e-7)
        assert torch.equal(centred[k].bias, before[f"{k}.bias"])
    with pytest.raises(ParameterError, match="Linear"):
        wake.centre_rows(nn.Sequential(nn.ReLU()))


def test_sequential_centred_centres_after_every_task(network, tasks):
    expected = network
    for k, task in enumerate(tasks):
        expected = copy.deepcopy(expected)
        wake.train(expected, task.train, QUICK, seed=wake.training_seed(2, k), progress=False)
        expected = wake.centre_rows(expected)
    result = wake.sequential_centred(network, tasks, QUICK, seed=2, progress=False)
    assert_same_weights(weights(expected), weights(result))


def test_no_bar_without_a_terminal(network, split, capsys):
    wake.train(network, split.train, QUICK, seed=0, progress=True)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_every_error_is_brainsleep_s():
    with pytest.raises(BrainsleepError):
        wake.load_split("digts")
    with pytest.raises(ValueError, match="Did you mean 'digits'"):
        wake.load_split("digts")


# The digits ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_bounds_on_digits(digits):
    """The default experiment's two bounds, at its own size (docs: 0.196 and 0.92)."""
    tasks = wake.class_incremental(digits)
    network = wake.mlp((784, 1200, 1200, 10), seed=0)
    sequential = wake.sequential(network, tasks, MODEL, seed=0, progress=False)
    assert wake.accuracy(sequential, digits.test) <= 0.22
    assert wake.task_accuracies(sequential, tasks)[-1] >= 0.9
    joint = wake.joint(network, tasks, MODEL, seed=0, progress=False)
    assert wake.accuracy(joint, digits.test) >= 0.90


@pytest.mark.slow
def test_baselines_between_the_bounds_on_digits(digits):
    tasks = wake.class_incremental(digits)
    network = wake.mlp((784, 400, 10), seed=0)
    score = {
        baseline.__name__: wake.accuracy(
            baseline(network, tasks, MODEL, seed=0, progress=False), digits.test
        )
        for baseline in BASELINES
    }
    assert score["sequential"] < 0.25
    for between in ("weight_averaging", "sequential_masked", "sequential_centred"):
        assert score["sequential"] < score[between] < score["joint"], score
