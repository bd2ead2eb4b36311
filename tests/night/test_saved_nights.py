"""Nights that were saved are whole: their models are data, and they can be slept again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from brian2 import Hz, ms, mV, pA, second
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import brainsleep as bs
from brainsleep.devices import Runtime
from brainsleep.errors import BrainsleepError, DataError, DirectoryError, ParameterError
from brainsleep.neurons import NEURONS, LayeredNeuron, NeuronEquations
from brainsleep.night.resuming.stored_classes import stored_classes
from brainsleep.plasticity import RULES, LayeredRule
from brainsleep.stimuli import Stimulus
from brainsleep.support.array_store import ArrayStore, references
from brainsleep.support.content_digest import content_digest
from brainsleep.support.json_files import read_json, write_json
from brainsleep.support.parameters import declared_parameters, parameter
from brainsleep.support.stored_objects import Foreign, Reader, Writer

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
NUMPY = Runtime("numpy")
IMAGES = np.random.default_rng(0).random((7, 16)).astype(np.float32)


def stored(value: Any, folder: Path) -> Any:
    """Return an object as it comes back from JSON."""
    store = ArrayStore(folder)
    text = json.dumps(Writer(stored_classes(), store).content(value), allow_nan=False)
    return Reader(stored_classes(), store).value(json.loads(text))


def assert_stored(value: Any, folder: Path) -> None:
    found = stored(value, folder)
    assert type(found) is type(value)
    assert content_digest(found) == content_digest(value)


# Models, stimuli and the rest as data


def rules() -> list[Any]:
    """Return every rule, those that regulate another around one."""
    regulating = [RULES[name] for name in ("homeostasis", "synaptic_scaling", "downscaling")]
    plain = [rule for rule in RULES.values() if rule not in regulating]
    return [*(rule() for rule in plain), *(rule(bs.STDP()) for rule in regulating)]


def test_every_model_of_the_package_is_among_the_classes() -> None:
    kinds = [*NEURONS.values(), *RULES.values()]
    kinds += [one for one in vars(bs.stages).values() if hasattr(one, "gate")]
    kinds += [one for one in vars(bs.stimuli).values() if _is_own(one, Stimulus)]
    kinds += [one for one in vars(bs.stimuli).values() if _is_own(one, bs.stimuli.Mask)]
    kinds += [one for one in vars(bs.lateral).values() if hasattr(one, "parts")]
    missing = [
        one.__name__
        for one in kinds
        if stored_classes().get(one.__name__) is not one
        and not getattr(one, "_is_protocol", False)
        and one.__name__ not in ("Stage", "Stimulus", "Mask", "ImageStimulus")
    ]
    assert missing == []
    assert len(kinds) > 35


def _is_own(one: object, base: type) -> bool:
    return isinstance(one, type) and issubclass(one, base)


@pytest.mark.parametrize("model", [*(one() for one in NEURONS.values()), *rules()], ids=repr)
def test_models_come_back(model: Any, tmp_path: Path) -> None:
    assert_stored(model, tmp_path)
    assert repr(stored(model, tmp_path)) == repr(model)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_models_with_any_values_come_back(data: st.DataObject, tmp_path: Path) -> None:
    """A number, a list or a table for each parameter, with its unit."""
    kind = data.draw(st.sampled_from([*NEURONS.values(), *(type(one) for one in rules()[:7])]))
    given_values = {}
    for name, declared in declared_parameters(kind).items():
        if declared.choices or declared.optional or not data.draw(st.booleans()):
            continue
        low, high = max(declared.minimum, -100.0), min(declared.maximum, 100.0)
        one = st.floats(low, high, exclude_min=declared.exclusive_minimum)
        value = one if declared.unit is None else one.map(lambda x, unit=declared.unit: x * unit)
        if declared.by_layer:
            value |= st.lists(value, min_size=2, max_size=2)
            value |= st.fixed_dictionaries({"0": value, "features.3": value})
        given_values[name] = data.draw(value)
    try:
        model = kind(**given_values)
    except BrainsleepError:  # of values that do not go together
        return
    assert_stored(model, tmp_path)


STIMULI = [
    bs.stimuli.ConstantRates(np.linspace(0, 300, 16) * Hz),
    bs.stimuli.ConstantProbabilities(np.linspace(0, 1, 16)),
    bs.stimuli.ExplicitSpikes(np.random.default_rng(1).random((90, 16)) < 0.2),
    bs.stimuli.MeanImage(IMAGES, 333 * Hz),
    bs.stimuli.ClassMeans(IMAGES, [0, 1, 0, 1, 2, 2, 7], mask=bs.stimuli.RandomPixels(0.3)),
    bs.stimuli.MeanOfRandomImages(IMAGES, 3, mask=bs.stimuli.RandomWindow(2)),
    bs.stimuli.MeanOfRandomImages(IMAGES.reshape(7, 4, 4), max_rate=0.1 * Hz / 3),
    bs.stimuli.Gated(bs.stimuli.MeanImage(IMAGES), np.random.default_rng(2).random(90)),
    bs.stimuli.ShuffledPixels(bs.stimuli.MeanOfRandomImages(IMAGES), seed=5),
    bs.stimuli.WhiteNoise(bs.stimuli.MeanOfRandomImages(IMAGES)),
]


@pytest.mark.parametrize("stimulus", STIMULI, ids=lambda one: type(one).__name__)
def test_stimuli_come_back_and_draw_the_same(stimulus: Stimulus, tmp_path: Path) -> None:
    found = stored(stimulus, tmp_path)
    assert repr(found) == repr(stimulus)
    for seed in (0, 1):
        assert np.array_equal(found.draw(90, 1 * ms, seed), stimulus.draw(90, 1 * ms, seed))


def test_features_of_images_come_back(tmp_path: Path) -> None:
    seen = STIMULI[3].seen_through(lambda images: images[:, :9] * 7.3, (1, 3, 3))  # type: ignore[attr-defined]
    assert np.array_equal(stored(seen, tmp_path).draw(90, 1 * ms), seen.draw(90, 1 * ms))


STAGES = [
    bs.stages.Wake(),
    bs.stages.REM(b=2 * pA),
    bs.stages.NREM(spindles=bs.stages.Spindles(), ripples=bs.stages.Ripples()),
    bs.stages.Hypnogram([(bs.stages.NREM(b="50 pA"), 1 * second), (bs.stages.REM(), "100 ms")]),
]
OTHERS = [
    *[bs.lateral.MeanInhibition(0.3), bs.lateral.WinnerTakeAll(2), NUMPY, bs.Record("0", ("2",))],
    bs.lateral.InhibitoryPopulation(3, neuron=bs.LIF(gain=1, threshold=2)),
    bs.devices.CppStandalone("cpp_stock"),
    *[0.1, 1e400, -1e400, 10**30, "text", None, True, (1, [2.5, "x"]), {"0": 3 * mV, 4: (5,)}],
    *[frozenset({"b", "a"}), np.arange(6.0).reshape(2, 3), np.arange(3) * mV, 3 * mV / second**2],
]


@pytest.mark.parametrize("value", [*STAGES, *OTHERS], ids=lambda one: type(one).__name__)
def test_all_else_comes_back(value: Any, tmp_path: Path) -> None:
    assert_stored(value, tmp_path)


def test_recurrent_weights_come_back(tmp_path: Path) -> None:
    for weights in (np.eye(3), [[0, 1], [2, 0]], torch.eye(2)):
        found = stored(bs.lateral.Recurrent(weights), tmp_path)
        assert np.array_equal(np.asarray(found.weights), np.asarray(weights))


@pytest.mark.parametrize(
    "content",
    [
        {"class": "Path", "arguments": {"x": "/"}},
        {"class": "os.system", "arguments": {"command": "true"}},
        {"class": "LIF", "arguments": {"volume": 3}},
        {"class": "LIF", "arguments": {"tau_m": {"quantity": -1.0, "unit": {"second": 1.0}}}},
        {"quantity": 1.0, "unit": {"parsec": 1.0}},
        {"quantity": "1", "unit": {}},
        {"array": "../../etc/passwd", "type": "<f4", "shape": [1]},
        {"array": "0" * 64, "type": "<f4", "shape": [1], "more": 3},
        {"array": "0" * 64, "shape": [1]},
        {"rounded": {"array": "x"}, "type": "<f4", "shape": [1]},
        {"array": "0" * 64, "type": "<f4", "shape": [-1]},
        {"table": [["a"]]},
        {"number": "1e5"},
        {"what": 1},
        {},
    ],
    ids=str,
)
def test_files_make_nothing_else(content: object, tmp_path: Path) -> None:
    with pytest.raises(DataError):
        Reader(stored_classes(), ArrayStore(tmp_path)).value(content)


# Nights that are loaded


@dataclass(frozen=True)
class Counter(LayeredNeuron):
    """Counts the steps in which its summed input is positive."""

    kept: Any = parameter(0.5, minimum=0, maximum=1)
    constants_unit = gain_unit = None
    delay_steps = 0

    def equations(self) -> NeuronEquations:
        shared = " : 1 (shared, constant)\n"
        return NeuronEquations(
            model="v : 1\n" + shared.join(["gain", "bias_gain", "v_threshold", "kept", ""]),
            on_input="v += int(gain*drive > 0)",
            threshold="v >= v_threshold",
            reset="v *= kept",
        )


@dataclass(frozen=True)
class Growth(LayeredRule):
    """Each postsynaptic spike adds a little to all weights of its neuron."""

    step: Any = parameter(0.001, minimum=0, learning_rate=True)

    def equations(self) -> bs.plasticity.SynapseEquations:
        model = "w : 1\nstep : 1 (shared, constant)"
        return bs.plasticity.SynapseEquations(model, "drive_post += w", on_post="w += step")


class Flashes(Stimulus):
    """All inputs fire in every tenth step."""

    n_inputs = 16

    def probabilities(self, rng: np.random.Generator, n_steps: int, dt: float) -> np.ndarray:
        return np.where(np.arange(n_steps)[:, None] % 10 == 0, 0.5, 0.0) * np.ones(16)


class Blob(bs.stimuli.Mask):
    """A mask of the user's own."""

    def draw(self, rng: Any, n_steps: int, image_shape: tuple[int, ...]) -> np.ndarray:
        return np.ones((n_steps, 16), dtype=bool)


class Open:
    """Stages of the user's own."""

    def gate(self, n_steps: int, dt: float, seed: int) -> Any:
        return bs.stages.Gate(np.ones(n_steps), np.linspace(0, 1, n_steps))


def mlp(bias: bool = True) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(16, 6, bias=bias), nn.ReLU(), nn.Linear(6, 3, bias=bias))


def convnet() -> nn.Sequential:
    torch.manual_seed(0)
    layers = [nn.Conv2d(1, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(), nn.AvgPool2d(2)]
    net = nn.Sequential(*layers, nn.Flatten(), nn.Linear(8, 3))
    net[1].running_mean.fill_(0.1)
    net[1].running_var.fill_(0.3)
    return net.eval()


LIF = bs.LIF(gain=1, threshold=[0.25, 0.1], tau_m={"0": 20 * ms, "2": "15 ms"})
NIGHTS: dict[str, Callable[[], dict[str, Any]]] = {
    "lif": lambda: {"neuron": LIF, "plasticity": bs.SRC(1e-3, 1e-3)},
    "heaviside": lambda: {"neuron": bs.Heaviside(1, 0.4), "plasticity": bs.STDP()},
    "calibrated": lambda: {"data": IMAGES, "neuron": bs.Heaviside("tadros")},
    "foreign": lambda: {"neuron": Counter(1, 4, kept=[0.5, 0.3]), "plasticity": Growth(0.01)},
    "regulated": lambda: {"neuron": LIF, "plasticity": bs.Downscaling(Growth(0.01), every=50 * ms)},
    "masks": lambda: {"neuron": LIF, "masks": {"0": IMAGES[:6] < 0.5}, "dtype": "float64"},
    "lateral": lambda: {"neuron": LIF, "lateral": {"0": bs.lateral.InhibitoryPopulation(4)}},
    "reward": lambda: {
        "neuron": LIF,
        "plasticity": bs.RewardSTDP(),
        "modulation": np.sin(np.arange(80)),
    },
    "frozen": lambda: {"ann": bs.translate(mlp(), frozen=["0"]), "neuron": LIF},
    "biases": lambda: {"neuron": bs.Heaviside(1, 0.4), "biases": "learn"},
    "frozen convolution": lambda: {
        "ann": bs.translate(convnet(), (1, 4, 4), frozen=["0"]),
        "stimulus": bs.stimuli.MeanImage(IMAGES.reshape(7, 1, 4, 4)),
        "neuron": bs.Heaviside(1, 0.4),
    },
    "convolution": lambda: {**NIGHTS["frozen convolution"](), "ann": convnet()},
    "part": lambda: {
        "ann": bs.translate(convnet(), (1, 4, 4), input_at="5"),
        "stimulus": bs.stimuli.MeanImage(IMAGES.reshape(7, 1, 4, 4)),
        "neuron": bs.Heaviside(1, 0.4),
    },
}


def sleep(**arguments: Any) -> bs.Night:
    given_arguments = {
        "ann": mlp(),
        "stimulus": bs.stimuli.MeanOfRandomImages(IMAGES, 3),
        "duration": 80,
        "device": NUMPY,
        "progress": False,
        **arguments,
    }
    return bs.sleep(**given_arguments)


def assert_same(one: bs.Night, other: bs.Night) -> None:
    """Assert that two nights did the same, bit for bit."""
    for kind in ("weights_before", "weights_after"):
        first, second_ = getattr(one, kind), getattr(other, kind)
        assert list(first) == list(second_)
        for name in first:
            assert first[name].dtype == second_[name].dtype
            assert first[name].tobytes() == second_[name].tobytes(), (kind, name)
    assert list(one.spikes) == list(other.spikes)
    for name, train in one.spikes.items():
        assert np.array_equal(train.i, other.spikes[name].i), name
        assert np.array_equal(train.t, other.spikes[name].t), name
    assert (one.gains, one.thresholds) == (other.gains, other.thresholds)


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=pytest.mark.slow if one == "convolution" else ()) for one in NIGHTS],
)
def test_a_night_is_slept_again(name: str, tmp_path: Path) -> None:
    arguments = NIGHTS[name]()
    ann = arguments.get("ann", mlp())
    ann = ann.module if isinstance(ann, bs.Translation) else ann
    state = {key: value.clone() for key, value in ann.state_dict().items()}
    if name != "lif":
        arguments["device"] = "cpp"  # the sooner done the more nights there are of one program
    night = sleep(**arguments)
    assert any(len(train) for train in night.spikes.values())
    night.save(tmp_path / "night")
    bare, whole = bs.Night.load(tmp_path / "night"), bs.Night.load(tmp_path / "night", ann)
    assert repr(bare.translation) == repr(night.translation)
    assert bare.ann is None
    with pytest.raises(BrainsleepError):
        night.again(record=np.array([True, False]))
    another = night.again(seed=5, progress=False)
    for one in (night, bare, whole):
        assert_same(night, one)
        again = one.again(progress=False)
        assert_same(night, again)
        assert_same(another, one.again(seed=5, progress=False))
        if one is bare:
            assert again.ann is None
        else:
            awake = again.ann.state_dict()
            assert all(torch.equal(awake[k], v) for k, v in night.ann.state_dict().items())
    assert all(torch.equal(value, state[key]) for key, value in ann.state_dict().items())
    again.save(tmp_path / "again")
    assert_same(night, bs.Night.load(tmp_path / "again").again(progress=False))


def test_a_loaded_night_has_its_models(tmp_path: Path) -> None:
    night = sleep(**NIGHTS["lif"]())
    night.save(tmp_path / "night")
    loaded = bs.Night.load(tmp_path / "night")
    assert loaded.neuron == night.neuron == LIF
    assert repr(loaded.plasticity) == repr(night.plasticity)
    assert repr(loaded.setup.stimulus) == "MeanOfRandomImages(16 inputs, 7 images, max_rate=900 Hz)"
    short = loaded.again(duration=30, record="input", progress=False)
    assert (short.n_steps, list(short.spikes)) == (30, ["input"])
    foreign = sleep(**NIGHTS["foreign"]())
    foreign.save(tmp_path / "foreign")
    neuron = bs.Night.load(tmp_path / "foreign").neuron
    assert neuron.label == "Counter"
    assert neuron.equations() == Counter().equations()
    with pytest.raises(ParameterError, match="Counter was saved with the values of its own night"):
        neuron.parameters(["1"], [1.0], [4.0])
    rule = bs.Night.load(tmp_path / "foreign").plasticity
    with pytest.raises(ParameterError, match=r"Growth was saved .* whose step is 1 ms, not 2 ms"):
        sleep(neuron=LIF, plasticity=rule, dt=2 * ms)


def test_a_loaded_night_is_written_as_the_same_graph(tmp_path: Path) -> None:
    nir = pytest.importorskip("nir")
    for name in ("lif", "frozen convolution"):
        night = sleep(**NIGHTS[name]())
        night.save(tmp_path / name)
        graphs = []
        for one in (night, bs.Night.load(tmp_path / name)):
            one.to_nir(tmp_path / "graph.nir")
            graphs.append(nir.read(str(tmp_path / "graph.nir")))
        assert content_digest(*[vars(n) for n in graphs[0].nodes.values()]) == content_digest(
            *[vars(n) for n in graphs[1].nodes.values()]
        )


def test_what_is_not_stored_is_asked_for_by_name(tmp_path: Path) -> None:
    masked = bs.stimuli.MeanImage(IMAGES, mask=Blob())
    for name, value, label in [
        ("stimulus", Flashes(), "Flashes"),
        ("stimulus", masked, "Blob"),
        ("stages", Open(), "Open"),
    ]:
        night = sleep(neuron=LIF, device="cpp", **{name: value})
        folder = tmp_path / label
        night.save(folder)
        assert_same(night, night.again(progress=False))
        loaded = bs.Night.load(folder)
        assert getattr(loaded.setup, name) == Foreign(label)
        words = f"the {name} of this night is made of {label}, a class of your own.*pass {name}=."
        with pytest.raises(ParameterError, match=words):
            loaded.again(progress=False)
        assert_same(night, loaded.again(progress=False, **{name: value}))


def test_a_network_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    sleep(**NIGHTS["lif"]()).save(tmp_path / "night")
    with pytest.raises(ParameterError, match=r"no parameter '0\.weight'"):
        bs.Night.load(tmp_path / "night", nn.Conv2d(1, 1, 3))
    with pytest.raises(ParameterError, match=r"'0\.weight' has shape \(5, 16\)"):
        bs.Night.load(
            tmp_path / "night", nn.Sequential(nn.Linear(16, 5), nn.ReLU(), nn.Linear(5, 3))
        )


def test_what_needs_the_module_says_so(tmp_path: Path) -> None:
    sleep(**NIGHTS["lif"]()).save(tmp_path / "night")
    network = bs.Night.load(tmp_path / "night").translation
    slept = bs.sleep(network, np.full(16, 0.3), duration=30, neuron=LIF, device=NUMPY)
    assert slept.ann is None
    with pytest.raises(ParameterError, match=r"read from a saved night.*pass the module"):
        bs.sleep(network, np.full(16, 0.3), IMAGES, neuron=bs.LIF("tadros", 1), device=NUMPY)


# Files


def test_what_is_equal_lies_there_once(tmp_path: Path) -> None:
    night = sleep(**NIGHTS["frozen"]())
    night.save(tmp_path / "night")
    file = tmp_path / "night" / "night.json"
    arrays = read_json(file)["arrays"]
    assert arrays["weights_before"]["0.weight"] == arrays["weights_after"]["0.weight"]
    assert len([*(tmp_path / "night" / "arrays").iterdir()]) == len(references(read_json(file)))
    store = ArrayStore(tmp_path / "arrays")
    weights = np.random.default_rng(0).random((60, 50)).astype("f4")
    made = [store.put(each) for each in (weights, weights.reshape(50, 60), weights * 0)]
    files = [*(tmp_path / "arrays").iterdir()]
    assert len(files) == 2
    assert references(made) == {file.stem for file in files}
    assert sum(file.stat().st_size for file in files) < 1.1 * weights.nbytes
    assert np.array_equal(store.get(made[1]), weights.reshape(50, 60))
    file = tmp_path / "arrays" / f"{made[0]['array']}.npz"
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DataError, match="is damaged"):
        store.get(made[0])
    ArrayStore(tmp_path / "arrays").put(weights)  # written anew
    assert np.array_equal(store.get(made[0]), weights)


def test_arrays_that_were_read_are_not_read_again(tmp_path: Path) -> None:
    store = ArrayStore(tmp_path)
    before = np.random.default_rng(0).random(2000).astype("f4")
    after = before.astype("f8")
    after[::3] += 1
    one, changed = store.put(before), store.put(after, before)
    read: dict[str, np.ndarray] = {}
    store.get(one, read)[:] = 0  # a copy of its own
    (tmp_path / f"{one['array']}.npz").unlink()
    assert np.array_equal(store.get(changed, read), after)
    assert np.array_equal(store.get(one, read), before)
    with pytest.raises(FileNotFoundError):
        store.get(changed)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 999),
    part=st.sampled_from([0.0, 0.001, 0.4, 0.89, 0.97, 1.0]),
    types=st.sampled_from(["f4 f4", "f4 f8", "f8 f8", "f8 f4"]),
)
def test_of_what_changed_only_that_is_stored(
    seed: int, part: float, types: str, tmp_path: Path
) -> None:
    random, folder = np.random.default_rng(seed), tmp_path / str(seed)
    before, after = (random.normal(size=(40, 50)).astype(one) for one in types.split())
    after = np.where(random.random((40, 50)) < part, after, before.astype(after.dtype))
    before[0, :3], after[0, :3] = [0.0, np.nan, 1e30], [-0.0, np.nan, np.inf]
    store = ArrayStore(folder)
    made = [store.put(before), store.put(after, since=before), store.put(after.astype("f4"))]
    wanted = [before, after, after.astype("f4")]
    for reference, array in zip(json.loads(json.dumps(made)), wanted, strict=True):
        found = ArrayStore(folder).get(reference)
        assert (found.dtype, found.shape) == (array.dtype, array.shape)
        assert found.tobytes() == array.tobytes()
    n_bytes = sum(file.stat().st_size for file in folder.iterdir())
    assert n_bytes < before.nbytes + min(1.0, part + 0.05) * after.nbytes + 5000
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", ["since", "changed", "values"])
def test_damage_to_what_changed_is_found(name: str, tmp_path: Path) -> None:
    before = np.random.default_rng(0).random(3000)
    after = np.where(np.arange(3000) % 3 == 0, before + 1, before)
    reference = ArrayStore(tmp_path).put(after, since=before)
    assert name in reference
    for other in (np.zeros(5), np.zeros(7, "u1")):
        wrong = {**reference, name: ArrayStore(tmp_path).put(other)}
        with pytest.raises(DataError):
            ArrayStore(tmp_path).get(wrong)
    (tmp_path / f"{reference[name]['array']}.npz").write_bytes(b"")
    with pytest.raises(DataError):
        ArrayStore(tmp_path).get(reference)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (2, 0, 2), (3, 1, 2)])
@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f2", "f4", "f8", ">f8"])
def test_arrays_of_any_shape_and_type_come_back(shape: Any, dtype: str, tmp_path: Path) -> None:
    array = np.asfortranarray(np.arange(np.prod(shape)).reshape(shape).astype(dtype))
    store = ArrayStore(tmp_path)
    found = store.get(json.loads(json.dumps(store.put(array))))
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert np.array_equal(found, array)


def test_a_night_of_a_run_needs_the_run(tmp_path: Path) -> None:
    night = sleep(**NIGHTS["lif"]())
    folder = tmp_path / "run" / "nights" / "0"
    folder.mkdir(parents=True)
    night.write(folder, shared=ArrayStore(tmp_path / "run" / "arrays"))
    assert [file.name for file in folder.iterdir()] == ["night.json"]
    shutil.move(tmp_path / "run", tmp_path / "moved")
    moved = tmp_path / "moved" / "nights" / "0"
    assert_same(night, bs.Night.load(moved).again(progress=False))
    shutil.copytree(moved, tmp_path / "a" / "b" / "alone")
    with pytest.raises(DirectoryError, match=r"night of a run, whose arrays .* is missing"):
        bs.Night.load(tmp_path / "a" / "b" / "alone")
    bs.Night.load(moved).save(tmp_path / "self-contained")
    shutil.rmtree(tmp_path / "moved")
    assert_same(night, bs.Night.load(tmp_path / "self-contained").again(progress=False))


@pytest.mark.parametrize("damage", ["setup", "woke", "class", "missing"])
def test_damage_to_models_is_named_and_spares_the_rest(damage: str, tmp_path: Path) -> None:
    night = sleep(**NIGHTS["lif"]())
    night.save(tmp_path / "night")
    file = tmp_path / "night" / "night.json"
    content = read_json(file)
    source = content["source"]
    if damage in source:
        del source[damage]
    elif damage == "class":
        source["setup"]["neuron"]["class"] = "Popen"
    else:
        digest = source["setup"]["stimulus"]["arguments"]["images"]["array"]
        (tmp_path / "night" / "arrays" / f"{digest}.npz").unlink()
    write_json(file, content)
    loaded = bs.Night.load(tmp_path / "night")
    assert_same(night, loaded)
    told = r"night\.json|stimulus, models or weights in .*night cannot be read"
    with pytest.raises(DirectoryError, match=told) as caught:
        print(loaded.translation)
    assert "\n" not in str(caught.value)
