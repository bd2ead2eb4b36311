"""``[tasks]``: which keys each scenario takes, and the tasks that come of them."""

from __future__ import annotations

import pytest

from brainsleep import wake
from brainsleep.errors import ModelFileError
from brainsleep.experiments.model_files.modelfile import parse_model
from brainsleep.experiments.model_files.task_sections import TasksSection
from brainsleep.wake.scenarios import scenario_registry


def parsed(**tasks: object) -> TasksSection:
    """Return the section of a model file with this table."""
    return parse_model({"name": "x", "description": "", "tasks": tasks, **REST}, "my.toml").tasks


#: What else a model file has.
REST = {"sleep": {"stimulus": {}, "steps": {"first": 10}}}


@pytest.fixture
def split() -> wake.Split:
    images = [[0.1, 0.2]] * 8
    one = wake.Dataset("made up", images, [0, 1, 2, 3] * 2, (2,))
    return wake.Split(one, one)


def test_the_default_are_pairs_of_all_classes(split: wake.Split) -> None:
    tasks = TasksSection().tasks(split, seed=0)
    assert [task.classes for task in tasks] == [(0, 1), (2, 3)]
    assert TasksSection(n_tasks=4).tasks(split, seed=0)[3].classes == (3,)


def test_the_seed_of_the_run_orders_classes(split: wake.Split) -> None:
    section = parsed(scenario="domain-incremental", class_order="seed")
    names = {tuple(task.name for task in section.tasks(split, seed)) for seed in range(20)}
    assert len(names) > 3
    one, other = (section.tasks(split, 3) for _ in range(2))
    assert [task.name for task in one] == [task.name for task in other]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"scenario": "task-inc"}, r"unknown scenario .task-inc.. Did you mean .task-incremental."),
        ({"n_task": 3}, r"scenario = 'class-incremental' has no key 'n_task'. Did you mean 'n_tas"),
        ({"n_tasks": 0}, r"\[tasks\] n_tasks: .* greater than or equal to 1"),
        ({"class_order": "sed"}, r"\[tasks\] class_order must be 'seed' or a list of class num"),
        ({"class_order": [0, -1]}, r"\[tasks\] class_order: class number must be at least 0"),
        ({"classes": [0, 1]}, r"\[tasks.classes\] 0"),
        (
            {"angles": [1]},
            r"scenario = 'class-incremental' has no key 'angles'. Expected one of: 'c",
        ),
        ({"scenario": "rotated", "angles": []}, r"\[tasks\] angles is empty"),
        ({"scenario": "rotated", "n_tasks": 2}, r"scenario = 'rotated' has no key 'n_tasks'"),
        ({"scenario": "noise", "noise": ["clean", "x"]}, r"\[tasks\] unknown kind of noise 'x'"),
        ({"scenario": "noise", "noise": {"kind": "blur", "s": 1}}, r"no argument 's'"),
        ({"scenario": "cross-modal", "then": 3}, r"\[tasks.then\]"),
        ({"scenario": "cross-modal"}, r"scenario = 'cross-modal' misses the key 'then'"),
        ({"train_share": 0}, r"\[tasks\] train_share must be greater than 0"),
        ({"train_per_class": [1, 0]}, r"\[tasks\] train_per_class: each must be at least 1"),
    ],
)
def test_wrong_keys_and_values_are_refused_by_name(table: dict, message: str) -> None:
    with pytest.raises(ModelFileError, match=message):
        parsed(**table)


def test_values_are_dumped_as_they_were_read() -> None:
    """Changes on the command line read a section again from what it says of itself."""
    table = {"scenario": "noise", "noise": ["clean", {"kind": "blur", "sd": 2.0}]}
    assert parsed(**table).model_dump(exclude_unset=True) == table


def test_training_images_are_limited_in_every_scenario(split: wake.Split) -> None:
    for scenario in ("class-incremental", "permuted"):
        section = parsed(scenario=scenario, n_tasks=2, train_per_class=[1, 2])
        tasks = section.tasks(split, seed=0)
        assert [len(task.train) // len(task.classes) for task in tasks] == [1, 2]


def test_further_data_sets_are_loaded_as_the_first(split: wake.Split) -> None:
    section = parsed(scenario="cross-modal", then=["a", "b"])
    asked: list[str] = []

    def load(name: str) -> wake.Split:
        asked.append(name)
        return split

    assert [task.classes[0] for task in section.tasks(split, 0, load)] == [0, 4, 8]
    assert asked == ["a", "b"]


def test_a_scenario_of_ones_own(split: wake.Split, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its arguments are keys; without `seed` it is not handed one."""

    def one_class_each(split: wake.Split, first: int = 0) -> tuple[wake.Task, ...]:
        return wake.class_incremental(split, [[label] for label in range(first, 4)])

    monkeypatch.setitem(scenario_registry.SCENARIOS, "mine", one_class_each)
    assert len(parsed(scenario="mine", first=2).tasks(split, seed=5)) == 2
    with pytest.raises(ModelFileError, match=r"'mine' has no key 'n_tasks'. .* 'first'"):
        parsed(scenario="mine", n_tasks=2)
