"""``[data]``: how many training images there are, and noise on test images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainsleep import wake
from brainsleep.errors import ModelFileError, ParameterError
from brainsleep.experiments.model_files.modelfile import parse_model
from brainsleep.experiments.model_files.sections import DataSection
from brainsleep.wake.datasets import loading

HERE = Path()


@pytest.fixture(autouse=True)
def whole(monkeypatch: pytest.MonkeyPatch) -> wake.Split:
    """Know a data set "toy" of three classes with 4, 8 and 2 training images."""
    rng = np.random.default_rng(0)
    labels = np.array([0, 1, 1, 2, 0, 1, 1, 0, 1, 1, 2, 1, 0, 1])
    train = wake.Dataset("toy", rng.random((14, 36)), labels, (6, 6))
    split = wake.Split(train, wake.Dataset("toy", rng.random((3, 36)), [0, 1, 2], (6, 6)))
    monkeypatch.setitem(loading.DATASETS, "toy", lambda folder: split)
    return split


@pytest.mark.parametrize(
    ("keys", "counts"),
    [
        ({}, [4, 8, 2]),
        ({"train_per_class": 2}, [2, 2, 2]),
        ({"train_per_class": [4, 1, 2]}, [4, 1, 2]),
        ({"train_share": 0.5}, [2, 4, 1]),
        ({"train_share": [1, 0.25, 0.01]}, [4, 2, 1]),
    ],
)
def test_the_first_images_of_each_class_are_kept(
    whole: wake.Split, keys: dict, counts: list[int]
) -> None:
    split = DataSection(dataset="toy", **keys).load(HERE)
    for label, count in enumerate(counts):
        own, before = (
            part.images[part.labels == label] for part in (split.train, whole.train)
        )  # fmt: skip
        assert np.array_equal(own, before[:count])
    assert len(split.train) == sum(counts)
    assert split.test is whole.test


def test_noise_is_on_test_images_alone_and_drawn_by_the_seed(whole: wake.Split) -> None:
    section = DataSection(dataset="toy", test_noise={"kind": "gaussian", "sd": 0.5})
    one, same, other = (section.load(HERE, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.train.images, whole.train.images)
    assert not np.array_equal(one.test.images, whole.test.images)
    assert np.array_equal(one.test.images, same.test.images)
    assert not np.array_equal(one.test.images, other.test.images)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"train_per_class": 0}, r"\[data\] train_per_class must be at least 1"),
        ({"train_share": [0.5, 2]}, r"\[data\] train_share: each must be at most 1"),
        ({"test_noise": "dirt"}, r"\[data\] unknown kind of noise 'dirt'"),
    ],
)
def test_values_that_make_no_sense_are_refused(keys: dict, said: str) -> None:
    sleep = {"stimulus": {}, "steps": {"first": 10}}
    with pytest.raises(ModelFileError, match=said):
        parse_model({"name": "x", "data": keys, "sleep": sleep}, "my.toml")


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"train_per_class": 3}, "class 2 of toy has only 2"),
        ({"train_per_class": [1, 1]}, "train_per_class has 2 numbers, but there are 3 classes"),
        ({"train_per_class": 1, "train_share": 1}, "train_per_class and train_share both"),
    ],
)
def test_numbers_that_do_not_fit_the_data_are_refused(keys: dict, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        DataSection(dataset="toy", **keys).load(HERE)
