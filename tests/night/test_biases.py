"""What becomes of biases asleep: frozen, learned as weights of inputs that always fire, ignored.

Learned biases are held against NumPy loops, and against networks that have such an input.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from brian2 import ms
from helpers import (
    SMALL,
    asleep,
    assert_same_nights,
    bias_vectors,
    heaviside,
    mlp,
    random_spikes,
    raster,
    weight_matrices,
)
from numpy_night import FACTORS, heaviside_night, lif_night
from torch import nn
from torch.nn import functional

import brainsleep as bs
from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.night.preparing import biases

INCREASE, DECREASE = 2e-3, 5e-4
NUMPY = bs.devices.Runtime("numpy")
RULE = bs.SRC(INCREASE, DECREASE, weight_factor="additive")


def small(scale: float = 1.0) -> nn.Sequential:
    """Return a network with biases, in float64 so that nothing is rounded."""
    return mlp(SMALL, bias=True, scale=scale, seed=2, dtype=torch.float64)


SPIKES = random_spikes(300, SMALL[0], 0.2)


def learned(ann: nn.Module, device: object = NUMPY, **options: object) -> bs.Night:
    """Sleep a night in which biases learn."""
    options = {"neuron": heaviside(), "plasticity": RULE, "biases": "learn", **options}
    return asleep(ann, SPIKES, device=device, dtype="float64", progress=False, **options)


def assert_as_expected(night: bs.Night, expected: object) -> None:
    """Assert the same spikes, the same weights, and the same biases, which the network has."""
    assert list(night.spikes) == ["input", "0", "2", "4"]
    for name, spikes in zip(night.spikes, expected.spikes, strict=True):
        np.testing.assert_array_equal(raster(night, name), spikes, err_msg=name)
        assert 0.002 < spikes.mean() < 0.9, name
    for kind, values in (("weight", expected.weights), ("bias", expected.biases)):
        for layer, reference in zip("024", values, strict=True):
            name = f"{layer}.{kind}"
            after, before = night.weights_after[name], night.weights_before[name]
            np.testing.assert_allclose(after, reference, rtol=0, atol=1e-12, err_msg=name)
            np.testing.assert_array_equal(night.ann.state_dict()[name].numpy(), after)
            assert (after != before).any(), name


@pytest.mark.parametrize(
    ("factor", "bias_gain"), [*((factor, None) for factor in FACTORS), ("additive", 1.5)]
)
def test_learned_biases_equal_a_numpy_loop(factor: str, bias_gain: float | None) -> None:
    scale = 0.02 if factor == "tadros2022" else 1.0  # it freezes large positive weights
    ann, gains = small(scale), [1 / scale, 1.3 / scale, 1.1 / scale]
    bias_gains = None if bias_gain is None else [bias_gain / scale] * 3
    expected = heaviside_night(
        weight_matrices(ann),
        SPIKES,
        gains=gains,
        thresholds=[1.0] * 3,
        decays=[0.9] * 3,
        increase=[INCREASE] * 3,
        decrease=[DECREASE] * 3,
        factor=factor,
        biases=bias_vectors(ann),
        bias_gains=bias_gains,
        learn_biases=True,
    )
    options = {
        "neuron": heaviside(gains, 1.0, bias_gain=bias_gains),
        "plasticity": bs.SRC(INCREASE, DECREASE, weight_factor=factor),
    }
    in_process = learned(ann, NUMPY, **options)
    assert_as_expected(in_process, expected)
    if factor == "additive" and bias_gain is None:  # one program for each of the C++ devices
        compiled = learned(ann, "cpp", **options)
        assert_same_nights(compiled, in_process)
        assert_same_nights(compiled, learned(ann, "cpp_stock", **options))


@pytest.mark.parametrize("delay", [0, 1])
def test_with_lif_neurons(delay: int) -> None:
    ann = small()
    constants = {"gains": [1.0, 1.3, 1.1], "thresholds": [0.9, 0.8, 0.7]}
    expected = lif_night(
        weight_matrices(ann),
        SPIKES,
        **constants,
        tau_m=20.0,
        increase=[INCREASE] * 3,
        decrease=[DECREASE] * 3,
        factor="additive",
        tau_pre=7.5,
        delay=delay,
        refractory_steps=3,
        biases=bias_vectors(ann),
        learn_biases=True,
    )
    neuron = bs.LIF(
        constants["gains"], constants["thresholds"], refractory=3 * ms, delay_steps=delay
    )
    rule = bs.SRC(INCREASE, DECREASE, weight_factor="additive", tau_pre=7.5 * ms)
    for device in ("cpp", NUMPY)[delay == 0 :]:
        assert_as_expected(learned(ann, device, neuron=neuron, plasticity=rule), expected)


NEURONS = {
    "Heaviside": heaviside(1.0, 1.0),
    "LIF": bs.LIF(1, 2),
    "CurrentLIF": bs.CurrentLIF(1, 0.3),
    "ConductanceLIF": bs.ConductanceLIF(1, 4),
}
RULES = {
    "SRC": bs.SRC(INCREASE, DECREASE, weight_factor="sigmoid", tau_pre=5 * ms),
    "STDP": bs.STDP(0.01, 0.005, w_min=-3.0, w_max=3.0),
    "TripletSTDP": bs.TripletSTDP(
        5e-3, 7e-3, triplet_potentiation=6e-3, triplet_depression=2e-3, w_min=-3.0, w_max=3.0
    ),
}


@pytest.mark.parametrize(
    ("neuron", "rule"),
    [
        ("Heaviside", "STDP"),
        ("LIF", "SRC"),
        ("LIF", "TripletSTDP"),
        ("CurrentLIF", "SRC"),
        ("ConductanceLIF", "STDP"),
    ],
)
def test_a_bias_is_the_weight_of_an_input_that_always_fires(neuron: str, rule: str) -> None:
    torch.manual_seed(0)
    ann = nn.Sequential(nn.Linear(12, 7)).double()
    more = nn.Sequential(nn.Linear(13, 7, bias=False)).double()
    more[0].weight.data = torch.cat([ann[0].weight.data, ann[0].bias.data[:, None]], dim=1)
    spikes = np.hstack([SPIKES, np.ones((len(SPIKES), 1), bool)])
    options = {"neuron": NEURONS[neuron], "plasticity": RULES[rule], "device": NUMPY}
    options |= {"dtype": "float64", "progress": False}
    night = bs.sleep(ann, SPIKES, biases="learn", **options)
    expected = bs.sleep(more, spikes, **options)
    np.testing.assert_array_equal(raster(night, "0"), raster(expected, "0"))
    assert raster(night, "0").any()
    found = np.hstack([night.weights_after["0.weight"], night.weights_after["0.bias"][:, None]])
    np.testing.assert_allclose(found, expected.weights_after["0.weight"], rtol=0, atol=1e-12)
    assert (night.weights_after["0.bias"] != night.weights_before["0.bias"]).any()


class Convolutional(nn.Module):
    """A convolution with BatchNorm, and a layer that reads it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(2, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        nn.init.uniform_(self.norm.weight, 0.5, 1.5)
        nn.init.uniform_(self.norm.bias, -0.1, 0.1)
        self.norm.running_var.uniform_(0.5, 2)
        self.fc = nn.Linear(3 * 5 * 4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.norm(self.conv(x)).relu().flatten(1))


def test_a_channel_has_one_bias_and_learns_from_the_mean_of_its_neurons() -> None:
    ann = Convolutional().double().eval()
    spikes = np.random.default_rng(0).random((200, 2, 5, 4)) < 0.2
    scale = (ann.norm.weight / torch.sqrt(ann.norm.running_var + ann.norm.eps)).detach()
    kernel = ann.conv.weight.detach() * scale[:, None, None, None]
    bias, shift = ann.conv.bias.detach() * scale, ann.norm.bias.detach()  # its mean is 0
    there = functional.unfold(torch.ones(1, 2, 5, 4).double(), 3, padding=1)[0]  # not the padding
    v, fired = torch.zeros(3, 20).double(), []
    for step in torch.from_numpy(spikes).double():
        image = functional.unfold(step[None], 3, padding=1)[0]  # (weights of a kernel, positions)
        v = 0.9 * v + kernel.reshape(3, -1) @ image + (bias + shift)[:, None]
        spiking = v >= 1
        change = (INCREASE * image - DECREASE * (1 - image)) * there
        change = spiking.double() @ change.T / there.sum(1)
        kernel = kernel + change.reshape(kernel.shape)
        bias = bias + INCREASE * spiking.double().mean(1)
        v[spiking] = 0
        fired.append(spiking.ravel().numpy())
    night = bs.sleep(
        bs.translate(ann, (2, 5, 4)),
        spikes,
        neuron=heaviside(1.0, 1.0),
        plasticity=RULE,
        biases="learn",
        dtype="float64",
    )
    np.testing.assert_array_equal(raster(night, "conv"), np.array(fired))
    new = {"conv.weight": kernel / scale[:, None, None, None], "conv.bias": bias / scale}
    for name, values in new.items():
        np.testing.assert_allclose(night.weights_after[name], values, rtol=0, atol=1e-12)
        assert torch.equal(night.ann.state_dict()[name], torch.tensor(night.weights_after[name]))
    assert night.weights_after["fc.bias"].shape == (4,)
    assert torch.equal(night.ann.norm.bias, ann.norm.bias)
    np.testing.assert_allclose(
        night.translation.layer("conv").bias, np.repeat(bias + shift, 20), rtol=0, atol=1e-12
    )
    for device in ("cpp_stock", NUMPY):
        with pytest.raises(ParameterError, match="is a convolution that learns"):
            bs.sleep(bs.translate(ann, (2, 5, 4)), spikes, device=device, biases="learn")


class Sum(nn.Module):
    """Two paths that meet, each with a bias."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(12, 6), nn.Linear(12, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) + self.two(x)


def test_two_biases_of_one_layer() -> None:
    ann = Sum().double()
    night = learned(ann)
    change = {
        name: night.weights_after[name] - night.weights_before[name]
        for name in ("one.bias", "two.bias")
    }
    n_spikes = raster(night, "add").sum(0)
    assert n_spikes.any()
    for values in change.values():
        np.testing.assert_allclose(values, INCREASE * n_spikes, rtol=0, atol=1e-12)


def test_without_learning_rates_biases_are_as_frozen() -> None:
    ann, rule = small(), bs.SRC(increase=0, decrease=0)
    nights = [learned(ann, plasticity=rule, biases=word) for word in ("learn", "frozen")]
    for name in nights[0].spikes:
        np.testing.assert_array_equal(raster(nights[0], name), raster(nights[1], name))
    for name, values in ann.state_dict().items():
        assert torch.equal(nights[0].ann.state_dict()[name], values), name


@pytest.mark.slow
def test_a_step_at_a_time_and_in_blocks() -> None:
    """Inhibition within a layer forbids blocks; of strength 0 it changes nothing else."""
    ann, lateral = small(), {"2": bs.lateral.MeanInhibition(0.0)}
    assert_same_nights(learned(ann, "cpp"), learned(ann, "cpp", lateral=lateral), tolerance=0)


def test_biases_of_frozen_layers_stay() -> None:
    ann = small()
    night = learned(ann, translation={"frozen": ["0", "4"]})
    assert list(night.weights_after) == ["0.weight", "2.weight", "2.bias", "4.weight"]
    assert torch.equal(night.ann[0].bias, ann[0].bias)
    still = learned(ann, plasticity=bs.SRC(0, 0), translation={"frozen": ["0", "4"]})
    np.testing.assert_array_equal(raster(night, "0"), raster(still, "0"))  # and drive it


def test_ignored_biases_are_not_there_and_come_back() -> None:
    ann, without = small(), small()
    for module in (without[0], without[2], without[4]):
        nn.init.zeros_(module.bias)
    night, expected = learned(ann, biases="ignore"), learned(without, biases="frozen")
    assert_same_nights(night, expected)
    assert len(night.spikes["4"]) != len(learned(ann, biases="frozen").spikes["4"])
    for layer in (0, 2, 4):
        assert torch.equal(night.ann[layer].bias, ann[layer].bias)


def test_what_cannot_learn_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"unknown biases 'learned'.*'learn'"):
        learned(small(), biases="learned")
    with pytest.raises(ParameterError, match="needs a layer that learns and has a bias"):
        learned(mlp(SMALL))
    with pytest.raises(ParameterError, match="needs a layer that learns and has a bias"):
        learned(small(), translation={"frozen": ["0", "2", "4"]})
    shared = mlp((12, 12, 12), bias=True)
    shared[2].bias = shared[0].bias
    with pytest.raises(ParameterError, match=r"layers '0' and '2' share '2\.bias'"):
        learned(shared)
    with pytest.raises(ParameterError, match="layer '2' has a gain of 0"):
        learned(small(), neuron=heaviside([1.0, 0.0, 1.0], bias_gain=1.0))
    with pytest.raises(ParameterError, match="ConductanceLIF, which has another unit"):
        learned(small(), neuron=bs.ConductanceLIF(1, 4, bias_gain=1))
    assert biases.BIASES == ("frozen", "learn", "ignore")


def test_a_night_on_disk_goes_on_only_with_the_same_word(tmp_path) -> None:
    ann = small()
    in_memory = learned(ann, "cpp")
    save = bs.Save(tmp_path / "night", snapshot_every=100)
    on_disk = learned(ann, "cpp", save=save)
    assert_same_nights(on_disk, in_memory)
    loaded = bs.Night.load(save.directory, ann)
    assert_same_nights(loaded, in_memory)
    assert torch.equal(loaded.ann[0].bias, in_memory.ann[0].bias)
    for word in ("frozen", "ignore"):
        with pytest.raises(
            DirectoryError, match=rf"biases asleep \('learn' there, '{word}' here\)"
        ):
            learned(ann, "cpp", save=bs.Save(save.directory, resume=True), biases=word)


def test_many_nights_in_torch_learn_the_same_biases() -> None:
    ann = small()
    neuron, rules = heaviside(1.0, 1.0), [RULE, bs.SRC(1e-3, 2e-3, weight_factor="additive")]
    for word, n_compared in (("learn", 2), ("ignore", 1)):
        several = bs.HeavisideTorch(bs.translate(ann, frozen=["2"]), neuron, rules, biases=word)
        nights = several.sleep(SPIKES, progress=False)
        assert ("0.bias" in nights.weights, "2.bias" in nights.weights) == (word == "learn", False)
        for number, rule in enumerate(rules[:n_compared]):
            expected = learned(
                ann, biases=word, neuron=neuron, plasticity=rule, translation={"frozen": ["2"]}
            )
            for name, values in expected.weights_after.items():
                found = nights.weights[name][number]
                np.testing.assert_allclose(found, values, rtol=0, atol=1e-12, err_msg=name)
            for name, values in expected.ann.state_dict().items():
                torch.testing.assert_close(nights.ann(number).state_dict()[name], values)
