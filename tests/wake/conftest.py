"""Fixtures of the waking side's tests."""

import pytest
from toy_tasks import random_dataset

from brainsleep import wake


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
