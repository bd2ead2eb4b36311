"""Training that is cut off and repeated: the same weights, and no epoch twice."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from cut_off import CutOff, kept_in
from torch import nn
from toy_tasks import assert_same_weights, random_dataset, weights

from brainsleep import wake
from brainsleep.errors import DirectoryError
from brainsleep.wake import checkpoints as module
from brainsleep.wake.checkpoints import Checkpoints

pytestmark = pytest.mark.usefixtures("kept_at_once")

#: Six batches an epoch.
TRAINING = wake.Training(lr=0.1, momentum=0.5, batch_size=12, epochs=4)
BATCHES = 6


def new_network() -> nn.Module:
    """Return a network of which not only the weights decide how training goes on."""
    torch.manual_seed(5)
    return nn.Sequential(
        nn.Linear(16, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Dropout(0.3), nn.Linear(20, 6)
    )


def trained(checkpoints: Checkpoints | None = None) -> tuple[nn.Module, list[float]]:
    network = new_network()
    options = {"seed": 7, "progress": False, "checkpoints": checkpoints}
    return network, wake.train(network, random_dataset(), TRAINING, **options)


@pytest.mark.parametrize("n_steps", [0, 5, 6, 7, 15, 18, 23])
def test_training_that_was_cut_off_loses_at_most_an_epoch(
    n_steps: int, tmp_path: Path, steps: Callable[[int], list[int]]
) -> None:
    network, losses = trained()
    steps(n_steps)
    with pytest.raises(CutOff):
        trained(kept_in(tmp_path))
    made = steps(10**9)
    again, losses_again = trained(kept_in(tmp_path))
    assert_same_weights(weights(again), weights(network))
    assert losses_again == losses
    assert made[0] == TRAINING.epochs * BATCHES - n_steps // BATCHES * BATCHES


def test_training_that_was_done_is_read(tmp_path: Path, steps: Callable[[int], list[int]]) -> None:
    network, losses = trained(kept_in(tmp_path))
    made = steps(10**9)
    again, losses_again = trained(kept_in(tmp_path))
    assert made == [0]
    assert losses_again == losses
    assert_same_weights(weights(again), weights(network))


def test_types_of_half_precision(tmp_path: Path, steps: Callable[[int], list[int]]) -> None:
    def train(checkpoints: Checkpoints | None = None) -> nn.Module:
        network = wake.mlp((16, 12, 6), seed=1).to(torch.bfloat16)
        options = {"seed": 7, "progress": False, "checkpoints": checkpoints}
        wake.train(network, random_dataset(), TRAINING, **options)
        return network

    whole = train()
    steps(9)
    with pytest.raises(CutOff):
        train(kept_in(tmp_path))
    steps(10**9)
    assert_same_weights(weights(train(kept_in(tmp_path))), weights(whole))


TRAINED = [name for name in wake.STRATEGIES if name not in ("nearest_class_mean", "streaming_lda")]


@pytest.mark.parametrize("name", TRAINED)
def test_a_strategy_goes_on_within_its_tasks(
    name: str, tmp_path: Path, tasks: list[wake.Task], steps: Callable[[int], list[int]]
) -> None:
    network = wake.mlp((16, 20, 12, 6), seed=3, dropout=0.2)

    def train(checkpoints: Checkpoints | None = None) -> nn.Module:
        options = {"seed": 2, "progress": False, "checkpoints": checkpoints}
        return wake.train_strategy(name, network, tasks, TRAINING, **options)

    made = steps(10**9)
    whole = train()
    n_all, an_epoch = made[0], made[0] // TRAINING.epochs // (1 if name == "joint" else len(tasks))
    n_steps = round(0.6 * n_all)
    steps(n_steps)
    with pytest.raises(CutOff):
        train(kept_in(tmp_path))
    made = steps(10**9)
    assert_same_weights(weights(train(kept_in(tmp_path))), weights(whole))
    larger = 2 if name == "icarl" else 1  # its epochs grow by its exemplars
    assert made[0] <= n_all - n_steps + larger * an_epoch


# What is not used


def damaged(file: Path, how: str) -> None:
    content = bytearray(file.read_bytes())
    if how == "flipped":
        content[len(content) // 2] ^= 1
    elif how == "cut":
        del content[len(content) // 2 :]
    else:
        content.clear()
    file.write_bytes(content)


@pytest.mark.parametrize("how", ["flipped", "cut", "emptied"])
def test_a_damaged_state_is_told_and_not_used(
    how: str, tmp_path: Path, steps: Callable[[int], list[int]]
) -> None:
    network, _ = trained()
    steps(15)
    with pytest.raises(CutOff):
        trained(kept_in(tmp_path))
    damaged(tmp_path / "training" / "1.npz", how)
    made, told = steps(10**9), []
    again, _ = trained(kept_in(tmp_path, told=told))
    assert_same_weights(weights(again), weights(network))
    assert made[0] == TRAINING.epochs * BATCHES
    (line,) = told
    assert str(tmp_path / "training" / "1.npz") in line
    assert line.endswith("this training begins again.")


@pytest.mark.parametrize("other", ["key", "number", "network", "training", "seed"])
def test_the_state_of_other_training_is_not_used(
    other: str, tmp_path: Path, steps: Callable[[int], list[int]]
) -> None:
    trained(kept_in(tmp_path))
    checkpoints = kept_in(tmp_path, key="other" if other == "key" else "run")
    if other == "number":
        checkpoints.next_training()
    network = new_network()
    if other == "network":
        network[0].bias.data += 1e-7
    training = wake.Training(lr=0.1, momentum=0.4, batch_size=12, epochs=4)
    training = training if other == "training" else TRAINING
    made = steps(10**9)
    seed = 8 if other == "seed" else 7
    options = {"seed": seed, "progress": False, "checkpoints": checkpoints}
    wake.train(network, random_dataset(), training, **options)
    assert made[0] == TRAINING.epochs * BATCHES


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "training").write_text("a file")
    with pytest.raises(DirectoryError, match="training"):
        trained(kept_in(tmp_path))


# How often


class Clock:
    """Time that goes on when something is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_writing_takes_a_small_part_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, written = Clock(), []
    monkeypatch.setattr(module, "INTERVAL", 5.0)
    monkeypatch.setattr(module, "MOST_OF_TIME", 0.02)
    monkeypatch.setattr(module, "time", clock)

    def write(*_: object, **__: object) -> None:
        written.append(clock.now)
        clock.now += 0.5

    monkeypatch.setattr(module, "write_sealed", write)
    checkpoints = kept_in(tmp_path)
    training = checkpoints.next_training()
    for _ in range(100):
        clock.now += 1.0
        training.keep(dict, is_last=False)
    assert written == [5.0, 30.5, 56.0, 81.5], "not before 5 s, then not before 25 s"


def test_what_was_done_meanwhile_is_written_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "INTERVAL", 5.0)
    monkeypatch.setattr(module, "time", clock)
    checkpoints = kept_in(tmp_path)
    network = new_network()
    for seed in range(3):
        options = {"seed": seed, "progress": False, "checkpoints": checkpoints}
        wake.train(network, random_dataset(), TRAINING, **options)
    assert not (tmp_path / "training").exists()
    clock.now = 6.0
    wake.train(copy.deepcopy(network), random_dataset(), TRAINING, **{**options, "seed": 3})
    names = sorted(file.name for file in (tmp_path / "training").iterdir())
    assert names == ["1.npz", "2.npz", "3.npz", "4.npz"]
