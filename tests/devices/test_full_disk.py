"""Nights whose temporary folder, or whose directory, gets full: right, or one line that says so."""

import tempfile

import numpy as np
import pytest
from helpers import SMALL, assert_same_nights, heaviside, mlp

import brainsleep as bs
from brainsleep.errors import DirectoryError

N_STEPS = 1200

#: A night in memory has some 100 files, most of them smaller than a page.
PAGES = [1, 2, 3, 5, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 70, 80, 90, 100]


def sleep(**options):
    network, rule = mlp(SMALL, scale=1.5), bs.SRC(increase=1e-3, decrease=1e-3)
    options |= {"neuron": heaviside(), "plasticity": rule, "duration": N_STEPS, "progress": False}
    return bs.sleep(network, np.full(12, 0.3), **options)


def attempt(**options):
    """Return a night, or what is wrong."""
    try:
        return sleep(**options), ""
    except DirectoryError as error:
        return None, str(error)


@pytest.fixture(scope="module")
def truth():
    return sleep()


@pytest.mark.parametrize("pages", PAGES)
def test_nights_in_memory_are_right_or_an_error(pages, truth, small_disk, monkeypatch):
    folder = small_disk(pages / 256)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    night, message = attempt()
    if night is None:
        assert str(folder) in message
        assert "is full" in message
        assert "\n" not in message
    else:
        assert_same_nights(night, truth)


def test_some_of_these_folders_are_large_enough_and_some_are_not(truth, small_disk, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk(4)))
    assert_same_nights(sleep(), truth)
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk(PAGES[0] / 256)))
    with pytest.raises(DirectoryError, match="is full"):
        sleep()


@pytest.mark.parametrize("pages", PAGES[::2])
def test_nights_on_disk_are_right_or_an_error(pages, truth, small_disk):
    folder = small_disk(pages / 256)
    night, message = attempt(save=bs.Save(folder / "night", snapshot_every=300))
    if night is None:
        assert str(folder) in message
        assert "is full" in message
        with pytest.raises(DirectoryError):
            bs.Night.load(folder / "night")
    else:
        assert_same_nights(night, truth)
        assert_same_nights(bs.Night.load(folder / "night"), truth)
