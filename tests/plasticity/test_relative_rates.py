"""Learning rates as percentages of a layer's weight scale."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from brian2 import ms

import brainsleep as bs
from brainsleep.errors import ParameterError
from brainsleep.translation import translate, weight_scales

NUMPY = bs.devices.Runtime("numpy")
EXACT = {"dtype": "float64", "device": NUMPY}
RELATIVE = bs.SRC("2 %", "1 %")


def mlp(*sizes):
    torch.manual_seed(0)
    layers = [torch.nn.Linear(*pair, bias=False).double() for pair in pairwise(sizes)]
    parts = [part for layer in layers for part in (layer, torch.nn.ReLU())]
    return torch.nn.Sequential(*parts[:-1])


def spikes(n_steps, n_in, p=0.2):
    return np.random.default_rng(1).random((n_steps, n_in)) < p


def rms(weight):
    return float(np.sqrt(np.mean(np.square(weight, dtype=np.float64))))


def test_a_percentage_is_of_the_root_mean_square_of_each_layer():
    ann = mlp(12, 8, 5)
    scales = [rms(ann[k].weight.detach().numpy()) for k in (0, 2)]
    assert weight_scales(translate(ann)) == pytest.approx(scales, rel=1e-14)
    numbers = bs.SRC(
        [0.02 * scale for scale in scales],
        {"0": 0.01 * scales[0], "2": 3e-3},
        weight_factor="tadros2022_relative",
        factor_width=[0.05 * scale for scale in scales],
    )
    neuron, given = bs.Heaviside(1, 0.3), spikes(60, 12)
    expected = bs.sleep(ann, given, neuron=neuron, plasticity=numbers, **EXACT)
    night = bs.sleep(ann, given, neuron=neuron, plasticity=bs.SRC("2 %", ["1%", 3e-3]), **EXACT)
    for name, weight in expected.weights_after.items():
        assert (weight != expected.weights_before[name]).any()
        np.testing.assert_allclose(night.weights_after[name], weight, rtol=1e-13)
    used = night.settings["learning_rates"]
    assert used["increase"] == pytest.approx({"0": 0.02 * scales[0], "2": 0.02 * scales[1]})
    assert used["decrease"]["2"] == 3e-3
    assert night.settings["plasticity"] == repr(bs.SRC("2 %", ["1%", 3e-3]))


@pytest.mark.parametrize(
    "rule",
    [
        RELATIVE,
        bs.SRC("2 %", "1 %", weight_factor="additive", tau_pre=5 * ms),
        bs.SRC("2 %", "1 %", weight_factor="multiplicative"),
        bs.STDP(w_min=-1e9, w_max=1e9),
        bs.TripletSTDP(w_min=-1e9, w_max=1e9),
        bs.Downscaling(RELATIVE, every=20 * ms),
        bs.SynapticScaling(bs.Downscaling(RELATIVE, every=20 * ms), every=20 * ms),
    ],
    ids=lambda rule: type(rule).__name__,
)
def test_scaled_weights_sleep_alike(rule):
    """Weights times c, threshold times c: the same spikes, and what was learned times c."""
    ann, larger = mlp(12, 8, 5), mlp(12, 8, 5)
    with torch.no_grad():
        larger[0].weight *= 2.0**7
        larger[2].weight *= 2.0**-9
    given = spikes(100, 12)
    one = bs.sleep(ann, given, neuron=bs.Heaviside(1, [0.3, 0.2]), plasticity=rule, **EXACT)
    two = bs.sleep(
        larger,
        given,
        neuron=bs.Heaviside(1, [0.3 * 2.0**7, 0.2 * 2.0**-9]),
        plasticity=rule,
        **EXACT,
    )
    for name, factor in (("0", 2.0**7), ("2", 2.0**-9)):
        np.testing.assert_array_equal(one.spikes[name].i, two.spikes[name].i)
        np.testing.assert_array_equal(one.spikes[name].t, two.spikes[name].t)
        before, after = one.weights_before[f"{name}.weight"], one.weights_after[f"{name}.weight"]
        assert (after != before).any()
        np.testing.assert_allclose(two.weights_after[f"{name}.weight"], factor * after, rtol=1e-9)


def test_masked_synapses_do_not_count_and_zeros_take_torchs_initialisation():
    ann = mlp(12, 8)
    mask = np.random.default_rng(0).random((8, 12)) < 0.5
    weight = ann[0].weight.detach().numpy()
    assert weight_scales(translate(ann, masks={"0": mask})) == pytest.approx([rms(weight[mask])])
    with torch.no_grad():
        ann[0].weight.zero_()
    assert weight_scales(translate(ann)) == [1 / 6]
    convolution = torch.nn.Conv2d(2, 3, 4, bias=False)
    torch.nn.init.zeros_(convolution.weight)
    assert weight_scales(translate(convolution, (2, 8, 8))) == [1 / np.sqrt(3 * 32)]
    torch.manual_seed(0)
    large = torch.nn.Linear(400, 500, bias=False)
    assert weight_scales(translate(large)) == pytest.approx([1 / np.sqrt(1200)], rel=0.01)


def test_batched_nights_and_circuits_read_percentages():
    ann, given, neuron = mlp(12, 8), spikes(60, 12), bs.Heaviside(1, 0.3)
    night = bs.sleep(ann, given, neuron=neuron, plasticity=RELATIVE, **EXACT)
    batch = bs.HeavisideTorch(ann, neuron, [RELATIVE, bs.SRC()]).sleep(given)
    np.testing.assert_allclose(
        batch.weights["0.weight"][0], night.weights_after["0.weight"], rtol=1e-12
    )
    assert (batch.weights["0.weight"][1] != batch.weights["0.weight"][0]).any()
    rule = bs.SRC("2 %", 0, weight_factor="additive")
    link = bs.circuit.Projection("input", "cells", 0.5, plasticity=rule)
    cells = bs.circuit.Population(1, bs.Heaviside(1, 0.4))
    circuit = bs.circuit.Circuit(1, {"cells": cells}, [link])
    run = circuit.run(np.ones((3, 1), dtype=bool), device=NUMPY)
    (weight,) = run.weights.values()
    assert weight == pytest.approx(0.53)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: bs.SRC("1.5"), "increase"),
        (lambda: bs.SRC("one %"), "'one %' is no percentage; write it like '1.5 %'"),
        (lambda: bs.SRC("-1 %"), "increase must be at least 0 %"),
        (lambda: bs.SRC("nan %"), "no percentage"),
        (lambda: bs.SRC(tau_pre="5 %"), "tau_pre is not in units of weight"),
        (lambda: bs.Downscaling(bs.SRC(), downscaling="1 %"), "not in units of weight"),
        (lambda: bs.SRC(1e-3, 1e-4, factor_width=1.0), "factor_width belongs to"),
        (lambda: bs.SRC().synapse_parameters(["0"]), "weight scale, which is not known here"),
    ],
)
def test_what_is_no_percentage_is_refused_by_name(make, said):
    with pytest.raises(ParameterError, match=said):
        make()


def test_numbers_keep_the_published_factor():
    assert bs.SRC(1e-3, 1e-4).weight_factor == "tadros2022"
    assert bs.SRC().weight_factor == bs.SRC(increase=0).weight_factor == "tadros2022_relative"


@pytest.mark.parametrize("device", ["cpp", "cpp_stock", NUMPY])
def test_the_relative_factor_of_the_published_width_is_the_published_factor(device):
    ann, given = mlp(12, 8), spikes(60, 12)
    with torch.no_grad():
        ann[0].weight *= 0.02
    nights = [
        bs.sleep(
            ann,
            given,
            neuron=bs.Heaviside(1, 0.006),
            plasticity=bs.SRC(3e-4, 2e-4, weight_factor=name, **more),
            dtype="float64",
            device=device,
        ).weights_after["0.weight"]
        for name, more in (("tadros2022", {}), ("tadros2022_relative", {"factor_width": 1e-3}))
    ]
    assert (nights[0] != ann[0].weight.detach().numpy()).any()
    np.testing.assert_allclose(nights[1], nights[0], rtol=1e-13)
