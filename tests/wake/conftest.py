"""Fixtures of the waking side's tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from cut_off import CutOff
from toy_tasks import random_dataset

from brainsleep import wake
from brainsleep.wake import checkpoints
from brainsleep.wake.plain_sgd import PlainSGD


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


@pytest.fixture
def kept_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Write after every epoch, whatever it costs."""
    monkeypatch.setattr(checkpoints, "INTERVAL", 0.0)
    monkeypatch.setattr(checkpoints, "MOST_OF_TIME", 1e9)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], list[int]]:
    """Return a function that counts the steps of training, and cuts off after a number of them."""
    step = PlainSGD.step

    def count(most: int) -> list[int]:
        made = [0]

        def counting(optimizer: torch.optim.SGD, *args: object) -> object:
            if made[0] == most:
                raise CutOff
            made[0] += 1
            return step(optimizer, *args)

        monkeypatch.setattr(PlainSGD, "step", counting)
        return made

    return count
