"""Controls: what they do to weights and to nights, without any run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

from brainsleep import stimuli
from brainsleep.errors import ParameterError
from brainsleep.experiments.commands import completion
from brainsleep.experiments.controls import (
    ALL_CONTROLS,
    CONTROLS,
    FIXED_CONTROLS,
    Control,
    check_controls,
    controls_of,
    find_controls,
    single_layers,
)
from brainsleep.experiments.model_files.modelfile import ModelFile, load_model_file, parse_model
from brainsleep.experiments.model_files.sleep_sections import SleepSection
from brainsleep.wake import centre_rows, load_split

State = dict[str, np.ndarray]


class Bodies(nn.Module):
    """A kernel, a dense layer, BatchNorm and biases; some synapses of the last layer are pruned."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.kernel = nn.Conv2d(2, 3, 3)
        self.norm = nn.BatchNorm2d(3)
        self.dense = nn.Linear(12, 5)
        self.last = prune.l1_unstructured(nn.Linear(5, 4), "weight", amount=0.5)


def state(module: nn.Module) -> State:
    return {name: values.detach().numpy().copy() for name, values in module.state_dict().items()}


@pytest.fixture
def night() -> tuple[State, State]:
    """Return states before and after a night that changed two thirds of the weights."""
    before = state(Bodies())
    after = {name: values.copy() for name, values in before.items()}
    rng = np.random.default_rng(0)
    for name in ("kernel.weight", "dense.weight", "dense.bias", "last.weight_orig"):
        change = rng.normal(size=after[name].shape) * (rng.random(after[name].shape) < 2 / 3)
        if name == "last.weight_orig":
            change *= before["last.weight_mask"]
        after[name] += change.astype(np.float32)
    return before, after


def altered(name: str, night: tuple[State, State], seed: int = 0) -> State:
    """Return the state that a control wakes up with."""
    before, after = night
    alter = FIXED_CONTROLS[name].alter
    assert alter is not None
    found = alter(before, after, np.random.default_rng(seed))
    for key, values in found.items():
        assert values.dtype == after[key].dtype
        assert values.shape == after[key].shape
    return {**after, **found}


def test_permuted_changes_are_the_same_changes_elsewhere(night: tuple[State, State]) -> None:
    before, after = night
    found = altered("change_permuted", night)
    for name, old in before.items():
        change, other = after[name] - old, found[name] - old
        if not np.any(change):
            np.testing.assert_array_equal(found[name], old)
            continue
        np.testing.assert_allclose(np.sort(other, None), np.sort(change, None), atol=1e-6)
        assert not np.array_equal(other, change), name
    absent = before["last.weight_mask"] == 0
    assert absent.sum() == 10
    np.testing.assert_array_equal(
        found["last.weight_orig"][absent], before["last.weight_orig"][absent]
    )
    again, another = altered("change_permuted", night), altered("change_permuted", night, seed=1)
    np.testing.assert_array_equal(found["dense.weight"], again["dense.weight"])
    assert not np.array_equal(found["dense.weight"], another["dense.weight"])


def test_averaged_changes_have_the_same_sum_for_each_neuron(night: tuple[State, State]) -> None:
    before, after = night
    found = altered("change_averaged", night)
    for name in ("kernel.weight", "dense.weight", "last.weight_orig"):
        there = np.ones(before[name].shape, bool)
        if name == "last.weight_orig":
            there = before["last.weight_mask"] != 0
        for old, new, other, present in zip(
            before[name], after[name], found[name], there, strict=True
        ):
            assert (new - old).sum() == pytest.approx((other - old).sum(), abs=1e-5)
            assert (other - old)[present].std() < 1e-6 if present.any() else True
            np.testing.assert_array_equal(other[~present], old[~present])
    np.testing.assert_array_equal(found["dense.bias"], after["dense.bias"])


def test_absent_synapses_of_masks_stay_absent() -> None:
    """Masks from outside the network leave zeros, which no control fills."""
    before = {"0.weight": np.array([[0.0, 1.0, 2.0], [3.0, 0.0, 4.0]], np.float32)}
    after = {"0.weight": np.array([[0.0, 3.0, 2.0], [3.0, 0.0, 5.0]], np.float32)}
    found = altered("change_averaged", (before, after))["0.weight"]
    np.testing.assert_array_equal(found, [[0, 2, 3], [3.5, 0, 4.5]])
    moved = altered("change_permuted", (before, after))["0.weight"] - before["0.weight"]
    assert moved[0, 0] == moved[1, 1] == 0
    assert sorted(moved.ravel()) == [0, 0, 0, 0, 1, 2]


def test_centred_rows_are_those_of_the_strategy_bit_for_bit() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(784, 30), nn.ReLU(), nn.Linear(30, 10))
    awake, centred = state(network), state(centre_rows(network))
    found = altered("rows_centred", (awake, awake))
    for name, values in centred.items():
        np.testing.assert_array_equal(found[name], values)


def test_centred_and_rescaled_rows_of_kernels_too(night: tuple[State, State]) -> None:
    before, _ = night
    centred = altered("rows_centred", (before, before))
    rescaled = altered("rows_rescaled", (before, before))
    for name in ("kernel.weight", "dense.weight", "last.weight_orig"):
        rows = before[name].reshape(len(before[name]), -1)
        np.testing.assert_allclose(centred[name].reshape(rows.shape).mean(axis=1), 0, atol=1e-7)
        norms = np.linalg.norm(rows, axis=1)
        found = rescaled[name].reshape(rows.shape)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), norms.mean(), rtol=1e-5)
        np.testing.assert_allclose(found * norms[:, None], rows * norms.mean(), rtol=1e-5)
    for name in before.keys() - {"kernel.weight", "dense.weight", "last.weight_orig"}:
        np.testing.assert_array_equal(centred[name], before[name])
        np.testing.assert_array_equal(rescaled[name], before[name])


def test_a_row_of_zeros_is_not_rescaled() -> None:
    weights = {"0.weight": np.array([[0.0, 0.0], [3.0, 4.0]], np.float32)}
    found = altered("rows_rescaled", (weights, weights))["0.weight"]
    np.testing.assert_allclose(found, [[0, 0], [1.5, 2.0]])


def test_single_layers_keep_the_change_of_one(night: tuple[State, State]) -> None:
    before, after = night
    controls = single_layers(["kernel.weight", "dense.weight", "last.weight_orig"])
    assert [one.name for one in controls] == ["only_layer_1", "only_layer_2", "only_layer_3"]
    second = controls[1]
    assert "dense.weight" in second.label
    assert second.alter is not None
    found = {**after, **second.alter(before, after, np.random.default_rng(0))}
    for name, values in found.items():
        own = name in ("dense.weight", "dense.bias")
        np.testing.assert_array_equal(values, (after if own else before)[name])
    assert single_layers(["0.weight"]) == ()


def of_every_model() -> list[Control]:
    """Return the controls of nights, but for those of single layers and of parts of some models."""
    found = [FIXED_CONTROLS[name] for name in controls_of("sleep") if name in FIXED_CONTROLS]
    return [one for one in found if not one.of_part]


def test_names_are_found_with_their_layers() -> None:
    model, weights = load_model_file(), ["0.weight", "2.weight"]
    found, left_out = find_controls([ALL_CONTROLS], model, weights)
    of_sleep = [one.name for one in of_every_model()]
    assert [one.name for one in found] == [*of_sleep, "only_layer_1", "only_layer_2"]
    assert left_out == []
    assert all(one.question.endswith("?") for one in found)
    assert len({one.label for one in found}) == len(found)
    some, left_out = find_controls(["only_layer_2", "only_layer_3", "only_layer_2"], model, weights)
    assert [one.name for one in some] == ["only_layer_2"]
    assert left_out == ["only_layer_3: the network has 2 layers with weights"]
    assert find_controls(["single_layers"], model, ["0.weight"]) == (
        [],
        ["single_layers: the network has one layer with weights"],
    )
    stdp = model_with(STDP, shuffle_pixels=True)
    found, left_out = find_controls(["decrease_only", "white_noise"], stdp, weights)
    assert [one.name for one in found] == ["decrease_only"]
    assert left_out == ["white_noise: the model's own stimulus holds no image"]
    assert completion.CONTROL_NAMES == CONTROLS


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("decreaseonly", "decrease_only"),
        ("only_layer", "only_layer_1"),
        ("only_layer_x", "only_layer_1"),
        ("single_layer", "single_layers"),
    ],
)
def test_unknown_names_are_answered_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(ParameterError, match=f"unknown control '{name}'.*{message}"):
        check_controls([name])


def model_with(plasticity: dict[str, object] | None = None, **stimulus: object) -> ModelFile:
    """Return the default model with another rule or stimulus."""
    content = load_model_file().model_dump(exclude_unset=True)
    if plasticity is not None:
        content["sleep"]["plasticity"] = plasticity
    content["sleep"]["stimulus"] |= stimulus
    return parse_model(content, "test")


def nights(name: str, model: ModelFile) -> SleepSection:
    """Return the nights of a control."""
    changed = FIXED_CONTROLS[name].arm(model).model
    assert changed is not None
    return changed.sleep


STDP = {"kind": "stdp", "potentiation": 1e-3, "depression": 2e-3}


@pytest.mark.parametrize(
    ("rule", "zero_up", "zero_down"),
    [
        ({"kind": "src", "increase": 1e-3, "decrease": 1e-4}, "increase", "decrease"),
        ({"kind": "src"}, "increase", "decrease"),
        (STDP, "potentiation", "depression"),
        ({"kind": "reward_stdp"}, "potentiation", "depression"),
        ({"kind": "triplet_stdp"}, "triplet_potentiation", "triplet_depression"),
        ({"kind": "downscaling", "downscaling": 0.01, "rule": STDP}, "potentiation", "depression"),
    ],
)
def test_directions_of_any_rule(rule: dict[str, object], zero_up: str, zero_down: str) -> None:
    model = model_with(rule)
    for name, zero, kept in (
        ("decrease_only", zero_up, zero_down),
        ("increase_only", zero_down, zero_up),
    ):
        assert FIXED_CONTROLS[name].why_not(model) is None
        changed = nights(name, model)
        built, own = changed.plasticity.build(), model.sleep.plasticity.build()
        built, own = getattr(built, "rule", built), getattr(own, "rule", own)
        assert getattr(built, zero) == 0
        assert getattr(built, kept) == getattr(own, kept) != 0
        assert changed.stimulus == model.sleep.stimulus
    both = nights("increase_only", model).plasticity.build()
    if rule["kind"] == "triplet_stdp":
        assert both.pair_depression == both.triplet_depression == 0


def test_rules_without_a_direction_are_left_out_by_name() -> None:
    model = model_with({"kind": "inhibitory_stdp", "learning_rate": 1e-3})
    reason = FIXED_CONTROLS["decrease_only"].why_not(model)
    assert reason == "the rule 'inhibitory_stdp' has no parameter 'increase' or 'potentiation'"
    reason = FIXED_CONTROLS["increase_only"].why_not(model)
    assert reason is not None
    assert "'decrease' or 'depression'" in reason
    assert FIXED_CONTROLS["change_permuted"].why_not(model) is None


@pytest.mark.parametrize("value", [-1e-3, [1e-3, -1e-3, 1e-3], "-1 %"])
def test_a_direction_that_is_turned_round_is_none(value: object) -> None:
    model = model_with({**STDP, "potentiation": value})
    for name in ("increase_only", "decrease_only"):
        reason = FIXED_CONTROLS[name].why_not(model)
        assert reason is not None
        assert "turned round" in reason


def test_stimuli_of_controls() -> None:
    model = load_model_file()
    train = load_split("digits").train.of_classes([0, 1])
    shuffled, noise = (nights(name, model).stimulus for name in ("pixel_shuffled", "white_noise"))
    assert shuffled == model.sleep.stimulus.model_copy(update={"shuffle_pixels": True})
    assert isinstance(noise.build(train), stimuli.WhiteNoise)
    for key in ("shuffle_pixels", "white_noise"):
        reason = FIXED_CONTROLS["white_noise"].why_not(model_with(**{key: True}))
        assert reason == "the model's own stimulus holds no image"


def test_arms_of_controls() -> None:
    model = load_model_file()
    arms = {one.name: one.arm(model) for one in of_every_model()}
    for name, arm in arms.items():
        assert (arm.name, arm.label) == (name, FIXED_CONTROLS[name].label)
        assert arm.waking == model.training.strategy
    assert {name for name, arm in arms.items() if arm.model is None} == {
        "rows_centred",
        "rows_rescaled",
    }
    assert [name for name, arm in arms.items() if arm.night_first] == ["sleep_first"]
    for name in ("change_permuted", "change_averaged", "sleep_first"):
        assert arms[name].model == model


def test_every_control_is_on_its_page() -> None:
    page = Path(__file__).parents[2].joinpath("docs", "explanation", "controls.md").read_text()
    for name in CONTROLS:
        assert f"`{name}`" in page, name
