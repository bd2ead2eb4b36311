"""Defaults that carry over: to weights of any size, any number of inputs, any neuron."""

import warnings

import numpy as np
import pytest
import torch
from brian2 import Hz, mV
from helpers import mlp

import brainsleep as bs
from brainsleep.errors import ParameterError


@pytest.mark.parametrize(
    "neuron", [bs.Heaviside(), pytest.param(bs.LIF(threshold=15 * mV), marks=pytest.mark.slow)]
)
def test_scaled_weights_sleep_alike_with_defaults(neuron):
    """The weights of a layer times c: the same spikes, and all it learned times c."""
    factors = (3.7, 1e-3, 2e4)
    ann, scaled = (mlp((30, 12, 10, 6), dtype=torch.float64) for _ in range(2))
    with torch.no_grad():
        for layer, factor in zip(scaled[::2], factors, strict=True):
            layer.weight *= factor
    one, two = (bs.sleep(net, np.full(30, 0.1), None, 40, neuron=neuron, dtype="float64")
                for net in (ann, scaled))  # fmt: skip
    for name, factor in zip(("0", "2", "4"), factors, strict=True):
        np.testing.assert_array_equal(one.spikes[name].i, two.spikes[name].i)
        np.testing.assert_array_equal(one.spikes[name].t, two.spikes[name].t)
        weight = f"{name}.weight"
        assert (one.weights_after[weight] != one.weights_before[weight]).any()
        np.testing.assert_allclose(
            two.weights_after[weight], factor * one.weights_after[weight], rtol=1e-9
        )


def test_fan_in_does_not_change_what_a_spike_is_worth():
    changes = []
    for n_in in (64, 4000):
        torch.manual_seed(0)
        ann = torch.nn.Linear(n_in, 10, bias=False)
        night = bs.sleep(ann, np.full(n_in, 0.2), None, 200)
        (before,), (after,) = night.weights_before.values(), night.weights_after.values()
        (name,) = night.thresholds
        scale = np.sqrt(np.mean(before**2))
        changes.append(np.abs(after - before).mean() / scale / len(night.spikes[name]))
        assert not night.findings
    assert changes[1] == pytest.approx(changes[0], rel=0.5)


#: Those that were silent; the others are only tried in the long run.
HARD = (bs.AdEx, bs.Izhikevich)
OTHERS = [model for model in bs.neurons.NEURONS.values() if model not in HARD]


@pytest.mark.parametrize(
    "neuron", [*HARD, *(pytest.param(model, marks=pytest.mark.slow) for model in OTHERS)]
)
def test_no_plain_neuron_is_silent_or_saturated(neuron):
    ann = mlp((40, 12, 8), scale=1.5)
    with warnings.catch_warnings(action="error", category=bs.CalibrationWarning):
        night = bs.sleep(ann, np.full(40, 0.1), None, 100, neuron=neuron(), plasticity=bs.SRC(0, 0))
    assert not night.findings
    for name in night.thresholds:
        assert 15 < float(night.rates[name].mean / Hz) < 60
    assert (neuron().threshold == "calibrated") == (set(night.gains.values()) == {1.0})


def test_a_layer_that_is_silent_or_saturated_at_any_threshold_is_told():
    ann = torch.nn.Linear(4, 3, bias=False)
    torch.nn.init.ones_(ann.weight)
    with pytest.warns(bs.CalibrationWarning, match="layer 'linear' runs away: 1e\\+03 Hz"):
        night = bs.sleep(
            ann,
            np.ones((20, 4), dtype=bool),
            neuron=bs.Heaviside(decay=0),
            plasticity=bs.SRC(0, 0),
        )
    assert night.thresholds["linear"] <= 4


def test_gains_that_are_found_are_those_used_and_stored(tmp_path):
    ann = mlp((30, 10, 6))
    night = bs.sleep(
        ann, np.full(30, 0.1), None, 100, neuron=bs.LIF(threshold=[15, 12]), save=tmp_path / "night"
    )
    assert list(night.thresholds.values()) == [15, 12]
    assert all(gain > 10 for gain in night.gains.values())
    loaded = bs.Night.load(tmp_path / "night")
    assert loaded.gains == night.gains
    assert loaded.plasticity == night.plasticity == bs.SRC()
    again = loaded.again(save=None)
    for name, weight in night.weights_after.items():
        np.testing.assert_array_equal(again.weights_after[name], weight)
    assert again.settings["learning_rates"] == night.settings["learning_rates"]


def test_no_gain_goes_with_a_threshold_of_zero():
    with pytest.raises(ParameterError, match="threshold of layer '2' is 0"):
        bs.sleep(mlp((12, 8, 5)), np.full(12, 0.1), neuron=bs.LIF(threshold=[15, 0]))
