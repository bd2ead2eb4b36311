"""`bs.sleep` for a user: what it returns, what it does not change, what it refuses."""

import copy
import json
import math
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path

import brian2
import numpy as np
import pytest
import torch
from brian2 import Hz, ms, mV, second
from helpers import SMALL, assert_same_nights, mlp, random_spikes, raster
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import brainsleep as bs
from brainsleep import wake
from brainsleep.errors import (
    BrainsleepError,
    DirectoryError,
    NightError,
    ParameterError,
    UnitsError,
)
from brainsleep.support.json_files import read_json, write_json

NUMPY = bs.devices.Runtime("numpy")
NEURON = bs.Heaviside(gain=[1.0, 1.2, 1.1], threshold=[0.5, 0.4, 0.3], decay=0.9)
RULE = bs.SRC(increase=2e-3, decrease=5e-4)
POPULATIONS = ["input", "0", "2", "4"]


def small_night(ann=None, stimulus=0.2, **options):
    """Run a short night of the small network, in which all layers fire."""
    if isinstance(stimulus, float):
        stimulus = np.full(SMALL[0], stimulus)
    options = {"duration": 300, "neuron": NEURON, "plasticity": RULE, **options}
    if isinstance(stimulus, np.ndarray) and stimulus.dtype == bool:
        options.pop("duration")
    return bs.sleep(mlp(SMALL, scale=1.5) if ann is None else ann, stimulus, **options)


# What is returned


@pytest.mark.parametrize("device", ["cpp", "cpp_stock", NUMPY])
def test_the_contract(device, small):
    night = small_night(small, device=device)
    assert isinstance(night.ann, nn.Sequential)
    assert night.ann is not small
    assert list(night.spikes) == POPULATIONS
    assert list(night.sizes.items()) == list(zip(POPULATIONS, SMALL, strict=True))
    for name in POPULATIONS:
        train = night.spikes[name]
        assert train.i.dtype == np.int32
        assert train.t.dim == second.dim
        assert len(train) == len(train.i) == len(train.t) > 0
        assert train.n_neurons == night.sizes[name]
        assert 0 <= train.i.min() <= train.i.max() < train.n_neurons
        assert 0 * second <= train.t[0] <= train.t[-1] < night.duration
        assert (np.diff(train.t / second) >= 0).all()
        table = raster(night, name)
        assert 0 < table.mean() < 0.9
    names = ["0.weight", "2.weight", "4.weight"]
    assert list(night.weights_before) == list(night.weights_after) == names
    state, awake = small.state_dict(), night.ann.state_dict()
    for name in names:
        before, after = night.weights_before[name], night.weights_after[name]
        assert before.dtype == after.dtype == np.float32
        np.testing.assert_array_equal(before, state[name].numpy())
        np.testing.assert_array_equal(after, awake[name].numpy())
        assert (after > before).any()
        assert (after < before).any()
    for key in ("translate", "build", "run", "read", "total"):
        assert isinstance(night.timings[key], float)
        assert night.timings[key] >= 0
    assert night.timings["total"] >= night.timings["build"] + night.timings["run"]
    assert night.timings["steps"] == night.n_steps == 300
    assert night.timings["synapses"] == 12 * 10 + 10 * 8 + 8 * 5
    assert isinstance(night.timings["build_cached"], bool)
    assert night.duration == 0.3 * second
    assert night.dt == 1 * ms
    assert night.gains == {"0": 1.0, "2": 1.2, "4": 1.1}
    assert night.thresholds == {"0": 0.5, "2": 0.4, "4": 0.3}
    assert "300 steps" in repr(night)
    assert "input (12) -> 0 (10)" in repr(night)


def test_the_call_of_the_contract_with_default_models():
    """Models that are not given are those of the default experiment, which needs three layers."""
    images = np.random.default_rng(0).random((20, 12))
    night = bs.sleep(mlp(SMALL), bs.stimuli.MeanImage(images), images)
    assert night.n_steps == 500
    assert night.dt == 1 * ms
    assert night.settings["device"] == "cpp"
    assert night.settings["dtype"] == "float32"
    assert "tadros2022" in night.settings["plasticity"]


def test_trained_outputs_change_and_biases_stay():
    ann = mlp(SMALL, bias=True, scale=1.5)
    night = small_night(ann)
    for name, value in ann.state_dict().items():
        changed = not torch.equal(value, night.ann.state_dict()[name])
        assert changed == name.endswith("weight"), name
    images = torch.rand(4, 12)
    assert not torch.equal(ann(images), night.ann(images))


def test_custom_module_with_names():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = nn.Sequential(nn.Linear(12, 10), nn.ReLU())
            self.between, self.out = nn.Linear(10, 8), nn.Linear(8, 5)

        def forward(self, x):
            return self.out(torch.relu(self.between(self.hidden(x.view(x.size(0), -1)))))

    ann = Net()
    names = ["hidden.0", "between", "out"]
    night = bs.sleep(
        ann,
        np.full((3, 4), 0.3),
        duration=50,
        neuron=bs.Heaviside(gain=1, threshold=dict.fromkeys(names, 0.2)),
        plasticity=bs.SRC(increase={"hidden.0": 1e-3, "between": 0, "out": 0}, decrease=0),
    )
    assert list(night.spikes) == ["input", *names]
    assert isinstance(night.ann, Net)
    changed = {
        name: not np.array_equal(night.weights_before[name], night.weights_after[name])
        for name in night.weights_after
    }
    assert changed == {"hidden.0.weight": True, "between.weight": False, "out.weight": False}


# What is not changed


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_as_it_was(training):
    ann = nn.Sequential(*mlp(SMALL, bias=True, scale=1.5), nn.Dropout(0.5)).train(training)
    ann[0].weight.requires_grad_(False)
    ann(torch.rand(3, 12)).sum().backward()
    before = copy.deepcopy(ann)
    gradients = [p.grad if p.grad is None else p.grad.clone() for p in ann.parameters()]
    night = small_night(ann)
    for one, other in zip(before.parameters(), ann.parameters(), strict=True):
        assert torch.equal(one, other)
        assert one.requires_grad == other.requires_grad
    assert gradients[0] is None
    assert ann[0].weight.grad is None
    for one, other in zip(gradients[1:], list(ann.parameters())[1:], strict=True):
        assert torch.equal(one, other.grad)
    assert ann.training == night.ann.training == training
    assert all(module.training == training for module in night.ann.modules())
    assert [p.requires_grad for p in night.ann.parameters()] == [
        p.requires_grad for p in ann.parameters()
    ]
    with torch.no_grad():
        night.ann[0].weight[:] = 3
        night.weights_before["0.weight"][:] = 4
    assert torch.equal(before[0].weight, ann[0].weight), "no memory is shared"


def test_global_random_states_are_left_alone():
    ann = mlp(SMALL, scale=1.5)
    np.random.seed(1)
    torch.manual_seed(1)
    states = np.random.get_state()[1].copy(), torch.get_rng_state()
    small_night(ann)
    small_night(ann, device=NUMPY, duration=20)
    np.testing.assert_array_equal(states[0], np.random.get_state()[1])
    assert torch.equal(states[1], torch.get_rng_state())


# One seed fixes everything


@pytest.mark.parametrize("options", [{}, {"dtype": "float64"}, {"device": NUMPY}])
def test_the_same_call_twice_is_bit_identical(options):
    assert_same_nights(small_night(seed=4, **options), small_night(seed=4, **options))


def test_another_seed_is_another_night():
    one, other = small_night(seed=4), small_night(seed=5)
    assert not np.array_equal(raster(one, "input"), raster(other, "input"))
    assert not np.array_equal(one.weights_after["0.weight"], other.weights_after["0.weight"])


def test_input_spikes_are_the_same_on_every_device_and_in_every_precision():
    images = np.random.default_rng(0).random((5, 3, 4))
    stimulus = bs.stimuli.MeanOfRandomImages(
        images, 2, max_rate=300 * Hz, mask=bs.stimuli.RandomWindow(2)
    )
    expected = stimulus.draw(300, 1 * ms, seed=9)
    assert expected.any()
    for device in ("cpp", "cpp_stock", NUMPY):
        for dtype in ("float32", "float64"):
            night = small_night(stimulus=stimulus, device=device, dtype=dtype, seed=9)
            np.testing.assert_array_equal(raster(night, "input"), expected)


def test_explicit_spikes_are_the_input():
    spikes = random_spikes(70, SMALL[0], 0.3)
    for stimulus in (spikes, bs.stimuli.ExplicitSpikes(spikes)):
        night = small_night(stimulus=stimulus, duration=70)
        np.testing.assert_array_equal(raster(night, "input"), spikes)
        assert night.n_steps == 70
    assert_same_nights(
        night, bs.sleep(mlp(SMALL, scale=1.5), spikes, neuron=NEURON, plasticity=RULE)
    )


@pytest.mark.parametrize(
    "kind", [np.uint8, np.float32, torch.bfloat16, torch.float32, torch.bool, list]
)
def test_zeros_and_ones_of_any_type_are_these_very_spikes(kind):
    spikes = random_spikes(40, SMALL[0], 0.3)
    if kind is list:
        same = spikes.astype(int).tolist()
    elif isinstance(kind, torch.dtype):
        same = torch.from_numpy(spikes).to(kind)
        same.requires_grad_(kind == torch.float32)
    else:
        same = spikes.astype(kind)
    options = {"neuron": NEURON, "plasticity": RULE, "device": NUMPY}
    expected = bs.sleep(mlp(SMALL), spikes, **options)
    assert_same_nights(bs.sleep(mlp(SMALL), same, **options), expected)
    np.testing.assert_array_equal(raster(expected, "input"), spikes)


@pytest.mark.parametrize(
    ("neuron", "sizes"),
    [
        (bs.Heaviside(), (60, 20, 20, 20, 5)),
        (bs.LIF(), (60, 5)),
        (bs.LIF(), (60, 20, 20, 5)),
        (bs.LIF(), (60, 20, 20, 20, 5)),
        (bs.AdaptiveThreshold(), (60, 5)),
        (bs.CurrentLIF(), (60, 5)),
        (bs.IntegrateAndFire(), (60, 5)),
    ],
)
def test_plain_neurons_sleep_in_any_network_at_the_default_rate(neuron, sizes):
    ann = mlp(sizes, bias=len(sizes) > 4)
    with warnings.catch_warnings(action="error", category=bs.CalibrationWarning):
        night = bs.sleep(
            ann, np.full(60, 0.05), neuron=neuron, plasticity=bs.SRC(increase=0, decrease=0)
        )
    for name in night.thresholds:
        assert float(night.rates[name].mean / Hz) == pytest.approx(30, rel=0.15)
    assert set(night.gains.values()) == {1.0}


@pytest.mark.parametrize("sizes", [(12, 8, 5), SMALL])
def test_defaults_are_plain_models_for_any_network(sizes):
    night = bs.sleep(mlp(sizes), np.full(12, 0.05), duration=20)
    assert night.assembly.neuron == bs.Heaviside()
    assert night.settings["plasticity"] == repr(bs.SRC())
    for name, weights in night.weights_after.items():
        assert (weights != night.weights_before[name]).any()


def test_gains_do_not_matter_where_thresholds_are_calibrated():
    """The night without data is that with gains of a thousand, scaled."""
    spikes = random_spikes(200, 12, 0.1)
    ann = mlp((12, 10, 5), bias=True)
    plain = bs.sleep(ann, spikes, neuron=bs.Heaviside())
    given = bs.Heaviside(
        gain=1024, threshold={name: 1024 * value for name, value in plain.thresholds.items()}
    )
    assert_same_nights(plain, bs.sleep(ann, spikes, neuron=given))


def test_spikes_and_rates_are_shown_on_one_line(tmp_path):
    night = small_night(duration=20, save=tmp_path / "night")
    n_spikes = len(night.spikes["input"])
    assert repr(night.spikes["input"]) == f"StreamedSpikes({n_spikes} spikes of 12 neurons)"
    mean = f"{float(night.rates['0'].mean / Hz):.3g} Hz"
    assert repr(night.rates["0"]) == f"PopulationRate(20 steps of 1. ms, 10 neurons, mean {mean})"
    kept = small_night(duration=20).spikes["input"]
    assert repr(kept) == f"Spikes({n_spikes} spikes of 12 neurons)"


def test_data_from_loaders_and_data_sets():
    images = np.random.default_rng(3).random((20, SMALL[0])).astype(np.float32)
    pairs = TensorDataset(torch.from_numpy(images), torch.zeros(20))
    neuron = bs.Heaviside(gain="tadros", threshold=0.5)
    expected = small_night(data=images, neuron=neuron, device=NUMPY, duration=50)
    for data in (
        pairs,
        DataLoader(pairs, batch_size=6),
        (images[k : k + 7] for k in range(0, 20, 7)),
        wake.Dataset("own", images, np.zeros(20, int), (3, 4)),
    ):
        night = small_night(data=data, neuron=neuron, device=NUMPY, duration=50)
        assert night.gains == expected.gains
        assert_same_nights(night, expected)


def test_first_and_last_step_count():
    """Spikes in the first and in the last step arrive and are recorded (a pitfall of Brian2)."""
    spikes = np.zeros((40, SMALL[0]), dtype=bool)
    spikes[[0, -1]] = True
    ann = mlp(SMALL)
    for linear in ann[::2]:
        linear.weight.data[:] = 1
    for device in ("cpp", NUMPY):
        night = small_night(ann, spikes, device=device)
        for name in POPULATIONS:
            assert np.flatnonzero(raster(night, name).any(axis=1)).tolist() == [0, 39]


@pytest.mark.parametrize("n_steps", [1, 2, 255, 256, 257, 513])
def test_lengths_around_the_streaming_chunks(n_steps):
    night = small_night(duration=n_steps)
    assert night.n_steps == n_steps
    np.testing.assert_array_equal(
        raster(night, "input"),
        bs.stimuli.ConstantProbabilities(np.full(12, 0.2)).draw(n_steps, 1 * ms),
    )


@pytest.mark.parametrize(
    ("duration", "dt", "n_steps"),
    [
        (100, None, 100),
        (np.int64(7), None, 7),
        (0.2 * second, None, 200),
        ("50 ms", None, 50),
        (3 * ms, "1 ms", 3),
        (0.03 * second, 0.1 * ms, 300),
        (10 * ms, 2.5 * ms, 4),
    ],
)
def test_durations(duration, dt, n_steps):
    night = small_night(duration=duration, dt=dt, device=NUMPY)
    assert night.n_steps == n_steps
    assert raster(night, "input").shape == (n_steps, 12)
    assert math.isclose(night.duration / second, n_steps * (night.dt / second))


def test_silence():
    """Without input there are no spikes and no change, and all results have their usual shapes."""
    for device in ("cpp", NUMPY):
        night = small_night(stimulus=0.0, device=device)
        for name in POPULATIONS:
            assert len(night.spikes[name]) == 0
            assert night.spikes[name].t.dim == second.dim
        for name, after in night.weights_after.items():
            np.testing.assert_array_equal(after, night.weights_before[name])


# Records


@pytest.mark.parametrize(
    ("record", "names"),
    [
        ("all", POPULATIONS),
        (None, []),
        ([], []),
        ("2", ["2"]),
        (["4", "input"], ["input", "4"]),
        (("0", "2"), ["0", "2"]),
    ],
)
def test_records(record, names):
    device = "cpp" if names == ["input", "4"] else NUMPY
    everything = small_night(device=device)
    night = small_night(record=record, device=device)
    assert list(night.spikes) == names
    for name in names:
        np.testing.assert_array_equal(raster(night, name), raster(everything, name))
    np.testing.assert_array_equal(
        night.weights_after["4.weight"], everything.weights_after["4.weight"]
    )


# Save and load


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    night = small_night(record=["4", "0"], device=NUMPY)
    directory = tmp_path_factory.mktemp("nights") / "deep" / "first"
    night.save(directory)
    return night, directory


def test_save_and_load(saved, small):
    night, directory = saved
    for loaded in (bs.Night.load(directory), bs.Night.load(str(directory), ann=small)):
        assert list(loaded.spikes) == list(night.spikes)
        for name in night.spikes:
            np.testing.assert_array_equal(loaded.spikes[name].i, night.spikes[name].i)
            assert loaded.spikes[name].i.dtype == np.int32
            np.testing.assert_array_equal(loaded.spikes[name].t, night.spikes[name].t)
            assert loaded.spikes[name].t.dim == second.dim
            assert loaded.spikes[name].n_neurons == night.spikes[name].n_neurons
        for kind in ("weights_before", "weights_after"):
            one, other = getattr(loaded, kind), getattr(night, kind)
            assert list(one) == list(other)
            for name in one:
                np.testing.assert_array_equal(one[name], other[name])
                assert one[name].dtype == other[name].dtype
        for field in ("timings", "gains", "thresholds", "sizes", "n_steps", "dt", "settings"):
            assert getattr(loaded, field) == getattr(night, field), field
        assert repr(loaded) == repr(night)
    assert bs.Night.load(directory).ann is None
    awake = loaded.ann.state_dict()
    assert loaded.ann is not small
    for name, value in night.ann.state_dict().items():
        assert torch.equal(awake[name], value)


def test_nothing_is_pickled(saved):
    _, directory = saved
    files = sorted(path.name for path in directory.iterdir())
    assert files == ["arrays", "night.json"]
    json.loads((directory / "night.json").read_text())
    for file in (directory / "arrays").iterdir():
        with np.load(file, allow_pickle=False) as arrays:
            assert len([arrays[name] for name in arrays]) > 0


def test_arrays_of_any_name_can_be_saved(tmp_path):
    """np.savez has arguments `file` and `allow_pickle`; parameters may have the same names."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.file = nn.Parameter(torch.randn(5, 12))

        def forward(self, x):
            return nn.functional.linear(x, self.file)

    night = bs.sleep(
        Net(), np.full(12, 0.2), None, 20, neuron=bs.Heaviside(1, 1), plasticity=RULE, device=NUMPY
    )
    night.save(tmp_path / "night")
    assert list(bs.Night.load(tmp_path / "night").weights_after) == ["file"]


def test_save_overwrites_nothing(saved, tmp_path):
    night, directory = saved
    before = {path: path.read_bytes() for path in directory.rglob("*.*")}
    with pytest.raises(DirectoryError, match=r"exists already, .* choose another"):
        night.save(directory)
    assert before == {path: path.read_bytes() for path in directory.rglob("*.*")}
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(DirectoryError, match="nothing was overwritten"):
        night.save(file)
    assert file.read_text() == "mine"
    with pytest.raises(DirectoryError, match="cannot write"):
        night.save(file / "below")
    empty = tmp_path / "empty"
    empty.mkdir()
    night.save(empty)
    assert (empty / "night.json").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file"], "no leftovers"


def test_a_save_that_fails_leaves_nothing(saved, tmp_path):
    night, _ = saved
    broken = copy.copy(night)
    broken.settings = {"seed": object()}  # not JSON
    with pytest.raises(TypeError):
        broken.save(tmp_path / "night")
    assert not list(tmp_path.iterdir())


def test_loading_what_is_no_night(saved, tmp_path, small):
    night, _ = saved
    with pytest.raises(DirectoryError, match="holds no saved night"):
        bs.Night.load(tmp_path)
    with pytest.raises(DirectoryError, match="holds no saved night: there is no such directory"):
        bs.Night.load(tmp_path / "nowhere")
    night.save(tmp_path / "cut")
    with pytest.raises(DirectoryError, match=r"It is a night: bs\.Night\.load reads it"):
        bs.load_run(tmp_path / "cut")
    (tmp_path / "cut" / "night.json").write_bytes(b"{")
    with pytest.raises(DirectoryError, match=r"night\.json is damaged"):
        bs.Night.load(tmp_path / "cut")
    arrays = read_json(saved[1] / "night.json")["arrays"]
    for kind, content in [("neurons", b"PK"), ("weights_after", b""), ("counts", None)]:
        night.save(tmp_path / kind)
        first = next(iter(arrays[kind].values()))
        digest = first.get("values", first)["array"]
        file = tmp_path / kind / "arrays" / f"{digest}.npz"
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(DirectoryError, match=file.name):
            bs.Night.load(tmp_path / kind)
    night.save(tmp_path / "newer")
    file = tmp_path / "newer" / "night.json"
    write_json(file, {**read_json(file), "format": 99})
    with pytest.raises(DirectoryError, match="format 99"):
        bs.Night.load(tmp_path / "newer")
    night.save(tmp_path / "pickled")
    for file in (tmp_path / "pickled" / "arrays").iterdir():
        np.savez(file, values=np.array([{}], dtype=object))
    with pytest.raises(DirectoryError, match=r"is damaged, or no npz file: .* holds no numbers"):
        bs.Night.load(tmp_path / "pickled")
    night.save(tmp_path / "good")
    with pytest.raises(ParameterError, match="shape"):
        bs.Night.load(tmp_path / "good", ann=mlp((12, 10, 8, 6)))


def test_saved_spikes_are_small(saved):
    _, directory = saved
    arrays = read_json(directory / "night.json")["arrays"]
    types = {one["type"] for kind in ("neurons", "counts") for one in arrays[kind].values()}
    assert types == {"|u1"}  # as no population and no step has more than 255
    assert bs.Night.load(directory).spikes["0"].i.dtype == np.int32


# The user's own Brian2 session

SESSION = """
import sys
import numpy as np
sys.path.insert(0, {tests!r})
from brian2 import *
from helpers import SMALL, mlp
import brainsleep as bs

{before}

def night(device):
    return bs.sleep(mlp(SMALL, scale=1.5), np.full(12, 0.2), duration=30, device=device,
                    neuron=bs.Heaviside(1, 0.4), plasticity=bs.SRC())

names = ["codegen.target", "core.default_float_dtype", "codegen.cpp.extra_compile_args",
         "codegen.cpp.define_macros", "devices.cpp_standalone.openmp_threads"]
before = [prefs[name] for name in names], get_device(), defaultclock.dt
assert len(night("cpp").spikes["input"]) > 0
assert len(night(bs.devices.Runtime("numpy")).spikes["input"]) > 0
try:
    bs.sleep(mlp(SMALL), np.full(12, 2.0), neuron=bs.Heaviside(1, 0.4), plasticity=bs.SRC())
except bs.BrainsleepError:
    pass
assert before[0] == [prefs[name] for name in names]
assert get_device() is before[1]
assert defaultclock.dt == before[2]

{after}
print("as it was")
"""

OWN_MODEL = """
defaultclock.dt = 0.25*ms
group = NeuronGroup(2, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0",
                    method="exact", name="input")
synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", name="synapses1")
synapses.connect(i=0, j=1)
synapses.w = 0.5
monitor = SpikeMonitor(group, name="spikes1")
"""


def run_script(tmp_path, before, after):
    script = tmp_path / "script.py"
    tests = str(Path(__file__).parents[1])
    script.write_text(SESSION.format(before=before, after=after, tests=tests))
    result = subprocess.run(
        [sys.executable, "-W", "ignore", str(script)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip().endswith("as it was")


def test_users_runtime_session_is_untouched(tmp_path):
    run_script(
        tmp_path,
        'prefs.codegen.target = "numpy"\nprefs.core.default_float_dtype = float64\n'
        + OWN_MODEL
        + "run(20*ms)\nhalf = monitor.num_spikes\nassert half > 0\n",
        "run(20*ms)\nassert monitor.num_spikes > half\nassert defaultclock.t == 40*ms\n"
        "assert synapses.w[0] == 0.5",
    )


@pytest.mark.slow
def test_users_half_built_standalone_project_is_untouched(tmp_path):
    project = tmp_path / "project"
    run_script(
        tmp_path,
        'set_device("cpp_standalone", build_on_run=False)\n'
        'prefs.codegen.cpp.extra_compile_args = ["-O1"]\n' + OWN_MODEL + "run(20*ms)\n",
        "run(20*ms)\n"
        f"get_device().build(directory={str(project)!r})\n"
        "assert monitor.num_spikes > 4\nassert (monitor.t < 40*ms).all()\n"
        "assert monitor.t[-1] > 30*ms\nassert synapses.w[0] == 0.5",
    )


def test_failing_builds_leave_the_session_as_it_was(monkeypatch, tmp_path):
    monkeypatch.setenv("BRAINSLEEP_CACHE", str(tmp_path))
    monkeypatch.setenv("CXX", "false")
    device, target = brian2.get_device(), brian2.prefs.codegen.target
    float_type = brian2.prefs.core.default_float_dtype
    with pytest.raises(bs.errors.CompilerError):
        small_night()
    assert brian2.get_device() is device
    assert brian2.prefs.codegen.target == target
    assert brian2.prefs.core.default_float_dtype is float_type


# Bad input: one clear error, before anything is compiled

BAD = {
    "stimulus too short": (dict(stimulus=np.zeros(11)), ParameterError, "11 inputs"),
    "stimulus above 1": (dict(stimulus=np.full(12, 1.5)), ParameterError, "[0, 1]"),
    "stimulus below 0": (dict(stimulus=np.full(12, -0.5)), ParameterError, "[0, 1]"),
    "stimulus NaN": (dict(stimulus=np.full(12, np.nan)), ParameterError, "stimulus: holds NaN"),
    "stimulus inf": (dict(stimulus=np.full(12, np.inf)), ParameterError, "stimulus: holds NaN"),
    "stimulus in Hz": (dict(stimulus=np.full(12, 0.5) * Hz), UnitsError, "stimulus"),
    "stimulus text": (dict(stimulus="noise"), UnitsError, "stimulus must be"),
    "spikes of another width": (dict(stimulus=np.ones((5, 9), bool)), ParameterError, "9 inputs"),
    "flat spikes": (dict(stimulus=np.ones(12, bool)), ParameterError, "(n_steps, n_inputs)"),
    "spikes of another length": (
        dict(stimulus=bs.stimuli.ExplicitSpikes(np.ones((5, 12), bool)), duration=6),
        ParameterError,
        "duration: 6 steps, but the explicit spikes have 5",
    ),
    "duration 0": (dict(duration=0), ParameterError, "duration must be at least 1"),
    "duration negative": (dict(duration=-1 * second), ParameterError, "duration must be greater"),
    "duration -5": (dict(duration=-5), ParameterError, "duration must be at least 1"),
    "duration bare float": (dict(duration=0.5), UnitsError, "duration: 0.5 has no units"),
    "duration in mV": (dict(duration=5 * mV), UnitsError, "duration must be in s"),
    "duration NaN": (dict(duration=math.nan * second), ParameterError, "duration must be finite"),
    "duration inf": (dict(duration=math.inf * second), ParameterError, "duration must be finite"),
    "duration uneven": (dict(duration=1.5 * ms), ParameterError, "not a whole number of time"),
    "duration text": (dict(duration="long"), UnitsError, "duration: 'long'"),
    "duration True": (dict(duration=True), UnitsError, "duration must be a whole number"),
    "duration several": (dict(duration=[1, 2] * second), UnitsError, "duration"),
    "dt bare": (dict(dt=1), UnitsError, "dt needs units"),
    "dt 0": (dict(dt=0 * ms), ParameterError, "dt must be greater than 0"),
    "dt negative": (dict(dt=-1 * ms), ParameterError, "dt must be greater than 0"),
    "dt in Hz": (dict(dt=1 * Hz), UnitsError, "dt must be in ms"),
    "seed negative": (dict(seed=-1), ParameterError, "seed must be at least 0"),
    "seed float": (dict(seed=0.5), UnitsError, "seed must be a whole number"),
    "seed None": (dict(seed=None), UnitsError, "seed must be a whole number"),
    "dtype": (dict(dtype="float16"), ParameterError, "dtype 'float16'"),
    "dtype type": (dict(dtype=np.float32), ParameterError, "dtype"),
    "device": (dict(device="cppp"), ParameterError, "Did you mean 'cpp'?"),
    "device cuda": (dict(device="cuda"), BrainsleepError, "'cuda'"),
    "device None": (dict(device=None), UnitsError, "device must be"),
    "record unknown": (dict(record=["0", "3"]), ParameterError, "record: no population"),
    "record number": (dict(record=0), UnitsError, "record must be"),
    "neuron class": (dict(neuron=bs.LIF), UnitsError, "neuron must be"),
    "neuron text": (dict(neuron="LIF"), UnitsError, "neuron must be"),
    "neuron is a rule": (dict(neuron=RULE), UnitsError, "neuron must be"),
    "plasticity class": (dict(plasticity=bs.SRC), UnitsError, "plasticity must be"),
    "plasticity text": (dict(plasticity="SRC"), UnitsError, "plasticity must be"),
    "rate negative": (
        dict(plasticity=bs.SRC([-1e-3, 0, 0])),
        ParameterError,
        "increase of layer '0'",
    ),
    "threshold negative": (
        dict(neuron=bs.Heaviside(1, [1, -1, 1])),
        ParameterError,
        "threshold of layer '2'",
    ),
    "threshold in ms": (dict(neuron=bs.LIF(1, [1 * ms] * 3)), UnitsError, "threshold of layer '0'"),
    "gain in mV": (dict(neuron=bs.Heaviside([1 * mV] * 3, 1)), UnitsError, "gain of layer '0'"),
    "data missing": (dict(neuron=bs.Heaviside("tadros", 1)), ParameterError, "data is missing"),
    "two of three": (dict(neuron=bs.Heaviside([1, 1], 1)), ParameterError, "2 values for 3 layers"),
    "free gain, bias gain given": (
        dict(neuron=bs.Heaviside("tadros", bias_gain=1)),
        ParameterError,
        "data is missing",
    ),
    "weights NaN": (
        dict(ann=mlp(SMALL, scale=math.nan)),
        ParameterError,
        "layer '0': '0.weight' holds NaN",
    ),
    "no neurons": (dict(ann=mlp((12, 0, 5))), BrainsleepError, "0: "),
    "no inputs": (dict(ann=mlp((0, 5)), stimulus=np.zeros(0)), BrainsleepError, ""),
    "conv": (
        dict(ann=nn.Sequential(nn.Conv1d(1, 1, 3), nn.Linear(10, 5))),
        BrainsleepError,
        "0: acts on images",
    ),
    "no network": (dict(ann=[1, 2]), UnitsError, "ann must be a torch.nn.Module, not list"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input(what, empty_cache):
    options, error, words = BAD[what]
    options = {
        "ann": mlp(SMALL),
        "stimulus": np.full(12, 0.2),
        "neuron": NEURON,
        "plasticity": RULE,
        **options,
    }
    ann = options["ann"]
    before = copy.deepcopy(ann.state_dict()) if isinstance(ann, nn.Module) else None
    with pytest.raises(error) as raised:
        bs.sleep(options.pop("ann"), options.pop("stimulus"), **options)
    message = str(raised.value)
    assert isinstance(raised.value, BrainsleepError)
    assert words in message, message
    assert "\n" not in message
    assert len(message) < 400
    assert not any(empty_cache.iterdir()), "nothing was compiled"
    if before is not None:
        for name, value in ann.state_dict().items():
            assert torch.equal(value, before[name]) or torch.isnan(value).any()


@pytest.mark.parametrize("device", ["cpp", NUMPY])
@pytest.mark.parametrize("dtype", ["float32"])
def test_weights_that_explode_end_the_night_with_an_error(device, dtype):
    """Also where the flags of the compiler assume that there are no infinities."""
    with np.errstate(all="ignore"), pytest.raises(NightError, match="weights of layer '0' grew"):
        small_night(
            device=device,
            dtype=dtype,
            neuron=bs.Heaviside(gain=0, threshold=0),
            plasticity=bs.SRC(3e38, 0, weight_factor="additive"),
        )


def test_progress_shows_nothing_without_a_terminal(capfd):
    for progress in (True, False):
        small_night(progress=progress, seed=1)
        small_night(progress=progress, device=NUMPY, duration=20)
    assert capfd.readouterr() == ("", "")


def test_memory_is_said_in_the_log(caplog):
    with caplog.at_level("INFO", logger="brainsleep"):
        small_night()
    assert "240 synapses, about 0 MiB on cpp" in caplog.text


def test_total_is_the_time_of_the_whole_call():
    started = time.perf_counter()
    night = small_night(device=NUMPY)
    elapsed = time.perf_counter() - started
    parts = ("translate", "build", "calibrate", "stages", "run", "read")
    assert sum(night.timings[name] for name in parts) <= night.timings["total"] <= elapsed
