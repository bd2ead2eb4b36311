"""Nights of replay: against plain loops on every device, what they store, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import replay_loop
from helpers import mlp

import brainsleep as bs
from brainsleep.dreams import IndexReplay, index_plans
from brainsleep.errors import ParameterError

NUMPY = bs.devices.Runtime("numpy")
SIZES = (12, 20, 16, 5)
RECIPE = IndexReplay(
    capacity_bytes=200,
    n_parts=4,
    n_codes=2,
    replays=12,
    replay_steps=6,
    gather_onset=1,
    learning_onset=2,
    code_activity=0.3,
)


class Gate:
    """Opens for 9 of 13 steps, so that replays are cut off."""

    def gate(self, n_steps: int, dt: float, seed: int) -> bs.stages.Gate:
        is_open = (np.arange(n_steps) % 13 < 9).astype(float)
        return bs.stages.Gate(is_open, is_open)


def network():
    return mlp(SIZES).double()


def day(number: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(number)
    return np.rint(255 * rng.random((9, SIZES[0]))) / 255, 2 * number + np.arange(9) % 2


def night(number: int = 1, **options) -> bs.DreamNight:
    given = {"recipe": RECIPE, "device": NUMPY, "dtype": "float64", "progress": False}
    return bs.dreams.replay(network(), day(number), **{**given, **options})


def memory() -> bs.hippocampus.EpisodeMemory:
    """Of the first day, on which nothing was replayed."""
    return night(0, recipe=replace(RECIPE, replays=0)).memory


def raster(found: bs.DreamNight, population: str) -> np.ndarray:
    train, n_steps = found.spikes["nrem"][population], found.timings["steps"]
    table = np.zeros((n_steps, train.n_neurons), dtype=bool)
    table[np.rint(np.asarray(train.t) * 1000).astype(int), train.i] = True
    return table


def assert_as_the_loop(found: bs.DreamNight, stages=None, seed: int = 0) -> None:
    stored, recipe = found.memory, found.recipe
    of_plan = np.random.default_rng(seed).spawn(3)[1]
    plan = index_plans.plan_replay(recipe, stored.labels, [2, 3], SIZES[-1], of_plan)
    plan = index_plans.in_up_states(plan, stages, 1e-3, seed)
    np.testing.assert_array_equal(plan.cues, found.cues)
    if stored.codebook is None:
        hidden = found_activity(stored.rows / 255)
        patterns = recipe.code_activity / stored.mean_activity * hidden
    else:
        codes = stored.codebook.codes(stored.rows)
        patterns = [replay_loop.rebuilt(own, stored.codebook) for own in codes]
    state = network().state_dict()
    weights, spikes = replay_loop.night(
        state["4.weight"].numpy(),
        state["4.bias"].numpy() if "4.bias" in state else np.zeros(SIZES[-1]),
        patterns,
        stored.labels,
        plan,
        recipe,
        stored.mean_activity,
        stored.mean_square,
    )
    np.testing.assert_array_equal(raster(found, "2"), spikes)
    assert 0.05 < spikes.mean() < 0.9
    np.testing.assert_allclose(found.weights_after["4.weight"], weights, atol=1e-12)
    change = weights - state["4.weight"].numpy()
    assert change.max() > 0.01
    assert change.min() < -0.01


def found_activity(images: np.ndarray) -> np.ndarray:
    """Return what the hidden layers of the network give for images."""
    state, active = network().state_dict(), images
    for name in ("0", "2"):
        bias = state[f"{name}.bias"].numpy() if f"{name}.bias" in state else 0.0
        active = np.maximum(0, active @ state[f"{name}.weight"].numpy().T + bias)
    return active


@pytest.mark.parametrize("device", ["cpp", "cpp_stock", NUMPY], ids=str)
def test_a_night_in_up_states_is_that_of_a_plain_loop(device) -> None:
    found = night(memory=memory(), device=device, stages=Gate(), record="all")
    assert_as_the_loop(found, Gate())
    assert set(found.cues) == {0, 1, 2, 3}
    indices = raster(found, "indices")
    assert indices.sum(axis=1).max() == 1
    n_cells, n_stored = indices.shape[1], len(found.memory)
    assert n_stored <= n_cells
    per_step = raster(found, "codes").sum(axis=1)
    np.testing.assert_array_equal(per_step, RECIPE.n_parts * indices.sum(axis=1))
    assert set(per_step) == {0, RECIPE.n_parts}  # some replays are cut off by a down state


def test_stored_images_drive_the_hidden_layer_as_they_did_awake() -> None:
    recipe = replace(RECIPE, stores="images")
    first = night(0, recipe=replace(recipe, replays=0)).memory
    found = night(recipe=recipe, memory=first, record="all")
    assert_as_the_loop(found)
    assert found.memory.n_bytes == len(found.memory) * (SIZES[0] + 1) + 8 <= 200


def test_control_without_up_states_has_as_many_replays() -> None:
    gated = night(memory=memory(), stages=Gate())
    recipe = RECIPE.without("up_states")
    anytime = night(memory=memory(), stages=Gate(), recipe=recipe)
    assert len(gated.cues) == len(anytime.cues) < RECIPE.replays
    changes = [one.weights_after["4.weight"] for one in (gated, anytime)]
    assert not np.array_equal(*changes)


def test_controls_mix_what_is_stored() -> None:
    own, rng = night(memory=memory()).memory, np.random.default_rng(0)
    codes = own.codebook.codes(own.rows)
    labels, same = index_plans.replayed_memory(RECIPE.without("classes"), own, rng)
    np.testing.assert_array_equal(same, codes)
    np.testing.assert_array_equal(np.sort(labels), own.labels[np.argsort(own.labels)])
    assert not np.array_equal(labels, own.labels)
    labels, mixed = index_plans.replayed_memory(RECIPE.without("episodes"), own, rng)
    np.testing.assert_array_equal(labels, own.labels)
    assert not np.array_equal(mixed, codes)
    for output in own.learned:
        mine = labels == output
        np.testing.assert_array_equal(np.sort(mixed[mine], axis=0), np.sort(codes[mine], axis=0))


def test_a_saved_night_is_read_back(tmp_path) -> None:
    found = night(memory=memory(), record=["indices"])
    found.save(tmp_path / "night")
    read = bs.DreamNight.load(tmp_path / "night", network())
    assert read.recipe == found.recipe
    for name, array in found.memory.arrays().items():
        np.testing.assert_array_equal(read.memory.arrays()[name], array)
    np.testing.assert_array_equal(
        read.spikes["nrem"]["indices"].i, found.spikes["nrem"]["indices"].i
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"recipe": replace(RECIPE, n_parts=5)}, "cannot be cut into 5 parts.*take 4"),
        ({"recipe": replace(RECIPE, capacity_bytes=40)}, "have no room for one image"),
        ({"recipe": replace(RECIPE, stores="images"), "memory": "first"}, "holds no images"),
        (
            {"recipe": replace(RECIPE, n_codes=4), "memory": "first"},
            "4 parts of 2 codes, but the recipe asks for 4 of 4",
        ),
    ],
)
def test_refused(options, words) -> None:
    given = {**options, "memory": memory()} if "memory" in options else options
    with pytest.raises(ParameterError, match=words):
        night(**given)


def test_a_memory_of_outputs_that_the_network_lacks_is_refused() -> None:
    stored = replace(memory(), labels=memory().labels + SIZES[-1])
    with pytest.raises(ParameterError, match=f"of output {SIZES[-1] + 1}, but .* {SIZES[-1]} out"):
        night(memory=stored)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"n_codes": 6}, "power of two"),
        ({"learning_onset": 10}, "must be below replay_steps"),
        ({"stores": "movies"}, "codes"),
    ],
)
def test_recipe_refused(values, words) -> None:
    with pytest.raises(ParameterError, match=words):
        IndexReplay(**values)
