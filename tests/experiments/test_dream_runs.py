"""Runs of model files whose nights are dreams: arms, controls, resumed runs, reports."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import mlp
from torch import nn

import brainsleep as bs
from brainsleep.errors import BrainsleepError, ModelFileError
from brainsleep.experiments.arms import Arm
from brainsleep.experiments.arms.setting import Setting
from brainsleep.experiments.comparison import compare_runs
from brainsleep.experiments.continual.course import run_arm
from brainsleep.experiments.controls import ALL_CONTROLS, FIXED_CONTROLS, controls_of, find_controls
from brainsleep.experiments.finished_runs.run_reading import load_run
from brainsleep.experiments.finished_runs.run_results import Run
from brainsleep.experiments.model_files.dreams_section import DreamsSection
from brainsleep.experiments.model_files.materials import load_materials
from brainsleep.experiments.model_files.modelfile import ModelFile, load_model_file, parse_model
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.run_request import RunRequest
from brainsleep.experiments.nights import dream_nights
from brainsleep.experiments.nights.dream_nights import DreamNights
from brainsleep.experiments.nights.night_kinds import nights_of
from brainsleep.experiments.report.reporting import write_report
from brainsleep.experiments.result_tables.tables import result_table
from brainsleep.experiments.run import run_experiment

TEXT = """
name = "dreaming"
[data]
dataset = "digits"
train_per_class = 20
[tasks]
classes = [[0, 1], [2, 3], [4]]
[network]
hidden = [30, 20]
output = "zero"
[training]
lr = 12.0
lr_unit = "1/input"
layers = "output"
epochs = 2
strategy = "sequential_masked"
[compare]
strategies = ["sequential"]
[dreams]
nrem_presentations = 20
rem_dreams = 20
rem_learning_rate = 100.0
"""


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model file of three unequal tasks that runs in seconds."""
    file = tmp_path_factory.mktemp("models") / "dreaming.toml"
    file.write_text(TEXT)
    return file


@pytest.fixture(scope="module")
def finished(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run with two controls."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    controls = ("no_potentiation", "pixel_shuffled")
    return run_experiment(model_file, out=out, controls=controls, progress=False)


def test_a_run_says_what_was_dreamed_and_stored(finished: Run) -> None:
    metrics = finished.metrics
    assert metrics["nights"] == "dreams"
    assert metrics["sleep"]["weights"] == ["4.weight"]
    stored = 5 * 20 * 4 + 5  # feedback weights, and a flag for each output
    assert metrics["sleep"]["stored_bytes"] >= stored
    assert metrics["strategies"]["sequential"]["stored_bytes"] == 0
    assert metrics["controls"]["no_potentiation"]["stored_bytes"] >= stored
    steps = [night["steps"] for night in metrics["timings"]]
    assert len(set(steps)) == 1
    assert set(metrics["rates"][0]) >= {"nrem 2", "rem 2", "nrem input"}
    table = result_table(metrics)
    assert "feedback weights, which amount to class means" in table
    assert "sleep, no potentiation" in table
    scores = metrics["accuracy"]
    assert scores["before_sleep"] != scores["after_sleep"]
    assert scores["controls"]["no_potentiation"] != scores["final"]


def test_nights_are_kept_with_their_memory(finished: Run) -> None:
    first, second, third = load_run(finished.directory).nights
    assert isinstance(third, bs.dreams.DreamNight)
    assert [night.memory.learned for night in (first, second, third)] == [
        (0, 1),
        (0, 1, 2, 3),
        (0, 1, 2, 3, 4),
    ]
    assert first.memory.thresholds == third.memory.thresholds
    assert np.array_equal(first.weights_after["0.weight"], third.weights_after["0.weight"])
    assert not np.array_equal(first.weights_after["4.weight"], third.weights_after["4.weight"])
    assert third.ann is not None
    woken = third.ann.state_dict()["4.weight"].numpy()
    assert np.array_equal(woken, third.weights_after["4.weight"])
    assert third.recipe.rem_dreams == 20
    assert third.rates["rem"]["4"].counts.sum() > 0


def test_a_run_that_is_cut_off_goes_on_with_its_memory(
    finished: Run, model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, nights = dream_nights.dream, []

    def cut(*given: object, **options: object) -> object:
        if len(nights) == 2:
            raise KeyboardInterrupt
        nights.append(1)
        return whole(*given, **options)

    out = tmp_path / "cut"
    monkeypatch.setattr(dream_nights, "dream", cut)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(model_file, out=out, progress=False)
    memories: list[object] = []

    def noted(*given: object, **options: object) -> object:
        memories.append(options["memory"])
        return whole(*given, **options)

    monkeypatch.setattr(dream_nights, "dream", noted)
    resumed = run_experiment(model_file, out=out, resume=True, progress=False)
    assert len(memories) == 1
    kept = finished.nights[1].memory
    np.testing.assert_array_equal(memories[0].feedback, kept.feedback)
    assert memories[0].thresholds == kept.thresholds
    assert resumed.metrics["accuracy"]["after_sleep"] == finished.metrics["accuracy"]["after_sleep"]
    assert resumed.metrics["sleep"]["stored_bytes"] == finished.metrics["sleep"]["stored_bytes"]


def test_runs_whose_hidden_layers_learn_keep_how_they_woke(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = {
        "training.layers": "all",
        "training.lr": [0.05, 0.05, 12.0],
        "dreams.rem_learning_rate": 5.0,
        "dreams.feedback_to": "first",
        "dreams.hidden_learning_rate": 50.0,
    }
    options: dict[str, Any] = {"overrides": Overrides(changes=learning), "progress": False}
    whole = run_experiment(model_file, out=tmp_path / "whole", **options)
    assert whole.metrics["sleep"]["weights"] == ["2.weight", "4.weight"]
    assert whole.metrics["sleep"]["stored_bytes"] > 4 * 784 * 30
    night = whole.nights[-1]
    for name in ("2.weight", "4.weight"):
        assert not np.array_equal(night.weights_before[name], night.weights_after[name])
    real, woken = dream_nights.dream, []

    def noted(*given: Any, **options: Any) -> object:
        before = options["before"]
        woken.append(None if before is None else before.state_dict()["0.weight"].numpy())
        if len(woken) == 2:
            raise KeyboardInterrupt
        return real(*given, **options)

    monkeypatch.setattr(dream_nights, "dream", noted)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(model_file, out=tmp_path / "cut", **options)
    resumed = run_experiment(model_file, out=tmp_path / "cut", resume=True, **options)
    for earlier, before in zip(whole.nights, woken[1:2] + woken[3:], strict=False):
        assert np.array_equal(earlier.weights_after["0.weight"], before)
    assert woken[0] is None
    assert resumed.metrics["accuracy"] == whole.metrics["accuracy"]


def model(**dreams: object) -> ModelFile:
    """Return the model with other keys of its nights."""
    content = tomllib.loads(TEXT)
    content["dreams"] |= dreams
    return parse_model(content, "dreaming.toml")


def setting_of(model_file: Path, **changes: object) -> Setting:
    """Return what arms of a model file have in common, changed and fitted to its data."""
    overrides = Overrides(changes={f"dreams.{key}": value for key, value in changes.items()})
    found = load_materials(RunRequest(model_file=model_file, overrides=overrides))
    return Setting(model=found.model, tasks=found.tasks, progress=False)


def test_every_control_goes_through_all_tasks(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each asks for another night than the model's own, or does something else with its weights."""
    asked: list[dict[str, object]] = []

    def noted(ann: nn.Module, images: np.ndarray, **options: object) -> object:
        asked.append({"images": images, **options})
        return whole(ann, images, **options)

    whole = dream_nights.dream
    monkeypatch.setattr(dream_nights, "dream", noted)
    setting = setting_of(model_file, nights_after=[1])
    wanted = setting.model
    found, left_out = find_controls([ALL_CONTROLS], wanted, ["4.weight"])
    assert left_out == []
    of_dreams = [name for name in controls_of("dreams") if not FIXED_CONTROLS[name].of_part]
    assert [one.name for one in found] == of_dreams
    run_arm(Arm(name="s", label="s", waking=wanted.training.strategy, model=wanted), setting)
    own = asked.pop()
    for control in found:
        result = run_arm(control.arm(wanted), setting)
        if not control.sleeps:
            assert asked == []
            assert result.stored_bytes == 0
            continue
        other = asked.pop()
        assert asked == []
        differs = (
            other["recipe"] != own["recipe"],
            not np.array_equal(other["images"], own["images"]),
        )
        assert differs.count(True) == (control.alter is None), control.name


def test_controls_of_the_other_kind_are_left_out_and_said() -> None:
    names = ["no_residue", "decrease_only"]
    found, left_out = find_controls(names, model(), ["4.weight"])
    assert [one.name for one in found] == ["no_residue"]
    assert left_out == ["decrease_only: it is a control of [sleep], and the model has [dreams]"]
    found, left_out = find_controls(names, load_model_file(), ["0.weight"])
    assert [one.name for one in found] == ["decrease_only"]
    assert left_out == ["no_residue: it is a control of [dreams], and the model has [sleep]"]
    lacking = model(without=["residue"])
    assert find_controls(["no_residue"], lacking, [])[1] == [
        "no_residue: the model's nights lack residue anyway"
    ]


def test_a_night_after_several_tasks_has_a_cycle_for_each(
    model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night after several tasks has a cycle for each, with its images and its outputs."""
    asked: list[dict[str, Any]] = []
    whole = dream_nights.dream

    def noted_of(ann: nn.Module, images: np.ndarray, **options: Any) -> Any:
        asked.append({"images": images, **options})
        return whole(ann, images, **options)

    monkeypatch.setattr(dream_nights, "dream", noted_of)
    setting = setting_of(model_file, nights_after=[2, 3])
    nights, network = nights_of(setting, setting.model), setting.new_network()
    assert isinstance(nights, DreamNights)
    first = nights.sleep(network, 1)
    assert first.memory.learned == (0, 1, 2, 3)
    assert list(first.rates) == ["nrem 1", "rem 1", "nrem 2", "rem 2"]
    assert set(first.cues[:20]) == {-1}
    assert set(first.cues[20:]) == {-1, 0, 1}
    shown = [options["today"] for options in asked]
    assert shown == [[0, 1], [2, 3]]
    for options, task in zip(asked, setting.tasks, strict=False):
        np.testing.assert_array_equal(options["images"], task.train.images)
    second = nights.sleep(first.ann, 2)
    assert second.memory.learned == (0, 1, 2, 3, 4)
    assert list(second.rates) == ["nrem", "rem"]
    assert set(second.cues) <= {-1, 0, 1, 2, 3}
    noted = nights.notes(first)
    totals = [first.n_spikes[stage]["4"] for stage in ("rem 1", "rem 2")]
    assert noted["spikes"]["rem 4"] == sum(totals)
    assert noted["timings"]["steps"] == 2 * nights.notes(second)["timings"]["steps"]
    with pytest.raises(ModelFileError, match="nights_after names task 4, but there are 3"):
        model(nights_after=[4]).nights.check_tasks(3)


def test_cells_and_stages_of_a_model_file_reach_its_nights(model_file: Path) -> None:
    cells = {"neuron.kind": "lif", "neuron.threshold": "15 mV", "neuron.tau_m": "5 ms"}
    only_rem = {"stages.rem.kind": "rem", "without": ["nrem"]}  # one program less to compile
    setting = setting_of(model_file, **cells, **only_rem)
    section = setting.model.nights
    assert isinstance(section, DreamsSection)
    nights, network = nights_of(setting, setting.model), setting.new_network()
    assert nights.check(network) == ("4.weight",)
    night = nights.sleep(network, 0)
    assert night.neuron == repr(bs.LIF(threshold="15 mV", tau_m="5 ms"))
    assert night.stages == {"rem": repr(bs.stages.REM())}
    assert night.n_spikes["rem"]["2"] > 0
    assert section.gates() == {"rem": bs.stages.REM()}


def test_either_stage_of_the_night_is_gated_by_any_stage() -> None:
    nrem = {"kind": "nrem", "b": "40 pA", "spindles": True}
    section = model(stages={"nrem": nrem, "rem": {"kind": "wake"}}).nights
    assert isinstance(section, DreamsSection)
    assert section.gates() == {
        "nrem": bs.stages.NREM(b="40 pA", spindles=bs.stages.Spindles()),
        "rem": bs.stages.Wake(),
    }
    assert (model().nights.cells(), model().nights.gates()) == (None, None)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("dreams", "said"),
    [
        ({"neuron": {"kind": "lif"}}, r"give it, as in LIF\(threshold=15\), in mV"),
        ({"neuron": {"kind": "lif", "threshold": [15, 15, 15]}}, "threshold"),
        (
            {"neuron": {"kind": "lif", "threshold": 15}, "feedback_to": "first"},
            "feedback_to at 'last'",
        ),
        ({"stages": {"rem": {"kind": "rem"}}, "feedback_to": "first"}, "feedback_to at 'last'"),
        ({"neuron": {"kind": "conductance_lif"}}, "ConductanceLIF cannot dream"),
    ],
)
def test_cells_that_cannot_dream_are_told_before_training(
    dreams: dict[str, object], said: str
) -> None:
    setting = Setting(model=model(**dreams), tasks=())
    with pytest.raises(BrainsleepError, match=said) as raised:
        nights_of(setting, setting.model).check(mlp((12, 9, 8, 4)))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("dreams", "said"),
    [
        ({"nrem_presentation": 3}, r"\[dreams\] has no key 'nrem_presentation'. Did you mean"),
        ({"devise": "cpp"}, r"\[dreams\] has no key 'devise'. Did you mean 'device'"),
        ({"rem_dreams": -1}, r"\[dreams\] recipe: rem_dreams"),
        ({"without": ["residues"]}, r"\[dreams\] without: .* Did you mean 'residue'"),
        ({"kind": "night_mares"}, r"\[dreams\] has no kind 'night_mares'"),
        ({"nights_after": [0]}, "nights_after"),
        ({"neuron": {"kind": "lfi"}}, r"\[dreams.neuron\] has no kind 'lfi'. Did you mean 'lif'"),
        ({"neuron": {"threshold": 15}}, r"\[dreams.neuron\] misses the key 'kind'"),
        ({"neuron": {"kind": "lif", "tau": 1}}, r"\[dreams.neuron\] .* no key 'tau'.*'tau_m'"),
        ({"neuron": "lif"}, r"\[dreams.neuron\] is a table.* Did you mean dreams.neuron.kind\?"),
        ({"stages": {"kind": "nrem"}}, r"\[dreams.stages\] has no key 'kind'"),
        ({"stages": {"nrem": "nrem"}}, r"\[dreams.stages.nrem\] is a table with the keys kind"),
        ({"stages": {"rem": {"kind": "hypnogram"}}}, r"\[dreams.stages.rem\] kind: .*'nrem'"),
        ({"stages": {"rem": {"kind": "rem", "b": "1 mV"}}}, r"\[dreams.stages.rem\] .* b must be"),
        ({"stages": {"rem": {"kind": "rem", "n_cycles": 2}}}, r"stages.rem\] .* has no n_cycles"),
    ],
)
def test_tables_that_make_no_sense(dreams: dict[str, object], said: str) -> None:
    with pytest.raises(ModelFileError, match=said):
        model(**dreams)


def test_nights_are_of_one_kind() -> None:
    content = tomllib.loads(TEXT) | {"sleep": {"dt": "1 ms"}}
    with pytest.raises(ModelFileError, match=r"give \[sleep\] or \[dreams\], not both"):
        parse_model(content, "both.toml")


def test_what_a_network_without_hidden_layer_is_told(model_file: Path, tmp_path: Path) -> None:
    """Before anything is trained or written."""
    flat = Overrides(changes={"network.hidden": []})
    with pytest.raises(BrainsleepError, match="need a hidden layer"):
        run_experiment(model_file, out=tmp_path / "run", overrides=flat, progress=False)
    assert not (tmp_path / "run").exists()


def test_changes_of_the_command_line_reach_the_night(model_file: Path) -> None:
    overrides = Overrides(device="runtime", changes={"dreams.rem_dreams": 5})
    changed = overrides.apply(load_model_file(model_file))
    assert changed.nights.device == "runtime"
    assert isinstance(changed.nights, DreamsSection)
    assert changed.nights.recipe().rem_dreams == 5
    with pytest.raises(ModelFileError, match=r"Did you mean 'dreams\.rem_dreams'"):
        Overrides(changes={"dream.rem_dreams": 5}).apply(load_model_file(model_file))
    wrong = Overrides(changes={"dreams.stages.nrem.kind": "nerm"})  # of a table that is not there
    with pytest.raises(ModelFileError, match=r"\[dreams\.stages\.nrem\] kind: .*'nerm'"):
        wrong.apply(load_model_file(model_file))


def test_pages_and_comparisons(finished: Run, tmp_path: Path) -> None:
    page = write_report(finished.directory, out=tmp_path / "page.html").read_text()
    for words in (
        "feedback weights, which amount to class means",
        "dreams.rem_learning_rate",
        "sleep, no potentiation",
        "measured in nights of [sleep]",
    ):
        assert words in page, words
    assert "sleep.stimulus" not in page
    drawn = json.loads(re.search(r'id="drawn"[^>]*>(.*?)</script>', page, re.S)[1])  # type: ignore[index]
    night = drawn["nights"][-1]
    assert [one[0] for one in night["segments"]] == ["NREM", "REM"]
    assert night["segments"][1][1] == night["segments"][0][2]
    shown = {one["label"]: one for one in night["panels"]}
    rates = finished.nights[-1].rates
    for name in ("input", "2"):
        counts = [rates[stage][name].counts.sum() for stage in ("nrem", "rem")]
        assert shown[name]["n_spikes"] == sum(counts)
        assert shown[name]["n_shown"] == 0
    assert shown["4"]["n_shown"] == 5
    finished.nights[-1].save(tmp_path / "night")  # one alone, from a run
    alone = write_report(tmp_path / "night").read_text()
    for words in ("outputs that have learned", "0, 1, 2, 3, 4", "rem learning rate", "dreamed (5)"):
        assert words in alone, words
    table, picture = compare_runs(finished.directory, finished.directory, out=tmp_path / "both")
    assert "steps per night" in table
    assert picture.exists()


REPLAY = """
[dreams]
kind = "hippocampal_indices"
capacity_bytes = 900
n_parts = 5
n_codes = 4
replays = 60
"""
WITH_REPLAY = TEXT.partition("[dreams]")[0] + REPLAY


def replaying(text: str = "") -> ModelFile:
    """Return the model with nights that replay what is stored."""
    return parse_model(tomllib.loads(WITH_REPLAY + text), "replay.toml")


def test_nights_replay_what_is_stored_and_go_on_with_it(tmp_path: Path) -> None:
    file = tmp_path / "replay.toml"
    file.write_text(WITH_REPLAY)
    setting = setting_of(file)
    model = setting.model
    nights = nights_of(setting, model)
    network = setting.new_network()
    assert nights.check(network) == ("4.weight",)
    first = nights.sleep(network, 0)
    again = nights_of(setting, model)
    again.restore(nights.state())
    found = [one.sleep(network, 1) for one in (nights, again)]
    for name, weights in found[0].weights_after.items():
        np.testing.assert_array_equal(weights, found[1].weights_after[name])
    assert set(first.cues) == {0, 1}
    assert set(found[0].cues) == {0, 1, 2, 3}
    assert nights.stored_bytes == found[0].memory.n_bytes <= 900
    assert nights.notes(first)["spikes"]["nrem indices"] == 60 * 10


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("learning_onset = 10", "must be below replay_steps"),
        (
            '[dreams.neuron]\nkind = "lif"\nthreshold = "15 mV"',
            r"\[dreams.neuron\]: nights of kind",
        ),
        ('[dreams.stages.rem]\nkind = "rem"', r"\[dreams.stages.rem\]: nights of kind"),
    ],
)
def test_tables_of_replay_that_make_no_sense_are_refused(text: str, words: str) -> None:
    with pytest.raises(ModelFileError, match=words):
        replaying(text)


def test_replay_needs_hidden_layers_that_stay() -> None:
    model = replaying().model_copy(
        update={"training": replaying().training.model_copy(update={"layers": "all"})}
    )
    setting = Setting(model=model, tasks=(), progress=False)
    with pytest.raises(ModelFileError, match=r'set \[training\] layers = "output"'):
        nights_of(setting, model).check(mlp((784, 30, 20, 5)))


def test_controls_of_replay() -> None:
    names = ["no_codes", "no_classes", "no_episodes", "no_up_states", "no_residue"]
    found, left_out = find_controls(names, replaying(), ["4.weight"])
    assert [one.name for one in found] == ["no_codes", "no_classes", "no_episodes"]
    assert left_out == [
        "no_up_states: no stage gates the model's NREM",
        "no_residue: nights of kind 'hippocampal_indices' have no residue",
    ]
