"""Awake as a spiking network: converted networks against plain NumPy loops and the ANN itself."""

import itertools

import numpy as np
import pytest
import torch
from forward_pass import BasicBlock
from helpers import mlp, random_spikes, raster
from hypothesis import given, settings
from hypothesis import strategies as st
from shown_networks import DEVICES, NUMPY, SIZES, dyadic, labelled, network, reference, run
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset

import brainsleep as bs
from brainsleep import wake
from brainsleep.awake.coding import ConstantCurrent, Latency, Poisson, as_coding
from brainsleep.awake.inference_preparation import NEVER, prepare_inference
from brainsleep.awake.inference_request import InferenceRequest
from brainsleep.awake.normalisation import normalise
from brainsleep.awake.tally import Correlation
from brainsleep.devices import Outcome
from brainsleep.errors import UnitsError


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


def test_labelled_images_from_loaders_and_data_sets():
    ann = network()
    images, labels = labelled(ann)
    pairs = TensorDataset(torch.tensor(images), torch.tensor(labels))
    expected = bs.spiking_accuracy(ann, (images[:30], labels[:30]), 8, device=NUMPY)
    for data in (
        pairs,
        DataLoader(pairs, batch_size=7),
        Subset(pairs, range(35)),
        ((images[k : k + 9], labels[k : k + 9]) for k in range(0, 40, 9)),
    ):
        found = bs.spiking_accuracy(
            ann, data, 8, n_images=30, calibration_data=DataLoader(images[:30]), device=NUMPY
        )
        np.testing.assert_array_equal(found.predictions, expected.predictions)
        np.testing.assert_array_equal(found.accuracy, expected.accuracy)
        assert found.n_images == 30
        assert found.scales == expected.scales


@pytest.mark.parametrize("coding", ["constant", "poisson"])
@pytest.mark.parametrize("ahead", [True, False], ids=["sums of all ahead", "of each batch"])
def test_n_jobs_and_launches_change_nothing(coding, ahead, monkeypatch):
    if not ahead:
        monkeypatch.setattr("brainsleep.awake.image_input.KEPT_CURRENTS", 0)
        monkeypatch.setattr("brainsleep.awake.network_itself.KEPT_VALUES", 0)
        monkeypatch.setattr("brainsleep.awake.network_itself.KEPT_OF_ALL", 0)
    ann = mlp(SIZES, bias=True, dtype=torch.float64)  # whose sums are rounded
    data = labelled(ann, 21)
    how = {"coding": coding, "dtype": "float64"}
    monkeypatch.setattr("brainsleep.awake.presenting.BATCH_IMAGES", 4)
    results = [bs.spiking_accuracy(ann, data, 30, n_jobs=n, **how) for n in (1, 4, None)]
    monkeypatch.setattr("brainsleep.awake.presenting.LAUNCH_VALUES", 8 * (35 + 30 * 5))
    results.append(bs.spiking_accuracy(ann, data, 30, **how))
    for other in results[1:]:
        np.testing.assert_array_equal(other.predictions, results[0].predictions)
        assert other.spikes_per_image == results[0].spikes_per_image
        assert other.correlation == results[0].correlation


@pytest.mark.parametrize("coding", ["constant", "poisson", "latency"])
def test_stable_decisions_end_presentations(coding):
    ann, n_steps, stable = network(), 60, 7
    images, labels = labelled(ann, 40)
    how = {"coding": coding, "dtype": "float64"}
    whole = bs.spiking_accuracy(ann, (images, labels), n_steps, **how)
    found = bs.spiking_accuracy(ann, (images, labels), n_steps, stop_when_stable=stable, **how)
    expected = np.full(40, n_steps)
    for k, choices in enumerate(whole.predictions):
        for steps in (56, 28, 14, 7):
            if len(set(choices[steps - stable : steps])) == 1:
                expected[k] = steps
    np.testing.assert_array_equal(found.steps_until_decision, expected)
    assert len(set(expected)) > 1
    for k, steps in enumerate(expected):
        np.testing.assert_array_equal(found.predictions[k, :steps], whole.predictions[k, :steps])
        assert (found.predictions[k, steps:] == found.predictions[k, steps - 1]).all()
    simulated = {7: 7, 14: 21, 28: 49, 56: 105, 60: 165}
    assert found.steps_simulated == np.mean([simulated[steps] for steps in expected])
    assert f"{expected.mean():.1f} on average" in repr(found)
    spikes, _, _ = run(ann, images, n_steps, as_coding(coding, None, 1e-3, 0))
    table = spikes[1].reshape(40, n_steps, -1)
    counts = np.array([table[k, :steps].sum(axis=0) for k, steps in enumerate(expected)])
    counted = counts.sum()
    assert found.spikes_per_image["0"] == counted / 40
    assert found.zeros["0"] == pytest.approx(100 * (1 - counted / (expected.sum() * SIZES[1])))
    with torch.no_grad():
        active = ann[:2](torch.tensor(images)).numpy()
    rates = counts / expected[:, None]
    correlation = np.corrcoef(rates.ravel(), active.ravel())[0, 1]
    assert found.correlation["0"] == pytest.approx(correlation, abs=1e-9)
    assert (whole.steps_until_decision == n_steps).all()
    assert whole.steps_simulated == n_steps


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
