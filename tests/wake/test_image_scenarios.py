"""Scenarios that show one data set in other forms, or one data set after another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainsleep import wake
from brainsleep.errors import DataError, ParameterError
from brainsleep.wake.tasks import highest_label

#: Scenarios whose tasks all have the classes of the data.
WHOLE = ("permuted", "rotated", "noise")


def images_of(shape, n=6, seed=0, name="made up", n_classes=2):
    """Random images of some shape, in two classes."""
    rng = np.random.default_rng(seed)
    pixels = rng.random((n, int(np.prod(shape))), dtype=np.float32)
    return wake.Dataset(name, pixels, np.arange(n) % n_classes, shape)


def split_of(shape, name="made up"):
    return wake.Split(images_of(shape, name=name), images_of(shape, n=4, seed=1, name=name))


def grids(dataset):
    return dataset.images.reshape(len(dataset), *dataset.image_shape)


@given(seed=st.integers(0, 2**63 - 1), n_tasks=st.integers(1, 4))
def test_each_permutation_is_a_bijection_the_same_for_all_images(seed, n_tasks):
    """Pixels that hold their own numbers tell where they went."""
    ramp = np.tile(np.arange(12) / 11, (2, 1))
    split = wake.Split(*(wake.Dataset("ramp", ramp, [0, 1], (3, 4)) for _ in range(2)))
    tasks = wake.permuted(split, n_tasks, seed=seed)
    assert len(tasks) == n_tasks
    assert np.array_equal(tasks[0].train.images, split.train.images)
    orders = set()
    for task in tasks:
        rows = np.concatenate([task.train.images, task.test.images])
        assert (rows == rows[0]).all()
        assert sorted(rows[0]) == sorted(split.train.images[0])
        orders.add(rows[0].tobytes())
    assert len(orders) == n_tasks
    more = wake.permuted(split, n_tasks + 1, seed=seed)
    for task, same in zip(tasks, more, strict=False):
        assert np.array_equal(task.train.images, same.train.images)
    one, other = (wake.permuted(split, 2, seed=each)[1].train for each in (seed, seed ^ 1))
    assert not np.array_equal(one.images, other.images)


@pytest.mark.parametrize("shape", [(5, 5), (4, 4), (3, 6, 6)])
def test_quarter_turns_are_those_of_numpy(shape):
    split = split_of(shape)
    tasks = wake.rotated(split, [0, 90, 180, 270, -90])
    for turns, task in zip([0, 1, 2, 3, 3], tasks, strict=True):
        for part, before in ((task.train, split.train), (task.test, split.test)):
            expected = np.rot90(grids(before), turns, axes=(-2, -1))
            np.testing.assert_allclose(grids(part), expected, atol=1e-6)
            assert part.image_shape == shape
    assert [task.name for task in tasks] == ["0°", "90°", "180°", "270°", "-90°"]


def test_other_angles_keep_the_middle_and_darken_corners():
    bright = wake.Dataset("white", np.ones((1, 81)), [0], (9, 9))
    turned = grids(wake.rotated(wake.Split(bright, bright), [45])[0].train)[0]
    assert turned[4, 4] == 1
    assert turned[[0, 0, -1, -1], [0, -1, 0, -1]].max() == 0


def test_noise_comes_between_clean_tasks():
    split = split_of((6, 6))
    clean, spoiled, again = wake.noisy(split, "gaussian", seed=3)
    for task in (clean, again):
        assert task.name == "clean"
        assert np.array_equal(task.train.images, split.train.images)
    assert spoiled.name == "Gaussian noise, sd 0.3"
    assert not np.array_equal(spoiled.train.images, split.train.images)
    listed = wake.noisy(split, [{"kind": "blur", "sd": 1.0}, "clean", wake.Occlusion(2)])
    assert [task.name for task in listed] == [
        "blur, sd 1 pixels", "clean", "occlusion, 2 × 2 pixels",
    ]  # fmt: skip
    twice = wake.noisy(split, ["gaussian", "gaussian"])
    noises = [task.train.images - split.train.images for task in twice]
    assert not np.array_equal(*noises)


@pytest.mark.parametrize("name", WHOLE)
def test_tasks_of_whole_sets_share_labels_and_come_of_the_seed(name):
    split = split_of((5, 5))
    draws = {} if name == "rotated" else {"seed": 7}
    tasks, again = (wake.SCENARIOS[name](split, **draws) for _ in range(2))
    assert highest_label(tasks) == 1
    for task, same in zip(tasks, again, strict=True):
        assert task.classes == (0, 1)
        assert task.candidates is None
        for part, twin, before in (
            (task.train, same.train, split.train),
            (task.test, same.test, split.test),
        ):
            assert np.array_equal(part.images, twin.images)
            assert np.array_equal(part.labels, before.labels)


@pytest.mark.parametrize("shared", [False, True])
def test_classes_of_the_second_set_follow_or_share_outputs(shared):
    first, second = split_of((4, 4), "digits"), split_of((4, 4), "clothes")
    tasks = wake.cross_modal(first, [second, first], shared_outputs=shared)
    assert [task.name for task in tasks] == ["digits", "clothes", "digits"]
    expected = [(0, 1)] * 3 if shared else [(0, 1), (2, 3), (4, 5)]
    assert [task.classes for task in tasks] == expected
    for task, start in zip(tasks[1:], (0, 0) if shared else (2, 4), strict=True):
        assert np.array_equal(task.train.labels, second.train.labels + start)
    assert np.array_equal(tasks[1].test.images, second.test.images)


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        ((8, 8), (4, 4)),
        ((4, 4), (8, 8)),
        ((3, 4, 4), (4, 4)),
        ((4, 6), (3, 8, 8)),
        ((1, 4, 4), (4, 4)),
    ],
)
def test_images_are_brought_to_one_form(own, wanted):
    """A grey that does not change within an image stays what it is."""
    greys = np.linspace(0, 1, 4)
    second = wake.Dataset("grey", np.tile(greys[:, None], np.prod(own)), [0, 1, 0, 1], own)
    tasks = wake.cross_modal(split_of(wanted), wake.Split(second, second))
    assert tasks[1].train.image_shape == wanted
    np.testing.assert_allclose(tasks[1].train.images, greys[:, None] + np.zeros(np.prod(wanted)))
    wake.concatenate([task.train for task in tasks])


def test_an_image_that_shrinks_is_averaged():
    quarters = np.kron(np.eye(2), np.ones((8, 8)))
    one = wake.Dataset("quarters", quarters.reshape(1, -1), [0], (16, 16))
    small = wake.cross_modal(split_of((2, 2)), wake.Split(one, one))[1].train
    assert np.round(small.images[0], 0).tolist() == [1, 0, 0, 1]
    assert small.images.mean() == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: wake.permuted(split_of((4, 4)), 0), ParameterError, "n_tasks must be at least 1"),
        (lambda: wake.rotated(split_of((4, 4)), []), ParameterError, "angles is empty"),
        (lambda: wake.rotated(split_of((4, 4)), [np.nan]), ParameterError, "angles: an angle"),
        (lambda: wake.rotated(split_of((16,))), DataError, r"rows of 16 values, and no images"),
        (lambda: wake.noisy(split_of((4, 4)), []), ParameterError, "noise is empty"),
        (lambda: wake.noisy(split_of((4, 4)), "dirt"), ParameterError, "unknown kind of noise"),
        (lambda: wake.noisy(split_of((4, 4)), "occlusion"), ParameterError, "4 × 4 pixels"),
        (lambda: wake.cross_modal(split_of((4, 4)), []), ParameterError, "then is empty"),
        (lambda: wake.cross_modal(split_of((4, 4)), 3), ParameterError, "then must be data sets"),
        (lambda: wake.cross_modal(split_of((4, 4)), split_of((9,))), DataError, "rows of 9 values"),
        (
            lambda: wake.cross_modal(split_of((3, 4, 4)), split_of((2, 4, 4))),
            DataError,
            "2 channels cannot become 3",
        ),
        (
            lambda: wake.permuted(
                wake.Split(images_of((4, 4)), images_of((4, 4), n_classes=3)), n_tasks=2
            ),
            DataError,
            "no images of class 2 in both parts",
        ),
        (
            lambda: wake.rotated(wake.Split(*[images_of((4, 4), n=0)] * 2)),
            DataError,
            "no images at all",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()
