"""What the package writes it reads: the same neurons, weights and spikes, for every network."""

from __future__ import annotations

import itertools
import warnings

import nir
import nir_euler
import numpy as np
import pytest
import torch
from brian2 import ms, mV
from helpers import random_spikes
from hypothesis import given, settings
from hypothesis import strategies as st
from nir_euler import still
from torch import nn

import brainsleep as bs
from brainsleep.errors import TranslationError
from brainsleep.translation.nir import NirWarning, write_nir

NEURONS = {
    "Heaviside": bs.Heaviside(gain=1.5, threshold=0.6, decay=0.9),
    "Heaviside without memory": bs.Heaviside(gain=1.5, threshold=0.6, decay=0.0),
    "Heaviside that forgets nothing": bs.Heaviside(gain=0.4, threshold=0.9, decay=1.0),
    "LIF": bs.LIF(gain=6, threshold=9, tau_m=15 * ms),
    "LIF, same step": bs.LIF(gain=6, threshold=9, delay_steps=0),
    "LIF, low reset": bs.LIF(gain=6, threshold=9, v_rest=-65 * mV, v_reset=-75 * mV),
    "LIF, gain of bias": bs.LIF(gain=6, threshold=9, bias_gain=20),
    "IntegrateAndFire": bs.IntegrateAndFire(gain=0.4, threshold=0.9),
}


class Residual(nn.Module):
    """Two convolutions around which the activity is passed on, the first with a bias."""

    def __init__(self, conv=nn.Conv2d, channels: int = 3) -> None:
        super().__init__()
        self.first = conv(1, channels, 3, padding=1)
        self.second = conv(channels, channels, 3, padding=1)
        self.pool = nn.MaxPool2d(2) if conv is nn.Conv2d else nn.Identity()
        self.head = nn.LazyLinear(4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.first(x))
        x = torch.relu(x + self.second(x))
        return self.head(self.pool(x).flatten(1))


def of_images(*modules: nn.Module) -> nn.Module:
    return nn.Sequential(*modules, nn.Flatten(), nn.LazyLinear(4))


NETWORKS = {
    "dense": ((12,), lambda: nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 4))),
    "no bias": ((12,), lambda: nn.Sequential(nn.Linear(12, 8, False), nn.ReLU(), nn.Linear(8, 4))),
    "ends in ReLU": ((12,), lambda: nn.Sequential(nn.Linear(12, 8), nn.ReLU())),
    "Conv2d": ((1, 6, 6), lambda: of_images(nn.Conv2d(1, 3, 3, 2, 1), nn.ReLU())),
    "Conv2d with groups": (
        (2, 6, 6),
        lambda: of_images(nn.Conv2d(2, 4, 3, groups=2, bias=False), nn.ReLU()),
    ),
    "Conv2d of rectangles": ((1, 6, 6), lambda: of_images(nn.Conv2d(1, 3, (1, 4)), nn.ReLU())),
    "Conv1d": ((2, 12), lambda: of_images(nn.Conv1d(2, 3, 4, 2, 1), nn.ReLU())),
    "Conv1d with a pool": (
        (2, 12),
        lambda: of_images(nn.Conv1d(2, 3, 4, 2, 1), nn.ReLU(), nn.MaxPool1d(2)),
    ),
    "max pooling": ((1, 6, 6), lambda: of_images(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2))),
    "max pooling, padded": (
        (1, 6, 6),
        lambda: of_images(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)),
    ),
    "average pooling": (
        (1, 6, 6),
        lambda: of_images(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.AvgPool2d(2)),
    ),
    "BatchNorm": (
        (1, 6, 6),
        lambda: of_images(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout()),
    ),
    "residual": ((1, 6, 6), Residual),
    "residual in one dimension": ((1, 12), lambda: Residual(nn.Conv1d)),
}


def made(kind: str, scale: float = 2.5) -> tuple[nn.Module, bs.translation.Translation]:
    """Return a network with random weights that makes spikes, and its translation."""
    torch.manual_seed(0)
    shape, make = NETWORKS[kind]
    ann = make()
    ann(torch.zeros(2, *shape))
    with torch.no_grad():
        for parameter in ann.parameters():
            parameter.copy_(parameter * scale + 0.02)
        for module in ann.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean += 0.1
                module.weight *= 0.7
    return ann.eval(), bs.translate(ann.eval(), shape)


def written(path, network, neuron, **options) -> None:
    names = network.layer_names
    constants = {
        "gains": bs.neurons.given_gains(neuron, names),
        "thresholds": bs.neurons.given_thresholds(neuron, names),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NirWarning)  # of what others may make of it
        write_nir(path, network, neuron, night_dt=1 * ms, **constants, **options)


def quiet(path, **options):
    """Read a file of ours, which nothing needs to be said about."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return bs.from_nir(path, **options)


@pytest.mark.parametrize("model", NEURONS)
@pytest.mark.parametrize("kind", NETWORKS)
def test_the_neurons_and_weights_come_back(kind: str, model: str, tmp_path) -> None:
    neuron, (_, network) = NEURONS[model], made(kind)
    written(tmp_path / "net.nir", network, neuron)
    read = quiet(tmp_path / "net.nir")
    again = bs.translate(read.ann, read.input_shape)
    assert again.sizes == network.sizes
    assert [layer.kind for layer in again.layers] == [layer.kind for layer in network.layers]
    assert read.neuron.delay_steps == neuron.delay_steps
    for one, other in zip(network.connections, again.connections, strict=True):
        assert (one.kind, one.weight is None) == (other.kind, other.weight is None)
        if one.weight is not None:
            np.testing.assert_allclose(other.weight, one.weight, rtol=1e-6)
    constants = [
        model.parameters(
            names := translation.layer_names,
            bs.neurons.given_gains(model, names),
            bs.neurons.given_thresholds(model, names),
        )
        for model, translation in ((neuron, network), (read.neuron, again))
    ]
    for before, after in zip(*constants, strict=True):
        rest = before.get("v_rest", 0.0)
        assert after["gain"] == pytest.approx(before["gain"])
        assert after["bias_gain"] == pytest.approx(before["bias_gain"])
        assert after["v_threshold"] == pytest.approx(before["v_threshold"] - rest)
        if "tau_m" in before and "tau_m" in after:
            assert after["tau_m"] == pytest.approx(before["tau_m"])
            assert after["v_reset"] == pytest.approx(before["v_reset"] - rest)


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        ("dense", "LIF"),
        ("dense", "LIF, low reset"),
        ("dense", "LIF, gain of bias"),
        ("dense", "IntegrateAndFire"),
        ("Conv2d", "Heaviside"),
        ("Conv2d with groups", "LIF, same step"),
        ("Conv2d of rectangles", "Heaviside that forgets nothing"),
        ("Conv1d", "LIF, gain of bias"),
        ("Conv1d with a pool", "Heaviside"),
        ("max pooling, padded", "LIF"),
        ("average pooling", "IntegrateAndFire"),
        ("average pooling", "Heaviside"),
        ("BatchNorm", "LIF, same step"),
        ("residual", "Heaviside"),
        ("residual", "LIF"),
        ("residual in one dimension", "Heaviside without memory"),
    ],
)
def test_the_spikes_come_back_and_are_those_of_nirs_equations(kind, model, tmp_path) -> None:
    neuron, (ann, network) = NEURONS[model], made(kind)
    path = tmp_path / "net.nir"
    written(path, network, neuron)
    spikes = random_spikes(120, network.n_inputs, 0.3, seed=2)
    expected = still(ann, spikes, neuron, network.input_shape)
    assert 10 < expected.sum() < 0.95 * expected.size
    read = quiet(path)
    found = still(read.ann, spikes, read.neuron, read.input_shape)
    graph = nir.read(path, type_check=False)
    by_equations = nir_euler.run(graph, spikes, 1e-3, read.input_shape) > 0
    # gains are part of the file's weights, so that sums differ in their last digits
    assert (found != expected).mean() < 2e-3
    assert (by_equations != expected).mean() < 2e-3


def test_paths_of_a_sum_keep_their_factors(tmp_path) -> None:
    _, network = made("residual")
    neuron = NEURONS["Heaviside"]
    (layer,) = (one for one in network.layers if len(one.connections) == 2)
    written(tmp_path / "a.nir", network, neuron, factors={layer.name: (1.0, 0.5)})
    read = quiet(tmp_path / "a.nir")
    again = bs.translate(read.ann, read.input_shape)
    weighted = layer.connections.index(layer.weighted[0])
    factors, index = (1.0, 0.5), network.weighted_layers.index(layer)
    gain = read.neuron.gain[index]
    assert gain == pytest.approx(1.5 * factors[1 - weighted])
    found = gain * again.weighted_layers[index].weight
    np.testing.assert_allclose(found, 1.5 * factors[weighted] * layer.weight, rtol=1e-6)


@pytest.mark.parametrize("kind", ["dense", "Conv2d", "Conv1d", "residual"])
def test_synapses_that_are_absent_stay_absent(kind: str, tmp_path) -> None:
    ann, network = made(kind)
    rng = np.random.default_rng(0)
    masks = {name: rng.random(weight.shape) < 0.6 for name, weight in network.weights.items()}
    masks = {name: mask.reshape(ann.state_dict()[name].shape) for name, mask in masks.items()}
    network = bs.translate(ann, network.input_shape, masks=masks)
    written(tmp_path / "net.nir", network, NEURONS["Heaviside"])
    read = quiet(tmp_path / "net.nir")
    again = bs.translate(read.ann, read.input_shape)
    for one, other in zip(network.connections, again.connections, strict=True):
        if one.weight is not None:
            np.testing.assert_array_equal(other.mask, one.mask)
            np.testing.assert_allclose(other.weight, one.weight, rtol=1e-6)


def test_other_tools_are_told_of_shapes_that_nir_checks_wrongly(tmp_path) -> None:
    _, network = made("Conv2d of rectangles")
    constants = {"gains": [1.0] * 2, "thresholds": [0.5] * 2, "night_dt": 1 * ms}
    with pytest.warns(NirWarning, match="type_check=False"):
        write_nir(tmp_path / "a.nir", network, NEURONS["Heaviside"], **constants)
    assert nir.read(tmp_path / "a.nir", type_check=False).nodes


REFUSED = {
    "a bias that differs within a channel": (
        of_images(
            nn.Conv2d(1, 3, 3),
            nn.ReLU(),
            nn.BatchNorm2d(3),
            nn.Conv2d(3, 2, 3, padding=1),
            nn.ReLU(),
        ),
        "layer '3': its bias differs within a channel",
    ),
    "pooling with dilation": (
        of_images(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.MaxPool2d(2, 1, dilation=2)),
        "layer '2': NIR has no pooling with dilation",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_nir_would_take_for_something_else_is_not_written(kind: str, tmp_path) -> None:
    ann, message = REFUSED[kind]
    ann(torch.zeros(2, 1, 6, 6))
    for module in ann.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean += 1
    with pytest.raises(TranslationError, match=message):
        written(tmp_path / "a.nir", bs.translate(ann.eval(), (1, 6, 6)), NEURONS["Heaviside"])
    assert not list(tmp_path.iterdir())


def test_pooling_of_the_most_active_is_not_written(tmp_path) -> None:
    ann, _ = made("max pooling")
    network = bs.translate(ann, (1, 6, 6), max_pooling="most_active")
    with pytest.raises(TranslationError, match=r"layer '2'.*any_spike"):
        written(tmp_path / "a.nir", network, NEURONS["Heaviside"])


@st.composite
def dense_networks(draw):
    """Draw a fully connected network and its neurons, each layer with constants of its own."""
    sizes = draw(st.lists(st.integers(1, 6), min_size=2, max_size=4))
    n_layers = len(sizes) - 1
    numbers = st.floats(0.01, 50, allow_nan=False)
    by_layer = st.lists(numbers, min_size=n_layers, max_size=n_layers)
    seed, bias = draw(st.integers(0, 2**31)), draw(st.booleans())
    gain, threshold, bias_gain = (draw(by_layer) for _ in range(3))
    if draw(st.booleans()):
        decay = [min(value / 50, 1.0) for value in draw(by_layer)]
        return seed, bias, sizes, bs.Heaviside(gain, threshold, decay=decay, bias_gain=bias_gain)
    return (
        seed,
        bias,
        sizes,
        bs.LIF(
            gain,
            threshold,
            bias_gain=bias_gain,
            tau_m=[value * ms for value in draw(by_layer)],
            v_rest=draw(st.floats(-90, 0)) * mV,
            delay_steps=draw(st.sampled_from([0, 1])),
        ),
    )


@settings(max_examples=60, deadline=None)
@given(drawn=dense_networks(), dt=st.sampled_from([0.1 * ms, 1 * ms, None]))
def test_any_dense_network_comes_back(tmp_path_factory, drawn, dt) -> None:
    seed, bias, sizes, neuron = drawn
    torch.manual_seed(seed)
    modules = [nn.Linear(a, b, bias, dtype=torch.float64) for a, b in itertools.pairwise(sizes)]
    ann = nn.Sequential(*(one for module in modules for one in (module, nn.ReLU())))
    network = bs.translate(ann)
    path = tmp_path_factory.mktemp("nir") / "net.nir"
    written(path, network, neuron, dt=dt)
    read = quiet(path)
    for name, weight in ann.state_dict().items():
        np.testing.assert_allclose(read.ann.state_dict()[name], weight, rtol=1e-9)
    assert read.input_shape == tuple(sizes[:1])
    scale = (
        1.0 if isinstance(read.neuron, bs.Heaviside) == isinstance(neuron, bs.Heaviside) else 1e-3
    )
    per_unit = 1 if isinstance(read.neuron, bs.Heaviside) else mV
    for found, wanted in (
        (read.neuron.gain, neuron.gain),
        (read.neuron.bias_gain, neuron.bias_gain),
        (read.neuron.threshold, neuron.threshold),
    ):
        numbers = [float(value / per_unit) for value in found]
        assert numbers == pytest.approx([scale * value for value in wanted], rel=1e-9)
