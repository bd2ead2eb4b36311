"""The algorithm as batched PyTorch: against a NumPy loop, and against compiled nights."""

import numpy as np
import pytest
import torch
from brian2 import Hz, ms, second
from helpers import bias_vectors, mlp, random_spikes, raster, weight_matrices
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy_night import FACTORS, heaviside_night
from torch import nn

import brainsleep as bs
from brainsleep import wake
from brainsleep.errors import ParameterError, TranslationError, UnitsError

SIZES = (30, 25, 20, 10)
GAINS, THRESHOLD, DECAY = [1.0, 1.3, 1.1], 0.4, 0.95
#: Large enough that one missing event changes a weight by far more than 1e-12.
INCREASE, DECREASE = 2e-3, 5e-4


def neuron(gain=GAINS, threshold=THRESHOLD, decay=DECAY, **others):
    return bs.Heaviside(gain=gain, threshold=threshold, decay=decay, **others)


def rule(factor="additive", increase=INCREASE, decrease=DECREASE, **others):
    return bs.SRC(increase=increase, decrease=decrease, weight_factor=factor, **others)


def constants(model, plasticity, n_layers):
    """Return the same constants for the NumPy loop."""

    def each(value):
        return list(value) if isinstance(value, list) else [value] * n_layers

    return dict(
        gains=each(model.gain),
        thresholds=each(model.threshold),
        decays=each(model.decay),
        increase=each(plasticity.increase),
        decrease=each(plasticity.decrease),
        factor=plasticity.weight_factor,
    )


def assert_conforms(nights, index, expected, tolerance=1e-12):
    for spikes, found in zip(expected.spikes, nights.rasters.values(), strict=True):
        np.testing.assert_array_equal(found[index], spikes)
    for weights, found in zip(expected.weights, nights.weights.values(), strict=True):
        np.testing.assert_allclose(found[index], weights, rtol=0, atol=tolerance)


# Against the NumPy loop


@pytest.mark.parametrize("decay", [0.0, 0.999])
@pytest.mark.parametrize("factor", FACTORS)
def test_follows_the_published_algorithm(factor, decay):
    ann, spikes = mlp(SIZES), random_spikes(300, 30, 0.2)
    before = weight_matrices(ann)
    model = neuron(threshold=0.15 if decay == 0 else 0.4, decay=decay)
    plasticity = rule(factor)
    nights = bs.HeavisideTorch(ann, model, plasticity).sleep(spikes, record="rasters")
    expected = heaviside_night(before, spikes, **constants(model, plasticity, 3))
    for fired, rises, falls in zip(
        expected.spikes[1:], expected.rises, expected.falls, strict=True
    ):
        assert 0.002 < fired.mean() < 0.9
        assert rises > 20
        assert falls > 20
    assert_conforms(nights, 0, expected)
    for name, found in nights.rasters.items():
        np.testing.assert_array_equal(nights.counts[name], found.sum(2))
    for old, new in zip(before, weight_matrices(ann), strict=True):
        np.testing.assert_array_equal(old, new, "the network itself stays as it was")


def test_every_night_of_a_batch_has_its_own_parameters():
    ann = mlp(SIZES)
    inputs = [random_spikes(200, 30, 0.2, seed) for seed in range(4)]
    models = [
        neuron(),
        neuron(threshold=[0.2, 0.5, 0.3]),
        neuron(gain=[2.0, 0.9, 1.4], decay=[0.0, 0.5, 1.0]),
        neuron(threshold=50.0),  # silent
    ]
    rules = [
        rule("sigmoid"),
        rule("sigmoid", increase=[0, 1e-2, 1e-3]),
        rule("sigmoid", decrease=[1e-3, 0.0, 1e-2]),
        rule("sigmoid", increase=0.3),
    ]
    nights = bs.HeavisideTorch(ann, models, rules).sleep(inputs, record="rasters")
    assert (nights.n_nights, nights.n_steps) == (4, 200)
    for index, (model, plasticity, spikes) in enumerate(zip(models, rules, inputs, strict=True)):
        expected = heaviside_night(weight_matrices(ann), spikes, **constants(model, plasticity, 3))
        assert_conforms(nights, index, expected)
    assert nights.counts["4"][0].sum() > 0
    assert nights.counts["0"][3].sum() == 0


@given(
    sizes=st.lists(st.integers(1, 7), min_size=2, max_size=5),
    n_nights=st.integers(1, 4),
    n_steps=st.integers(1, 12),
    factor=st.sampled_from(sorted(FACTORS)),
    bias=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(max_examples=40)
def test_networks_of_all_shapes(sizes, n_nights, n_steps, factor, bias, seed):
    ann = mlp(sizes, bias=bias, scale=2.0, seed=seed)
    inputs = [random_spikes(n_steps, sizes[0], 0.4, seed + k) for k in range(n_nights)]
    rng = np.random.default_rng(seed)
    models = [neuron(gain=float(gain)) for gain in rng.uniform(0.2, 3, n_nights)]
    nights = bs.HeavisideTorch(ann, models, rule(factor)).sleep(inputs, record="rasters")
    for index, (model, spikes) in enumerate(zip(models, inputs, strict=True)):
        expected = heaviside_night(
            weight_matrices(ann),
            spikes,
            **constants(model, rule(factor), len(sizes) - 1),
            biases=bias_vectors(ann) if bias else None,
        )
        assert_conforms(nights, index, expected)


# Against compiled nights


@pytest.mark.parametrize("factor", FACTORS)
def test_seeds_give_the_nights_of_the_compiled_device(factor):
    ann, seeds = mlp((784, 60, 40, 10), bias=True), [0, 5, 11]
    images = np.random.default_rng(3).random((6, 28, 28)).astype(np.float32)
    stimulus = bs.stimuli.MeanOfRandomImages(
        images, n_images=3, max_rate=120 * Hz, mask=bs.stimuli.RandomWindow(12)
    )
    model = neuron(threshold=0.3, bias_gain=[0.05, 0.1, 0.02])
    nights = bs.HeavisideTorch(ann, model, rule(factor)).sleep(
        stimulus, duration=0.3 * second, seed=seeds, record="rasters"
    )
    for index, seed in enumerate(seeds):
        compiled = bs.sleep(
            ann,
            stimulus,
            None,
            300,
            neuron=model,
            plasticity=rule(factor),
            dtype="float64",
            seed=seed,
        )
        assert list(compiled.spikes) == list(nights.rasters)
        for name in compiled.spikes:
            np.testing.assert_array_equal(nights.rasters[name][index], raster(compiled, name))
        for name, weights in compiled.weights_after.items():
            np.testing.assert_allclose(nights.weights[name][index], weights, rtol=0, atol=1e-12)
        woken = nights.ann(index).state_dict()
        for name, tensor in compiled.ann.state_dict().items():
            torch.testing.assert_close(woken[name], tensor, rtol=0, atol=1e-7)
    assert not np.array_equal(nights.rasters["0"][0], nights.rasters["0"][1])


def test_published_gains_and_batch_norm():
    generator = torch.Generator().manual_seed(0)
    ann = nn.Sequential(nn.Linear(12, 10), nn.BatchNorm1d(10), nn.ReLU(), nn.Linear(10, 5))
    for parameter in ann.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator).abs() * 0.4
    data = torch.rand(50, 12, generator=generator)
    model, spikes = neuron(gain="tadros", threshold=0.3), random_spikes(100, 12, 0.2)
    nights = bs.HeavisideTorch(ann, model, rule(), data=data).sleep(spikes, record="counts")
    compiled = bs.sleep(
        ann, spikes, data, neuron=model, plasticity=rule(), device="cpp", dtype="float64"
    )
    for name, weights in compiled.weights_after.items():
        np.testing.assert_allclose(nights.weights[name][0], weights, rtol=0, atol=1e-12)
    assert nights.counts["3"].sum() == len(compiled.spikes["3"])
    assert nights.rasters == {}


# Arguments and results


def test_one_stimulus_many_seeds_many_models():
    ann, stimulus = mlp(SIZES), np.full(30, 0.2)
    model = bs.HeavisideTorch(ann, [neuron(), neuron()], rule(), dtype="float32")
    nights = model.sleep(stimulus, duration=600, seed=[4, 4], record="rasters")
    assert nights.weights["0.weight"].dtype == np.float32
    np.testing.assert_array_equal(nights.weights["2.weight"][0], nights.weights["2.weight"][1])
    drawn = bs.stimuli.ConstantProbabilities(stimulus).draw(600, 1 * ms, seed=4)
    np.testing.assert_array_equal(nights.rasters["input"][1], drawn)
    plain = model.sleep(stimulus, duration=600, seed=4)
    assert plain.counts == plain.rasters == {}
    np.testing.assert_array_equal(plain.weights["0.weight"], nights.weights["0.weight"])
    assert "2 nights of 600 steps" in repr(plain)
    assert plain.seconds > 0


def test_a_translation_will_do():
    ann, spikes = mlp(SIZES), random_spikes(20, 30)
    one = bs.HeavisideTorch(bs.translate(ann), neuron(), rule()).sleep(spikes)
    other = bs.HeavisideTorch(ann, neuron(), rule()).sleep(spikes)
    np.testing.assert_array_equal(one.weights["0.weight"], other.weights["0.weight"])
    assert list(one.ann(0).state_dict()) == list(ann.state_dict())


def assert_same_as_sleep(network, stimulus, data=None, **models):
    """Assert that nights are those of bs.sleep; return one of them and the other's weights."""
    duration, seeds = 100, [0, 3]
    nights = bs.HeavisideTorch(network, data=data, **models).sleep(
        stimulus, duration=duration, seed=seeds, record="rasters"
    )
    for index, seed in enumerate(seeds):
        night = bs.sleep(
            network,
            stimulus,
            data,
            duration,
            **models,
            device="cpp",
            dtype="float64",
            seed=seed,
            progress=False,
        )
        assert list(nights.rasters) == list(night.spikes)
        for name, found in nights.rasters.items():
            np.testing.assert_array_equal(found[index], raster(night, name))
        for name, weights in night.weights_after.items():
            np.testing.assert_allclose(nights.weights[name][index], weights, rtol=0, atol=1e-12)
        for name, tensor in night.ann.state_dict().items():
            torch.testing.assert_close(nights.ann(index).state_dict()[name], tensor)
    assert nights.rasters[list(nights.rasters)[-1]].any()
    return nights


def test_frozen_layers_spike_and_do_not_learn():
    ann = mlp(SIZES)
    network = bs.translate(ann, frozen=["2"])
    nights = assert_same_as_sleep(
        network, np.full(30, 0.2), neuron=neuron(), plasticity=rule("sigmoid")
    )
    before = dict(zip(("0.weight", "2.weight", "4.weight"), weight_matrices(ann), strict=True))
    for name, weights in before.items():
        assert (nights.weights[name] == weights).all() == (name == "2.weight")


@pytest.mark.parametrize("gain", [1.0, "tadros"])
def test_sleep_may_begin_at_a_later_layer(gain):
    torch.manual_seed(0)
    ann = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(32, 8), nn.ReLU(), nn.Linear(8, 4)
    )
    ann.double()
    images = np.random.default_rng(0).random((5, 1, 6, 6))
    network = bs.translate(ann, (1, 6, 6), input_at="3")
    stimulus = bs.stimuli.MeanOfRandomImages(images, n_images=2, max_rate=300 * Hz)
    models = {"neuron": neuron(gain=gain, threshold=0.1), "plasticity": rule()}
    nights = assert_same_as_sleep(network, stimulus, images, **models)
    assert list(nights.weights) == ["3.weight", "5.weight"]
    assert nights.rasters["input"].shape == (2, 100, 32)


def test_the_shape_of_an_input_may_come_from_the_data():
    ann = nn.Sequential(Rows(), *mlp((12, 8, 5)))
    images = np.random.default_rng(0).random((4, 3, 4))
    with pytest.raises(TranslationError, match="input_shape="):
        bs.HeavisideTorch(ann, neuron(gain=1.0), rule())
    for data in (
        images,
        iter([images]),
        wake.Dataset("own", images.reshape(4, 12), [0] * 4, (3, 4)),
    ):
        model = bs.HeavisideTorch(ann, neuron(gain="tadros", threshold=1), rule(), data=data)
        assert model.translation.input_shape == (3, 4)


class Rows(nn.Module):
    """Lays images in a row by their size, so that their shape must be known."""

    def forward(self, x):
        return x.view(-1, x.size(1) * x.size(2))


def test_a_network_that_has_changed_is_refused():
    ann = mlp(SIZES)
    network = bs.translate(ann)
    ann[0].weight.data += 1
    with pytest.raises(ParameterError, match=r"'0\.weight' has changed since it was translated"):
        bs.HeavisideTorch(network, neuron(), rule())


def test_large_weights_overflow_nowhere():
    ann = mlp((6, 4), scale=1e4)
    with np.errstate(all="raise"):
        nights = bs.HeavisideTorch(ann, neuron(gain=1.0), rule("tadros2022")).sleep(
            random_spikes(30, 6, 0.5)
        )
    assert np.isfinite(nights.weights["0.weight"]).all()


# What is refused


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        (dict(neuron=bs.LIF()), UnitsError, "neuron must be bs.Heaviside"),
        (dict(neuron=[]), ParameterError, "neuron: the list is empty"),
        (dict(neuron=neuron(threshold="calibrated")), ParameterError, "bs.calibrate finds them"),
        (dict(neuron=neuron(gain="tadros")), ParameterError, "data is missing"),
        (dict(data="digits"), UnitsError, "data must be an array"),
        (dict(neuron=neuron(gain=[1.0, 2.0])), ParameterError, "2 values for 3 layers"),
        (dict(plasticity=bs.STDP()), UnitsError, "plasticity must be bs.SRC"),
        (dict(plasticity=rule(tau_pre=5 * ms)), ParameterError, "no traces"),
        (
            dict(plasticity=[rule("sigmoid"), rule("additive")]),
            ParameterError,
            "share one weight_factor, not additive, sigmoid",
        ),
        (dict(dtype="float16"), ParameterError, "Did you mean 'float"),
        (dict(device="nowhere"), ParameterError, "use device='cpu'"),
    ],
)
def test_models_that_will_not_do(options, error, told):
    with pytest.raises(error, match=told) as raised:
        bs.HeavisideTorch(**{"ann": mlp(SIZES), "neuron": neuron(), "plasticity": rule()} | options)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        (dict(stimulus=np.full(7, 0.1)), ParameterError, "7 inputs"),
        (dict(seed=[1, 2, 3]), ParameterError, "seed has 3 entries and neuron 2"),
        (dict(seed=[]), ParameterError, "neuron has 2 entries and seed 0"),
        (dict(seed=1.5), UnitsError, "seed must be a whole number"),
        (dict(duration=1.5), UnitsError, "has no units"),
        (dict(dt=-1 * ms), ParameterError, "dt must be greater than 0"),
        (dict(record="all"), ParameterError, "Expected one of: 'counts', 'rasters'"),
        (
            dict(stimulus=[random_spikes(5, 30), random_spikes(6, 30)]),
            ParameterError,
            "not 5 and 6 steps",
        ),
    ],
)
def test_nights_that_will_not_do(options, error, told):
    model = bs.HeavisideTorch(mlp(SIZES), [neuron(), neuron()], rule())
    with pytest.raises(error, match=told):
        model.sleep(**{"stimulus": np.full(30, 0.1), **options})


def test_a_night_that_was_not():
    nights = bs.HeavisideTorch(mlp(SIZES), neuron(), rule()).sleep(random_spikes(5, 30))
    with pytest.raises(ParameterError, match="night 1: there are 1"):
        nights.ann(1)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.other = nn.Linear(8, 8), nn.Linear(8, 8)

    def forward(self, x):
        x = torch.relu(self.one(x))
        return x + self.other(x)


@pytest.mark.parametrize(
    ("ann", "told"),
    [
        (
            nn.Sequential(nn.Conv1d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2)),
            "'0' has a connection of kind 'convolution'",
        ),
        (
            nn.Sequential(nn.AvgPool1d(2), nn.Flatten(), nn.Linear(4, 2)),
            "pools",
        ),
        (Residual(), "'add' has 2 connections"),
    ],
)
def test_networks_that_will_not_do(ann, told):
    shape = (8,) if isinstance(ann, Residual) else (1, 8)
    with pytest.raises(TranslationError, match=told):
        bs.HeavisideTorch(bs.translate(ann, shape), neuron(gain=1.0), rule())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="PyTorch finds no GPU")
@pytest.mark.parametrize("factor", FACTORS)
def test_a_gpu_gives_the_same_nights(factor):
    ann, spikes = mlp(SIZES), random_spikes(200, 30, 0.2)
    on_cpu, on_gpu = (
        bs.HeavisideTorch(
            ann, [neuron(), neuron(threshold=0.6)], rule(factor), device=device
        ).sleep(spikes, record="rasters")
        for device in ("cpu", "cuda")
    )
    for name, found in on_gpu.rasters.items():
        np.testing.assert_array_equal(found, on_cpu.rasters[name])
    for name, weights in on_gpu.weights.items():
        np.testing.assert_allclose(weights, on_cpu.weights[name], rtol=0, atol=1e-12)
