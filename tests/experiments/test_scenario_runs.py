"""Each scenario as a model file, from data to results: a tiny network, one compiled program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainsleep import figures, wake
from brainsleep.experiments.arms.task_records import ALL_CLASSES, SHARED_LABELS, TOLD_THE_TASK
from brainsleep.experiments.result_tables.tables import result_table
from brainsleep.experiments.run import run_experiment
from brainsleep.wake.datasets import loading

MODEL = """
name = "tiny"
description = "four classes of 4 by 4 pixels"
[data]
dataset = "toy"
[tasks]
{tasks}
[network]
sizes = [16, 10, 6]
dropout = 0.0
[training]
lr = 0.3
epochs = 1
[sleep.neuron]
threshold = [1.0, 1.0]
[sleep.stimulus]
[sleep.steps]
first = 10
"""

#: What `[tasks]` says, how many tasks come of it, and what accuracy then means.
SCENARIOS = {
    "class-incremental": ("n_tasks = 2", 2, ALL_CLASSES),
    "task-incremental": ('class_order = "seed"', 2, TOLD_THE_TASK),
    "domain-incremental": ("classes = [[0, 3], [1, 2]]", 2, SHARED_LABELS),
    "permuted": ("n_tasks = 3", 3, SHARED_LABELS),
    "rotated": ("angles = [0, 90]", 2, SHARED_LABELS),
    "noise": ('noise = { kind = "salt_and_pepper", share = 0.3 }', 3, SHARED_LABELS),
    "cross-modal": ('then = "toy"\nshared_outputs = true', 2, SHARED_LABELS),
}


@pytest.fixture(autouse=True)
def toy_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know a data set by the name "toy": one bright quarter of the image tells the class."""

    def toy(folder: Path | None) -> wake.Split:
        rng = np.random.default_rng(0)
        labels = np.arange(80) % 4
        quarters = np.kron(np.eye(4).reshape(4, 2, 2), np.ones((2, 2))).reshape(4, 16)
        images = 0.7 * quarters[labels] + 0.3 * rng.random((80, 16))
        halves = (slice(40), slice(40, 80))
        return wake.Split(*(wake.Dataset("toy", images[k], labels[k], (4, 4)) for k in halves))

    monkeypatch.setitem(loading.DATASETS, "toy", toy)
    monkeypatch.setattr(figures, "save_figure", lambda figure, path: None)  # it takes seconds


def run(tmp_path: Path, scenario: str, keys: str, **options: object) -> dict:
    """Run a model file of this scenario; return its results."""
    file = tmp_path / "tiny.toml"
    file.write_text(MODEL.format(tasks=f'scenario = "{scenario}"\n{keys}'))
    return run_experiment(file, out=tmp_path / "run", progress=False, **options).metrics


def test_every_scenario_is_here() -> None:
    assert SCENARIOS.keys() == wake.SCENARIOS.keys()


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenarios_run(scenario: str, tmp_path: Path) -> None:
    keys, n_tasks, definition = SCENARIOS[scenario]
    metrics = run(tmp_path, scenario, keys, baselines=False, seed=1)
    assert metrics["scenario"] == scenario
    assert metrics["accuracy_definition"] == definition
    assert definition in result_table(metrics)
    assert len(metrics["tasks"]) == n_tasks
    told = scenario == "task-incremental"
    for task in metrics["tasks"]:
        assert task["name"]
        assert task["candidates"] == (sorted(task["classes"]) if told else None)
    if told:
        drawn = wake.task_incremental(wake.load_split("toy"), class_order="seed", seed=1)
        assert [task["name"] for task in metrics["tasks"]] == [task.name for task in drawn]
    matrix = metrics["accuracy"]["after_sleep"]
    assert [row.count(None) for row in matrix] == list(range(n_tasks))[::-1]
    assert metrics["accuracy"]["final"] == pytest.approx(np.mean(matrix[-1]))
