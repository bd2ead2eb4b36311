"""Nights of dreams: against plain loops on every device, what they store, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import day_residue_loop
import numpy as np
import pytest
import torch
from helpers import mlp
from torch import nn

import brainsleep as bs
from brainsleep.dreams import ABLATIONS, stage_plans
from brainsleep.errors import BrainsleepError, DataError, ParameterError, TranslationError

NUMPY = bs.devices.Runtime("numpy")
DEVICES = ("cpp", "cpp_stock", NUMPY)
SIZES = (12, 20, 16, 5)
TODAY, LEARNED = [1, 3], [0, 1, 2, 3]
#: Short, with learning rates at which a few dreams change much.
RECIPE = bs.DayResidue(
    hidden_activity=0.3,
    code_activity=0.3,
    nrem_presentations=8,
    nrem_steps=7,
    nrem_onset=3,
    nrem_learning_rate=0.1,
    rem_dreams=16,
    bottom_up_steps=3,
    bottom_up_onset=1,
    top_down_steps=5,
    top_down_onset=1,
    learning_onset=2,
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
    return replace(night_before(network()), feedback=feedback, learned=[0, 2])


def night_before(ann) -> bs.DreamMemory:
    """Return what a night in which nothing happens finds out of the network."""
    none = replace(RECIPE, nrem_presentations=0, rem_dreams=0)
    return bs.dream(ann, images(), **{**OPTIONS, "recipe": none}).memory


OPTIONS = {
    "today": TODAY,
    "learned": LEARNED,
    "recipe": RECIPE,
    "device": NUMPY,
    "dtype": "float64",
    "progress": False,
}


#: For what does not depend on the length of a night.
SHORT = replace(RECIPE, nrem_presentations=2, rem_dreams=3)


@cache
def usual() -> bs.DreamNight:
    """Return the night with all options as usual."""
    return dream()


def dream(ann=None, **options) -> bs.DreamNight:
    ann = network() if ann is None else ann
    return bs.dream(ann, images(), **{**OPTIONS, "memory": memory(), **options})


def raster(night: bs.DreamNight, stage: str, population: str) -> np.ndarray:
    train, n_steps = night.spikes[stage][population], len(night.rates[stage]["2"].counts)
    table = np.zeros((n_steps, train.n_neurons), dtype=bool)
    table[np.rint(np.asarray(train.t) * 1000).astype(int), train.i] = True
    return table


def day_of(night: bs.DreamNight, seed: int = 0) -> day_residue_loop.Today:
    """Return what was shown and drawn in a night with this seed."""
    rngs, recipe = np.random.default_rng(seed).spawn(2), night.recipe
    n_images, n_outputs = len(images()), SIZES[-1]
    first = stage_plans.plan_nrem(recipe, n_images, rngs[0])
    second = stage_plans.plan_rem(recipe, n_images, TODAY, LEARNED, n_outputs, rngs[1])
    np.testing.assert_array_equal(second.cues, night.cues)
    noise = np.array([second.signals[f"noise{k}"] for k in range(n_outputs)]).T
    steps = np.arange(len(noise)) % second.presentation_steps
    counted = steps - recipe.bottom_up_steps - recipe.top_down_onset + 1
    is_spiking = recipe.input == "spikes"
    return day_residue_loop.Today(
        images()[first.order],
        images()[second.order],
        night.cues,
        noise / np.maximum(counted, 1)[:, None],
        TODAY,
        LEARNED,
        {name: raster(night, name, "input") for name in ("nrem", "rem")} if is_spiking else None,
    )


def assert_as_the_loop(night: bs.DreamNight, start: bs.DreamMemory, ann=None) -> None:
    """Do in plain loops what a night did, and compare spikes and weights."""
    state = (network() if ann is None else ann).state_dict()
    names = [name.removesuffix(".weight") for name in night.weights_before]
    weights, feedback, spikes = day_residue_loop.night(
        [state[f"{name}.weight"].numpy() for name in names],
        [state[f"{name}.bias"].numpy() if f"{name}.bias" in state else 0.0 for name in names],
        start,
        night.recipe,
        day_of(night),
    )
    for stage, table in spikes.items():
        seen = [step for step, fired in enumerate(table) if fired is not None]
        for k, name in enumerate(names):
            expected = np.array([table[step][k] for step in seen], dtype=bool)
            found = raster(night, stage, name)[seen]
            np.testing.assert_array_equal(found, expected, err_msg=f"{stage} {name}")
    np.testing.assert_allclose(night.memory.feedback, feedback, atol=1e-12)
    for name, expected in zip(names, weights, strict=True):
        np.testing.assert_allclose(night.weights_after[f"{name}.weight"], expected, atol=1e-12)


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


@pytest.mark.parametrize("part", sorted(set(ABLATIONS) - {"nrem", "rem", "hidden_learning"}))
def test_what_is_taken_away_is_that_of_the_loop(part: str) -> None:
    start = memory()
    night = dream(recipe=RECIPE.without(part), memory=start, record="all")
    assert night.recipe != RECIPE
    assert_as_the_loop(night, start)
    assert (night.weights_after["4.weight"] != usual().weights_after["4.weight"]).any()


# Dreams in the first hidden layer, by which those above learn

DEEP = replace(RECIPE, feedback_to="first", hidden_learning_rate=0.2)


def deep_memory(ann, n_first: int) -> bs.DreamMemory:
    feedback = np.random.default_rng(4).random((SIZES[-1], n_first))
    return replace(night_before(ann), feedback=feedback, learned=[0, 2])


@pytest.mark.parametrize("device", DEVICES, ids=str)
def test_hidden_layers_that_learn_are_those_of_the_loop(device) -> None:
    ann = network((12, 20, 18, 16, 5))
    start = deep_memory(ann, 20)
    night = dream(ann, memory=start, recipe=DEEP, device=device, record="all")
    assert_as_the_loop(night, start, ann)
    before, after = night.weights_before, night.weights_after
    change = {name: np.abs(after[name] - before[name]).max() for name in before}
    assert change["0.weight"] == 0
    assert min(change[name] for name in ("2.weight", "4.weight", "6.weight")) > 1e-3
    assert night.memory.feedback.shape == (5, 20)


def test_dreams_in_the_first_layer_without_learning_in_others() -> None:
    ann = network()
    start = deep_memory(ann, 20)
    night = dream(ann, memory=start, recipe=DEEP.without("hidden_learning"), record="all")
    assert_as_the_loop(night, start, ann)
    np.testing.assert_array_equal(night.weights_after["2.weight"], night.weights_before["2.weight"])


@pytest.mark.parametrize("kind", ["current", "spikes"])
def test_biases_are_constant_currents(kind: str) -> None:
    ann = nn.Sequential(nn.Linear(12, 20), nn.ReLU(), nn.Linear(20, 16), nn.ReLU())
    ann = ann.append(nn.Linear(16, 5)).double()
    torch.manual_seed(2)
    for name, values in ann.named_parameters():
        values.data = torch.randn_like(values) * (0.3 if name.endswith("bias") else 0.5)
    start = replace(night_before(ann), feedback=memory().feedback, learned=[0, 2])
    recipe = replace(RECIPE, input=kind)
    night = dream(ann, memory=start, record="all", recipe=recipe)
    assert_as_the_loop(night, start, ann)
    assert torch.equal(night.ann[4].bias, ann[4].bias)


# Other networks, and nights that follow each other


@pytest.mark.parametrize("sizes", [(12, 16, 5), (12, 20, 18, 16, 5)], ids=["shallow", "deep"])
def test_any_number_of_hidden_layers(sizes) -> None:
    ann = network(sizes)
    start = replace(night_before(ann), feedback=memory().feedback, learned=[0, 2])
    assert len(start.thresholds) == len(sizes) - 2
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
    night = bs.dream(ann, pictures, **{**OPTIONS, "learned": TODAY, "recipe": SHORT})
    kept = ann.state_dict()
    assert torch.equal(night.ann.state_dict()["1.weight"], kept["1.weight"])
    assert not torch.equal(night.ann.state_dict()["4.weight"], kept["4.weight"])
    assert isinstance(night.ann[3], nn.Dropout)
    assert night.ann.training == ann.training


def test_thresholds_bring_layers_to_the_activity_wanted() -> None:
    ann = mlp((12, 300, 300, 5))
    recipe = replace(RECIPE, nrem_presentations=12, nrem_steps=40, hidden_activity=0.05)
    recipe = replace(recipe, code_activity=0.1, rem_dreams=0)
    night = bs.dream(ann, images(), **{**OPTIONS, "recipe": recipe})
    for layer, wanted in (("0", 0.05), ("2", 0.1)):
        counts = night.rates["nrem"][layer].counts.reshape(12, 41)
        reached = counts[:, 20:-1].mean() / 300  # potentials begin at zero
        assert reached == pytest.approx(wanted, rel=0.25)


def test_thresholds_are_those_of_the_first_night() -> None:
    first = dream(memory=None)
    second = bs.dream(first.ann, images() ** 3, **{**OPTIONS, "today": [0], "memory": first.memory})
    assert second.memory.thresholds == first.memory.thresholds
    assert second.memory.learned == (0, 1, 2, 3)
    unseen = second.memory.feedback[[1, 3]]
    np.testing.assert_array_equal(unseen, first.memory.feedback[[1, 3]])  # not of today


def test_a_seed_fixes_a_night() -> None:
    one, same, other = (
        dream(seed=seed, recipe=SHORT).weights_after["4.weight"] for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_float32_is_the_same_night_but_for_rounding() -> None:
    night, exact = dream(dtype="float32"), usual()
    found = night.weights_after["4.weight"]
    assert found.dtype == np.float32
    assert np.corrcoef(found.ravel(), exact.weights_after["4.weight"].ravel())[0, 1] > 0.95


def test_a_night_says_what_it_did() -> None:
    night = dream(record=["2", "dreamed"])
    assert list(night.spikes["nrem"]) == ["2"]
    assert list(night.spikes["rem"]) == ["2", "dreamed"]
    assert night.n_spikes["rem"]["dreamed"] == night.n_spikes["rem"]["tagged"] == 16 * 6
    assert night.n_spikes["nrem"]["4"] == 8 * 4
    assert night.n_spikes["rem"]["4"] == 16 * 3
    assert night.timings["steps"] == 8 * 8 + 16 * 8
    assert {"nrem", "rem", "build", "total", "steps"} == set(night.timings)
    assert repr(night).startswith("<DreamNight of 192 steps, 16 dreams of 4 outputs")


# What is kept


def test_memory_comes_back_from_a_file_and_knows_its_size(tmp_path) -> None:
    kept = dream(dtype="float32", memory=None, recipe=SHORT).memory
    kept.save(tmp_path / "sub" / "memory.npz")
    found = bs.DreamMemory.load(tmp_path / "sub" / "memory.npz")
    np.testing.assert_array_equal(found.feedback, kept.feedback)
    assert found.feedback.dtype == np.float32
    assert (found.thresholds, found.learned, found.mean_square) == (
        kept.thresholds,
        kept.learned,
        kept.mean_square,
    )
    assert kept.n_bytes == found.n_bytes == 4 * 5 * 16 + 4 * 3 + 5
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
        ({"record": ["3"]}, "record: no population is called '3'"),
        ({"memory": bs.DreamMemory(np.zeros((4, 16)), [1.0, 1.0], 2.0, [])}, r"memory.*\(4, 16\)"),
        ({"memory": bs.DreamMemory(np.zeros((5, 16)), [1.0], 2.0, [])}, "1 hidden layers, not.*2"),
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


def test_images_must_evoke_something_and_be_in_range_where_they_spike() -> None:
    recipe = RECIPE.without("current")
    for pictures in (images() * 2, images() - 1):
        with pytest.raises(ParameterError, match=r"images must lie in \[0, 1\] to become spikes"):
            bs.dream(network(), pictures, **{**OPTIONS, "recipe": recipe})
        bs.dream(network(), pictures, **{**OPTIONS, "recipe": SHORT})
    with pytest.raises(ParameterError, match="layer '0' does not respond"):
        bs.dream(network(), np.zeros((3, 12)), **OPTIONS)


def test_part_of_a_network_dreams_on_what_comes_before_it() -> None:
    torch.manual_seed(3)
    ann = nn.Sequential(
        nn.Conv2d(1, 3, 2), nn.ReLU(), nn.Flatten(),
        nn.Linear(18, 16), nn.ReLU(), nn.Linear(16, 5),
    ).double()  # fmt: skip
    pictures = torch.from_numpy(images().reshape(7, 1, 3, 4)) - 0.3
    options = {**OPTIONS, "recipe": SHORT}
    found = bs.dream(bs.translate(ann, (1, 3, 4), input_at="3"), pictures, **options)
    features = ann[:3](pictures).detach()
    alone = bs.dream(ann[3:], features, **options)
    np.testing.assert_allclose(
        found.weights_after["5.weight"], alone.weights_after["5.weight"], atol=1e-12
    )
    assert torch.equal(found.ann[0].weight, ann[0].weight)


@pytest.mark.parametrize(
    ("constants", "message"),
    [
        ({"nrem_steps": 0}, "recipe: nrem_steps must be at least 1"),
        ({"nrem_onset": 14}, "recipe: nrem_onset must be below nrem_steps, 14"),
        ({"learning_onset": 10}, "recipe: learning_onset must be below top_down_steps"),
        ({"input": "rates"}, "unknown input 'rates'"),
        ({"feedback_to": "middle"}, "unknown feedback_to 'middle'"),
        ({"hidden_learning_rate": 1}, 'set feedback_to = "first"'),
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


def test_a_recipe_shows_what_is_not_as_usual() -> None:
    assert repr(bs.DayResidue()) == "DayResidue()"
    assert repr(bs.DayResidue(rem_dreams=9).without("noise")) == (
        "DayResidue(rem_dreams=9, noise=0.0)"
    )


def test_feedback_of_other_days_follows_the_drift_of_the_layer_it_reaches() -> None:
    ann, before = network(), network()
    for layer in (before[0], before[2]):
        layer.weight.data += 0.1 * torch.randn_like(layer.weight)
    start = deep_memory(before, 20)
    recipe = replace(DEEP, nrem_presentations=0)
    night = dream(ann, memory=start, recipe=recipe, before=before)
    pictures = torch.from_numpy(images())
    drift = (ann[:2](pictures) - before[:2](pictures)).mean(axis=0).detach().numpy()
    expected = start.feedback.copy()
    per_activation = recipe.pixel_rate / start.thresholds[0]  # spikes per step
    expected[[0, 2, 4]] += drift * per_activation
    assert np.abs(expected - start.feedback).max() > 0.01
    np.testing.assert_allclose(night.memory.feedback, expected.clip(0, 1), atol=1e-6)
    with pytest.raises(ParameterError, match="before: must be a network with layers of the same"):
        dream(ann, memory=start, recipe=recipe, before=network((12, 20, 15, 5)))
