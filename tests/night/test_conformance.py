"""Nights against a plain NumPy loop of the published algorithm: every spike, every weight."""

import itertools

import numpy as np
import pytest
from brian2 import ms, mV
from helpers import assert_same_nights, bias_vectors, mlp, random_spikes, raster, weight_matrices
from numpy_night import FACTORS, heaviside_night, lif_night

import brainsleep as bs

DECAYS = (0.0, 0.95, 0.999)
#: Learning rates so large that one missing event changes a weight by far more than 1e-12.
INCREASE, DECREASE = 2e-3, 5e-4
EXP_FREE = ("multiplicative", "additive")
CPP, NUMPY, CYTHON = "cpp", bs.devices.Runtime("numpy"), bs.devices.Runtime("cython")

NETS = {
    "digits": dict(sizes=(784, 60, 40, 10), steps=400, probability=0.05),
    "small": dict(sizes=(30, 25, 20, 10), steps=300, probability=0.2),
    # weights small enough that "tadros2022" moves positive ones too
    "one_layer": dict(sizes=(17, 9), steps=300, probability=0.12, scale=0.02),
}


def thresholds_for(decay, n_layers):
    """Return thresholds at which all layers fire, and none in every step."""
    return [{0.0: 0.15, 0.95: 0.3, 0.999: 0.4}[decay]] * n_layers


def make_net(name, **kwargs):
    net = NETS[name]
    return (
        mlp(net["sizes"], scale=net.get("scale", 1.0), **kwargs),
        random_spikes(net["steps"], net["sizes"][0], net["probability"]),
    )


def assert_conforms(night, expected, *, tolerance=1e-12):
    """Assert the same spikes in every population, and the same weights."""
    for name, spikes in zip(night.sizes, expected.spikes, strict=True):
        np.testing.assert_array_equal(raster(night, name), spikes, err_msg=f"population {name}")
    for values, reference in zip(night.weights_after.values(), expected.weights, strict=True):
        assert values.dtype == np.float64
        np.testing.assert_allclose(values, reference, rtol=0, atol=tolerance)


def assert_eventful(expected, before):
    """Assert that something happens: all layers fire, not always, and weights go up and down."""
    for spikes in expected.spikes:
        assert 0.002 < spikes.mean() < 0.9
    for k, (old, new) in enumerate(zip(before, expected.weights, strict=True)):
        assert expected.rises[k] > 20, f"layer {k}: no weight rises"
        assert expected.falls[k] > 20, f"layer {k}: no weight falls"
        assert (new > old).any()
        assert (new < old).any()
        positive = old > 0  # "multiplicative" moves the two signs in opposite directions
        assert (new[positive] > old[positive]).any()
        assert (new[positive] < old[positive]).any()


def check_heaviside(net, factor, decay, device, **bias):
    ann, spikes = make_net(net, bias=bool(bias))
    weights = weight_matrices(ann)
    n_layers = len(weights)
    gains = [gain / NETS[net].get("scale", 1.0) for gain in (1.0, 1.3, 1.1)][:n_layers]
    thresholds = thresholds_for(decay, n_layers)
    night = bs.sleep(
        ann,
        spikes,
        neuron=bs.Heaviside(gain=gains, threshold=thresholds, decay=decay, **bias),
        plasticity=bs.SRC(increase=INCREASE, decrease=DECREASE, weight_factor=factor),
        device=device,
        dtype="float64",
    )
    expected = heaviside_night(
        weights,
        spikes,
        gains=gains,
        thresholds=thresholds,
        decays=[decay] * n_layers,
        increase=[INCREASE] * n_layers,
        decrease=[DECREASE] * n_layers,
        factor=factor,
        biases=bias_vectors(ann) if bias else None,
        bias_gains=bias.get("bias_gain"),
    )
    assert_eventful(expected, weights)
    assert_conforms(night, expected)
    return night


@pytest.mark.parametrize("decay", DECAYS)
@pytest.mark.parametrize("factor", FACTORS)
def test_cpp_and_runtime_follow_the_published_algorithm(factor, decay):
    compiled = check_heaviside("digits", factor, decay, CPP)
    in_process = check_heaviside("digits", factor, decay, NUMPY)
    # the exp of NumPy and that of the C library differ in the last digit
    assert_same_nights(compiled, in_process, tolerance=0 if factor in EXP_FREE else 1e-12)


@pytest.mark.parametrize("net", ["small", "one_layer"])
@pytest.mark.parametrize("decay", DECAYS)
@pytest.mark.parametrize("factor", FACTORS)
def test_other_networks_on_runtime(factor, decay, net):
    check_heaviside(net, factor, decay, NUMPY)


@pytest.mark.slow
def test_cython_runtime():
    """On the smallest network: each code object is compiled as a module of its own."""
    check_heaviside("one_layer", "tadros2022", 0.999, CYTHON)


@pytest.mark.parametrize("device", [CPP, NUMPY], ids=["cpp", "runtime"])
@pytest.mark.parametrize("bias_gain", [None, [0.05, 0.1, 0.02]], ids=["as_gain", "given"])
def test_biases_drive_every_step_and_stay(bias_gain, device):
    night = check_heaviside("digits", "additive", 0.95, device, bias_gain=bias_gain)
    without = bs.sleep(
        mlp(NETS["digits"]["sizes"]),
        raster(night, "input"),
        neuron=bs.Heaviside(gain=[1.0, 1.3, 1.1], threshold=0.3, decay=0.95),
        plasticity=bs.SRC(increase=INCREASE, decrease=DECREASE, weight_factor="additive"),
        device=device,
        dtype="float64",
    )
    assert len(without.spikes["0"]) != len(night.spikes["0"]), "the biases change spikes"
    assert all(name.endswith("weight") for name in night.weights_after)


LIF_CASES = {
    "published": dict(delay=0, tau_pre=0.0, refractory_steps=0, tau_m=20.0, v_reset=0.0),
    "delayed": dict(delay=1, tau_pre=0.0, refractory_steps=0, tau_m=20.0, v_reset=0.0),
    "traces": dict(delay=0, tau_pre=5.0, refractory_steps=0, tau_m=20.0, v_reset=0.0),
    "refractory": dict(delay=0, tau_pre=0.0, refractory_steps=4, tau_m=20.0, v_reset=0.0),
    "all": dict(delay=1, tau_pre=7.5, refractory_steps=3, tau_m=35.0, v_reset=-0.07),
}


LIF_GAINS, LIF_THRESHOLDS = [1.0, 1.3, 1.1], [0.5, 0.4, 0.3]


def lif_reference(case, factor, *, bias=False):
    """Return a network, its input spikes, and the night that follows from them."""
    ann, spikes = make_net("small", bias=bias)
    expected = lif_night(
        weight_matrices(ann),
        spikes,
        gains=LIF_GAINS,
        thresholds=LIF_THRESHOLDS,
        increase=[INCREASE] * 3,
        decrease=[DECREASE] * 3,
        factor=factor,
        biases=bias_vectors(ann) if bias else None,
        **LIF_CASES[case],
    )
    assert_eventful(expected, weight_matrices(ann))
    return ann, spikes, expected


def check_lif(case, factor, device, *, bias=False):
    options = LIF_CASES[case]
    ann, spikes, expected = lif_reference(case, factor, bias=bias)
    night = bs.sleep(
        ann,
        spikes,
        neuron=bs.LIF(
            gain=LIF_GAINS,
            threshold=LIF_THRESHOLDS,
            tau_m=options["tau_m"] * ms,
            v_rest=-65 * mV,
            v_reset=(-65 + options["v_reset"]) * mV,
            refractory=options["refractory_steps"] * ms,
            delay_steps=options["delay"],
        ),
        plasticity=bs.SRC(
            increase=INCREASE,
            decrease=DECREASE,
            weight_factor=factor,
            tau_pre=options["tau_pre"] * ms,
        ),
        device=device,
        dtype="float64",
    )
    assert_conforms(night, expected)


@pytest.mark.parametrize("case", LIF_CASES)
def test_lif_on_cpp(case):
    check_lif(case, "additive", CPP)


@pytest.mark.parametrize(
    ("case", "factor"),
    [(case, "tadros2022") for case in LIF_CASES] + [("all", factor) for factor in FACTORS],
)
def test_lif_on_runtime(case, factor):
    check_lif(case, factor, NUMPY)


def test_lif_with_biases():
    check_lif("all", "additive", CPP, bias=True)
    check_lif("all", "sigmoid", NUMPY, bias=True)


def test_lif_cases_differ():
    """Delay, trace, refractory period and reset each change the night in which they are tested."""
    nights = [lif_reference(case, "sigmoid")[-1] for case in LIF_CASES]
    for one, other in itertools.combinations(nights, 2):
        assert any(
            not np.allclose(a, b, rtol=0, atol=1e-9)
            for a, b in zip(one.weights, other.weights, strict=True)
        )
