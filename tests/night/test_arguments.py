"""Arguments of a night that make no sense: refused by name, before anything is built."""

import math
import pickle

import numpy as np
import pytest
import torch
from brian2 import Hz, ms, mV, second
from helpers import heaviside, mlp
from torch import nn
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep.errors import (
    BrainsleepError,
    DirectoryError,
    KindError,
    ParameterError,
    UnitsError,
    UnknownNameError,
)
from brainsleep.experiments.cli import app

ANN = mlp((12, 10, 5))
GIVEN = dict(neuron=heaviside(), plasticity=bs.SRC(), device=bs.devices.Runtime("numpy"))
BROADCAST = np.broadcast_to(0.5, (10**10, 12))


def slept(**options):
    return bs.sleep(ANN, np.full(12, 0.1), **{"duration": 5, **GIVEN, **options})


@pytest.fixture
def nothing_is_built(monkeypatch):
    def prepare(*_):
        raise AssertionError("built")

    monkeypatch.setattr(bs.devices.Runtime, "prepare", prepare)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (dict(dt=1e-30 * ms), ParameterError, "dt must lie between"),
        (dict(dt=1e30 * second), ParameterError, "dt must lie between"),
        (dict(dt=0.001), UnitsError, "dt needs units"),
        (dict(duration=2**63), ParameterError, "duration must be at most"),
        (dict(duration=10**400), ParameterError, "duration must be at most"),
        (dict(duration=1e30 * second), ParameterError, "duration: 1e.30 s are more than"),
        (dict(duration=0.5), UnitsError, "duration: 0.5 has no units"),
        (dict(seed=2**63), ParameterError, "seed must be at most"),
        (dict(data="1e999 ms"), KindError, "data must be an array"),
        (dict(data=np.ones((3, 11))), ParameterError, "do not fit the network"),
        (dict(data=np.full((3, 12), math.nan)), ParameterError, "data hold NaN"),
        (dict(data=BROADCAST), ParameterError, "GB of values are more than"),
        (dict(modulation=10**5000), KindError, "modulation, one number per step"),
        (dict(modulation=np.ones(6)), ParameterError, r"must have shape \(5,\), not \(6,\)"),
        (dict(lateral={"0": 5}), UnitsError, "lateral: layer '0' needs one like"),
        (dict(lateral=[1]), KindError, "lateral must be a dict by layer"),
        (dict(record=[["0"]]), KindError, r"names of populations, but holds \['0'\]"),
        (dict(dtype=["float32"]), ParameterError, "unknown dtype"),
        (dict(device=torch.device("cpu")), UnitsError, "device must be a name or a device"),
        (dict(progress=np.ones(2)), KindError, "progress must be True or False"),
        (dict(neuron=heaviside(threshold="calibrated", target_rate=1001)), ParameterError,
         r"target_rate of layer '0' must be below one spike per time step, 1000 Hz"),
    ],
)  # fmt: skip
def test_refused_before_anything_is_built(nothing_is_built, options, error, message):
    with pytest.raises(error, match=message):
        slept(**options)


def test_a_huge_stimulus_is_refused_before_it_is_copied(nothing_is_built):
    with pytest.raises(ParameterError, match="GB of values are more than this machine's memory"):
        bs.sleep(ANN, BROADCAST, duration=5, **GIVEN)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(frozen=3), "frozen must be names of layers"),
        (dict(frozen=[["0"]]), "frozen must be names of layers, but holds"),
        (dict(frozen="3"), "frozen: no layer is called '3'"),
        (dict(input_at=torch.ones(2)), "input_at must be text"),
        (dict(input_shape=torch.ones(2)), "input_shape: each size must be a whole number"),
        (dict(max_pooling=np.ones(2)), "unknown max_pooling"),
    ],
)
def test_refused_by_translate(options, message):
    with pytest.raises(BrainsleepError, match=message):
        bs.translate(ANN, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bs.stages.NREM().simulate(2), "duration needs units"),
        (lambda: bs.stages.NREM().simulate(duration=2.0), "duration needs units"),
        (lambda: bs.stages.Cortex().simulate("1 pA", 2), "duration needs units"),
        (lambda: bs.stages.Hypnogram([(bs.stages.NREM(), 2)]), "duration of stage 0 needs units"),
        (lambda: bs.stages.Hypnogram(5), "stages must be a list of"),
        (lambda: bs.stages.Hypnogram([bs.stages.NREM()]), r"must be \(stage, duration\)"),
        (lambda: bs.codes.poisson([0.1], 5, 10 * Hz, dt=1), "dt needs units"),
        (lambda: bs.measures.binned_rate(np.ones((5, 2), bool), 5), "duration needs units"),
        (lambda: bs.LIF(tau_m=20), "tau_m needs units"),
        (lambda: bs.STDP(tau_plus=20), "tau_plus needs units"),
    ],
)
def test_a_bare_number_is_no_time(call, message):
    with pytest.raises(UnitsError, match=message):
        call()


def test_a_threshold_is_counted_from_rest():
    with pytest.raises(
        ParameterError,
        match=r"threshold must be at least 0 mV, but is -50 mV\. It is counted from v_rest, -70",
    ):
        bs.LIF(threshold=-50 * mV)
    with pytest.raises(KindError, match="gain must be a number"):
        bs.LIF(gain=object())
    with pytest.raises(UnitsError, match="refractory needs units"):
        bs.LIF(refractory=None)
    assert bs.LIF(v_reset=None).v_reset is None


@pytest.mark.parametrize("make", [bs.LIF, bs.Heaviside, bs.STDP, bs.SRC, bs.stages.NREM])
def test_models_have_hashes(make):
    assert hash(make()) == hash(make())
    assert {make(): 1}[make()] == 1
    assert pickle.loads(pickle.dumps(make())) == make()


def test_models_with_lists_have_hashes():
    assert hash(bs.LIF(gain=[1, 2], tau_m=[10 * ms, 20 * ms])) == hash(bs.LIF())


def test_a_population_that_is_not_there_is_answered_with_the_nearest():
    night = slept()
    for found in (night.spikes, night.rates):
        with pytest.raises(UnknownNameError, match=r"there is no 'inputt'\. Did you mean 'input'"):
            found["inputt"]
    with pytest.raises(KeyError):
        night.weights_after["0.wait"]


IMAGES = np.random.default_rng(0).random((3, 4, 8, 8))
CONVOLUTION = nn.Sequential(nn.Conv2d(4, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 3))


def test_data_in_another_order_of_axes_are_refused():
    network = bs.translate(CONVOLUTION, input_shape=(4, 8, 8))
    expected = bs.translation.max_activations(network, IMAGES)
    assert bs.translation.max_activations(network, IMAGES.reshape(3, -1)) == expected
    for wrong in ((3, 8, 8, 4), (3, 1, 16, 16), (3, 8, 4, 8), (3, 4, 64)):
        with pytest.raises(ParameterError) as raised:
            bs.translation.max_activations(network, IMAGES.reshape(wrong))
        assert str(wrong) in str(raised.value)
        assert "(n, 4, 8, 8), or flat as (n, 256)" in str(raised.value)
    with pytest.raises(ParameterError, match=r"as data\.transpose\(0, 3, 1, 2\) does"):
        bs.translation.max_activations(network, IMAGES.transpose(0, 2, 3, 1))


def test_a_single_channel_may_be_left_out_and_flat_networks_flatten():
    network = bs.translate(nn.Sequential(nn.Conv2d(1, 2, 3)), input_shape=(1, 8, 8))
    one = IMAGES[:, :1]
    activations = bs.translation.max_activations
    assert activations(network, one) == activations(network, one[:, 0])
    flat = bs.translate(nn.Sequential(nn.Linear(64, 3)))
    assert activations(flat, one) == activations(flat, one.reshape(3, -1))


def test_a_taken_directory_is_answered_with_what_to_do(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DirectoryError, match=r"holds no night; choose another"):
        slept(save=tmp_path, device="cpp")


def test_a_sweep_wants_a_model():
    result = CliRunner().invoke(app, ["sweep"])
    assert result.exit_code == 2
    assert "Missing argument 'MODEL'" in result.output
