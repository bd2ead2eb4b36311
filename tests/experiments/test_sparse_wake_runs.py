"""Runs whose networks are sparse awake, average on waking, and whose outputs compete asleep."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch

from brainsleep.errors import BrainsleepError
from brainsleep.experiments.arms import Arm
from brainsleep.experiments.arms.setting import Setting
from brainsleep.experiments.continual.course import Course
from brainsleep.experiments.controls import find_controls
from brainsleep.experiments.model_files.modelfile import ModelFile, load_model_file, parse_model
from brainsleep.experiments.model_files.training_sections import StrategySection
from brainsleep.experiments.nights.sleep_nights import SleepNights
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.run_directory.run_state import state_of
from brainsleep.night import prepare_night
from brainsleep.wake import Training, class_incremental, load_split

#: Small and quick; with constants of the model file, so that one program is compiled for all.
TEXT = """
name = "small"

[data]
dataset = "digits"
train_per_class = 20

[tasks]
classes = [[0, 1], [2, 3], [4, 5]]

[network]
hidden = [30, 20]
winners = 0.2

[training]
lr = [0.03, 0.03, 0.09]
epochs = 1

[sleep]
output_winners = 1
averaging = [0.7, 0.4, 0.9]

[sleep.steps]
first = 20

[sleep.neuron]
kind = "heaviside"
gain = "tadros"
threshold = [0.159208, 0.198904, 0.100559]
decay = 0.99

[sleep.plasticity]
weight_factor = "tadros2022"
increase = 0.0
decrease = [1.65838e-4, 1.65838e-4, 4.52187e-4]
"""
#: Bytes of its weights.
N_BYTES = 4 * (784 * 30 + 30 * 20 + 20 * 6)

PARTS = ("all_active", "no_averaging", "averaging_alone", "no_output_winners", "with_increase")


def small(**sleep: Any) -> ModelFile:
    """Return the model with other values in ``[sleep]``; None leaves a key out."""
    content = tomllib.loads(TEXT)
    night = {**content["sleep"], **sleep}
    content["sleep"] = {key: value for key, value in night.items() if value is not None}
    return parse_model(content, "small.toml")


def course_of(made_of: ModelFile, **arm: Any) -> Course:
    tasks = class_incremental(load_split("digits", None, 20), made_of.tasks.classes)
    setting = Setting(model=fitted(made_of), tasks=tasks, progress=False, kept=None)
    waking = StrategySection(kind="sequential")
    values = {"name": "one", "label": "one", "waking": waking, "model": setting.model, **arm}
    return Course(setting, Arm(**values))


def fitted(model: ModelFile) -> ModelFile:
    sizes = model.network.model_copy(update={"sizes": [784, 30, 20, 6]})
    return model.model_copy(update={"network": sizes})


def test_weights_go_a_part_of_the_way_from_the_second_waking_on() -> None:
    averaged, plain = course_of(small()), course_of(small(averaging=None))
    for course in (averaged, plain):
        course.learn(0)
        course.sleep(0)
    first = state_of(averaged.network)
    assert all((first[name] == one).all() for name, one in state_of(plain.network).items())
    first = {name: torch.tensor(one) for name, one in first.items()}
    for course in (averaged, plain):
        course.learn(1)
        course.sleep(1)
    for (name, start), part in zip(first.items(), (0.7, 0.4, 0.9), strict=True):
        end = plain.network.state_dict()[name]
        torch.testing.assert_close(
            averaged.network.state_dict()[name], torch.lerp(start, end, part), msg=name
        )
        assert not torch.equal(start, end)
    assert averaged.stored_bytes == N_BYTES
    assert plain.stored_bytes == 0


def test_averaging_without_sleep_is_that_of_training_alone() -> None:
    (control,), _ = find_controls(["averaging_alone"], small(), ["0.weight"])
    arm = control.arm(fitted(small()))
    assert arm.model is None
    course = course_of(small(), model=None, alter=arm.alter)
    course.learn(0)
    course.alter(0)
    before = [one.detach().clone() for one in course.network.parameters()]
    course.learn(1)
    learned = [one.detach().clone() for one in course.network.parameters()]
    course.alter(1)
    woken = list(course.network.parameters())
    for start, end, one, part in zip(before, learned, woken, (0.7, 0.4, 0.9), strict=True):
        torch.testing.assert_close(one.detach(), torch.lerp(start, end, part))


def test_outputs_and_hidden_layers_compete_asleep() -> None:
    course = course_of(small())
    nights = course.nights
    assert isinstance(nights, SleepNights)
    prepared = prepare_night(nights.request(course.network, 0))
    assert prepared.assembly.winners == {"0": 6, "3": 4, "6": 1}
    assert course.setting.training == Training(lr=[0.03, 0.03, 0.09], epochs=1)


def test_each_control_takes_one_part_away() -> None:
    model = fitted(small())
    found, left_out = find_controls(PARTS, model, ["0.weight"])
    assert [one.name for one in found] == list(PARTS)
    assert left_out == []
    changed = {one.name: one.arm(model).model for one in found}
    assert changed["all_active"].network.winners is None
    assert changed["no_averaging"].sleep.averaging is None
    assert changed["averaging_alone"] is None
    assert changed["no_output_winners"].sleep.output_winners is None
    assert changed["with_increase"].sleep.plasticity.build().increase == [
        *(1.65838e-4, 1.65838e-4, 4.52187e-4)
    ]
    for name in ("all_active", "with_increase"):
        others = model.model_dump().keys() - {"network", "sleep"}
        assert all(getattr(changed[name], key) == getattr(model, key) for key in others)


def test_what_a_model_lacks_is_no_control_of_it() -> None:
    default = load_model_file()
    found, left_out = find_controls(PARTS, default, ["0.weight"])
    assert found == []
    assert [line.partition(":")[0] for line in left_out] == list(PARTS)
    found, left_out = find_controls(["all"], default, ["0.weight", "3.weight"])
    assert not {one.name for one in found} & set(PARTS)
    assert left_out == [], "nobody is told of parts that most models do not have"
    found, left_out = find_controls(["increase_only", "decrease_only"], small(), ["0.weight"])
    assert found == []
    assert left_out == [
        "increase_only: nothing would be left of the rule 'src'",
        "decrease_only: the rule 'src' has 'increase' or 'potentiation' = 0 anyway",
    ]


def test_a_control_may_have_another_network() -> None:
    model = fitted(small())
    (control,), _ = find_controls(["all_active"], model, ["0.weight"])
    course = course_of(model, model=control.arm(model).model)
    assert [type(part).__name__ for part in course.network] == ["Linear", "ReLU"] * 2 + ["Linear"]
    course.learn(0)
    assert isinstance(course.nights, SleepNights)
    assert prepare_night(course.nights.request(course.network, 0)).assembly.winners == {"4": 1}


def test_a_run_that_was_cut_off_goes_on_to_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "small.toml"
    file.write_text(TEXT.replace("output_winners", "nights_after = [1, 3]\noutput_winners"))
    whole = run_experiment(file, out=tmp_path / "whole", progress=False, baselines=False)
    sleep = Course.sleep

    def cut(course: Course, index: int) -> object:
        if index == 2:
            raise KeyboardInterrupt
        return sleep(course, index)

    options: dict[str, Any] = {"out": tmp_path / "cut", "progress": False, "baselines": False}
    with monkeypatch.context() as patched:
        patched.setattr(Course, "sleep", cut)
        with pytest.raises(KeyboardInterrupt):
            run_experiment(file, **options)
    again = run_experiment(file, **options, resume=True)
    assert again.metrics["accuracy"] == whole.metrics["accuracy"]
    assert again.metrics["sleep"]["stored_bytes"] == N_BYTES


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[0.7, 0.4, 0.9]", "[0.5, 0.5]", "averaging has 2 values, but the network"),
        ("[0.7, 0.4, 0.9]", "2", "averaging must be at most 1"),
        ("output_winners = 1", "output_winners = 0", "output_winners"),
        ("\nwinners = 0.2", "\nwinners = 0.2\ndropout = 0.1", "give winners or dropout, not both"),
        ("\nwinners = 0.2", "\nwinners = 2", "winners"),
        ("[0.03, 0.03, 0.09]", "[0.1, 0.1]", "lr has 2 rates, but the network has 3 layers"),
    ],
)
def test_values_that_will_not_do(old: str, new: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(TEXT.replace(old, new))
    with pytest.raises(BrainsleepError, match=told):
        run_experiment(file, out=tmp_path / "run", baselines=False, progress=False)
    assert not (tmp_path / "run").exists()
