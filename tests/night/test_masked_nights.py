"""Nights in which synapses are absent: they pass nothing on, learn nothing, and count in no sum."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from brian2 import Hz, ms
from helpers import (
    assert_same_nights,
    bias_vectors,
    heaviside,
    mlp,
    random_spikes,
    raster,
    weight_matrices,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_night import FACTORS, heaviside_night, lif_night
from torch import nn
from torch.nn.utils import prune

import brainsleep as bs
from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.night.preparing.preparation import prepare_night
from brainsleep.plasticity import LayeredRule, SynapseEquations
from brainsleep.support.parameters import parameter

SIZES, N_STEPS = (12, 10, 5), 120
SPIKES = random_spikes(N_STEPS, 12, 0.25)
NUMPY = bs.devices.Runtime("numpy")
STDP = bs.STDP(0.01, 0.0105, w_min=-10, w_max=10)


@dataclass(frozen=True)
class HeldAtMean(LayeredRule):
    """A rule of a user's: weights move to the mean of their neuron's synapses."""

    rate: float = parameter(0.1, minimum=0, learning_rate=True)

    def equations(self):
        return SynapseEquations(
            model="w : 1\nrate : 1 (shared, constant)",
            on_pre="drive_post += w",
            on_post="w += 0.01",
            postsynaptic_model="total : 1\njoined : 1",
            postsynaptic_step="total = 0\njoined = 0",
            event="(t_in_timesteps + 1) % 5 == 0",
            on_event=(
                "total_post += w\njoined_post += 1",
                "w += rate*(total_post/joined_post - w)",
            ),
        )


#: Of each rule one night in which weights go up or down; arguments of `bs.sleep`.
RULES = {
    **{factor: dict(plasticity=bs.SRC(2e-2, 5e-3, weight_factor=factor)) for factor in FACTORS},
    "traces": dict(plasticity=bs.SRC(2e-2, 5e-3, weight_factor="additive", tau_pre=5 * ms)),
    "modulated": dict(plasticity=bs.SRC(2e-2, 5e-3), modulation=np.linspace(0, 2, N_STEPS)),
    "stdp": dict(plasticity=STDP),
    "nearest": dict(plasticity=replace(STDP, interactions="nearest")),
    "triplet_stdp": dict(
        plasticity=bs.TripletSTDP(
            5e-10,
            7e-3,
            triplet_potentiation=6.2e-3,
            triplet_depression=2.3e-4,
            w_min=-10,
            w_max=10,
        )
    ),
    "inhibitory_stdp": dict(plasticity=bs.InhibitorySTDP(0.02, tau=5 * ms)),
    "diehl_cook": dict(plasticity=bs.DiehlCook(0.05, 0.02, w_max=10)),
    "asp": dict(plasticity=bs.ASP(tau_leak=50 * ms, w_max=10, every=10 * ms, w_rest=0.2)),
    "reward_stdp": dict(
        plasticity=bs.RewardSTDP(0.01, 0.0105, learning_rate=1.5, w_min=-10, w_max=10),
        modulation=np.where(np.arange(N_STEPS) % 20 == 7, 1.0, 0.0),
    ),
    "homeostasis": dict(plasticity=bs.Homeostasis(STDP, total_weight=3.0, every=20 * ms)),
    "scaling": dict(
        plasticity=bs.SynapticScaling(STDP, target_rate=100 * Hz, scaling=0.05, every=7 * ms)
    ),
    "downscaling": dict(
        plasticity=bs.Downscaling(bs.SRC(2e-2, 5e-3), downscaling=0.1, every=15 * ms)
    ),
    "users": dict(plasticity=HeldAtMean()),
}


def random_masks(ann, share=0.6, seed=1):
    """Return a mask for each weight; each neuron has a synapse."""
    rng = np.random.default_rng(seed)
    masks = {}
    for name, weight in ann.state_dict().items():
        if name.endswith("weight"):
            masks[name] = rng.random(tuple(weight.shape)) < share
            masks[name].reshape(len(weight), -1)[:, 0] = True
    return masks


def night(ann, spikes=SPIKES, *, device="cpp", dtype="float64", neuron=None, **options):
    neuron = heaviside(threshold=0.4) if neuron is None else neuron
    options = {"plasticity": bs.SRC(2e-2, 5e-3), **options}
    return bs.sleep(
        ann, spikes, neuron=neuron, device=device, dtype=dtype, progress=False, **options
    )


def assert_absent(found, masks):
    """Assert that absent synapses are 0 before and after, and that others have learned."""
    for name, mask in masks.items():
        assert not found.weights_before[name][~mask].any()
        assert not found.weights_after[name][~mask].any()
        assert (found.weights_before[name] != found.weights_after[name])[mask].any()
        np.testing.assert_array_equal(found.masks[name], mask)


# Every rule, on every device


@pytest.mark.parametrize("name", RULES)
def test_an_absent_synapse_is_not_there_for_any_rule(name):
    """Each neuron learns as in a network of its own that has only the inputs it is joined to."""
    ann = mlp((12, 4), dtype=torch.float64, scale=1.5)
    masks = random_masks(ann)
    whole = night(ann, device=NUMPY, masks=masks, **RULES[name])
    assert_absent(whole, masks)
    for neuron, there in enumerate(masks["0.weight"]):
        single = nn.Sequential(nn.Linear(there.sum(), 1, bias=False, dtype=torch.float64))
        single[0].weight.data[:] = ann[0].weight.data[neuron, there]
        alone = night(single, SPIKES[:, there], device=NUMPY, **RULES[name])
        np.testing.assert_array_equal(raster(alone, "0")[:, 0], raster(whole, "0")[:, neuron])
        np.testing.assert_allclose(
            whole.weights_after["0.weight"][neuron, there],
            alone.weights_after["0.weight"][0],
            rtol=0,
            atol=1e-12,
        )


@pytest.mark.parametrize(
    "name", ["additive", "tadros2022", "stdp", "reward_stdp", "homeostasis", "users"]
)
def test_devices_agree(name):
    ann = mlp(SIZES, dtype=torch.float64, scale=1.5)
    masks = random_masks(ann)
    exact = night(ann, device=NUMPY, masks=masks, **RULES[name])
    assert_absent(exact, masks)
    # the exp of NumPy and that of the C library differ in the last digit
    tolerance = 1e-12 if name in ("tadros2022", "reward_stdp") else 0
    for device in ("cpp", "cpp_stock") if name in ("additive", "homeostasis") else ("cpp",):
        found = night(ann, device=device, masks=masks, **RULES[name])
        assert_same_nights(found, exact, tolerance=tolerance)


@pytest.mark.parametrize("factor", ["tadros2022", "multiplicative"])
@pytest.mark.parametrize("device", ["cpp", NUMPY], ids=["cpp", "runtime"])
def test_nights_follow_the_published_algorithm_without_absent_synapses(factor, device):
    ann, spikes = mlp((30, 25, 20, 10)), random_spikes(300, 30, 0.2)
    masks = random_masks(ann)
    constants = dict(gains=[1.0, 1.3, 1.1], thresholds=[0.3] * 3)
    expected = heaviside_night(
        weight_matrices(ann),
        spikes,
        **constants,
        decays=[0.95] * 3,
        increase=[2e-3] * 3,
        decrease=[5e-4] * 3,
        factor=factor,
        masks=list(masks.values()),
    )
    found = night(
        ann,
        spikes,
        device=device,
        neuron=heaviside(constants["gains"], constants["thresholds"], 0.95),
        plasticity=bs.SRC(2e-3, 5e-4, weight_factor=factor),
        masks=masks,
    )
    assert min(*expected.rises, *expected.falls) > 20
    for name, reference in zip(found.sizes, expected.spikes, strict=True):
        np.testing.assert_array_equal(raster(found, name), reference)
    for weights, reference in zip(found.weights_after.values(), expected.weights, strict=True):
        np.testing.assert_allclose(weights, reference, rtol=0, atol=1e-12)
    assert_absent(found, masks)


def test_lif_nights_follow_a_plain_loop_without_absent_synapses():
    ann, spikes = mlp((30, 25, 20, 10)), random_spikes(300, 30, 0.2)
    masks = random_masks(ann)
    expected = lif_night(
        weight_matrices(ann),
        spikes,
        gains=[1.0, 1.3, 1.1],
        thresholds=[0.5, 0.4, 0.3],
        tau_m=20.0,
        increase=[2e-3] * 3,
        decrease=[5e-4] * 3,
        factor="additive",
        tau_pre=5.0,
        delay=1,
        masks=list(masks.values()),
    )
    lif = bs.LIF(
        gain=[1.0, 1.3, 1.1],
        threshold=[0.5, 0.4, 0.3],
        tau_m=20 * ms,
        v_rest="-65 mV",
        v_reset="-65 mV",
        refractory=0 * ms,
    )
    rule = bs.SRC(2e-3, 5e-4, weight_factor="additive", tau_pre=5 * ms)
    found = night(ann, spikes, neuron=lif, plasticity=rule, masks=masks)
    for name, reference in zip(found.sizes, expected.spikes, strict=True):
        np.testing.assert_array_equal(raster(found, name), reference)
    for weights, reference in zip(found.weights_after.values(), expected.weights, strict=True):
        np.testing.assert_allclose(weights, reference, rtol=0, atol=1e-12)


# What masks leave alone


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_masks_that_are_true_everywhere_change_nothing(dtype, empty_cache):
    ann = mlp(SIZES, scale=1.5)
    without = night(ann, dtype=dtype)
    masks = {name: np.ones_like(weight) for name, weight in without.weights_before.items()}
    found = night(ann, dtype=dtype, masks=masks)
    assert found.timings["build_cached"], "it is the same program"
    assert_same_nights(found, without)


@pytest.mark.parametrize("rule", ["tadros2022", "stdp"])
def test_in_single_precision_other_neurons_keep_every_digit(rule, monkeypatch):
    monkeypatch.delenv("BRAINSLEEP_CXXFLAGS")  # as users compile
    ann = mlp((40, 25), scale=1.5)
    spikes = random_spikes(300, 40, 0.1)
    mask = np.ones((25, 40), bool)
    mask[3, ::2] = False
    without = night(ann, spikes, dtype="float32", **RULES[rule])
    found = night(ann, spikes, dtype="float32", **RULES[rule], masks={"0": mask})
    others = np.arange(25) != 3
    one, other = (each.weights_after["0.weight"][others] for each in (found, without))
    assert one.tobytes() == other.tobytes()
    assert_absent(found, {"0.weight": mask})


def test_a_new_mask_needs_no_new_program(empty_cache):
    ann = mlp(SIZES, scale=1.5)
    first = night(ann, masks=random_masks(ann, seed=1))
    second = night(ann, masks=random_masks(ann, seed=2))
    assert not first.timings["build_cached"]
    assert second.timings["build_cached"]


def test_only_layers_with_absent_synapses_get_other_code():
    ann = mlp(SIZES)
    mask = np.ones((10, 12), bool)
    mask[0, 0] = False
    request = bs.night.NightRequest(
        ann=ann,
        stimulus=SPIKES,
        neuron=heaviside(),
        plasticity=bs.SRC(),
        masks={"0": mask, "2": np.ones((5, 10))},
    )
    plan = prepare_night(request).plan
    assert [link.is_masked for link in plan.projections] == [True, False]
    frozen = replace(request, ann=bs.translate(ann, frozen=["0"]))
    assert not any(link.is_masked for link in prepare_night(frozen).plan.projections)


def test_a_layer_without_synapses_is_silent_and_the_others_sleep():
    ann = mlp(SIZES, scale=1.5)
    found = night(ann, masks={"2": np.zeros((5, 10))})
    assert len(found.spikes["0"]) > 0
    assert len(found.spikes["2"]) == 0
    assert not found.weights_after["2.weight"].any()
    assert not found.ann[2].weight.any()
    assert found.timings["synapses"] == 120


def test_frozen_layers_pass_spikes_on_through_their_masks():
    ann = mlp(SIZES, scale=1.5)
    masks = random_masks(ann)
    found = night(bs.translate(ann, frozen=["0"]), masks=masks)
    np.testing.assert_array_equal(found.weights_before["0.weight"], found.weights_after["0.weight"])
    assert not found.weights_after["0.weight"][~masks["0.weight"]].any()
    with torch.no_grad():
        ann[0].weight *= torch.from_numpy(masks["0.weight"])
    same = night(bs.translate(ann, frozen=["0"]), masks={"2": masks["2.weight"]})
    assert_same_nights(found, same)


def test_the_network_wakes_up_with_the_zeros_and_is_not_modified():
    ann = mlp(SIZES, scale=1.5)
    masks, before = random_masks(ann), weight_matrices(ann)
    found = night(ann, masks=masks, dtype="float32", record=None)
    for old, now in zip(before, weight_matrices(ann), strict=True):
        np.testing.assert_array_equal(old, now)
    for name, mask in masks.items():
        np.testing.assert_array_equal(found.ann.state_dict()[name], found.weights_after[name])
        assert not found.ann.state_dict()[name].numpy()[~mask].any()
    assert found.timings["synapses"] == sum(mask.sum() for mask in masks.values())
    assert "masked" in repr(found.translation)


# Convolutions, BatchNorm, parts


def convolutional():
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 3, 2, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(12, 3),
    ).train()
    with torch.no_grad():
        for _ in range(5):
            network(torch.rand(10, 2, 8, 8))
    return network.eval()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernels_keep_their_absent_weights(dtype):
    ann = convolutional()
    network = bs.translate(ann, (2, 8, 8))
    masks = {name: mask for name, mask in random_masks(ann).items() if name != "1.weight"}
    options = dict(neuron=heaviside(threshold=0.2), dtype=dtype)
    found = night(network, random_spikes(N_STEPS, 128, 0.3), masks=masks, **options)
    assert_absent(found, masks)
    everywhere = {name: np.ones_like(mask) for name, mask in masks.items()}
    one = night(network, random_spikes(N_STEPS, 128, 0.3), **options)
    other = night(network, random_spikes(N_STEPS, 128, 0.3), masks=everywhere, **options)
    assert_same_nights(one, other)
    assert any(len(one.spikes[name]) != len(found.spikes[name]) for name in one.spikes)


def test_a_kernel_without_some_weights_learns_as_a_smaller_kernel():
    """A kernel of 3 x 3 whose border is absent is one of 1 x 1."""
    torch.manual_seed(0)
    large = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1, bias=False, dtype=torch.float64))
    small = nn.Sequential(nn.Conv2d(1, 3, 1, bias=False, dtype=torch.float64))
    large[0].weight.data[:, :, 1:2, 1:2] = small[0].weight.data.abs()
    small[0].weight.data.abs_()
    mask = np.zeros((3, 1, 3, 3))
    mask[:, :, 1, 1] = 1
    spikes = random_spikes(N_STEPS, 36, 0.2)
    options = dict(plasticity=bs.SRC(2e-2, 5e-2, weight_factor="additive"))
    one = night(bs.translate(small, (1, 6, 6)), spikes, **options)
    other = night(bs.translate(large, (1, 6, 6), masks={"0": mask}), spikes, **options)
    np.testing.assert_array_equal(raster(one, "0"), raster(other, "0"))
    np.testing.assert_allclose(
        one.weights_after["0.weight"][:, :, 0, 0],
        other.weights_after["0.weight"][:, :, 1, 1],
        rtol=0,
        atol=1e-12,
    )
    assert (one.weights_after["0.weight"] != one.weights_before["0.weight"]).all()


def test_frozen_kernels_keep_their_absent_weights_on_stock_synapses():
    network = bs.translate(convolutional(), (2, 8, 8), frozen=["0", "4"])
    masks = random_masks(network.module)
    masks = {name: masks[name] for name in ("0.weight", "7.weight")}
    spikes = random_spikes(N_STEPS, 128, 0.3)
    options = dict(neuron=heaviside(threshold=0.2), masks=masks)
    options["plasticity"] = bs.SRC(2e-2, 5e-3, weight_factor="additive")
    exact = night(network, spikes, device=NUMPY, **options)
    assert_same_nights(night(network, spikes, **options), exact)
    assert len(exact.spikes["7"]) > 0


def test_sleep_that_begins_later_takes_masks_of_all_layers():
    ann, images = mlp((12, 10, 8, 5), scale=1.5), np.random.default_rng(0).random((20, 12))
    masks = random_masks(ann)
    stimulus = bs.stimuli.MeanOfRandomImages(images, max_rate=400 * Hz)
    found = night(bs.translate(ann, input_at="2"), stimulus, duration=100, masks=masks)
    same = night(bs.translate(ann, input_at="2", masks=masks), stimulus, duration=100)
    assert_same_nights(found, same)
    with torch.no_grad():
        for name, mask in masks.items():
            ann.state_dict()[name].mul_(torch.from_numpy(mask))
    later = {name: masks[name] for name in ("2.weight", "4.weight")}
    pruned = night(bs.translate(ann, input_at="2"), stimulus, duration=100, masks=later)
    assert_same_nights(found, pruned)
    assert_absent(found, later)


def test_calibration_and_gains_see_the_masked_network():
    ann, data = mlp(SIZES, scale=1.5), np.random.default_rng(0).random((20, 12))
    masks = random_masks(ann)
    pruned = mlp(SIZES, scale=1.5)
    with torch.no_grad():
        for name, mask in masks.items():
            pruned.state_dict()[name].mul_(torch.from_numpy(mask))
    neuron = bs.Heaviside(gain="tadros", threshold="calibrated", target_rate=100)
    one, other = (
        bs.sleep(each, np.full(12, 0.2), data, 200, neuron=neuron, plasticity=STDP, masks=given)
        for each, given in ((ann, masks), (pruned, None))
    )
    assert one.gains == other.gains
    assert one.thresholds == other.thresholds
    unmasked = bs.sleep(ann, np.full(12, 0.2), data, 200, neuron=neuron, plasticity=STDP)
    assert unmasked.thresholds != one.thresholds


# Rules that cannot say what an absent synapse does


def test_a_rule_that_overwrites_neurons_is_refused_only_with_masks():
    @dataclass(frozen=True)
    class Overwriting(LayeredRule):
        def equations(self):
            return SynapseEquations(
                model="w : 1",
                on_pre="drive_post += w\nlast_post = 1.0",
                on_post="w += 0.01",
                postsynaptic_model="last : 1",
            )

    ann = mlp((12, 4))
    night(ann, device=NUMPY, plasticity=Overwriting())
    mask = np.ones((4, 12))
    night(ann, device=NUMPY, plasticity=Overwriting(), masks={"0": mask})
    mask[0, 0] = 0
    with pytest.raises(ParameterError, match="overwrites last_post"):
        night(ann, device=NUMPY, plasticity=Overwriting(), masks={"0": mask})


# On disk


def test_a_saved_night_knows_its_masks(tmp_path):
    ann = mlp(SIZES, scale=1.5)
    masks = random_masks(ann)
    found = night(ann, masks=masks)
    found.save(tmp_path / "night")
    loaded = bs.Night.load(tmp_path / "night", ann)
    assert_absent(loaded, masks)
    for name, mask in masks.items():
        assert not loaded.ann.state_dict()[name].numpy()[~mask].any()
    night(ann).save(tmp_path / "unmasked")
    assert bs.Night.load(tmp_path / "unmasked").masks == {}


def test_a_masked_night_is_resumed_to_the_same_weights(tmp_path):
    ann = mlp(SIZES, scale=1.5)
    masks = random_masks(ann)
    whole = night(ann, masks=masks)
    steps = iter(range(1000))
    save = bs.Save(tmp_path / "night", snapshot_every=20, resume=True)
    with pytest.warns(UserWarning, match="was stopped"):
        part = night(ann, masks=masks, save=save, should_stop=lambda: next(steps) > 0)
    assert 0 < part.n_steps < N_STEPS
    resumed = night(ann, masks=masks, save=save)
    assert_same_nights(resumed, whole)
    assert_absent(bs.Night.load(tmp_path / "night"), masks)


def test_a_night_with_other_masks_is_not_resumed(tmp_path):
    ann = mlp(SIZES, scale=1.5)
    with torch.no_grad():
        ann[0].weight[0] = 0  # so that the weights are the same
    mask = np.ones((10, 12))
    mask[0, 0] = 0
    other = np.ones((10, 12))
    other[0, 1] = 0
    save = bs.Save(tmp_path / "night", resume=True)
    night(ann, masks={"0": mask}, save=save)
    with pytest.raises(DirectoryError, match=r"What differs: masks: 0\.weight"):
        night(ann, masks={"0": other}, save=save)
    night(ann, masks={"0": mask}, save=save)


# Many nights at once


def test_batched_nights_follow_the_published_algorithm_without_absent_synapses():
    ann, spikes = mlp((30, 25, 20, 10)), random_spikes(200, 30, 0.2)
    masks = random_masks(ann)
    network = bs.translate(ann, frozen=["4"], masks=masks)
    rates = dict(increase=2e-3, decrease=5e-4)
    several = bs.HeavisideTorch(
        network,
        [heaviside(threshold=threshold) for threshold in (0.3, 0.4)],
        bs.SRC(**rates, weight_factor="sigmoid"),
    ).sleep(spikes, record="rasters", progress=False)
    for number, threshold in enumerate((0.3, 0.4)):
        expected = heaviside_night(
            weight_matrices(ann),
            spikes,
            gains=[1.0] * 3,
            thresholds=[threshold] * 3,
            decays=[0.9] * 3,
            **{name: [rate, rate, 0.0] for name, rate in rates.items()},
            factor="sigmoid",
            masks=list(masks.values()),
        )
        for found, reference in zip(several.rasters.values(), expected.spikes, strict=True):
            np.testing.assert_array_equal(found[number], reference)
        for found, reference in zip(several.weights.values(), expected.weights, strict=True):
            np.testing.assert_allclose(found[number], reference, rtol=0, atol=1e-12)
        for name, mask in masks.items():
            assert not several.ann(number).state_dict()[name].numpy()[~mask].any()


@settings(max_examples=30)
@given(share=st.floats(0, 1), seed=st.integers(0, 1000), factor=st.sampled_from(list(FACTORS)))
def test_zeros_stay_zero_under_any_mask(share, seed, factor):
    ann, rng = mlp(SIZES, scale=1.5, bias=True), np.random.default_rng(seed)
    masks = {
        name: rng.random(w.shape) < share
        for name, w in zip("02", weight_matrices(ann), strict=True)
    }
    network = bs.translate(ann, masks=masks)
    rule = bs.SRC(2e-2, 5e-3, weight_factor=factor)
    nights = bs.HeavisideTorch(network, heaviside(threshold=0.4), rule).sleep(
        SPIKES, record="rasters", progress=False
    )
    expected = heaviside_night(
        weight_matrices(ann),
        SPIKES,
        gains=[1.0] * 2,
        thresholds=[0.4] * 2,
        decays=[0.9] * 2,
        increase=[2e-2] * 2,
        decrease=[5e-3] * 2,
        factor=factor,
        biases=bias_vectors(ann),
        masks=list(masks.values()),
    )
    for name, mask, reference in zip("02", masks.values(), expected.weights, strict=True):
        found = nights.weights[f"{name}.weight"][0]
        assert not found[~mask].any()
        np.testing.assert_allclose(found, reference, rtol=0, atol=1e-12)


# Masks that the network itself brings


class Masked(nn.Module):
    """Its weight is multiplied by a mask, as where several tasks share one weight."""

    def __init__(self, own):
        super().__init__()
        self.fc = nn.Linear(12, 10, bias=False)
        self.register_buffer("mask", torch.from_numpy(own).float())

    def forward(self, x):
        return nn.functional.linear(x, self.fc.weight * self.mask)


def pruned(own, seed=0):
    ann = mlp((12, 10), scale=1.5, seed=seed)
    prune.custom_from_mask(ann[0], "weight", torch.from_numpy(own))
    return ann


OWN = np.arange(120).reshape(10, 12) % 3 > 0
USERS = np.arange(120).reshape(10, 12) % 2 > 0


@pytest.mark.parametrize(
    ("make", "stored_as", "given_as"),
    [(pruned, "0.weight_orig", "0.weight"), (Masked, "fc.weight", "fc.weight")],
)
@pytest.mark.parametrize("batched", [False, True])
def test_what_the_network_has_under_a_mask_of_its_own_is_left_alone(
    make, stored_as, given_as, batched, tmp_path
):
    torch.manual_seed(0)
    ann = make(OWN)
    stored = ann.state_dict()[stored_as].numpy().copy()
    masks = {given_as: USERS}
    if batched:
        network = bs.translate(ann, masks=masks)
        several = bs.HeavisideTorch(network, heaviside(threshold=0.1), bs.SRC(2e-2, 5e-3))
        nights = several.sleep(SPIKES, progress=False)
        after, awake = nights.weights[stored_as][0], nights.ann(0)
    else:
        found = night(ann, masks=masks, neuron=heaviside(threshold=0.1), dtype="float32")
        assert_absent(found, {stored_as: OWN & USERS})
        after, awake = found.weights_after[stored_as], found.ann
        found.save(tmp_path / "night")
        loaded = bs.Night.load(tmp_path / "night", make(OWN)).ann
        for name, values in awake.state_dict().items():
            torch.testing.assert_close(loaded.state_dict()[name], values, rtol=0, atol=0)
    now = awake.state_dict()[stored_as].numpy()
    np.testing.assert_array_equal(now[OWN & USERS], after[OWN & USERS].astype(np.float32))
    np.testing.assert_array_equal(now[~OWN], stored[~OWN])
    assert (after != stored)[OWN & USERS].any()
    assert not now[OWN & ~USERS].any()
    assert not after[~(OWN & USERS)].any()


@pytest.mark.parametrize("device", ["cpp", NUMPY], ids=["cpp", "runtime"])
def test_pruned_weights_do_not_grow_back(device):
    ann = mlp(SIZES, scale=1.5)
    same = night(ann, device=device, masks={"0": OWN}, dtype="float32")
    prune.custom_from_mask(ann[0], "weight", torch.from_numpy(OWN))
    found = night(ann, device=device, dtype="float32")
    assert not found.ann[0].weight[~torch.from_numpy(OWN)].any()
    after = found.weights_after["0.weight_orig"]
    np.testing.assert_array_equal(after, same.weights_after["0.weight"])
    np.testing.assert_array_equal(raster(found, "2"), raster(same, "2"))
