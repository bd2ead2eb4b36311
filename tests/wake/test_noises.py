"""Noise on images: how much, where, and of what."""

from __future__ import annotations

import numpy as np
import pytest

from brainsleep import wake
from brainsleep.errors import DataError, ParameterError
from brainsleep.wake.scenarios.noises import read_noise


def grey(n=40, edge=20, value=0.5):
    return wake.Dataset("grey", np.full((n, edge * edge), value), np.zeros(n, int), (edge, edge))


def test_gaussian_noise_has_its_standard_deviation():
    changed = wake.with_noise(grey(), wake.GaussianNoise(0.1)).images - 0.5
    n = changed.size
    assert abs(changed.mean()) < 5 * 0.1 / n**0.5
    assert changed.std() == pytest.approx(0.1, abs=5 * 0.1 / (2 * n) ** 0.5)
    loud = wake.with_noise(grey(), wake.GaussianNoise(5.0)).images
    assert loud.min() == 0
    assert loud.max() == 1
    assert np.array_equal(wake.with_noise(grey(), wake.GaussianNoise(0)).images, grey().images)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 1])
def test_salt_and_pepper_replaces_its_share_half_black_half_white(share):
    images = wake.with_noise(grey(), wake.SaltAndPepper(share)).images
    n = images.size
    for colour in (0, 1):
        spread = 5 * (share / 2 * (1 - share / 2) / n) ** 0.5
        assert (images == colour).mean() == pytest.approx(share / 2, abs=spread)
    assert np.isin(images, (0, 0.5, 1)).all()


def test_blur_spreads_a_point_as_a_gaussian_and_keeps_its_light():
    point = np.zeros((1, 41, 41))
    point[0, 20, 20] = 1
    one = wake.Dataset("point", point.reshape(1, -1), [0], (41, 41))
    blurred = wake.with_noise(one, wake.Blur(2.0)).images.reshape(41, 41)
    assert blurred.sum() == pytest.approx(1, abs=1e-4)
    assert blurred[20, 20] == pytest.approx(1 / (2 * np.pi * 4), rel=0.01)
    assert (blurred.sum(0) * (np.arange(41) - 20) ** 2).sum() == pytest.approx(4, rel=0.01)
    assert np.array_equal(wake.with_noise(one, wake.Blur(0)).images, one.images)


@pytest.mark.parametrize("shape", [(12, 15), (3, 12, 15)])
def test_occlusion_hides_one_square_of_every_image(shape):
    white = wake.Dataset("white", np.ones((50, np.prod(shape))), np.zeros(50, int), shape)
    images = wake.with_noise(white, wake.Occlusion(4)).images.reshape(50, -1, 12, 15)
    corners = set()
    for image in images:
        assert (image == image[0]).all()
        rows, columns = np.nonzero(image[0] == 0)
        assert len(rows) == 16
        assert np.ptp(rows) == np.ptp(columns) == 3
        corners.add((rows[0], columns[0]))
    assert len(corners) > 20
    assert wake.with_noise(white, wake.Occlusion(12)).images.mean() == pytest.approx(1 - 12 / 15)


@pytest.mark.parametrize("kind", wake.NOISES)
def test_every_kind_by_name_leaves_the_data_and_obeys_the_seed(kind):
    rng = np.random.default_rng(0)
    before = wake.Dataset("x", rng.random((5, 400)), np.arange(5), (20, 20))
    images = before.images.copy()
    one, same, other = (wake.with_noise(before, {"kind": kind}, seed=k) for k in (1, 1, 2))
    assert np.array_equal(before.images, images)
    assert np.array_equal(one.images, same.images)
    assert np.array_equal(one.images, other.images) == (kind == "blur")
    assert not np.array_equal(one.images, images)
    assert np.array_equal(one.labels, before.labels)
    assert read_noise(kind) == wake.NOISES[kind]()
    assert wake.NOISES[kind].kind == kind
    with pytest.raises(DataError, match="no images with height and width"):
        wake.with_noise(wake.Dataset("x", images, np.arange(5), (400,)), kind)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("blurr", "unknown kind of noise 'blurr'. Did you mean 'blur'"),
        ({"sd": 1.0}, "unknown kind of noise None"),
        ({"kind": "blur", "size": 1}, "noise of kind 'blur': .*no argument 'size'"),
        ({"kind": "blur", "sd": -1}, "sd must be at least 0"),
        ({"kind": "salt_and_pepper", "share": 2}, "share must be at most 1"),
        ({"kind": "occlusion", "size": 1.5}, "size must be a whole number"),
        ({"kind": "gaussian", "sd": "loud"}, "sd must be a number"),
        (3, "unknown kind of noise 3"),
    ],
)
def test_noise_that_makes_no_sense(value, message):
    with pytest.raises(ParameterError, match=message):
        wake.with_noise(grey(), value)
