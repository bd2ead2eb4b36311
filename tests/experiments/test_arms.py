"""Arms of an experiment: strategies, nights that are not after every task, controls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from brainsleep.errors import ModelFileError, ParameterError
from brainsleep.experiments.arms import Arm, compared_arm
from brainsleep.experiments.arms.setting import Setting
from brainsleep.experiments.cli import app
from brainsleep.experiments.continual import continual_experiment, continual_run
from brainsleep.experiments.continual import course as course_module
from brainsleep.experiments.continual.course import run_arm
from brainsleep.experiments.controls import ALL_CONTROLS, FIXED_CONTROLS, find_controls
from brainsleep.experiments.finished_runs.run_reading import load_run
from brainsleep.experiments.model_files.materials import compared_strategies
from brainsleep.experiments.model_files.modelfile import ModelFile, load_model_file, parse_model
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.run_request import RunRequest
from brainsleep.experiments.model_files.training_sections import StrategySection
from brainsleep.experiments.nights import sleep_nights
from brainsleep.experiments.nights.sleep_nights import SleepNights
from brainsleep.experiments.result_tables.measure_table import measure_table
from brainsleep.experiments.result_tables.tables import result_table
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.run_directory import opening
from brainsleep.measures import calibration_error
from brainsleep.night.describing.findings import GROWTH_OF_NIGHTS
from brainsleep.wake import (
    accuracy,
    class_incremental,
    concatenate,
    confusion_matrix,
    learning,
    load_split,
    network_outputs,
    task_accuracies,
    task_answers,
)

TEXT = """
name = "arms"
description = "Three tasks, a small network, short nights."

[data]
dataset = "digits"
train_per_class = 30

[tasks]
classes = [[0, 1], [2, 3], [4, 5]]

[network]
sizes = [784, 20, 10]
dropout = 0.0

[training]
epochs = 2

[sleep]
dtype = "float64"

[sleep.neuron]
kind = "heaviside"
gain = "tadros"
threshold = [0.16, 0.1]
decay = 0.999

[sleep.plasticity]
kind = "src"
weight_factor = "tadros2022"
increase = 3e-4
decrease = 2e-4

[sleep.stimulus]
max_rate = "430 Hz"

[sleep.steps]
first = 30
"""


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    """Return a model file that runs in a second."""
    file = tmp_path / "arms.toml"
    file.write_text(TEXT)
    return file


def changed(**tables: dict[str, Any]) -> ModelFile:
    """Return the model with other values in some tables."""
    import tomllib

    content = tomllib.loads(TEXT)
    for name, values in tables.items():
        content[name] = {**content.get(name, {}), **values}
    return parse_model(content, "arms.toml")


def setting_of(model: ModelFile) -> Setting:
    tasks = class_incremental(load_split("digits", None, 30), model.tasks.classes)
    return Setting(model=model, tasks=tasks, progress=False)


def arm(model: ModelFile | None, **values: Any) -> Arm:
    return Arm(
        name="one", label="one", waking=StrategySection(kind="sequential"), model=model, **values
    )


# Nights


def test_a_night_that_changes_nothing_is_none() -> None:
    """Waking up with the weights from before gives what training alone gives, bit for bit."""
    model = changed()
    setting = setting_of(model)
    awake = run_arm(arm(None), setting)
    asleep = run_arm(arm(model), setting)
    unchanged = run_arm(arm(model, alter=lambda before, after, rng: before), setting)
    assert replace(unchanged, seconds=0) == replace(awake, seconds=0)
    assert asleep.R != awake.R


def test_arms_begin_with_what_the_untrained_network_says(monkeypatch) -> None:
    setting, shown = setting_of(changed()), []
    monkeypatch.setattr(
        task_answers,
        "network_outputs",
        lambda network, images, **values: (
            shown.append(len(images)) or network_outputs(network, images, **values)
        ),
    )
    joint = StrategySection(kind="joint")
    found = run_arm(Arm(name="joint", label="joint", waking=joint), setting)
    n_images = sum(len(task.test) for task in setting.tasks)
    assert found.ahead == found.untrained == task_accuracies(setting.new_network(), setting.tasks)
    assert sum(shown) == 2 * n_images, "untrained, and trained"
    run_arm(arm(None), setting)
    assert sum(shown) == 2 * n_images + sum(
        len(task.test) for k in range(3) for task in setting.tasks[: k + 2]
    )


def test_weights_on_waking_are_those_of_the_control() -> None:
    model = changed()
    course = course_module.Course(
        setting_of(model),
        arm(model, alter=lambda before, after, rng: {n: 0 * w for n, w in after.items()}),
    )
    course.learn(0)
    course.sleep(0)
    assert all(not np.any(w) for w in course_module.state_of(course.network).values())


def test_rows_centred_where_nights_would_be_are_those_of_the_strategy() -> None:
    """The control changes weights as the strategy does, bit for bit, and only after those tasks."""
    model = changed()
    setting, centred = setting_of(model), FIXED_CONTROLS["rows_centred"]
    found = run_arm(centred.arm(model), setting)
    waking = StrategySection(kind="sequential_centred")
    assert found.R == run_arm(Arm(name="one", label="one", waking=waking), setting).R
    once = changed(sleep={"nights_after": [2]})
    found = run_arm(centred.arm(once), setting_of(once))
    awake = run_arm(arm(None), setting)
    assert found.R[0] == awake.R[0]
    assert found.R[1] != awake.R[1]


def test_every_control_goes_through_all_tasks() -> None:
    model = changed()
    setting = setting_of(model)
    wanted, left_out = find_controls([ALL_CONTROLS], model, ["0.weight", "2.weight"])
    assert left_out == []
    found = {one.name: run_arm(one.arm(model), setting) for one in wanted}
    asleep, awake = run_arm(arm(model), setting), run_arm(arm(None), setting)
    for name, result in found.items():
        assert [[one is None for one in row] for row in result.R] == [
            [False, True, True],
            [False, False, True],
            [False, False, False],
        ]
        assert result.R != asleep.R, name
        assert result.R != awake.R, name
    again = run_arm(FIXED_CONTROLS["change_permuted"].arm(model), setting)
    assert again.R == found["change_permuted"].R, "the seed fixes what is permuted"


def test_one_night_before_any_training() -> None:
    model = changed()
    setting = setting_of(model)
    course = course_module.Course(setting, arm(model))
    course.sleep(0)
    for index in range(3):
        course.learn(index)
    first = run_arm(arm(model, night_first=True), setting)
    assert first.R[-1] == course.row()
    assert first.R != run_arm(arm(None), setting).R


def test_nights_after_some_tasks_only(tmp_path: Path, model_file: Path) -> None:
    model_file.write_text(TEXT.replace("[sleep]\n", "[sleep]\nnights_after = [2]\n"))
    run = run_experiment(
        model_file, out=tmp_path / "run", strategies=("sequential",), progress=False
    )
    metrics = run.metrics
    assert metrics["nights_after"] == [2]
    assert [len(metrics[key]) for key in ("timings", "rates", "findings")] == [1, 1, 1]
    before, after = (metrics["accuracy"][f"{when}_sleep"] for when in ("before", "after"))
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, True]
    assert before[0] == metrics["strategies"]["sequential"]["R"][0]
    read = load_run(run.directory)
    assert len(read.nights) == 1
    assert list(read.rates.index) == ["task 2"]
    assert list(read.after_sleep.index) == ["after task 1", "after task 2", "after task 3"]
    assert np.isnan(read.tasks.loc["task 1", "steps"])
    assert read.tasks.loc["task 2", "steps"] == 30
    said: list[str] = []
    again = run_experiment(
        model_file, out=tmp_path / "2", baselines=False, progress=False, report=said.append
    )
    assert again.metrics["accuracy"]["final"] == metrics["accuracy"]["final"]
    assert "no night" in said[0]


def test_current_images_are_those_since_the_night_before() -> None:
    model = changed(sleep={"nights_after": [2]})
    setting = setting_of(model)
    network = setting.new_network()
    assert len(SleepNights(setting, model.sleep).request(network, 1).data) == 4 * 30
    every = changed()
    assert len(SleepNights(setting, every.sleep).request(network, 1).data) == 2 * 30
    assert len(SleepNights(setting, model.sleep).request(network, 2).data) == 2 * 30


@pytest.mark.parametrize("nights", [[0], "never", [1.5]])
def test_nights_after_what_is_no_task(nights: object) -> None:
    with pytest.raises(ModelFileError, match="nights_after"):
        changed(sleep={"nights_after": nights})


def test_nights_after_tasks_that_there_are_not(tmp_path: Path, model_file: Path) -> None:
    model_file.write_text(TEXT.replace("[sleep]\n", "[sleep]\nnights_after = [2, 4]\n"))
    with pytest.raises(ModelFileError, match="nights_after names task 4, but there are 3"):
        run_experiment(model_file, out=tmp_path / "run", progress=False)
    assert not (tmp_path / "run").exists()


# Strategies


def test_all_that_is_asked_for_is_compared(tmp_path: Path, model_file: Path) -> None:
    arguments = ["run", str(model_file), "--out", str(tmp_path / "run"), "--strategies"]
    result = CliRunner().invoke(app, [*arguments, "sequential,joint,replay:n_images=30"])
    assert result.exit_code == 0, result.output
    metrics = load_run(tmp_path / "run").metrics
    assert list(metrics["strategies"]) == ["sequential", "joint", "replay:n_images=30"]
    replay = metrics["strategies"]["replay:n_images=30"]
    assert replay["kind"] == "replay"
    assert replay["parameters"]["n_images"] == 30
    assert replay["stored_bytes"] >= 30 * 784
    assert replay["R"][0][1:] == [None, None]
    assert set(replay["per_class"]) == set("012345")
    assert np.sum(replay["confusion"]) == 600
    assert metrics["strategies"]["joint"]["R"][0] == [None] * 3
    assert metrics["accuracy"]["joint"] == metrics["strategies"]["joint"]["final"]
    assert "training: replay:n_images=30" in result.output
    assert "n_images = 30 " in result.output
    shown = measure_table([metrics])
    assert shown in result.output
    rows = {line.split("  ")[1]: line.split() for line in shown.splitlines() if line[:2] == "  "}
    measured = metrics["strategies"]["sequential"]["measures"]
    row = rows["no sleep (sequential training)"]
    assert f"{100 * measured['backward_transfer']:.1f}" in row
    assert f"{100 * measured['forgetting']:.1f}" in row
    assert rows["joint training (upper bound)"].count("-") == 5, "it was not measured on the way"
    assert "intransigence: accuracy of a task after joint training" in shown
    assert "±" in measure_table([metrics, metrics])
    operations = sum(sum(one.values()) for one in metrics["sleep"]["synaptic_operations"])
    for table in (shown, measure_table([metrics, metrics])):
        assert f"{operations:,} synaptic operations: one per spike and synapse" in table
    again = CliRunner().invoke(app, [*arguments, "sequential"])
    assert "it is not run again" in again.output
    more = CliRunner().invoke(app, [*arguments, "sequential_masked", "--resume"])
    assert more.exit_code == 0, more.output
    assert "sequential_masked" in load_run(tmp_path / "run").metrics["accuracy"]


def test_sleep_and_a_strategy_together_resume(
    tmp_path: Path, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the strategy keeps is kept with the network."""
    text = TEXT.replace("epochs = 2", 'epochs = 2\nstrategy = {kind = "replay", n_images = 20}')
    model_file.write_text(text)
    whole = run_experiment(model_file, out=tmp_path / "whole", baselines=False, progress=False)
    assert whole.metrics["sleep"]["kind"] == "replay"
    assert whole.metrics["sleep"]["stored_bytes"] >= 20 * 784
    run_night, nights = sleep_nights.run_night, []

    def twice(*args: Any, **kwargs: Any) -> Any:
        nights.append(1)
        if len(nights) == 3:
            raise KeyboardInterrupt
        return run_night(*args, **kwargs)

    monkeypatch.setattr(sleep_nights, "run_night", twice)
    options = {"out": tmp_path / "cut", "baselines": False, "progress": False}
    with pytest.raises(KeyboardInterrupt):
        run_experiment(model_file, **options)
    cut = run_experiment(model_file, resume=True, **options)
    assert len(nights) == 4, "the first two nights are not repeated"
    for key in ("accuracy", "sleep", "rates"):
        assert cut.metrics[key] == whole.metrics[key]
    assert load_run(cut.directory).nights[1].ann is not None


def test_sleep_and_a_strategy_beside_sleep_alone() -> None:
    """An arm that sleeps is what the run of that strategy with nights is."""
    model = changed()
    setting = setting_of(model)
    waking = StrategySection.of_word("replay:n_images=20:sleep=true")
    assert waking.arm_name == "replay:n_images=20:sleep=true"
    assert waking.label == "experience replay, n_images = 20, and sleep"
    assert StrategySection(kind="replay", sleep=True).arm_name == "replay_and_sleep"
    beside = run_arm(compared_arm(waking, model), setting)
    course = course_module.Course(setting, arm(model))
    course.strategy = StrategySection(kind="replay", n_images=20).strategy()
    for index in range(3):
        course.learn(index)
        course.sleep(index)
    assert beside.R[-1] == course.row()
    awake = StrategySection.of_word("replay:n_images=20")
    assert run_arm(compared_arm(awake, model), setting).R != beside.R
    with pytest.raises(ModelFileError, match="sleeps anyway"):
        changed(training={"strategy": {"kind": "replay", "sleep": True}})


@pytest.mark.parametrize(
    ("strategies", "said"),
    [
        (["replya"], "has no kind 'replya'. Did you mean 'replay'"),
        (["replay", "replay"], "'replay' is there twice"),
        ([{"kind": "replay", "n_image": 3}], "n_image.*Did you mean 'n_images'"),
        ([{"kind": "replay", "n_images": 0}], "n_images"),
        ([{"n_images": 5}], "misses the key 'kind'"),
    ],
)
def test_strategies_that_there_are_not(strategies: list[Any], said: str) -> None:
    with pytest.raises(ModelFileError, match=said):
        changed(compare={"strategies": strategies})


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("jont", "Did you mean 'joint'"),
        ("replay:n_images", "wants a name and KEY=VALUE"),
        ("replay:size=3", "has no key 'size'"),
    ],
)
def test_words_of_the_command_line_that_are_no_strategies(
    word: str, said: str, model_file: Path
) -> None:
    request = RunRequest(model_file=model_file, strategies=(word,))
    with pytest.raises((ModelFileError, ParameterError), match=said):
        compared_strategies(request, load_model_file(model_file))


def test_names_of_the_model_file_come_first(model_file: Path) -> None:
    model = changed(compare={"strategies": [{"kind": "replay", "n_images": 7, "name": "few"}]})
    asked = RunRequest(model_file=model_file, strategies=("few", "joint"))
    few, joint = compared_strategies(asked, model)
    assert few.strategy().n_images == 7
    assert joint.kind == "joint"
    assert compared_strategies(replace(asked, strategies=None), model) == (few,)
    assert compared_strategies(replace(asked, baselines=False), model) == ()


# Training that is kept


def test_training_is_done_once(
    tmp_path: Path, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs that differ in their nights share what does not depend on them, and change nothing."""
    trained: list[str] = []
    train = learning.train

    def counted(*args: Any, **kwargs: Any) -> Any:
        trained.append(kwargs["description"])
        return train(*args, **kwargs)

    monkeypatch.setattr(learning, "train", counted)
    monkeypatch.setenv("BRAINSLEEP_KEPT_TRAINING", str(tmp_path / "kept"))

    def run(name: str, steps: int, **options: Any) -> tuple[dict[str, Any], list[str]]:
        trained.clear()
        changes = Overrides(changes={"sleep.steps.first": steps})
        found = run_experiment(
            model_file,
            out=tmp_path / name,
            overrides=changes,
            strategies=("sequential", "joint"),
            progress=False,
            **options,
        )
        return found.metrics, list(trained)

    first, all_of_them = run("first", 30)
    assert len(all_of_them) == 3 + 1 + 2, "the first task is the same with and without sleep"
    second, others = run("second", 20)
    assert others == ["task 2 of 3", "task 3 of 3"], "all that comes after a night"
    anew, all_again = run("anew", 20, train_anew=True)
    assert len(all_again) == 3 + 1 + 3
    assert anew["accuracy"] == second["accuracy"] != first["accuracy"]
    assert second["seconds"]["sequential"] == first["seconds"]["sequential"]


def test_test_images_pass_the_network_once_at_the_end(model_file: Path) -> None:
    """Accuracy, confusion and calibration are of the same outputs; one image counts them."""
    setting = setting_of(load_model_file(model_file))
    course = course_module.Course(setting, arm(None))
    course.learn(0)
    sizes: list[int] = []
    course.network.register_forward_hook(lambda module, images, outputs: sizes.append(len(outputs)))
    result = course.result([], [])
    assert sum(sizes) == sum(len(one.test) for one in setting.tasks)
    network, tasks = course.network, setting.tasks
    shown = concatenate([one.test for one in tasks])
    assert result.final == accuracy(network, shown)
    assert result.confusion == confusion_matrix(network, shown).tolist()
    outputs = network_outputs(network, shown.images)
    assert result.calibration_error == pytest.approx(calibration_error(outputs, shown.labels))


def test_the_data_are_digested_once(
    tmp_path: Path, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digested = []
    digest_of = opening.digest_of
    for module in (continual_run, opening):
        told = lambda data: digested.append(data) or digest_of(data)  # noqa: E731
        monkeypatch.setattr(module, "digest_of", told)
    monkeypatch.setattr(continual_experiment.ContinualExperiment, "run_arms", interrupted)
    for resume in (False, True):
        with pytest.raises(KeyboardInterrupt):
            run_experiment(model_file, out=tmp_path / "run", resume=resume, progress=False)
    assert len(digested) == 2


def test_a_run_tells_growth_over_its_nights(tmp_path: Path, model_file: Path) -> None:
    """The factors of the nights are in the results; their product is told once, and is right."""
    rates = {"sleep.plasticity.increase": 2.0, "sleep.plasticity.decrease": 0.0}
    said: list[str] = []
    run = run_experiment(
        model_file,
        out=tmp_path / "run",
        overrides=Overrides(changes=rates),
        baselines=False,
        progress=False,
        report=said.append,
    )
    nights = run.metrics["growth"]
    assert len(nights) == 3
    for night, factors in zip(run.nights, nights, strict=True):
        for name, factor in factors.items():
            both = (night.weights_after[name], night.weights_before[name])
            after, before = (np.sqrt(np.mean(np.square(one, dtype="f8"))) for one in both)
            assert factor == pytest.approx(after / before)
    last = {
        one["layer"]: one
        for one in run.metrics["findings"][-1]
        if one["kind"] == "grown_over_nights"
    }
    products = {name: np.prod([night[name] for night in nights]) for name in nights[0]}
    assert {f"{layer}.weight" for layer in last} == {
        name for name, factor in products.items() if factor > GROWTH_OF_NIGHTS
    }
    assert last, products
    layer, one = next(iter(last.items()))
    assert one["value"] == pytest.approx(products[f"{layer}.weight"])
    told = [
        line for line in said if line.startswith(f"  {layer}: its weights") and "nights" in line
    ]
    assert len(told) == 1
    assert f"  {layer}: {one['text']}; lower what the rule adds" in result_table(run.metrics)


def interrupted(*arguments: object) -> None:
    raise KeyboardInterrupt
