"""Model files: what is accepted, what is refused, and in which words."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from brainsleep.errors import ModelFileError
from brainsleep.modelfile import DEFAULT_MODEL_FILE, load_model_file, parse_model
from brainsleep.preparation import DEFAULT_NEURON, DEFAULT_PLASTICITY

MODELS = Path(__file__).parent.parent / "models"


def content() -> dict:
    """Return the default model file as a dict to spoil."""
    return tomllib.loads(DEFAULT_MODEL_FILE.read_text())


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_model_file_is_valid_and_named_after_itself(path: Path) -> None:
    model = load_model_file(path)
    assert model.name == path.stem
    assert model.references
    model.sleep.neuron.build()
    model.sleep.plasticity.build()


def test_models_holds_what_is_promised() -> None:
    assert {path.stem for path in MODELS.glob("*.toml")} >= {
        "split_mnist_heaviside",
        "split_mnist_lif",
        "split_mnist_tadros2022",
        "split_fashion_mnist_heaviside",
    }


def test_default_experiment_is_split_mnist_heaviside() -> None:
    assert DEFAULT_MODEL_FILE.read_text() == (MODELS / "split_mnist_heaviside.toml").read_text()


def test_defaults_of_sleep_are_the_default_experiment() -> None:
    section = load_model_file().sleep
    assert section.neuron.build() == DEFAULT_NEURON
    rule = section.plasticity.build()
    assert (rule.increase, rule.decrease, rule.weight_factor) == (
        DEFAULT_PLASTICITY.increase,
        DEFAULT_PLASTICITY.decrease,
        DEFAULT_PLASTICITY.weight_factor,
    )


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
        ("sleep.plasticity", "weight_factor", "tadros2O22", "tadros2022"),
        ("sleep.neuron", "kind", "heavyside", "kind|neuron"),
        ("sleep.neuron", "decay", "20 ms", None),
        ("sleep.stimulus", "max_rate", "20 ms", "max_rate must be in Hz"),
        ("sleep.stimulus", "max_rate", "-20 Hz", "max_rate"),
        ("sleep.stimulus", "mask", "windows", "mask"),
        ("sleep.steps", "first", 0, "first"),
        ("training", "lr", -1.0, "lr"),
        ("training", "loss", "crossentropy", "cross_entropy"),
        ("data", "evaluate_on", "train", "evaluate_on"),
    ],
)
def test_wrong_value_is_refused_by_name(table: str, key: str, value: object, said: str) -> None:
    spoiled = content()
    place = spoiled
    for part in table.split("."):
        place = place[part]
    place[key] = value
    if said is None:  # layer values are checked against the layers, when the night begins
        parse_model(spoiled, "my.toml")
        return
    with pytest.raises(ModelFileError, match=said):
        parse_model(spoiled, "my.toml")


def test_missing_key_is_named() -> None:
    spoiled = content()
    del spoiled["sleep"]["plasticity"]["decrease"]
    with pytest.raises(ModelFileError, match="misses the key 'decrease'"):
        parse_model(spoiled, "my.toml")


def test_file_that_is_missing_or_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"nowhere\.toml"):
        load_model_file(tmp_path / "nowhere.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("name = [")
    with pytest.raises(ModelFileError, match="not a TOML file"):
        load_model_file(broken)
