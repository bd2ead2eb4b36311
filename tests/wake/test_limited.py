"""Limited data: how many training images are left, and which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_tasks import random_dataset

from brainsleep import wake
from brainsleep.errors import ParameterError

N_PER_CLASS = 12


@pytest.fixture(scope="module")
def tasks():
    split = wake.Split(random_dataset(N_PER_CLASS), random_dataset(5, seed=1))
    return wake.class_incremental(split, [[0], [1, 2, 3], [4, 5]])


def counts(task):
    return [int((task.train.labels == label).sum()) for label in task.classes]


@given(
    numbers=st.lists(st.integers(1, N_PER_CLASS), min_size=3, max_size=3), seed=st.integers(0, 99)
)
def test_each_task_has_its_number_of_images_of_each_class(tasks, numbers, seed):
    limited = wake.limit_training(tasks, train_per_class=numbers, seed=seed)
    for task, before, number in zip(limited, tasks, numbers, strict=True):
        assert counts(task) == [number] * len(task.classes)
        assert task.test is before.test
        rows = {image.tobytes() for image in before.train.images}
        assert {image.tobytes() for image in task.train.images} <= rows
        fewer = wake.limit_training([task], train_per_class=1, seed=seed)[0]
        assert len(fewer.train) == len(task.classes)
    again = wake.limit_training(tasks, train_per_class=numbers, seed=seed)
    for one, other in zip(limited, again, strict=True):
        assert np.array_equal(one.train.images, other.train.images)


@given(share=st.floats(0.001, 1), seed=st.integers(0, 99))
def test_a_share_is_rounded_and_at_least_one_image(tasks, share, seed):
    for task in wake.limit_training(tasks, train_share=share, seed=seed):
        assert counts(task) == [max(1, round(share * N_PER_CLASS))] * len(task.classes)


def test_fewer_images_are_among_more_of_them(tasks):
    few, more = (
        {image.tobytes() for image in one.train.images}
        for one in (
            wake.limit_training(tasks, train_per_class=number, seed=4)[1] for number in (3, 7)
        )
    )
    assert few < more


def test_images_keep_their_order_and_all_of_them_are_all(tasks):
    for options in ({}, {"train_share": 1}, {"train_per_class": N_PER_CLASS}):
        for one, before in zip(wake.limit_training(tasks, **options), tasks, strict=True):
            assert np.array_equal(one.train.images, before.train.images)
            assert np.array_equal(one.train.labels, before.train.labels)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_per_class": 13}, "train_per_class=13: class 0 of noise has only 12"),
        ({"train_per_class": 0}, "train_per_class must be at least 1"),
        ({"train_per_class": [1, 2]}, "train_per_class has 2 numbers, but there are 3 tasks"),
        ({"train_per_class": [1, 2, 0]}, "train_per_class: each must be at least 1"),
        ({"train_per_class": 0.5}, "train_per_class must be a whole number"),
        ({"train_share": 0}, "train_share must be greater than 0"),
        ({"train_share": [1, 1, 1.5]}, "train_share: each must be at most 1"),
        ({"train_share": 0.5, "train_per_class": 3}, "train_per_class and train_share both"),
    ],
)
def test_numbers_that_make_no_sense(tasks, options, message):
    with pytest.raises(ParameterError, match=message):
        wake.limit_training(tasks, **options)
