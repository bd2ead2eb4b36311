"""Awake as a spiking network: converted networks against plain NumPy loops and the ANN itself."""

import itertools

import numpy as np
import pytest
import torch
from brian2 import Hz, ms
from helpers import mlp, random_spikes, raster
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import brainsleep as bs
from brainsleep import wake
from brainsleep.awake.coding import ConstantCurrent, Latency, Poisson, as_coding
from brainsleep.awake.inference_preparation import NEVER, prepare_inference
from brainsleep.awake.inference_request import InferenceRequest
from brainsleep.awake.normalisation import normalise
from brainsleep.awake.synaptic_sums import fan_out, weighted_sum
from brainsleep.awake.tally import Correlation
from brainsleep.devices import Outcome, Runtime
from brainsleep.errors import ParameterError, TranslationError, UnitsError
from brainsleep.network.windows import Window
from brainsleep.translation import Connection, as_translation

SIZES = (12, 10, 8, 5)
NUMPY = Runtime("numpy")  # slow, but nothing is compiled
DEVICES = {"cpp": "cpp", "cpp_stock": "cpp_stock", "runtime": NUMPY}


def dyadic(ann):
    """Round all parameters to 1/64, so that their sums are exact in any order."""
    for parameter in ann.parameters():
        parameter.data = torch.round(parameter.data * 64) / 64
    return ann


def network(seed=0):
    return dyadic(mlp(SIZES, bias=True, scale=1.5, seed=seed, dtype=torch.float64))


def labelled(ann, n_images=40, n_inputs=12, seed=0):
    """Return random images, with the choices of the network as their labels."""
    images = np.round(np.random.default_rng(seed).random((n_images, n_inputs)) * 64) / 64
    with torch.no_grad():
        outputs = ann.eval()(torch.tensor(images, dtype=next(ann.parameters()).dtype))
    return images, outputs.argmax(dim=1).numpy()


def run(ann, images, n_steps, coding, device="cpp", neuron=None, dtype="float64"):
    """Return spikes of each population, potentials of the output, and the normalisation."""
    translation = bs.translate(ann)
    scaled = normalise(translation, images, input_scale=coding.input_scale(n_steps))
    awake = prepare_inference(
        InferenceRequest(
            ann=ann,
            data=(images, np.zeros(len(images), dtype=int)),
            n_steps=n_steps,
            coding=coding,
            neuron=neuron or bs.IntegrateAndFire(),
            calibration_data=images,
            device=device,
            dtype=dtype,
        )
    )
    outcome = awake.device.prepare(awake.plan).run(awake.job(images, 0))
    spikes = []
    for index, (indices, steps) in sorted(outcome.spikes.items()):
        table = np.zeros((len(images) * n_steps, awake.plan.sizes[index]), dtype=bool)
        table[steps, indices] = True
        spikes.append(table)
    return spikes, outcome.states[len(SIZES) - 1, "v"], scaled


def reference(ann, images, input_spikes, n_steps, scaled, constant):
    """Integrate and fire, image by image and step by step."""
    linear = [module for module in ann if isinstance(module, nn.Linear)]
    weights = [module.weight.detach().numpy() for module in linear]
    biases = [module.bias.detach().numpy() for module in linear]
    names = list(scaled.gains)
    spikes = [np.zeros((len(images) * n_steps, size), dtype=bool) for size in SIZES[:-1]]
    potentials = np.zeros((len(images) * n_steps, SIZES[-1]))
    spikes[0][:] = input_spikes
    for number, image in enumerate(images):
        v = [np.zeros(size) for size in SIZES[1:]]
        for step in range(number * n_steps, (number + 1) * n_steps):
            for k, name in enumerate(names):
                drive, bias = weights[k] @ spikes[k][step], biases[k]
                if k == 0 and constant:
                    bias = bias + weights[0] @ image
                v[k] += scaled.gains[name] * drive + scaled.bias_gains[name] * bias
                if k + 1 == len(names):
                    potentials[step] = v[k]
                else:
                    fired = v[k] >= 1
                    v[k][fired] -= 1
                    spikes[k + 1][step] = fired
    return spikes, potentials


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("coding", ["constant", "poisson", "latency"])
def test_spike_for_spike_as_a_numpy_loop(coding, device):
    ann, n_steps = network(), 60
    images, _ = labelled(ann, 4)
    how = as_coding(coding, None, 1e-3, 7)
    found, potentials, scaled = run(ann, images, n_steps, how, DEVICES[device])
    chunks = [how.chunks(image, k, n_steps) for k, image in enumerate(images)]
    drawn = np.concatenate([chunk for image in chunks for chunk in image])
    expected, wanted = reference(ann, images, drawn, n_steps, scaled, coding == "constant")
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert coding == "constant" or one.any()
    np.testing.assert_allclose(potentials, wanted, rtol=0, atol=1e-12)
    assert found[1].any()
    assert found[2].any()


def test_scales_are_percentiles_and_gains_their_ratios():
    ann = network()
    images, _ = labelled(ann)
    with torch.no_grad():
        first = np.maximum(ann[:1](torch.tensor(images)).numpy(), 0)
        second = np.maximum(ann[:3](torch.tensor(images)).numpy(), 0)
    scaled = normalise(bs.translate(ann), images, input_scale=2.0)
    one, two = np.percentile(first, 99.9), np.percentile(second, 99.9)
    np.testing.assert_allclose([scaled.gains["0"], scaled.gains["2"]], [2 / one, one / two])
    np.testing.assert_allclose(scaled.bias_gains["2"], 1 / two)
    largest = normalise(bs.translate(ann), images, "max_norm").scales
    assert largest["2"] == max(second.max(), ann[2].weight.max().item())
    assert normalise(bs.translate(ann), images, percentile=100).scales["2"] == second.max()


def test_a_silent_layer_has_scale_one():
    ann = mlp(SIZES)
    ann[0].weight.data = -torch.abs(ann[0].weight.data)
    images, labels = labelled(ann, 3)
    assert normalise(bs.translate(ann), images).scales["0"] == 1
    result = bs.spiking_accuracy(ann, (images, labels), 5, device=NUMPY)
    assert result.zeros["0"] == 100
    assert np.isnan(result.correlation["0"])


@settings(max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), n_steps=st.integers(1, 300))
def test_rates_tend_to_normalised_activations(seed, n_steps):
    ann = mlp(SIZES, seed=seed % 2**31, dtype=torch.float64)
    images = np.random.default_rng(seed).normal(0, 1, (2, 12))
    spikes, _, scaled = run(ann, images, n_steps, ConstantCurrent())
    with torch.no_grad():
        current = ann[:1](torch.tensor(images)).numpy() / scaled.scales["0"]
    rates = spikes[1].reshape(2, n_steps, 10).mean(axis=1)
    # within one spike, and the rounding of a sum of n_steps numbers in float64
    difference = np.clip(current, 0, 1) - rates
    assert difference.min() >= -1e-9 - 1 / n_steps * 1e-6
    assert difference.max() < 1 / n_steps + 1e-9


def test_the_spiking_network_does_what_the_artificial_one_does():
    ann = network(3)
    images, labels = labelled(ann, 60)
    result = bs.spiking_accuracy(ann, (images, labels), 400, percentile=100, dtype="float64")
    assert result.ann_accuracy == 1
    assert result.accuracy[-1] > 0.9
    assert result.agreement[-1] > 0.9
    assert result.accuracy.shape == (400,)
    assert result.predictions.shape == (60, 400)
    assert min(result.correlation.values()) > 0.99
    rights = [(result.predictions[labels == k, -1] == k).mean() for k in np.unique(labels)]
    assert result.accuracy[-1] == pytest.approx(np.mean(rights))


def test_counts_of_spikes_operations_and_zeros():
    ann, n_steps = network(), 50
    images, labels = labelled(ann, 6)
    result = bs.spiking_accuracy(
        ann, (images, labels), n_steps, coding="poisson", dtype="float64", seed=7
    )
    spikes, _, _ = run(ann, images, n_steps, Poisson(1.0, 7))
    for name, table in zip(("input", "0", "2"), spikes, strict=True):
        assert result.spikes_per_image[name] == pytest.approx(table.sum() / 6)
        if name != "input":
            assert result.zeros[name] == pytest.approx(100 * (1 - table.mean()))
    expected = [table.sum() / 6 * size for table, size in zip(spikes, SIZES[1:], strict=True)]
    assert list(result.synaptic_operations_per_image.values()) == pytest.approx(expected)
    assert list(result.multiplications_per_image.values()) == [120, 80, 40]
    assert list(result.zeros) == ["0", "2"]
    assert result.current_layers == ()


def test_n_jobs_and_batches_change_nothing(monkeypatch):
    ann = network()
    data = labelled(ann, 21)
    how = {"coding": "poisson", "dtype": "float64"}
    results = [bs.spiking_accuracy(ann, data, 30, n_jobs=n, **how) for n in (1, 4)]
    monkeypatch.setattr("brainsleep.awake.presenting.LAUNCH_VALUES", 35 * 30 * 5)
    results.append(bs.spiking_accuracy(ann, data, 30, **how))
    for other in results[1:]:
        np.testing.assert_array_equal(other.predictions, results[0].predictions)
        assert other.spikes_per_image == results[0].spikes_per_image
        assert other.correlation == pytest.approx(results[0].correlation, rel=1e-9)


class Interrupted:
    """An engine that was stopped by Ctrl-C."""

    def run(self, job):
        return Outcome(spikes={}, weights=[], n_steps=job.n_steps - 1)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_interrupts_are_passed_on(n_jobs, monkeypatch):
    ann = network()
    monkeypatch.setattr("brainsleep.devices.CppStandalone.prepare", lambda *_: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        bs.spiking_accuracy(ann, labelled(ann), 10, n_jobs=n_jobs)


def test_latency_spikes_once_and_bright_pixels_first():
    image = np.array([1.0, 0.75, 0.25, 1e-6, 0.0])
    spikes = np.concatenate(list(Latency().chunks(image, 0, 401)))
    assert spikes.shape == (401, 5)
    assert spikes.sum(axis=0).tolist() == [1, 1, 1, 1, 0]
    assert spikes[:, :4].argmax(axis=0).tolist() == [0, 100, 300, 399]
    assert np.concatenate(list(Latency().chunks(image, 0, 1))).sum() == 4


def test_poisson_rates_are_the_pixels():
    image = np.array([0.0, 0.2, 0.9, 1.0], dtype=np.float32)
    spikes = np.concatenate(list(as_coding("poisson", 500 * Hz, 1e-3, 3).chunks(image, 0, 4000)))
    assert spikes.shape == (4000, 4)
    np.testing.assert_allclose(spikes.mean(axis=0), image / 2, atol=0.03)
    full = np.concatenate(list(Poisson(1.0, 3).chunks(image, 0, 300)))
    assert full[:, 3].all()
    assert not full[:, 0].any()


WINDOWS = st.builds(
    lambda groups, sizes, kernel, stride, padding, dilation: (
        (groups * sizes[0], 7, 6),
        groups * sizes[1],
        {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups},
        kernel,
    ),
    st.integers(1, 2),
    st.tuples(st.integers(1, 2), st.integers(1, 3)),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.tuples(st.integers(1, 3), st.integers(1, 2)),
    st.tuples(st.integers(0, 2), st.integers(0, 1)),
    st.tuples(st.integers(1, 2), st.integers(1, 2)),
)


@given(WINDOWS)
def test_currents_and_fans_of_convolutions(case):
    in_shape, n_channels, options, kernel = case
    torch.manual_seed(0)
    module = nn.Conv2d(in_shape[0], n_channels, kernel, bias=False, dtype=torch.float64, **options)
    images = torch.randn(2, *in_shape, dtype=torch.float64)
    with torch.no_grad():
        expected = module(images)
    options["groups"] = options.pop("groups")
    window = Window(in_shape, tuple(expected.shape[1:]), kernel, **options)
    n_in, n_out = images[0].numel(), expected[0].numel()
    weight = module.weight.detach().numpy()
    link = Connection(
        "input", "convolution", n_in, n_out, window=window, weight_name="weight", weight=weight
    )
    found = weighted_sum(link, images.reshape(2, -1).numpy())
    np.testing.assert_allclose(found, expected.reshape(2, -1).numpy(), atol=1e-12)
    source, _, _ = window.unrolled()
    np.testing.assert_array_equal(fan_out(link), np.bincount(source, minlength=n_in))


class BasicBlock(nn.Module):
    """The residual block of ResNet-18."""

    def __init__(self, n_in, n_out, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU()
        self.shortcut = nn.Sequential()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + self.shortcut(x))


def resnet():
    """Return a network like ResNet-18 with two of its four groups of blocks."""
    torch.manual_seed(0)
    blocks = []
    for n_in, n_out, stride in [(4, 4, 1), (4, 8, 2)]:
        blocks += [BasicBlock(n_in, n_out, stride), BasicBlock(n_out, n_out)]
    stem = [nn.Conv2d(3, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU()]
    tail = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 10)]
    network = nn.Sequential(*stem, *blocks, *tail)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, 0, 0.2)
    network.train()
    with torch.no_grad():
        for _ in range(20):  # running means and variances
            network(torch.rand(32, 3, 12, 12))
    return network.eval()


def test_residual_networks_fire_at_their_activations():
    ann = resnet()
    images = torch.rand(12, 3, 12, 12, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        labels = ann(images).argmax(dim=1)
    result = bs.spiking_accuracy(ann, (images, labels), 400, calibration_data=torch.rand(64, 432))
    assert len(result.correlation) == 1 + 2 * 4 + 2
    assert min(result.correlation.values()) >= 0.95


@pytest.mark.parametrize(
    ("max_pooling", "device"), [("most_active", "cpp"), ("any_spike", NUMPY)], ids=["most", "any"]
)
def test_max_pooling_awake(max_pooling, device):
    torch.manual_seed(0)
    ann = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(27, 4)
    )
    images = torch.rand(10, 1, 8, 8)
    data = (images, ann(images).argmax(dim=1))
    network = bs.translate(ann, (1, 8, 8), max_pooling=max_pooling)
    result = bs.spiking_accuracy(network, data, 100, device=device)
    assert result.correlation["0"] > 0.99
    assert result.correlation["2"] > 0.9
    dataset = wake.Dataset("squares", images.reshape(10, 64).numpy(), data[1].numpy(), (8, 8))
    same = bs.spiking_accuracy(network, dataset, 100, device=device)
    np.testing.assert_array_equal(same.predictions, result.predictions)
    assert same.ann_accuracy == 1
    assert result.settings["max_pooling"] == max_pooling
    if max_pooling == "most_active":  # the default for a module
        same = bs.spiking_accuracy(ann, data, 100, device=device)
        np.testing.assert_array_equal(same.predictions, result.predictions)


@pytest.mark.parametrize(
    "neuron",
    [
        bs.LIF(),
        bs.Heaviside(decay=0.99),
        bs.IntegrateAndFire(gain=0.3, threshold=[1, 2, 1]),
        bs.LIF(gain=0.1, threshold=0.2, bias_gain={"0": 0.1, "2": 0.2, "4": 0.3}),
    ],
    ids=["LIF", "Heaviside", "numbers", "LIF numbers"],
)
def test_other_neurons(neuron):
    ann = network()
    result = bs.spiking_accuracy(ann, labelled(ann, 10), 50, neuron=neuron, device=NUMPY)
    assert min(result.correlation.values()) > 0.5
    assert result.spikes_per_image["2"] > 0


def test_numbers_given_are_kept():
    ann = network()
    images, _ = labelled(ann, 3)
    neuron = bs.IntegrateAndFire(gain=0.3, threshold=[1, 2, 1])
    awake = prepare_inference(
        InferenceRequest(
            ann=bs.translate(ann),
            data=(images, np.zeros(3, dtype=int)),
            n_steps=5,
            coding=Latency(),
            neuron=neuron,
        )
    )
    kept = awake.assembly.neuron
    assert kept.gain == 0.3
    assert kept.bias_gain is None
    assert kept.threshold == {"0": 1, "2": 2, "4": NEVER}


def test_integrate_and_fire_sleeps():
    spikes = random_spikes(200, 12, 0.3)
    ann = dyadic(mlp(SIZES, scale=2.0, dtype=torch.float64))
    neuron = bs.IntegrateAndFire(gain=1.0, threshold=[0.5, 0.75, 0.5])
    nights = [
        bs.sleep(
            ann,
            spikes,
            neuron=neuron,
            plasticity=bs.SRC(increase=0, decrease=0),
            device=device,
            dtype="float64",
            progress=False,
        )
        for device in ("cpp", NUMPY)
    ]
    seen = spikes
    for linear, name, threshold in zip(ann[::2], ("0", "2", "4"), neuron.threshold, strict=True):
        v = np.zeros(linear.out_features)
        fired = np.zeros((200, len(v)), dtype=bool)
        for step in range(200):
            v += linear.weight.detach().numpy() @ seen[step]
            fired[step] = v >= threshold
            v -= threshold * fired[step]
        assert fired.any()
        for night in nights:
            np.testing.assert_array_equal(raster(night, name), fired)
        seen = fired


def test_result_as_text_and_picture():
    ann = network()
    result = bs.spiking_accuracy(ann, labelled(ann), 30, dtype="float64")
    rows = result.table()
    assert [row[0] for row in rows] == ["layer", "input", "0", "2", "4"]
    assert len({len(row) for row in rows}) == 1
    assert "constant coding, 40 images" in repr(result)
    assert "current" in repr(result)
    assert result._repr_html_().count("<tr>") == 5
    axes = result.plot()
    assert len(axes.lines) == 2
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 100 * result.accuracy)
    both = bs.figures.plot_spiking_accuracy({"one": result, "other": result}, title="both")
    assert [text.get_text() for text in both.get_legend().get_texts()] == [
        "one",
        "other",
        "artificial network",
    ]
    with pytest.raises(UnitsError, match="results"):
        bs.figures.plot_spiking_accuracy([1])


def test_correlation_of_parts_is_that_of_the_whole():
    x, y = np.random.default_rng(0).normal(2, 3, (2, 1000))
    y += x
    correlation = Correlation()
    for part in (
        itertools.batched(range(1000), 300)
        if hasattr(itertools, "batched")
        else [
            range(0, 300),
            range(300, 1000),
        ]
    ):
        correlation.add(x[list(part)], y[list(part)])
    assert correlation.result() == pytest.approx(np.corrcoef(x, y)[0, 1])


BAD = {
    "n_steps": ({"n_steps": 0}, ParameterError, "n_steps must be at least 1"),
    "fraction": ({"n_steps": 1.5}, UnitsError, "n_steps must be a whole number"),
    "coding": ({"coding": "poison"}, ParameterError, "coding 'poison'. Did you mean 'poisson'"),
    "coding kind": ({"coding": 3}, UnitsError, "coding must be one of"),
    "rate": ({"coding": "poisson", "max_rate": 2000 * Hz}, ParameterError, "max_rate is 2000 Hz"),
    "rate unit": ({"coding": "poisson", "max_rate": 2 * ms}, UnitsError, "max_rate must be in"),
    "no rate": ({"max_rate": 20 * Hz}, ParameterError, "max_rate: coding 'constant' has no rate"),
    "normalisation": ({"normalisation": "max"}, ParameterError, "Expected one of: 'max_norm'"),
    "percentile": ({"percentile": 0}, ParameterError, "percentile must be greater than 0"),
    "percentile high": ({"percentile": 101}, ParameterError, "percentile must be at most 100"),
    "device": ({"device": "cp"}, ParameterError, "unknown device 'cp'. Did you mean 'cpp'"),
    "dtype": ({"dtype": "float16"}, ParameterError, "dtype 'float16'"),
    "dt": ({"dt": 1}, UnitsError, "dt needs units"),
    "n_jobs": ({"n_jobs": 0}, ParameterError, "n_jobs must be at least 1"),
    "neuron": ({"neuron": bs.LIF}, UnitsError, "neuron must be a neuron model"),
    "calibration": ({"calibration_data": np.ones((3, 5))}, ParameterError, r"shape \(3, 5\)"),
    "shape": ({"data": (np.ones((3, 7)), [0, 1, 2])}, ParameterError, r"data of shape \(3, 7\)"),
    "none": ({"data": (np.ones((0, 12)), [])}, ParameterError, "n >= 1"),
    "nan": ({"data": (np.full((1, 12), np.nan), [0])}, ParameterError, "NaN"),
    "labels": ({"data": (np.ones((3, 12)), [0, 1])}, ParameterError, "labels must be 3 integers"),
    "float": ({"data": (np.ones((1, 12)), [0.5])}, ParameterError, "labels must be 1 integers"),
    "label": ({"data": (np.ones((1, 12)), [5])}, ParameterError, "label 5 has no output"),
    "negative": ({"data": (np.ones((1, 12)), [-1])}, ParameterError, "label -1 has no output"),
    "data": ({"data": np.ones((3, 12))}, UnitsError, "data must be a bs.wake.Dataset or a pair"),
    "range": (
        {"coding": "latency", "data": (np.full((1, 12), 2.0), [0])},
        ParameterError,
        r"coding 'latency' needs pixels in \[0, 1\]",
    ),
    "seed": ({"seed": -1}, ParameterError, "seed must be at least 0"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_by_name(case, empty_cache):
    changes, error, message = BAD[case]
    ann = network()
    arguments = {"data": labelled(ann), "n_steps": 10} | changes
    with pytest.raises(error, match=message):
        bs.spiking_accuracy(ann, **arguments)
    assert not any(empty_cache.iterdir()), "nothing has been compiled"


def test_neurons_of_ones_own_need_fields():
    class Own(bs.IntegrateAndFire):
        pass

    class Bare:
        parameters = equations = None

    ann = network()
    assert bs.spiking_accuracy(ann, labelled(ann), 5, neuron=Own(), dtype="float64").n_steps == 5
    with pytest.raises(ParameterError, match=r"neuron: Bare must be a dataclass"):
        bs.spiking_accuracy(ann, labelled(ann), 5, neuron=Bare())


def test_networks_that_cannot_be_shown_images():
    pooled = nn.Sequential(nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 2))
    data = (np.ones((2, 1, 4, 4)), [0, 1])
    with pytest.raises(ParameterError, match="layer '0' pools the input itself"):
        bs.spiking_accuracy(pooled, data, 5)
    assert bs.spiking_accuracy(pooled, data, 5, coding="poisson", device=NUMPY).n_images == 2
    last = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten())
    with pytest.raises(ParameterError, match="last layer, '2', pools"):
        bs.spiking_accuracy(last, data, 5, coding="poisson")
    with pytest.raises(TranslationError, match="input_shape"):
        as_translation(last, [(16,)])
