"""Neural codes: what comes out for what goes in, and back again."""

import doctest
import importlib
import math
import pkgutil

import numpy as np
import pytest
from brian2 import Hz, kHz, ms, mV
from helpers import SMALL, mlp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.testing import assert_allclose, assert_array_equal

import brainsleep as bs
from brainsleep import stimuli
from brainsleep.awake.coding import Latency
from brainsleep.errors import BrainsleepError, ParameterError, UnitsError
from brainsleep.stimuli import codes

DT = 1 * ms

unit_values = hnp.arrays(
    float,
    hnp.array_shapes(max_dims=3, max_side=4),
    elements=st.floats(0, 1, allow_subnormal=False),
)

CODES = {
    "poisson": lambda x, n, seed=0: codes.poisson(x, n, 200 * Hz, seed=seed),
    "latency": lambda x, n, seed=0: codes.latency(x, n),
    "population": lambda x, n, seed=0: codes.population(x, n, n_neurons=3, seed=seed),
    "bursts": lambda x, n, seed=0: codes.phase_locked_bursts(
        x, n, 10 * Hz, jitter=5 * ms, seed=seed
    ),
}


def steps_of(spikes, column=0):
    return np.flatnonzero(spikes[:, column]).tolist()


def assert_rates(spikes, probability):
    """Each input's spike count lies within five standard deviations of the binomial's mean."""
    n = len(spikes)
    probability = np.broadcast_to(probability, spikes.shape[1:])
    bound = 5 * np.sqrt(n * probability * (1 - probability)) + 1e-9
    assert (np.abs(spikes.sum(axis=0) - n * probability) <= bound).all()


def test_doctests():
    """The package's examples, and those of its modules."""
    names = [module.name for module in pkgutil.iter_modules(codes.__path__)]
    modules = [codes, *(importlib.import_module(f"{codes.__name__}.{name}") for name in names)]
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.attempted for result in results) >= 12
    assert sum(result.failed for result in results) == 0


# All codes


@pytest.mark.parametrize("name", CODES)
@given(x=unit_values, n_steps=st.integers(1, 120))
@settings(max_examples=15)
def test_any_shape_becomes_bool_columns(name, x, n_steps):
    before = x.copy()
    spikes = CODES[name](x, n_steps)
    assert spikes.dtype == bool
    assert spikes.shape == (n_steps, x.size * (3 if name == "population" else 1))
    assert_array_equal(x, before)
    assert stimuli.as_stimulus(spikes, spikes.shape[1]).n_steps == n_steps
    if name != "population":
        assert not spikes[:, x.ravel() == 0].any()


@pytest.mark.parametrize("name", sorted(set(CODES) - {"latency"}))
def test_spikes_depend_on_the_seed_alone(name):
    x = np.linspace(0.1, 1, 20)
    assert_array_equal(CODES[name](x, 400, 7), CODES[name](x, 400, 7))
    assert (CODES[name](x, 400, 7) != CODES[name](x, 400, 8)).any()


@pytest.mark.parametrize("name", sorted(set(CODES) - {"latency"}))
def test_the_first_spikes_do_not_depend_on_how_many_follow(name):
    x = np.linspace(0.1, 1, 5)
    assert_array_equal(CODES[name](x, 300)[:150], CODES[name](x, 150))


@pytest.mark.parametrize("name", CODES)
@given(bad=st.sampled_from([math.nan, math.inf, -math.inf, -0.01, 1.01]), x=unit_values)
@settings(max_examples=10)
def test_values_out_of_range_are_refused(name, bad, x):
    x = x.copy()
    x.flat[-1] = bad
    with pytest.raises(ParameterError, match="codes: values"):
        CODES[name](x, 10)


@pytest.mark.parametrize("name", CODES)
def test_codes_put_a_network_to_sleep(name):
    x = np.linspace(0, 1, SMALL[0] // (3 if name == "population" else 1))
    spikes = CODES[name](x, 60)
    night = bs.sleep(
        mlp(SMALL),
        spikes,
        neuron=bs.Heaviside(gain=1, threshold=0.4),
        plasticity=bs.SRC(),
        device=bs.devices.Runtime("numpy"),
    )
    assert night.n_steps == 60
    assert len(night.spikes["input"]) == spikes.sum()


# Rates


def test_poisson_rates_have_no_factor_two():
    x = np.array([[0, 0.1], [0.5, 1.0]])
    assert_rates(codes.poisson(x, 4000, 200 * Hz), 0.2 * x.ravel())
    assert_rates(codes.poisson(x, 4000, "100 Hz", dt=0.5 * ms), 0.05 * x.ravel())
    assert codes.poisson([1.0], 20, 5 * kHz).all()
    assert not codes.poisson([1.0], 20, 0 * Hz).any()


def test_poisson_spikes_are_those_of_constant_rates():
    x = np.linspace(0, 1, 9)
    expected = stimuli.ConstantRates(x * 80 * Hz).draw(500, DT, seed=3)
    assert_array_equal(codes.poisson(x, 500, 80 * Hz, dt=DT, seed=3), expected)


# Latencies


@given(x=unit_values, n_steps=st.integers(1, 300))
@settings(max_examples=30)
def test_latencies_are_those_of_awake_networks(x, n_steps):
    expected = np.concatenate(list(Latency().chunks(x.ravel(), 0, n_steps)))
    assert_array_equal(codes.latency(x, n_steps), expected)


@given(x=unit_values, n_steps=st.integers(1, 300), weakest=st.floats(0, 1))
@settings(max_examples=30)
def test_stronger_inputs_never_spike_later(x, n_steps, weakest):
    x = x.ravel()
    spikes = codes.latency(x, n_steps, silent_below=weakest)
    assert_array_equal(spikes.sum(axis=0), (x > 0) & (x >= weakest))
    seen = spikes.any(axis=0)
    order = np.argsort(x[seen])
    assert (np.diff(spikes[:, seen].argmax(axis=0)[order]) <= 0).all()


# Populations


@given(
    n_neurons=st.integers(2, 30),
    low=st.floats(-100, 100),
    span=st.floats(0.1, 1000),
    width=st.none() | st.floats(0.3, 3),
    x=unit_values,
)
@settings(max_examples=40)
def test_the_value_comes_back_from_the_responses(n_neurons, low, span, width, x):
    high = low + span
    if width is not None:
        width *= span / (n_neurons - 1)
    tuning = codes.GaussianTuning(n_neurons, low, high, width)
    values = np.clip(low + span * x.ravel(), low, high)
    responses = tuning.responses(values)
    assert responses.shape == (x.size, n_neurons)
    assert responses.min() >= 0
    assert responses.max() <= 1
    assert_allclose(tuning.decode(responses), values, atol=2e-3 * span)
    assert_allclose(tuning.decode(responses.ravel()), values, atol=2e-3 * span)


def test_tuning_curves_are_gaussian():
    tuning = codes.GaussianTuning(n_neurons=5, low=-2, high=2, width=0.5)
    assert_allclose(tuning.preferred, [-2, -1, 0, 1, 2])
    assert_allclose(tuning.responses([0.0])[0], np.exp([-8, -2, 0, -2, -8]))
    assert codes.GaussianTuning(n_neurons=5, low=-2, high=2).sigma == pytest.approx(1 / 1.5)


def test_the_value_comes_back_from_spikes():
    x = np.linspace(0, 1, 21)
    spikes = codes.population(x, 4000, n_neurons=12, max_rate=200 * Hz, seed=1)
    responses = codes.GaussianTuning(12).responses(x)
    assert_rates(spikes, 0.2 * responses.ravel())
    assert_allclose(codes.GaussianTuning(12).decode(spikes.sum(axis=0)), x, atol=0.02)


def test_silence_decodes_to_nothing():
    decoded = codes.GaussianTuning(3).decode([[0, 0, 0], [0, 1, 0]])
    assert_array_equal(np.isnan(decoded), [True, False])
    assert decoded[1] == pytest.approx(0.5)


# Changes


@given(
    signal=hnp.arrays(
        float,
        st.tuples(st.integers(1, 40), st.integers(1, 4)),
        elements=st.floats(-1, 1, allow_subnormal=False),
    ),
    threshold=st.floats(0.05, 2),
)
@settings(max_examples=50)
def test_slow_signals_come_back_within_a_threshold(signal, threshold):
    signal = np.cumsum(np.clip(signal, -threshold, threshold), axis=0)
    spikes = codes.delta(signal, threshold)
    n_signals = signal.shape[1]
    assert spikes.shape == (len(signal), 2 * n_signals)
    assert not (spikes[:, :n_signals] & spikes[:, n_signals:]).any()
    level = codes.reconstruct(spikes, threshold, start=signal[0])
    assert np.abs(level - signal).max() <= threshold * (1 + 1e-9)


def test_a_ramp_spikes_in_every_so_many_steps():
    spikes = codes.delta(np.arange(0, 41) / 4, threshold=1)
    assert steps_of(spikes) == list(range(4, 41, 4))
    assert not spikes[:, 1].any()
    falling = codes.delta(-np.arange(0, 41) / 4, threshold=1)
    assert_array_equal(falling, spikes[:, ::-1])


def test_a_jump_is_caught_up_with():
    signal = np.repeat([0.0, 3.5], [2, 6])
    spikes = codes.delta(signal, threshold=1)
    assert steps_of(spikes) == [2, 3, 4]
    assert codes.reconstruct(spikes, 1).ravel().tolist() == [0, 0, 1, 2, 3, 3, 3, 3]


def test_signals_have_thresholds_of_their_own():
    signal = np.stack([np.arange(9.0), np.arange(9.0)], axis=1)
    spikes = codes.delta(signal, threshold=[1, 4])
    assert spikes.sum(axis=0).tolist() == [8, 2, 0, 0]
    assert codes.reconstruct(spikes, [1, 4], start=[5, 6])[-1].tolist() == [13, 14]


def test_levels_do_not_drift():
    n = 20_000
    signal = 0.1 * np.arange(n)
    level = codes.reconstruct(codes.delta(signal, 0.1), 0.1)
    assert np.abs(level.ravel() - signal).max() <= 0.1 + 1e-9


# Bursts


def test_bursts_come_at_their_phase():
    spikes = codes.phase_locked_bursts(
        [1.0, 0.5, 0.0], 300, 10 * Hz, spikes_per_burst=2, interval=3 * ms, phase=math.pi / 2
    )
    assert steps_of(spikes, 0) == [25, 28, 125, 128, 225, 228]
    assert steps_of(spikes, 1) == [50, 53, 150, 153, 250, 253]
    assert steps_of(spikes, 2) == []


def test_a_burst_of_the_cycle_before_reaches_into_the_first():
    spikes = codes.phase_locked_bursts([1.0, 0.01], 100, 10 * Hz, phase=1.8 * math.pi)
    assert steps_of(spikes, 0) == [90, 94, 98]
    assert steps_of(spikes, 1)[:3] == [39, 43, 47], "half a cycle after phase 1.8 π"


@given(
    x=unit_values,
    frequency=st.floats(1, 40),
    n_spikes=st.integers(1, 5),
    phase=st.floats(-10, 10),
    dt=st.sampled_from([0.1, 0.5, 1.0]),
)
@settings(max_examples=30)
def test_all_spikes_of_all_bursts_are_there(x, frequency, n_spikes, phase, dt):
    period = 1e3 / frequency
    cycles = 6
    spikes = codes.phase_locked_bursts(
        x,
        round(cycles * period / dt),
        frequency * Hz,
        dt=dt * ms,
        spikes_per_burst=n_spikes,
        interval=1 * ms,
        phase=phase,
    )
    counts = spikes.sum(axis=0)
    assert (counts[x.ravel() == 0] == 0).all()
    present = counts[x.ravel() > 0]
    # Which burst the beginning and the end cut into depends on the phase.
    assert ((present >= (cycles - 1) * n_spikes) & (present <= (cycles + 1) * n_spikes)).all()


def test_spikes_lock_to_the_oscillation_and_stronger_ones_lead():
    x = np.array([0.9, 0.3])
    spikes = codes.phase_locked_bursts(
        x, 20_000, 8 * Hz, spikes_per_burst=1, jitter=6 * ms, seed=2, phase=1.0
    )
    for column, value in enumerate(x):
        angles = 2 * math.pi * 8e-3 * (np.flatnonzero(spikes[:, column]) + 0.5)
        mean = np.exp(1j * angles).mean()
        expected = math.exp(-0.5 * (2 * math.pi * 8 * 6e-3) ** 2)  # of a wrapped normal
        assert abs(mean) == pytest.approx(expected, abs=0.02)
        angle = 1.0 + math.pi * (1 - value)
        assert np.angle(mean * np.exp(-1j * angle)) == pytest.approx(0, abs=0.15)


# Refusals


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: codes.poisson([0.5] * Hz, 5, 9 * Hz), UnitsError, "without units"),
        (lambda: codes.poisson("bright", 5, 9 * Hz), UnitsError, "values must be numbers"),
        (lambda: codes.poisson([0.5j], 5, 9 * Hz), UnitsError, "values must be numbers"),
        (lambda: codes.poisson(None, 5, 9 * Hz), UnitsError, "values must be numbers"),
        (lambda: codes.poisson([[0.5], [0.1, 0.2]], 5, 9 * Hz), UnitsError, "read as an array"),
        (lambda: codes.poisson([], 5, 9 * Hz), ParameterError, "is empty"),
        (lambda: codes.poisson([0.5], 5, 9), UnitsError, "max_rate needs units"),
        (lambda: codes.poisson([0.5], 5, -9 * Hz), ParameterError, "max_rate must be at least 0"),
        (lambda: codes.poisson([0.5], 0, 9 * Hz), ParameterError, "n_steps must be at least 1"),
        (lambda: codes.poisson([0.5], 5, 9 * Hz, dt=1), UnitsError, "dt needs units"),
        (lambda: codes.poisson([0.5], 5, 9 * Hz, seed=-1), ParameterError, "seed"),
        (lambda: codes.latency([0.5], 2.5), UnitsError, "n_steps must be a whole number"),
        (lambda: codes.latency([0.5], 5, 1.5), ParameterError, "silent_below must be at most 1"),
        (lambda: codes.population([0.5], 5, 1), ParameterError, "n_neurons must be at least 2"),
        (lambda: codes.population([3], 5, low=0, high=2), ParameterError, "in [0, 2]"),
        (lambda: codes.GaussianTuning(5, 1, 1), ParameterError, "low (1) must lie below high"),
        (lambda: codes.GaussianTuning(5, width=0), ParameterError, "width must be greater than 0"),
        (lambda: codes.GaussianTuning(5).decode([1, 2, 3]), ParameterError, "rows of 5 neurons"),
        (lambda: codes.GaussianTuning(2).decode([[1, 2, 3, 4]]), ParameterError, "rows of 2"),
        (lambda: codes.GaussianTuning(2).decode([1, -1]), ParameterError, "at least 0"),
        (lambda: codes.delta([1, math.nan], 1), ParameterError, "signal: holds NaN"),
        (lambda: codes.delta(np.zeros((2, 2, 2)), 1), ParameterError, "signal must have shape"),
        (lambda: codes.delta(0.5, 1), ParameterError, "signal must have shape"),
        (lambda: codes.delta([1, 2], 0), ParameterError, "threshold must be greater than 0"),
        (lambda: codes.delta([1, 2], [1, 2]), ParameterError, "for 1 signals"),
        (lambda: codes.delta([1, 2] * mV, 1), UnitsError, "without units"),
        (lambda: codes.reconstruct(np.zeros((3, 2)), 1), UnitsError, "spikes must be bool"),
        (lambda: codes.reconstruct(np.zeros((3, 3), bool), 1), ParameterError, "2 * n_signals"),
        (
            lambda: codes.reconstruct(np.zeros((3, 2), bool), 1, start=[1, 2]),
            ParameterError,
            "start: shape (2,)",
        ),
        (lambda: codes.phase_locked_bursts([1], 9, 5), UnitsError, "frequency needs units"),
        (
            lambda: codes.phase_locked_bursts([1], 9, 5 * Hz, interval=0.5 * ms),
            ParameterError,
            "interval (0.5 ms) must be at least a time step",
        ),
        (
            lambda: codes.phase_locked_bursts([1], 9, 200 * Hz),
            ParameterError,
            "does not fit into a cycle of 5 ms",
        ),
        (lambda: codes.phase_locked_bursts([1], 9, 5 * Hz, span=7), ParameterError, "span"),
        (
            lambda: codes.phase_locked_bursts([1], 9, 5 * Hz, jitter=-1 * ms),
            ParameterError,
            "jitter must be at least 0",
        ),
    ],
)
def test_bad_codes(make, error, words):
    with pytest.raises(error) as raised:
        make()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)
