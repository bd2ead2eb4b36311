"""Model files: what is accepted, what is refused, and with which messages."""

from __future__ import annotations

import tomllib
from importlib import import_module
from inspect import isabstract
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType

import pytest
from brian2 import ms, nS, pA

import brainsleep as bs
from brainsleep.errors import ModelFileError, ParameterError
from brainsleep.experiments.arms.setting import Setting
from brainsleep.experiments.continual import continual_experiment as experiment
from brainsleep.experiments.model_files.kinds import stated_keys_of
from brainsleep.experiments.model_files.modelfile import load_model_file, parse_model
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.experiments.nights.sleep_nights import SleepNights
from brainsleep.neurons import NEURONS
from brainsleep.plasticity import RULES
from brainsleep.support.quantities import quantity
from brainsleep.wake import class_incremental, load_split

MODELS = Path(__file__).parents[2] / "models"
#: Model files of experiments with sleep; those without labels are tested in test_winners.py.
SLEEPING = [
    path for path in sorted(MODELS.glob("*.toml")) if "sleep" in tomllib.loads(path.read_text())
]


def content() -> dict:
    """Return the content of the default model file, to be changed."""
    return tomllib.loads(find_model().read_text())


@pytest.mark.parametrize("path", SLEEPING, ids=lambda path: path.stem)
def test_every_model_file_is_valid_and_named_after_itself(path: Path) -> None:
    model = load_model_file(path)
    assert model.name == path.stem
    assert model.references
    for build in model.nights.checks():
        build()


def test_models_holds_what_is_promised() -> None:
    assert {path.stem for path in MODELS.glob("*.toml")} >= {
        "split_mnist_heaviside",
        "split_mnist_lif",
        "split_mnist_tadros2022",
        "split_fashion_mnist_heaviside",
        "split_mnist_adex",
        "adaptive_threshold",
    }


def test_default_experiment_is_split_mnist_heaviside() -> None:
    assert find_model().read_text() == (MODELS / "split_mnist_heaviside.toml").read_text()


def test_steps_grow_with_the_task() -> None:
    steps = load_model_file(MODELS / "split_mnist_tadros2022.toml").sleep.steps
    assert [steps.of_task(k) for k in range(5)] == [15000, 20000, 25000, 30000, 35000]


@pytest.mark.parametrize(
    ("table", "key", "nearest"),
    [
        ("sleep.neuron", "treshold", "threshold"),
        ("sleep.plasticity", "weigth_factor", "weight_factor"),
        ("sleep.stimulus", "maxrate", "max_rate"),
        ("training", "batchsize", "batch_size"),
        ("data", "data_set", "dataset"),
        ("sleep.steps", "growth", None),
        ("", "trainning", "training"),
    ],
)
def test_unknown_key_is_refused_with_the_nearest(table: str, key: str, nearest: str | None) -> None:
    spoiled = content()
    place = spoiled
    for part in filter(None, table.split(".")):
        place = place[part]
    place[key] = 1
    with pytest.raises(ModelFileError, match=key) as caught:
        parse_model(spoiled, "my.toml")
    assert "my.toml" in str(caught.value)
    if nearest is not None:
        assert f"Did you mean '{nearest}'?" in str(caught.value)
    if table:
        assert f"[{table}]" in str(caught.value)


@pytest.mark.parametrize(
    ("table", "key", "value", "said"),
    [
        (
            "sleep.plasticity",
            "weight_factor",
            "tadros2O22",
            r"\[sleep.plasticity\] unknown weight_factor 'tadros2O22'. Did you mean 'tadros2022'",
        ),
        (
            "sleep.plasticity",
            "weight_factor",
            ["tadros2022"],
            r"\[sleep.plasticity\] unknown weight_factor \['tadros2022'\]",
        ),
        (
            "sleep.plasticity",
            "kind",
            "scr",
            r"\[sleep.plasticity\] has no kind 'scr'. Did you mean 'src'",
        ),
        ("sleep.plasticity", "kind", 3, r"\[sleep.plasticity\] kind: .* but is 3"),
        (
            "sleep.neuron",
            "kind",
            "heavyside",
            r"\[sleep.neuron\] has no kind 'heavyside'. Did you mean 'heaviside'",
        ),
        (
            "sleep.neuron",
            "threshold",
            "calibratd",
            r"\[sleep.neuron\] threshold must be .* Did you mean 'calibrated'",
        ),
        ("sleep.neuron", "gain_scale", "2", r"\[sleep.neuron\] gain_scale must be a number"),
        ("sleep.neuron", "decay", "20 ms", r"\[sleep.neuron\] decay must be a number"),
        ("sleep.stimulus", "max_rate", "20 ms", "max_rate must be in Hz"),
        ("sleep.stimulus", "max_rate", "-20 Hz", "max_rate"),
        ("sleep.stimulus", "mask", "windows", "mask"),
        ("sleep.steps", "first", 0, "first"),
        ("sleep", "biases", "learned", "biases.*'frozen', 'learn' or 'ignore'"),
        ("training", "lr", -1.0, "lr"),
        ("training", "loss", "crossentropy", "cross_entropy"),
        ("data", "evaluate_on", "train", "evaluate_on"),
        (
            "tasks",
            "scenario",
            "class_incremental",
            "unknown scenario 'class_incremental'. Did you mean 'class-incremental'",
        ),
    ],
)
def test_wrong_value_is_refused_by_name(table: str, key: str, value: object, said: str) -> None:
    spoiled = content()
    place = spoiled
    for part in table.split("."):
        place = place[part]
    place[key] = value
    with pytest.raises(ModelFileError, match=said):
        parse_model(spoiled, "my.toml")


def test_a_rate_that_does_not_go_with_the_weights_must_be_stated() -> None:
    spoiled = content()
    spoiled["sleep"]["plasticity"] = {"kind": "diehl_cook", "potentiation": 1e-2}
    with pytest.raises(ModelFileError, match="misses the key 'depression'"):
        parse_model(spoiled, "my.toml")


def test_without_models_nights_have_the_defaults_of_sleep() -> None:
    plain = content()
    del plain["sleep"]["neuron"], plain["sleep"]["plasticity"]
    sleep = parse_model(plain, "my.toml").sleep
    assert sleep.neuron.build() == bs.Heaviside()
    assert sleep.plasticity.build() == bs.SRC()
    plain["sleep"] |= {"neuron": {"decay": 0.9}, "plasticity": {"increase": "0.5 %"}}
    sleep = parse_model(plain, "my.toml").sleep
    assert sleep.neuron.build() == bs.Heaviside(decay=0.9)
    assert sleep.plasticity.build() == bs.SRC(increase="0.5 %")
    plain["sleep"]["neuron"] = {"kind": "adex"}
    assert parse_model(plain, "my.toml").sleep.neuron.build() == bs.AdEx()


def test_everything_wrong_with_the_models_is_said_at_once() -> None:
    spoiled = content()
    spoiled["sleep"]["neuron"] |= {"gian": 1.0, "tau_m": "20 ms"}
    spoiled["sleep"]["plasticity"] = {"kind": "src", "increse": 1e-3}
    with pytest.raises(ModelFileError) as caught:
        parse_model(spoiled, "my.toml")
    for words in (
        "[sleep.neuron] kind = 'heaviside' has no key 'gian'. Did you mean 'gain'?",
        "[sleep.neuron] kind = 'heaviside' has no key 'tau_m'.",
        "[sleep.plasticity] kind = 'src' has no key 'increse'. Did you mean 'increase'?",
    ):
        assert words in str(caught.value)


@pytest.mark.parametrize("name", NEURONS)
def test_every_neuron_model_can_be_written_down(name: str) -> None:
    changed = content()
    changed["sleep"]["neuron"] = {"kind": name, "gain": 1.0, "threshold": [0.1, 0.2, 0.3]}
    neuron = parse_model(changed, "my.toml").sleep.neuron.build()
    assert type(neuron) is NEURONS[name]
    assert neuron == NEURONS[name](gain=1.0, threshold=[0.1, 0.2, 0.3])


def rule_table(name: str, leave_out: str = "") -> dict:
    """Return a complete table of a rule, or one without a key."""
    table = {"kind": name, **dict.fromkeys(stated_keys_of(RULES[name]), 1e-3)}
    if "rule" in table:
        table["rule"] = {"kind": "stdp", "potentiation": 1e-3, "depression": 1e-3}
    if "target_rate" in table:
        table["target_rate"] = "5 Hz"
    table.pop(leave_out, None)
    return table


@pytest.mark.parametrize("name", RULES)
def test_every_rule_can_be_written_down_and_states_its_learning_rates(name: str) -> None:
    changed = content()
    changed["sleep"]["plasticity"] = rule_table(name)
    rule = parse_model(changed, "my.toml").sleep.plasticity.build()
    assert type(rule) is RULES[name]
    assert stated_keys_of(RULES[name]) or "%" in repr(RULES[name]())
    for key in stated_keys_of(RULES[name]):
        changed["sleep"]["plasticity"] = rule_table(name, leave_out=key)
        with pytest.raises(ModelFileError, match=f"misses the key '{key}'"):
            parse_model(changed, "my.toml")


@pytest.mark.parametrize(
    ("package", "base", "registry"),
    [
        (bs.neurons, bs.neurons.LayeredNeuron, NEURONS),
        (bs.plasticity, bs.plasticity.LayeredRule, RULES),
    ],
)
def test_model_files_know_every_model_of_the_package(
    package: ModuleType, base: type, registry: dict
) -> None:
    classes = set()
    for _, name, _ in iter_modules(package.__path__):
        module = import_module(f"{package.__name__}.{name}")
        own = {
            each
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, base) and not isabstract(each)
        }
        classes |= own
        for each in own - {base}:
            if each.__module__ == module.__name__:
                assert getattr(bs, each.__name__) is each
    assert classes == set(registry.values())
    assert all(registry[each.kind] is each for each in classes)


def test_quantities_are_strings() -> None:
    changed = content()
    changed["sleep"]["neuron"] = {"kind": "adex", "b": "20 pA", "g_l": "25 nS", "tau_w": "100 ms"}
    neuron = parse_model(changed, "my.toml").sleep.neuron.build()
    own = neuron.parameters(["0"], [1.0], [20.0])[0]
    expected = bs.AdEx(b=20 * pA, g_l=25 * nS, tau_w=100 * ms).parameters(["0"], [1.0], [20.0])[0]
    assert own == pytest.approx(expected)
    changed["sleep"]["neuron"]["b"] = "20 mV"
    with pytest.raises(ModelFileError, match=r"\[sleep.neuron\] b must be in pA"):
        parse_model(changed, "my.toml")


def test_rule_around_a_rule_is_a_table_in_a_table() -> None:
    changed = content()
    inner = changed["sleep"]["plasticity"]
    outer = {"kind": "downscaling", "downscaling": 0.1, "rule": inner}
    changed["sleep"]["plasticity"] = outer
    section = parse_model(changed, "my.toml").sleep.plasticity
    rule = load_model_file().sleep.plasticity.build()
    assert section.build() == bs.plasticity.Downscaling(rule, downscaling=0.1)
    assert section.with_value("increase", 0.0).build().rule.increase == 0
    assert section.with_value("potentiation", 0.0) is None
    assert section.build().rule == rule  # unchanged
    inner["decreese"] = inner.pop("decrease")
    with pytest.raises(ModelFileError, match=r"\[sleep.plasticity.rule\] .*'decrease'\?"):
        parse_model(changed, "my.toml")
    outer["rule"] = 5
    with pytest.raises(ModelFileError, match=r"\[sleep.plasticity\] Downscaling regulates a rule"):
        parse_model(changed, "my.toml")


def test_file_that_is_missing_or_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"no model file .*nowhere\.toml\.$"):
        load_model_file(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = [")
    with pytest.raises(ModelFileError, match=r"brokne\.toml\. Did you mean '.*broken\.toml'\?$"):
        load_model_file(tmp_path / "brokne.toml")
    with pytest.raises(ModelFileError, match="cannot read"):
        load_model_file(tmp_path)
    with pytest.raises(ModelFileError, match="not a TOML file"):
        load_model_file(broken)


def with_stages(**stages: object) -> dict:
    """Return the default model file with a night in stages."""
    changed = content()
    changed["sleep"]["stages"] = stages
    return changed


@pytest.mark.parametrize("kind", ["nrem", "rem", "wake"])
def test_stages_are_a_table(kind: str) -> None:
    section = parse_model(with_stages(kind=kind), "my.toml").sleep
    stage = section.stages_of_task(0)
    assert stage == {"nrem": bs.stages.NREM, "rem": bs.stages.REM, "wake": bs.stages.Wake}[kind]()
    other = parse_model(with_stages(kind=kind, b="20 pA"), "my.toml").sleep.stages_of_task(0)
    assert float(quantity(other.b, pA, "b") / float(pA)) == pytest.approx(20)
    assert load_model_file().sleep.stages_of_task(0) is None


def test_rhythms_are_switched_on() -> None:
    table = {"kind": "nrem", "spindles": True, "ripples": True}
    stage = parse_model(with_stages(**table), "my.toml").sleep.stages_of_task(0)
    assert stage.spindles == bs.stages.Spindles()
    assert stage.ripples == bs.stages.Ripples()


def test_a_hypnogram_fills_the_night_of_each_task() -> None:
    changed = with_stages(kind="hypnogram", n_cycles=3, spindles=True)
    changed["sleep"]["steps"] = {"first": 6000, "growth_per_task": 0.5}
    section = parse_model(changed, "my.toml").sleep
    for index, seconds in ((0, 6.0), (2, 12.0)):
        plan = section.stages_of_task(index)
        assert float(plan.duration) == pytest.approx(seconds)
        assert [segment.name for segment in plan.segments] == ["NREM", "REM"] * 3
        assert plan.segments[0].stage.spindles is not None


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ({"kind": "nerm"}, r"\[sleep.stages\] kind: .*'nrem'"),
        ({}, r"\[sleep.stages\] misses the key 'kind'"),
        ({"kind": "nrem", "spindle": True}, r"has no key 'spindle'. Did you mean 'spindles'"),
        ({"kind": "nrem", "b": "60 mV"}, r"\[sleep.stages\] stage NREM: b must be in pA"),
        ({"kind": "nrem", "ripples": True}, r"\[sleep.stages\] ripples: they lie in troughs"),
        ({"kind": "rem", "spindles": True}, r"kind = 'rem' has no spindles"),
        ({"kind": "nrem", "n_cycles": 4}, r"kind = 'nrem' has no n_cycles"),
        ({"kind": "hypnogram", "n_cycles": 0}, r"\[sleep.stages\] n_cycles"),
    ],
)
def test_stages_that_make_no_sense_are_refused(stages: dict, said: str) -> None:
    with pytest.raises(ModelFileError, match=said):
        parse_model(with_stages(**stages), "my.toml")


def test_stages_reach_the_night() -> None:
    """An experiment passes the stages of each night to `sleep`."""
    table = with_stages(kind="hypnogram", n_cycles=1)
    table["network"]["sizes"] = [784, 20, 20, 10]
    model = parse_model(table, "my.toml")
    tasks = class_incremental(load_split("digits"), [[0, 1]])
    setting = Setting(model=model, tasks=tasks, progress=False)
    handed = SleepNights(setting, model.sleep).request(setting.new_network(), 0).stages
    assert float(handed.duration) == pytest.approx(0.3)
    experiment.ContinualExperiment(setting, print).check_nights()


@pytest.mark.parametrize("word", ["learn", "ignore"])
def test_biases_reach_the_night(word: str) -> None:
    """That none can learn is said before anything is trained."""
    table = content()
    table["network"] |= {"sizes": [784, 20, 20, 10], "bias": True}
    table["sleep"]["biases"] = word
    tasks = class_incremental(load_split("digits"), [[0, 1]])
    for has_biases in (True, False):
        table["network"]["bias"] = has_biases
        model = parse_model(table, "my.toml")
        setting = Setting(model=model, tasks=tasks, progress=False)
        assert SleepNights(setting, model.sleep).request(setting.new_network(), 0).biases == word
        one = experiment.ContinualExperiment(setting, print)
        if has_biases or word == "ignore":
            one.check_nights()
        else:
            with pytest.raises(ParameterError, match="needs a layer that learns and has a bias"):
                one.check_nights()


def test_a_file_without_end_is_read_no_further(tmp_path):
    file = tmp_path / "model.toml"
    with file.open("wb") as stream:
        stream.truncate(10**9)  # takes no space
    with pytest.raises(ModelFileError, match=r"model.toml: has 1 GB; .* more than 16.8 MB\.$"):
        load_model_file(file)
    with pytest.raises(ModelFileError, match=r"/dev/zero: has no end in sight"):
        load_model_file("/dev/zero")
