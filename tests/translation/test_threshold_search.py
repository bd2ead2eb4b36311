"""Thresholds are found at which layers fire at their target rates."""

import warnings
from contextlib import contextmanager

import numpy as np
import pytest
from helpers import SMALL, mlp, random_spikes
from terminals import screen_of_stderr

import brainsleep as bs
from brainsleep.translation import CalibrationWarning, calibrate_thresholds


def monotone(thresholds):
    """Return rates that fall with a layer's own threshold and rise with the layer before."""
    rates, before = [], 100.0
    for threshold in thresholds:
        before = min(1000.0, before / threshold)
        rates.append(before)
    return rates


@pytest.mark.parametrize("targets", [[50, 20, 5], [1, 900, 0.5], [999, 999, 999]])
@pytest.mark.parametrize("start", [None, [1e-3, 1.0, 1e3]])
def test_calibration_reaches_monotone_rates(targets, start):
    with warnings.catch_warnings():
        warnings.simplefilter("error", CalibrationWarning)
        thresholds = calibrate_thresholds(monotone, targets, ["a", "b", "c"], start)
    np.testing.assert_allclose(monotone(thresholds), targets, rtol=0.03)


def test_calibration_tries_little():
    trials = []

    def simulate(thresholds):
        trials.append(list(thresholds))
        return monotone(thresholds)

    calibrate_thresholds(simulate, [50, 20, 5], ["a", "b", "c"])
    assert len(trials) <= 12
    assert all(np.isfinite(trial).all() and np.min(trial) > 0 for trial in trials)


def test_calibration_warns_about_a_silent_layer():
    def simulate(thresholds):
        return [monotone(thresholds)[0], 0.0, 0.0]

    with pytest.warns(CalibrationWarning) as record:
        thresholds = calibrate_thresholds(simulate, [50, 20, 10], ["fc1", "fc2", "fc3"])
    messages = [str(warning.message) for warning in record]
    assert len(messages) == 2
    assert "'fc2' stays silent" in messages[0]
    assert "'fc3' stays silent" in messages[1]
    assert min(thresholds) > 1e-5, "no threshold so low that rounding errors fire"


def test_calibration_warns_about_a_layer_that_runs_away():
    with pytest.warns(CalibrationWarning, match="layer 'fc1' runs away: 1e\\+03 Hz"):
        calibrate_thresholds(lambda thresholds: [1000.0], [20], ["fc1"])


def test_calibration_warns_about_a_layer_that_fires_too_little():
    with pytest.warns(CalibrationWarning, match="layer 'fc1' fires too little: 3 Hz"):
        calibrate_thresholds(lambda thresholds: [3.0 * (thresholds[0] < 1)], [20], ["fc1"])


def test_calibration_of_a_step():
    """A rate that jumps at one threshold: the nearer side is taken, with a warning."""

    def simulate(thresholds):
        return [500.0 if thresholds[0] < 0.3 else 1.0]

    with pytest.warns(CalibrationWarning, match="'fc1'"):
        (threshold,) = calibrate_thresholds(simulate, [20], ["fc1"])
    assert threshold >= 0.3


@contextmanager
def calibration_warnings():
    """Collect the messages of CalibrationWarnings only."""
    messages = []
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("ignore")
        warnings.filterwarnings("always", category=CalibrationWarning)
        yield messages
        messages += [str(warning.message) for warning in record]


def excitable(seed=5):
    """Return a network in which every layer can reach a rate: most weights are positive."""
    ann = mlp(SMALL, scale=1.5, seed=seed)
    for linear in ann[::2]:
        linear.weight.data += 0.2
    return ann


TARGETS = {"0": 60, "2": 40, "4": 30}


@pytest.mark.parametrize("model", [bs.Heaviside, bs.LIF])
def test_calibrated_nights_reach_their_rates(model):
    with calibration_warnings() as messages:
        night = bs.sleep(
            excitable(),
            np.full(12, 0.3),
            duration=500,
            neuron=model(gain=[1, 2, 0.5], threshold="calibrated", target_rate=TARGETS),
            plasticity=bs.SRC(0, 0, weight_factor="tadros2022"),
        )
    assert not messages
    assert all(value > 0 for value in night.thresholds.values())
    for name, target in TARGETS.items():
        rate = len(night.spikes[name]) / (night.spikes[name].n_neurons * 0.5)
        assert rate == pytest.approx(target, rel=0.05), name


@pytest.mark.slow
def test_calibration_on_runtime_finds_the_same_thresholds():
    thresholds = [
        bs.sleep(
            excitable(),
            np.full(12, 0.3),
            duration=100,
            neuron=bs.Heaviside(gain=1, threshold="calibrated", target_rate=TARGETS, decay=0.9),
            plasticity=bs.SRC(),
            device=device,
        ).thresholds
        for device in ("cpp", bs.devices.Runtime("numpy"))
    ]
    assert thresholds[0] == pytest.approx(thresholds[1], rel=0.03)


def test_calibration_leaves_plasticity_out():
    """Thresholds are found for the first weights of the night: learning rates do not matter."""

    def night(rate):
        return bs.sleep(
            excitable(),
            np.full(12, 0.3),
            duration=300,
            neuron=bs.Heaviside(gain=1, threshold="calibrated", target_rate=TARGETS),
            plasticity=bs.SRC(rate, rate),
        )

    quiet, loud = night(0), night(0.1)
    assert quiet.thresholds == loud.thresholds
    assert not np.array_equal(quiet.weights_after["0.weight"], loud.weights_after["0.weight"])


@pytest.mark.parametrize(
    ("model", "dtype"), [(bs.Heaviside, "float32"), (bs.LIF, "float32"), (bs.LIF, "float64")]
)
def test_calibration_of_a_night_with_a_dead_layer(model, dtype):
    ann = mlp(SMALL, scale=1.5)
    ann[2].weight.data = -ann[2].weight.data.abs()
    with calibration_warnings() as messages:
        night = bs.sleep(
            ann,
            random_spikes(200, 12, 0.3),
            neuron=model(gain=1, threshold="calibrated", target_rate={"0": 60, "2": 40, "4": 5}),
            plasticity=bs.SRC(1e-3, 1e-4),
            dtype=dtype,
        )
    assert [message.split("'")[1] for message in messages] == ["2", "4"]
    assert all("stays silent" in message for message in messages)
    assert len(night.spikes["0"]) > 0
    assert len(night.spikes["2"]) == 0


def test_calibration_shows_its_layers_and_trials():
    for wanted in (True, False):
        with screen_of_stderr() as screen:
            calibrate_thresholds(
                lambda thresholds: [20 / one for one in thresholds],
                [20, 5],
                ["a", "b"],
                progress=wanted,
            )
        for words in ("calibrate:   0%", "trial 1", "1/2 ["):
            assert (words in screen.text()) is wanted
