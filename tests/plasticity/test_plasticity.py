"""The plasticity rule: weight factors, traces, parameters, and a rule of one's own."""

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from brian2 import ms, mV
from helpers import SMALL, mlp, random_spikes
from numpy_night import FACTORS
from torch import nn

import brainsleep as bs
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.plasticity import WEIGHT_FACTORS

NUMPY = bs.devices.Runtime("numpy")
EXTREMES = [-1e3, -1.0, -0.07, -0.005, -1e-3, -1e-6, 0.0, 1e-6, 1e-3, 0.005, 0.07, 1.0, 1e3]

#: Neurons that fire in every step, whatever their weights.
ALWAYS = bs.Heaviside(gain=0, threshold=0, decay=0.5)


def evaluate(factor, w):
    expression = WEIGHT_FACTORS[factor].expression
    return np.asarray(eval(expression, {"exp": np.exp, "clip": np.clip, "w": w}), w.dtype) + 0 * w


def with_weights(sizes, values):
    """Return a network whose weights repeat `values`."""
    ann = mlp(sizes)
    for parameter in ann.parameters():
        parameter.data = torch.from_numpy(np.resize(values, parameter.shape)).float()
    return ann


def test_the_four_published_factors():
    assert set(WEIGHT_FACTORS) == {*FACTORS, "tadros2022_relative"}
    assert all(name == factor.name and factor.source for name, factor in WEIGHT_FACTORS.items())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("factor", FACTORS)
def test_factor_is_its_formula_and_never_overflows(factor, dtype):
    w = np.concatenate([EXTREMES, np.linspace(-0.02, 0.02, 401), np.linspace(-5, 5, 101)])
    w = w.astype(dtype)
    with np.errstate(all="raise"):
        values = evaluate(factor, w)
    expected = FACTORS[factor](w.astype(np.float64))
    np.testing.assert_allclose(
        values, expected, rtol=1e-5 if dtype is np.float32 else 1e-12, atol=1e-12
    )


def test_published_values_of_the_matlab_factor():
    g = evaluate("tadros2022", np.array([-0.005, 0.0, 0.005, 0.1]))
    assert g[0] == pytest.approx(1.9866, abs=1e-4)
    assert g[1] == 1
    assert g[2] == pytest.approx(0.0134, abs=1e-4)
    assert 0 <= g[3] < 1e-20


def check_one_step(sizes, factor, device, dtype, tolerance):
    """All neurons fire once: each weight changes by its learning rate times its factor."""
    ann = with_weights(sizes, EXTREMES)
    spikes = np.zeros((1, sizes[0]), dtype=bool)
    spikes[0, ::2] = True
    night = bs.sleep(
        ann,
        spikes,
        neuron=ALWAYS,
        plasticity=bs.SRC(increase=0.5, decrease=0.25, weight_factor=factor),
        device=device,
        dtype=dtype,
    )
    pre = spikes[0]
    for name, before in night.weights_before.items():
        after = night.weights_after[name]
        assert np.isfinite(after).all()
        w = before.astype(np.float64)
        expected = w + np.where(pre, 0.5, -0.25) * FACTORS[factor](w)
        np.testing.assert_allclose(after, expected, rtol=tolerance, atol=tolerance)
        pre = np.ones(len(w), dtype=bool)  # for the next layer, all neurons of this layer spike
    first = next(iter(night.weights_before))
    assert (night.weights_after[first] > night.weights_before[first]).any()
    assert (night.weights_after[first] < night.weights_before[first]).any()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("factor", FACTORS)
def test_extreme_weights_on_runtime(factor, dtype):
    with np.errstate(over="raise", invalid="raise", divide="raise"), warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        check_one_step(SMALL, factor, NUMPY, dtype, 1e-6 if dtype == "float32" else 1e-12)


@pytest.mark.parametrize(
    ("factor", "dtype", "sizes"),
    [(factor, "float64", (784, 60, 40, 10)) for factor in FACTORS]  # as in test_conformance
    + [(factor, "float32", SMALL) for factor in ("tadros2022", "sigmoid")],
)
def test_extreme_weights_on_cpp(factor, dtype, sizes):
    check_one_step(sizes, factor, "cpp", dtype, 2e-6 if dtype == "float32" else 1e-12)


def test_trace_is_set_to_one_and_decays():
    """One presynaptic spike, and a target that always fires: a geometric series."""
    ann = nn.Sequential(nn.Linear(2, 1, bias=False))
    ann[0].weight.data = torch.tensor([[0.3, 0.3]])
    spikes = np.zeros((12, 2), dtype=bool)
    spikes[[2, 3, 7], 0] = True  # two in a row: the trace is set to 1, not increased by 1
    increase, decrease, tau = 0.01, 0.004, 4.0
    night = bs.sleep(
        ann,
        spikes,
        neuron=bs.LIF(gain=0, threshold=0, delay_steps=0, v_reset=-71 * mV, tau_m=1e-3 * ms),
        plasticity=bs.SRC(increase, decrease, weight_factor="additive", tau_pre=tau * ms),
        device=NUMPY,
        dtype="float64",
    )
    fired = np.rint(np.asarray(night.spikes["0"].t / ms)).astype(int)
    assert len(fired) == 12
    since = np.array([np.inf, np.inf, 0, 0, 1, 2, 3, 0, 1, 2, 3, 4])
    x = np.exp(-since / tau)
    expected = 0.3 + np.sum(increase * x - decrease * (1 - x))
    seen, unseen = night.weights_after["0.weight"][0]
    assert seen == pytest.approx(expected + float(np.float32(0.3)) - 0.3, abs=1e-12)
    assert unseen == pytest.approx(float(np.float32(0.3)) - 12 * decrease, abs=1e-12)


@pytest.mark.parametrize("tau_pre", ["0 ms", 1e-3 * ms, "0.001 ms"])
def test_short_traces_are_the_published_rule(tau_pre):
    assert bs.SRC(tau_pre=tau_pre).presynaptic_parameters(1e-3) == {"trace_decay": 0.0}


def test_trace_decay_is_exact():
    parameters = bs.SRC(tau_pre=20 * ms).presynaptic_parameters(0.5e-3)
    assert parameters["trace_decay"] == pytest.approx(math.exp(-0.5 / 20), rel=1e-15)


def test_decrease_only_and_increase_only():
    ann, spikes = mlp(SMALL, scale=1.5), random_spikes(100, SMALL[0], 0.3)

    def changes(**rates):
        night = bs.sleep(
            ann,
            spikes,
            neuron=bs.Heaviside(gain=1, threshold=0.4, decay=0.9),
            plasticity=bs.SRC(weight_factor="additive", **rates),
            device=NUMPY,
        )
        pairs = zip(night.weights_after.values(), night.weights_before.values(), strict=True)
        return np.concatenate([(after - before).ravel() for after, before in pairs])

    falling, rising = changes(increase=0, decrease=1e-3), changes(increase=1e-3, decrease=0)
    assert (falling <= 0).all()
    assert (falling < 0).any()
    assert (rising >= 0).all()
    assert (rising > 0).any()
    assert (changes(increase=0, decrease=0) == 0).all()


def test_rates_by_number_list_and_name():
    names = ["0", "2"]
    same = [{"increase": 1e-3, "decrease": 2e-4}, {"increase": 1e-3, "decrease": 2e-4}]
    assert bs.SRC(1e-3, 2e-4).synapse_parameters(names) == same
    assert bs.SRC([1e-3, 1e-3], np.array([2e-4, 2e-4])).synapse_parameters(names) == same
    by_name = bs.SRC({"2": 5.0, "0": 1.0}, 0).synapse_parameters(names)
    assert [layer["increase"] for layer in by_name] == [1.0, 5.0]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: bs.SRC(weight_factor="tadros"), ParameterError, "Did you mean 'tadros2022'?"),
        (lambda: bs.SRC(weight_factor="hebb"), ParameterError, "weight_factor 'hebb'"),
        (lambda: bs.SRC(tau_pre=-1 * ms), ParameterError, "tau_pre must be at least 0 ms"),
        (lambda: bs.SRC(tau_pre=20), UnitsError, "tau_pre needs units"),
        (lambda: bs.SRC(tau_pre=20 * mV), UnitsError, "tau_pre must be in ms"),
        (lambda: bs.SRC(tau_pre="20 mss"), UnitsError, "Did you mean 'ms'"),
        (lambda: bs.SRC(-1e-3), ParameterError, "increase must be at least 0"),
        (
            lambda: bs.SRC(1e-3, [0, math.nan]).synapse_parameters(["a", "b"]),
            ParameterError,
            "decrease of layer 'b' must be finite",
        ),
        (
            lambda: bs.SRC([1, 2, 3]).synapse_parameters(["a", "b"]),
            ParameterError,
            "3 values for 2",
        ),
        (
            lambda: bs.SRC({"a": 1}).synapse_parameters(["a", "b"]),
            ParameterError,
            "no value for layer 'b'",
        ),
        (
            lambda: bs.SRC({"fc1": 1, "fc22": 1}).synapse_parameters(["fc1", "fc2"]),
            ParameterError,
            "'fc2'?",
        ),
        (lambda: bs.SRC([1e-3, -1]).synapse_parameters(["a", "b"]), ParameterError, "layer 'b'"),
        (lambda: bs.SRC(1 * ms), UnitsError, "increase has no units"),
        (lambda: bs.SRC("fast").synapse_parameters(["a"]), UnitsError, "'fast'"),
    ],
)
def test_bad_parameters(make, error, words):
    with pytest.raises(error) as raised:
        make()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "plasticity: " in str(raised.value)


@dataclass(frozen=True)
class OnlyCount:
    """A user's rule, without a change to the package: each postsynaptic spike adds one."""

    def equations(self):
        published = bs.SRC().equations()
        return replace(published, model="w : 1\nstep : 1 (shared, constant)", on_post="w += step")

    def synapse_parameters(self, layer_names):
        return [{"step": 1.0} for _ in layer_names]

    def presynaptic_parameters(self, dt):
        return {"trace_decay": 0.0}


def test_a_rule_of_ones_own():
    night = bs.sleep(
        mlp(SMALL, scale=1.5),
        random_spikes(100, SMALL[0], 0.3),
        neuron=bs.Heaviside(gain=1, threshold=0.4, decay=0.9),
        plasticity=OnlyCount(),
        device=NUMPY,
        dtype="float64",
    )
    counts = np.bincount(night.spikes["0"].i, minlength=SMALL[1])
    assert counts.sum() > 0
    grown = night.weights_after["0.weight"] - night.weights_before["0.weight"]
    np.testing.assert_allclose(grown, np.tile(counts[:, None], (1, SMALL[0])), atol=1e-9)
