"""Nights of dreams: against plain loops on every device, what they store, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import day_residue_loop
import numpy as np
import pytest
import torch
from helpers import mlp
from torch import nn

import brainsleep as bs
from brainsleep.errors import BrainsleepError, DataError, ParameterError, TranslationError

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
SIZES = (12, 20, 16, 5)
TODAY, LEARNED = [1, 3], [0, 1, 2, 3]
#: Short, with learning rates at which a few dreams change much.
RECIPE = bs.DayResidue(
    hidden_activity=0.3,
    code_activity=0.3,
    nrem_presentations=12,
    nrem_steps=9,
    nrem_onset=3,
    nrem_learning_rate=0.1,
    rem_dreams=25,
    bottom_up_steps=4,
    top_down_steps=5,
    rem_learning_rate=0.03,
    today_share=0.2,
    feedback_gain=0.8,
)


def network(sizes=SIZES) -> nn.Sequential:
    return mlp(sizes).double()


def images() -> np.ndarray:
    return np.random.default_rng(3).random((7, SIZES[0]))


def memory() -> bs.DreamMemory:
    """Of a night before, in which outputs 0 and 2 learned."""
    feedback = np.random.default_rng(4).random((SIZES[-1], SIZES[-2]))
    thresholds = bs.dream(network(), images(), **{**OPTIONS, "memory": None, "recipe": SHORT})
    return bs.DreamMemory(feedback, thresholds.memory.thresholds, [0, 2])


SHORT = replace(RECIPE, nrem_presentations=0, rem_dreams=0)
OPTIONS = {
    "today": TODAY,
    "learned": LEARNED,
    "recipe": RECIPE,
    "device": NUMPY,
    "dtype": "float64",
    "progress": False,
}


def dream(ann=None, **options) -> bs.DreamNight:
    ann = network() if ann is None else ann
    return bs.dream(ann, images(), **{**OPTIONS, "memory": memory(), **options})


def raster(night: bs.DreamNight, stage: str, population: str) -> np.ndarray:
    train = night.spikes[stage][population]
    if stage == "nrem":
        n_steps = night.recipe.nrem_presentations * night.recipe.nrem_steps
    else:
        per_dream = night.recipe.bottom_up_steps + night.recipe.top_down_steps
        n_steps = night.recipe.rem_dreams * per_dream
    table = np.zeros((n_steps + 1, train.n_neurons), dtype=bool)
    table[np.rint(np.asarray(train.t) * 1000).astype(int), train.i] = True
    return table


def loop_of(night: bs.DreamNight, start: bs.DreamMemory, ann=None) -> day_residue_loop.LoopNight:
    """Do in plain loops what a night did, on its input spikes and its cues."""
    state = (network() if ann is None else ann).state_dict()
    return day_residue_loop.night(
        [state[name].numpy() for name in night.weights_before],
        start.feedback,
        start.thresholds,
        night.recipe,
        raster(night, "nrem", "input"),
        raster(night, "rem", "input"),
        night.cues,
        TODAY,
        LEARNED,
    )


def assert_as_the_loop(night: bs.DreamNight, start: bs.DreamMemory, ann=None) -> None:
    expected = loop_of(night, start, ann)
    *hidden, output = [name.removesuffix(".weight") for name in night.weights_before]
    for stage in ("nrem", "rem"):
        for k, name in enumerate([*hidden, output]):
            table = np.array([fired[k] for fired in expected.spikes[stage]])
            found = raster(night, stage, name)[: len(table)]
            np.testing.assert_array_equal(found, table, err_msg=f"{stage} {name}")
    np.testing.assert_allclose(night.memory.feedback, expected.feedback, atol=1e-12)
    np.testing.assert_allclose(night.weights_after[f"{output}.weight"], expected.output, atol=1e-12)


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_a_night_is_that_of_a_plain_loop(device) -> None:
    start = memory()
    night = dream(device=device, memory=start, record="all")
    assert_as_the_loop(night, start)
    assert 0.05 < raster(night, "rem", "2").mean() < 0.8
    change = night.weights_after["4.weight"] - night.weights_before["4.weight"]
    assert change.max() > 0.05
    assert change.min() < -0.05
    assert np.abs(night.memory.feedback - start.feedback)[TODAY].max() > 0.05
    assert set(night.cues) == {-1, 0, 2}


@pytest.mark.parametrize(
    "part",
    ["potentiation", "nrem_potentiation", "nrem_depression", "rem_potentiation", "rem_depression"]
    + ["residue"],
)
def test_what_is_taken_away_is_that_of_the_loop(part: str) -> None:
    start = memory()
    night = dream(recipe=RECIPE.without(part), memory=start, record="all")
    assert night.recipe != RECIPE
    assert_as_the_loop(night, start)
    whole = dream(memory=start)
    assert (night.weights_after["4.weight"] != whole.weights_after["4.weight"]).any()


# Other networks, and nights that follow each other


@pytest.mark.parametrize("sizes", [(12, 16, 5), (12, 20, 18, 16, 5)], ids=["shallow", "deep"])
def test_any_number_of_hidden_layers(sizes) -> None:
    ann = network(sizes)
    none = dream(ann, memory=None, recipe=SHORT)
    assert len(none.memory.thresholds) == len(sizes) - 2
    start = bs.DreamMemory(memory().feedback, none.memory.thresholds, [0, 2])
    assert_as_the_loop(dream(ann, memory=start, record="all"), start, ann)


def test_dropout_and_flatten_stay_and_nothing_else_changes() -> None:
    ann = nn.Sequential(
        nn.Flatten(),
        nn.Linear(12, 16, bias=False),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(16, 5, bias=False),
    )
    pictures = images().reshape(7, 1, 3, 4)
    night = bs.dream(ann, pictures, **{**OPTIONS, "learned": TODAY})
    kept = ann.state_dict()
    assert torch.equal(night.ann.state_dict()["1.weight"], kept["1.weight"])
    assert not torch.equal(night.ann.state_dict()["4.weight"], kept["4.weight"])
    assert isinstance(night.ann[3], nn.Dropout)
    assert night.ann.training == ann.training


def test_thresholds_bring_layers_to_the_activity_wanted() -> None:
    ann = mlp((12, 300, 300, 5))
    recipe = replace(RECIPE, nrem_presentations=40, nrem_steps=40, hidden_activity=0.05)
    recipe = replace(recipe, code_activity=0.1, rem_dreams=0)
    night = bs.dream(ann, images(), **{**OPTIONS, "recipe": recipe, "device": "cpp"})
    for layer, wanted in (("0", 0.05), ("2", 0.1)):
        counts = night.rates["nrem"][layer].counts[:-1].reshape(40, 40)
        reached = counts[:, 10:].mean() / 300  # potentials begin at zero
        assert reached == pytest.approx(wanted, rel=0.25)


def test_thresholds_are_those_of_the_first_night() -> None:
    first = dream(memory=None)
    second = bs.dream(first.ann, images() ** 3, **{**OPTIONS, "today": [0], "memory": first.memory})
    assert second.memory.thresholds == first.memory.thresholds
    assert second.memory.learned == (0, 1, 2, 3)
    unseen = second.memory.feedback[[1, 3]]
    np.testing.assert_array_equal(unseen, first.memory.feedback[[1, 3]])  # not of today


def test_a_seed_fixes_a_night() -> None:
    one, same, other = (dream(seed=seed).weights_after["4.weight"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_float32_is_the_same_night_but_for_rounding() -> None:
    night, exact = dream(dtype="float32"), dream()
    found = night.weights_after["4.weight"]
    assert found.dtype == np.float32
    assert np.corrcoef(found.ravel(), exact.weights_after["4.weight"].ravel())[0, 1] > 0.95


def test_a_night_says_what_it_did() -> None:
    night = dream(record=["2", "dreamed"])
    assert list(night.spikes["nrem"]) == ["2"]
    assert list(night.spikes["rem"]) == ["dreamed", "2"]
    assert night.n_spikes["rem"]["dreamed"] == 25 * 5
    assert night.n_spikes["nrem"]["4"] == 12 * 6
    assert night.timings["steps"] == 12 * 9 + 25 * 9 + 2
    assert {"nrem", "rem", "build", "total", "steps"} == set(night.timings)
    assert repr(night).startswith("<DreamNight of 335 steps, 25 dreams of 4 outputs")


# What is kept


def test_memory_comes_back_from_a_file_and_knows_its_size(tmp_path) -> None:
    kept = dream(dtype="float32", memory=None).memory
    kept.save(tmp_path / "sub" / "memory.npz")
    found = bs.DreamMemory.load(tmp_path / "sub" / "memory.npz")
    np.testing.assert_array_equal(found.feedback, kept.feedback)
    assert found.feedback.dtype == np.float32
    assert (found.thresholds, found.learned) == (kept.thresholds, kept.learned)
    assert kept.n_bytes == found.n_bytes == 4 * 5 * 16 + 4 * 2 + 5
    np.savez(tmp_path / "other.npz", feedback=np.zeros(3))
    for file in ("other.npz", "missing.npz"):
        with pytest.raises(DataError, match=file):
            bs.DreamMemory.load(tmp_path / file)


# What is refused


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"today": []}, "today: needs at least one output"),
        ({"today": [5]}, "today must be at most 4, but is 5"),
        ({"today": [1, 1]}, "today: output 1 comes twice"),
        ({"learned": [0.5]}, "learned must be a whole number"),
        ({"learned": 3}, "learned must be numbers of outputs"),
        ({"record": ["3"]}, "record: no layer is called '3'"),
        ({"memory": bs.DreamMemory(np.zeros((4, 16)), [1.0, 1.0], [])}, r"memory.*\(4, 16\)"),
        ({"memory": bs.DreamMemory(np.zeros((5, 16)), [1.0], [])}, "1 hidden layers, not.*2"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"dtype": "int8"}, "dtype"),
        ({"ann": nn.Sequential(nn.Linear(12, 5))}, "only an output layer"),
        (
            {"ann": nn.Sequential(nn.Unflatten(1, (3, 4)), nn.Conv1d(3, 5, 2), nn.ReLU(),
                                  nn.Flatten(), nn.Linear(15, 5))},
            "fully connected layers; '1' is none",
        ),
    ],
)  # fmt: skip
def test_wrong_arguments_are_named_in_one_line(options, message) -> None:
    with pytest.raises(BrainsleepError, match=message) as error:
        dream(**options)
    assert "\n" not in str(error.value)


def test_images_must_be_in_range_and_evoke_something() -> None:
    for pictures, message in (
        (images() * 2, r"images must lie in \[0, 1\]"),
        (images() - 1, r"images must lie in \[0, 1\]"),
        (np.zeros((3, 12)), "layer '0' does not respond"),
    ):
        with pytest.raises(ParameterError, match=message):
            bs.dream(network(), pictures, **OPTIONS)


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({"nrem_steps": 0}, "recipe: nrem_steps must be at least 1"),
        ({"nrem_onset": 15}, "recipe: nrem_onset must be at most 14"),
        ({"rem_dreams": 1.5}, "recipe: rem_dreams must be a whole number"),
        ({"today_share": 1.1}, "recipe: today_share must be at most 1"),
        ({"code_activity": 0}, "recipe: code_activity must be greater than 0"),
        ({"residue": 1}, "residue must be True or False"),
        ({"dreams": 3}, "no argument 'dreams'"),
    ],
)
def test_wrong_constants_are_named(constants, message) -> None:
    with pytest.raises(BrainsleepError, match=message):
        bs.DayResidue(**constants)
    with pytest.raises(ParameterError, match="Did you mean 'residue'"):
        bs.DayResidue().without("residues")


def test_networks_are_checked_without_images() -> None:
    assert bs.dreams.check_network(network()) == "4.weight"
    with pytest.raises(TranslationError, match="hidden layer"):
        bs.dreams.check_network(nn.Sequential(nn.Linear(3, 2)))
