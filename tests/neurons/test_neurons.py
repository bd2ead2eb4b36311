"""Neuron models: LIF against Heaviside and against closed forms, parameters, one of one's own."""

import inspect
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from brian2 import Hz, NetworkOperation, StateMonitor, ms, mV, prefs, second
from helpers import SMALL, assert_same_nights, mlp, random_spikes, raster
from numpy_night import FACTORS
from torch import nn

import brainsleep as bs
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.network.build import build_network
from brainsleep.network.plan import INPUT_SLOT, NetworkPlan
from brainsleep.neurons import NeuronEquations

NUMPY = bs.devices.Runtime("numpy")
#: Topology and rules of the LIF program of test_conformance.
SIZES = (30, 25, 20, 10)


def night_of(neuron, *, sizes=SIZES, factor="additive", device=NUMPY, tau_pre=0 * ms, spikes=None):
    return bs.sleep(
        mlp(sizes),
        random_spikes(300, sizes[0], 0.2) if spikes is None else spikes,
        neuron=neuron,
        plasticity=bs.SRC(2e-3, 5e-4, weight_factor=factor, tau_pre=tau_pre),
        device=device,
        dtype="float64",
    )


def assert_all_fire(night):
    for name in night.sizes:
        assert 0.002 < raster(night, name).mean() < 0.9, name


# LIF in the limit is Heaviside


def limit_of_lif(decay, **kwargs):
    return bs.LIF(
        gain=[1.0, 1.3, 1.1],
        threshold=[0.5, 0.4, 0.3],
        tau_m=-1 / math.log(decay) * ms,
        delay_steps=0,
        **kwargs,
    )


def check_limit(decay, factor, device, tau_pre=0 * ms, **kwargs):
    heaviside = bs.Heaviside(gain=[1.0, 1.3, 1.1], threshold=[0.5, 0.4, 0.3], decay=decay)
    simple = night_of(heaviside, factor=factor, device=device)
    assert_all_fire(simple)
    lif = night_of(limit_of_lif(decay, **kwargs), factor=factor, device=device, tau_pre=tau_pre)
    assert_same_nights(lif, simple, tolerance=1e-12)
    return simple


@pytest.mark.parametrize("decay", [0.5, 0.95, 0.999])
@pytest.mark.parametrize("factor", FACTORS)
def test_lif_becomes_heaviside_on_runtime(factor, decay):
    check_limit(decay, factor, NUMPY)


@pytest.mark.parametrize("decay", [0.95, 0.999])
def test_lif_becomes_heaviside_on_cpp(decay):
    check_limit(decay, "additive", "cpp")


def test_the_limit_of_short_traces_and_at_other_rests():
    check_limit(0.95, "sigmoid", NUMPY, tau_pre=1e-3 * ms)
    check_limit(0.95, "sigmoid", NUMPY, v_rest=0 * mV)


def test_what_the_limit_leaves_out_matters():
    """The limit is not trivial: a delay, a trace or a refractory period each change the night."""
    simple = check_limit(0.95, "additive", NUMPY)
    neuron = limit_of_lif(0.95)
    others = {
        "delay": night_of(bs.LIF(**{**vars(neuron), "delay_steps": 1})),
        "refractory": night_of(bs.LIF(**{**vars(neuron), "refractory": 3 * ms})),
        "trace": night_of(neuron, tau_pre=20 * ms),
    }
    for what, night in others.items():
        assert not np.allclose(
            night.weights_after["4.weight"], simple.weights_after["4.weight"], rtol=0, atol=1e-9
        ), what


@pytest.mark.parametrize("scale", [1e-3, 37.5, [10.0, 20.0, 30.0], {"0": 150, "2": 1, "4": 0.5}])
def test_scale_changes_no_spike(scale):
    plain = night_of(bs.LIF(gain=1, threshold=0.4, refractory=2 * ms))
    assert_all_fire(plain)
    scaled = night_of(bs.LIF(gain=1, threshold=0.4, refractory=2 * ms, scale=scale))
    assert_same_nights(plain, scaled, tolerance=1e-12)


def test_scale_lifts_the_threshold():
    neuron = bs.LIF(gain=2, threshold=0.09, scale=15 / 0.09, v_rest=-70 * mV)
    (layer,) = neuron.parameters(["0"], [2.0], [0.09])
    assert layer["v_threshold"] == pytest.approx(-0.055)
    assert layer["gain"] == pytest.approx(2e-3 * 15 / 0.09)


# One neuron, by hand


def one_neuron(weights, *, dtype=torch.float64, bias=None):
    ann = nn.Sequential(nn.Linear(len(weights), 1, bias=bias is not None, dtype=dtype))
    ann[0].weight.data = torch.tensor([weights], dtype=dtype)
    if bias is not None:
        ann[0].bias.data = torch.tensor([bias], dtype=dtype)
    return ann


def spike_steps(night, name="0"):
    return np.rint(np.asarray(night.spikes[name].t / night.dt)).astype(int)


def one_neuron_night(ann, spikes, **lif):
    return bs.sleep(
        ann,
        np.asarray(spikes, dtype=bool),
        neuron=bs.LIF(delay_steps=0, **lif),
        plasticity=bs.SRC(0, 0, weight_factor="additive"),
        device=NUMPY,
        dtype="float64",
    )


def test_voltage_follows_the_closed_form():
    """Between resets v is the sum of one exponential per input spike."""
    neuron = bs.LIF(
        gain=1, threshold=10, tau_m=13 * ms, v_rest=-65 * mV, v_reset=-67 * mV, delay_steps=0
    )
    plan = NetworkPlan.chain(
        (2, 1),
        neuron.equations(),
        bs.SRC().equations(),
        delay_steps=0,
        dt=1e-3,
        dtype="float64",
        recorded=(1,),
    )
    n_steps, weights = 80, np.array([4.0, -1.5])
    table = random_spikes(n_steps, 2, 0.25, seed=4)

    def feed(group, modulated):
        rows = iter(table)
        spiking = group.variables["spiking"]
        return [
            NetworkOperation(
                lambda: spiking.set_value(next(rows)), when=INPUT_SLOT, clock=group.clock
            )
        ]

    users_target = prefs.codegen.target
    prefs.codegen.target = "numpy"
    try:
        built = build_network(plan, feed)
        (layer,) = neuron.parameters(["0"], [1.0], [10.0])
        group = built.populations[1]
        for name, value in layer.items():
            group.variables[name].set_value(value)
        group.v = "v_rest"
        built.projections[0].variables["w"].set_value(weights)
        monitor = StateMonitor(group, "v", record=True, when="end", clock=group.clock)
        built.network.add(monitor)
        built.network.run(n_steps * 1e-3 * second, namespace={})
    finally:
        prefs.codegen.target = users_target
    fired = np.rint(np.asarray(built.monitors[1].t / ms)).astype(int)
    assert 2 <= len(fired) <= 20
    since, start = 0, 0.0  # mV above rest, just after step since - 1
    for step in range(n_steps):
        lags = step - np.arange(since, step + 1)
        v = start * np.exp(-(step - since + 1) / 13)
        v += np.sum((table[since : step + 1] @ weights) * np.exp(-lags / 13))
        assert (v >= 10) == (step in fired), step
        recorded = monitor.v[0][step] / mV + 65
        if v >= 10:
            since, start = step + 1, -2.0
            assert recorded == pytest.approx(-2.0, abs=1e-12)
        else:
            assert recorded == pytest.approx(v, abs=1e-12)


@pytest.mark.parametrize("bias", [0.6, 1.0, 3.7])
def test_time_to_first_spike_under_constant_drive(bias):
    """v_n = b (1 - d^(n+1)) / (1 - d) reaches the threshold at a step known in advance."""
    decay, threshold = math.exp(-1 / 20), 9.3
    night = one_neuron_night(
        one_neuron([0.0], bias=bias), np.zeros((200, 1)), gain=1, threshold=threshold, tau_m=20 * ms
    )
    n = math.log(1 - threshold * (1 - decay) / bias) / math.log(decay) - 1
    assert spike_steps(night)[0] == math.ceil(n)
    intervals = np.diff(spike_steps(night))
    assert (intervals == math.ceil(n) + 1).all()
    assert len(intervals) > 3


def test_too_little_drive_never_fires():
    decay = math.exp(-1 / 20)
    drive = 0.99 * 9.3 * (1 - decay)
    night = one_neuron_night(
        one_neuron([0.0], bias=drive), np.zeros((2000, 1)), gain=1, threshold=9.3, tau_m=20 * ms
    )
    assert len(night.spikes["0"]) == 0


def test_coincident_inputs_fire_it_where_spread_out_ones_do_not():
    ann = one_neuron([1.0] * 5)
    together, apart = np.zeros((100, 5)), np.zeros((100, 5))
    together[10] = 1
    apart[10 + 15 * np.arange(5), np.arange(5)] = 1
    assert together.sum() == apart.sum()
    constants = dict(gain=1, threshold=3, tau_m=10 * ms)
    assert spike_steps(one_neuron_night(ann, together, **constants)).tolist() == [10]
    assert len(one_neuron_night(ann, apart, **constants).spikes["0"]) == 0


@pytest.mark.parametrize("refractory", [0, 1, 2, 7])
def test_refractory_period_limits_the_rate(refractory):
    night = one_neuron_night(
        one_neuron([5.0]), np.ones((71, 1)), gain=1, threshold=1, refractory=refractory * ms
    )
    assert (np.diff(spike_steps(night)) == max(refractory, 1)).all()
    assert len(night.spikes["0"]) == math.ceil(71 / max(refractory, 1))


def test_refractory_neuron_is_deaf_and_stays_at_reset():
    """Inputs in the refractory period have no effect."""
    spikes = np.zeros((30, 1))
    spikes[5:10] = 1
    constants = dict(gain=1, threshold=1.5, tau_m=100 * ms)
    night = one_neuron_night(one_neuron([1.0]), spikes, **constants)
    assert spike_steps(night).tolist() == [6, 8]
    night = one_neuron_night(one_neuron([1.0]), spikes, refractory=3 * ms, **constants)
    assert spike_steps(night).tolist() == [6]  # 7 and 8 have no effect; 9 alone is not enough


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_refractory_period_in_long_nights(dtype):
    """After a minute float32 cannot resolve milliseconds; the period must stay the same."""
    night = bs.sleep(
        one_neuron([1.0]),
        np.ones((60_000, 1), dtype=bool),
        neuron=bs.LIF(gain=1, threshold=0.5, refractory=3 * ms, delay_steps=0),
        plasticity=bs.SRC(0, 0, weight_factor="additive"),
        dtype=dtype,
    )
    assert len(night.spikes["0"]) == 20_000
    assert (np.diff(spike_steps(night)) == 3).all()


@pytest.mark.parametrize("delay", [0, 1])
def test_delay_is_one_step_a_layer(delay):
    ann = nn.Sequential(*[m for _ in range(3) for m in (nn.Linear(1, 1, bias=False), nn.ReLU())])
    for linear in ann[::2]:
        linear.weight.data[:] = 1
    spikes = np.zeros((20, 1), dtype=bool)
    spikes[[0, 7]] = True
    night = bs.sleep(
        ann,
        spikes,
        neuron=bs.LIF(gain=1, threshold=0.9, delay_steps=delay),
        plasticity=bs.SRC(0, 0, weight_factor="additive"),
        device=NUMPY,
    )
    for layer, name in enumerate(["0", "2", "4"], start=1):
        assert spike_steps(night, name).tolist() == [layer * delay, 7 + layer * delay]


def test_zero_decay_has_no_memory():
    """h = step(W h - threshold): spikes depend on this step alone."""
    ann = mlp(SMALL, scale=1.5)
    spikes = random_spikes(60, SMALL[0], 0.3)
    options = dict(
        neuron=bs.Heaviside(gain=1, threshold=0.3, decay=0),
        plasticity=bs.SRC(0, 0, weight_factor="additive"),
        device=NUMPY,
        dtype="float64",
    )
    forwards, backwards = bs.sleep(ann, spikes, **options), bs.sleep(ann, spikes[::-1], **options)
    for name in forwards.sizes:
        assert raster(forwards, name).any()
        np.testing.assert_array_equal(raster(forwards, name), raster(backwards, name)[::-1])


# Parameters

NAMES = ["0", "2", "4"]


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: bs.Heaviside(gain="tadross"), ParameterError, "Did you mean 'tadros'?"),
        (lambda: bs.Heaviside(threshold="calibrate"), ParameterError, "Did you mean 'calibrated'?"),
        (lambda: bs.Heaviside(gain_scale=0), ParameterError, "gain_scale must be greater than 0"),
        (lambda: bs.LIF(delay_steps=2), ParameterError, "delay_steps must be 0 or 1"),
        (lambda: bs.LIF(delay_steps=0.5), UnitsError, "delay_steps must be 0 or 1, not 0.5"),
        (lambda: bs.LIF(v_rest=-70), UnitsError, "v_rest needs units"),
        (lambda: bs.LIF(v_rest=20 * ms), UnitsError, "v_rest must be in mV"),
        (lambda: bs.LIF(v_reset="-70 ms"), UnitsError, "v_reset must be in mV"),
        (
            lambda: bs.LIF(v_reset=-60 * mV, threshold="calibrated"),
            ParameterError,
            "v_reset at or below v_rest",
        ),
    ],
)
def test_bad_values_found_at_once(make, error, words):
    with pytest.raises(error) as raised:
        make()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (
            lambda: bs.Heaviside(1, -0.1),
            ParameterError,
            "threshold must be at least 0",
        ),
        (lambda: bs.Heaviside(1, [0.1, math.nan, 1]), ParameterError, "threshold of layer '2'"),
        (lambda: bs.Heaviside([1, 1, -2], 1), ParameterError, "gain of layer '4'"),
        (lambda: bs.Heaviside(1, [1, 1]), ParameterError, "2 values for 3 layers (0, 2, 4)"),
        (
            lambda: bs.Heaviside(1, {"0": 1, "2": 1, "44": 1}),
            ParameterError,
            "no layer is called '44'",
        ),
        (lambda: bs.Heaviside({"0": 1, "2": 1}, 1), ParameterError, "no value for layer '4'"),
        (lambda: bs.Heaviside(1, 1, decay=1.1), ParameterError, "decay must be at most 1"),
        (lambda: bs.Heaviside(1, 1, decay=[0, -0.1, 0]), ParameterError, "decay of layer '2'"),
        (lambda: bs.Heaviside(1, 1 * mV), UnitsError, "threshold has no units"),
        (lambda: bs.Heaviside(True, 1), UnitsError, "gain must be a number"),
        (lambda: bs.Heaviside(1, 1, bias_gain=-1), ParameterError, "bias_gain must be at least 0"),
        (
            lambda: bs.Heaviside(1, "calibrated", target_rate=-5),
            ParameterError,
            "target_rate must be greater than 0",
        ),
        (
            lambda: bs.Heaviside(1, "calibrated", target_rate=5 * ms),
            UnitsError,
            "target_rate must be in Hz",
        ),
        (lambda: bs.LIF(1, 1 * Hz), UnitsError, "threshold must be in mV"),
        (lambda: bs.LIF(1, 1, tau_m=0 * ms), ParameterError, "tau_m must be greater than 0"),
        (lambda: bs.LIF(1, 1, tau_m=20), UnitsError, "tau_m needs units"),
        (lambda: bs.LIF(1, 1, tau_m=[20 * ms, 20 * mV, 1 * ms]), UnitsError, "tau_m of layer '2'"),
        (lambda: bs.LIF(1, 1, refractory=-1 * ms), ParameterError, "refractory must be at least 0"),
        (lambda: bs.LIF(1, 1, scale=0), ParameterError, "scale must be greater than 0"),
        (
            lambda: bs.LIF(1, 1, v_reset=-50 * mV),
            ParameterError,
            "below the threshold of layer '0'",
        ),
        (lambda: bs.LIF("1 s", 1), UnitsError, "gain must be in mV"),
    ],
)
def test_bad_values_found_before_anything_is_compiled(make, error, words, empty_cache):
    with pytest.raises(error) as raised:
        bs.sleep(mlp(SIZES), np.full(SIZES[0], 0.1), neuron=make(), plasticity=bs.SRC())
    assert words in str(raised.value)
    assert "neuron: " in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not any(empty_cache.iterdir())


def test_values_by_number_list_name_and_with_units():
    spikes = random_spikes(150, SIZES[0], 0.2)
    one = night_of(bs.LIF(1, [0.5, 0.4, 0.3]), spikes=spikes)
    assert_all_fire(one)
    for gain, threshold in [
        ([1, 1, 1], np.array([0.5, 0.4, 0.3])),
        (1 * mV, {"4": "0.3 mV", "0": 0.5 * mV, "2": "4e-4 V"}),
        ("1 mV", (0.5, 0.4, 0.3 * mV)),
    ]:
        assert_same_nights(one, night_of(bs.LIF(gain, threshold), spikes=spikes), tolerance=1e-12)


@dataclass(frozen=True)
class Perfect:
    """A user's neuron: a counter that fires every tenth input, whatever the weights."""

    gain: float = 1.0
    threshold: float = 10.0
    gain_scale: float = 1.0
    target_rate: object = None
    delay_steps: ClassVar[int] = 0
    constants_unit: ClassVar[object] = None

    def equations(self):
        return NeuronEquations(
            model="v : 1\nv_threshold : 1 (shared, constant)",
            on_input="v += int(drive > 0)",
            threshold="v >= v_threshold",
            reset="v = 0",
        )

    def parameters(self, layer_names, gains, thresholds):
        return [{"v_threshold": threshold} for threshold in thresholds]


def test_a_neuron_of_ones_own():
    night = bs.sleep(
        one_neuron([0.3]),
        np.ones((35, 1), dtype=bool),
        neuron=Perfect(),
        plasticity=bs.SRC(0, 0, weight_factor="additive"),
        device=NUMPY,
    )
    assert spike_steps(night).tolist() == [9, 19, 29]


def test_equations_that_lack_a_parameter_are_refused_before_anything_is_compiled(empty_cache):
    @dataclass(frozen=True)
    class Bare(bs.neurons.LayeredNeuron):
        delay_steps = 0

        def equations(self):
            return NeuronEquations(
                model="v : 1\nv_threshold : 1 (shared, constant)",
                on_input="v += drive",
                threshold="v >= v_threshold",
                reset="v = 0",
            )

    with pytest.raises(ParameterError, match=r"equations of Bare do not declare .* 'gain'"):
        bs.sleep(
            one_neuron([0.3]), np.ones((5, 1), dtype=bool), neuron=Bare(1, 1), plasticity=bs.SRC()
        )
    assert not any(empty_cache.iterdir())


def test_a_neuron_without_delay_steps_is_refused():
    @dataclass(frozen=True)
    class NoDelay(bs.neurons.LayeredNeuron):
        def equations(self):
            return bs.LIF().equations()

    with pytest.raises(ParameterError, match="NoDelay has no delay_steps; give it 0 or 1"):
        bs.sleep(
            one_neuron([0.3]),
            np.ones((5, 1), dtype=bool),
            neuron=NoDelay(1, 1),
            plasticity=bs.SRC(),
        )


def test_help_shows_the_defaults():
    shown = str(inspect.signature(bs.LIF))
    assert "<factory>" not in shown
    assert "tau_m: 'PerLayer' = 20. * msecond" in shown
    assert list(inspect.signature(bs.AdEx).parameters)[:2] == ["gain", "threshold"]
    assert inspect.signature(bs.Homeostasis).parameters["rule"].default is inspect.Parameter.empty
