"""Training that is done once: the same weights bit for bit; another key for all that matters."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from toy_tasks import QUICK, assert_same_weights, random_dataset, weights

from brainsleep import wake
from brainsleep.support.kept_arrays import KeptArrays
from brainsleep.support.kept_training import FOLDER, SIZE, kept_training
from brainsleep.wake import kept_stages, learning
from brainsleep.wake.checkpoints import Checkpoints
from brainsleep.wake.kept_stages import KeptStages


@pytest.fixture
def stages(tmp_path: Path) -> KeptStages:
    return KeptStages(KeptArrays(tmp_path / "kept", 10**8, "the folder", "X"))


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by one with each training."""
    made: list[int] = []
    train = learning.train

    def counting(*args: object, **kwargs: object) -> object:
        made.append(1)
        return train(*args, **kwargs)

    monkeypatch.setattr(learning, "train", counting)
    return made


def tasks_of(dataset: wake.Dataset) -> tuple[wake.Task, ...]:
    return wake.class_incremental(wake.Split(dataset, dataset), [[0, 1], [2, 3], [4, 5]])


TASKS = tasks_of(random_dataset())


def network() -> nn.Sequential:
    return nn.Sequential(*wake.mlp((16, 12, 6), dropout=0.2, seed=3).children())


def learn_all(learn: Callable[..., object], name: str) -> tuple[nn.Module, wake.Strategy]:
    learner, strategy = network(), wake.build_strategy(name)
    for k in range(3):
        learn(strategy, learner, TASKS, k, QUICK, seed=4, progress=False)
    return learner, strategy


@pytest.mark.parametrize("name", list(wake.STRATEGIES))
def test_each_strategy_is_read_as_it_was_learned(
    name: str, stages: KeptStages, trainings: list[int]
) -> None:
    plain, remembered = learn_all(wake.learn_task, name)
    n_trainings = len(trainings)
    first, _ = learn_all(stages.learn, name)
    assert len(trainings) == 2 * n_trainings
    again, strategy = learn_all(stages.learn, name)
    assert len(trainings) == 2 * n_trainings, "nothing is trained again"
    for one in (first, again):
        assert_same_weights(weights(plain), weights(one))
    states = [{k: v.tobytes() for k, v in one.state().items()} for one in (remembered, strategy)]
    assert states[0] == states[1]
    assert strategy.stored_bytes == remembered.stored_bytes


def test_the_first_task_is_trained_once_for_all_that_learn_it_as_sequential_training_does(
    stages: KeptStages, trainings: list[int]
) -> None:
    expected = {name: learn_all(wake.learn_task, name) for name in ("weight_averaging", "joint")}
    del trainings[:]
    learn_all(stages.learn, "sequential")
    assert len(trainings) == 3
    averaged, strategy = learn_all(stages.learn, "weight_averaging")
    assert len(trainings) == 5, "of three tasks the first was trained before"
    learned, remembered = expected["weight_averaging"]
    assert_same_weights(weights(learned), weights(averaged))
    states = [{k: v.tobytes() for k, v in one.state().items()} for one in (remembered, strategy)]
    assert states[0] == states[1]
    learn_all(stages.learn, "sequential_masked")
    assert len(trainings) == 8
    assert_same_weights(weights(expected["joint"][0]), weights(learn_all(stages.learn, "joint")[0]))


def test_what_is_trained_after_a_stage_that_was_read_is_as_if_all_was_trained(
    stages: KeptStages, trainings: list[int], tmp_path: Path
) -> None:
    """As a night that is another one makes the second task begin elsewhere."""
    learn_all(stages.learn, "sequential")
    trainings.clear()
    read, plain = network(), network()
    strategy = wake.build_strategy("sequential")
    options = {"seed": 4, "progress": False}
    assert stages.learn(strategy, read, TASKS, 0, QUICK, **options).was_kept
    wake.learn_task(strategy, plain, TASKS, 0, QUICK, **options)
    for one in (read, plain):
        with torch.no_grad():
            one[0].weight *= 0.5
    assert not stages.learn(strategy, read, TASKS, 1, QUICK, **options).was_kept
    wake.learn_task(strategy, plain, TASKS, 1, QUICK, **options)
    assert_same_weights(weights(read), weights(plain))


def test_a_stage_that_was_read_counts_for_checkpoints(stages: KeptStages, tmp_path: Path) -> None:
    for _ in range(2):
        checkpoints = Checkpoints(tmp_path, "key", print)
        strategy = wake.build_strategy("sequential")
        options = {"seed": 4, "progress": False, "checkpoints": checkpoints}
        stages.learn(strategy, network(), TASKS, 0, QUICK, **options)
        assert checkpoints.next_training().file.name == "2.npz"


@pytest.mark.usefixtures("kept_at_once")
@pytest.mark.parametrize("limit", [10**8, 0])
def test_what_is_kept_once_is_in_no_checkpoint(limit: int, tmp_path: Path) -> None:
    stages = KeptStages(KeptArrays(tmp_path / "kept", limit, "the folder", "X"))
    checkpoints = Checkpoints(tmp_path / "training", "key", print)
    strategy, learner = wake.build_strategy("weight_averaging"), network()
    options = {"seed": 4, "progress": False, "checkpoints": checkpoints}
    for k in range(2):
        stages.learn(strategy, learner, TASKS, k, QUICK, **options)
    left = sorted(file.name for file in checkpoints.directory.glob("*"))
    assert left == ([] if limit else ["1.npz", "2.npz"])


class Noisy(nn.Module):
    """Something of one's own."""

    amount = 0.1

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.amount


class Counting(nn.Module):
    """Has state that torch does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return x


def changed_data(part: str) -> tuple[wake.Task, ...]:
    dataset = random_dataset()
    values = getattr(dataset, part).copy()
    first = int(np.argmin(dataset.labels))  # of the first task
    values[first] = values[first] * 0.5 if part == "images" else 1
    parts = {"images": dataset.images, "labels": dataset.labels, part: values}
    return tasks_of(wake.Dataset("noise", parts["images"], parts["labels"], (4, 4)))


def frozen() -> nn.Module:
    one = network()
    one[0].weight.requires_grad_(False)
    return one


def other_weight() -> nn.Module:
    one = network()
    with torch.no_grad():
        one[0].weight[0, 0] += 1e-6
    return one


def with_own_module() -> nn.Module:
    return nn.Sequential(*network(), Noisy())


CHANGES: dict[str, dict[str, object]] = {
    "seed": {"seed": 5},
    "plan": {"training": wake.Training(lr=0.2, momentum=0.5, batch_size=10, epochs=2)},
    "task": {"k": 1},
    "pixel": {"tasks": changed_data("images")},
    "label": {"tasks": changed_data("labels")},
    "number of tasks": {"tasks": TASKS[:2]},
    "weight": {"network": other_weight()},
    "frozen layer": {"network": frozen()},
    "activation": {
        "network": nn.Sequential(*(nn.GELU() if isinstance(m, nn.ReLU) else m for m in network()))
    },
    "own module": {"network": with_own_module()},
    "strategy": {"strategy": wake.build_strategy("sequential_masked")},
}


def key_of(stages: KeptStages, **changes: object) -> str | None:
    given = {
        **{"strategy": wake.build_strategy("sequential"), "network": network(), "tasks": TASKS},
        **{"k": 0, "training": QUICK, "seed": 4},
        **changes,
    }
    return stages._key(**given)


def test_all_that_decides_a_stage_is_in_its_key(
    stages: KeptStages, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {name: key_of(stages, **change) for name, change in CHANGES.items()}
    keys["nothing"] = key_of(stages)
    assert key_of(stages) == keys["nothing"] == key_of(KeptStages(stages.arrays))
    monkeypatch.setattr(Noisy, "amount", 0.2)
    keys["a number in one's own class"] = key_of(stages, network=with_own_module())
    monkeypatch.setattr(Noisy, "forward", lambda self, x: x - self.amount)
    keys["the code of one's own class"] = key_of(stages, network=with_own_module())
    torch.set_num_threads(2)
    try:
        keys["threads"] = key_of(stages)
    finally:
        torch.set_num_threads(1)
    monkeypatch.setattr(kept_stages, "source_digest", lambda *packages: "another")
    keys["this package"] = key_of(stages)
    assert len(set(keys.values())) == len(keys)
    assert None not in keys.values()


def test_what_no_learning_looks_at_is_not_in_the_key(stages: KeptStages) -> None:
    dataset = random_dataset()
    other_test = tuple(
        wake.Task(one.index, one.classes, one.train, dataset.of_classes(one.classes))
        for one in TASKS
    )
    later = (*TASKS[:2], wake.Task(2, (4, 5), TASKS[1].train, TASKS[2].test))
    assert key_of(stages, tasks=other_test) == key_of(stages, tasks=later) == key_of(stages)
    assert key_of(stages, tasks=later, k=2) != key_of(stages, k=2)


def test_a_network_with_other_state_is_trained_each_time(
    stages: KeptStages, trainings: list[int]
) -> None:
    for _ in range(2):
        own = nn.Sequential(*network(), Counting())
        strategy = wake.build_strategy("sequential")
        assert not stages.learn(strategy, own, TASKS, 0, QUICK, seed=4, progress=False).was_kept
    assert len(trainings) == 2
    assert stages.arrays.entries() == []


def test_buffers_and_other_types_are_kept(stages: KeptStages) -> None:
    def odd() -> nn.Module:
        torch.manual_seed(0)
        layers = (nn.Linear(16, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 6))
        return nn.Sequential(*layers).double()

    first, again = odd(), odd()
    before = copy.deepcopy(first.state_dict())
    for one in (first, again):
        strategy = wake.build_strategy("sequential")
        stages.learn(strategy, one, TASKS, 0, QUICK, seed=4, progress=False)
    assert_same_weights(weights(first), weights(again))
    assert not torch.equal(before["1.num_batches_tracked"], again[1].num_batches_tracked)
    assert again[1].running_var.dtype == torch.float64


def test_where_networks_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(tmp_path / "programs"))
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.delenv(SIZE, raising=False)
    assert kept_training().folder == tmp_path / "programs-training"
    assert kept_training().limit == 4 * 2**30
    monkeypatch.delenv("BRAINSLEEP_CACHE")
    assert kept_training().folder.parts[-2:] == ("brainsleep", "training")
    monkeypatch.setenv(FOLDER, str(tmp_path / "own"))
    monkeypatch.setenv(SIZE, "1.5 MB")
    assert kept_training().folder == tmp_path / "own"
    assert kept_training().limit == 1_500_000
    assert np.isfinite(kept_training().limit)
