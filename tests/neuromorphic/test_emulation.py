"""Networks in integers: against plain Python, with many bits, what is refused."""

from __future__ import annotations

import warnings
from pathlib import Path

import nir
import numpy as np
import pytest
import scalar_chip
import torch
from brian2 import ms
from torch import nn

import brainsleep as bs
from brainsleep.errors import NightError, ParameterError, TranslationError, UnitsError
from brainsleep.neuromorphic import FixedPoint
from brainsleep.neuromorphic.chip_graph import read_chip_graph
from brainsleep.translation.nir import NirWarning

N_STEPS = 30
IMAGES = np.random.default_rng(0).integers(0, 256, (12, 1, 8, 8)).astype(np.float32) / 255
LABELS = np.arange(12) % 5


class Residual(nn.Module):
    """An activation is passed on beside weights."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(64, 20), nn.Linear(20, 20), nn.Linear(20, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.a(x.flatten(1)))
        return self.c(torch.relu(x + self.b(x)))


def dense() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 12), nn.ReLU(), nn.Linear(12, 5)
    )


def convolutional(pool: nn.Module | None = None) -> nn.Module:
    """Strides, padding and groups, and a pool between."""
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2) if pool is None else pool,
        nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(24, 5),
    )


DELAYED = bs.LIF(gain=3, threshold=2, tau_m=15 * ms)
NETWORKS = {
    "dense": (dense, {}),
    "convolutions": (convolutional, {}),
    "residual": (Residual, {}),
    "spikes in": (dense, {"coding": "poisson", "seed": 3}),
    "leaky": (dense, {"neuron": bs.Heaviside([1, 3, 1], 1, decay=0.9, bias_gain=[1, 1, 0.1])}),
    "delayed": (dense, {"neuron": DELAYED, "coding": "poisson"}),
}


def inference(make, **options) -> bs.SpikingAccuracy:
    """Convert a network whose weights are drawn from one seed."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        ann = make()
    with torch.no_grad():
        for parameter in ann.parameters():
            parameter *= 2
    options = {"device": bs.devices.Runtime("numpy"), "dtype": "float64", **options}
    return bs.spiking_accuracy(ann, (IMAGES, LABELS), N_STEPS, progress=False, **options)


def written(result: bs.SpikingAccuracy, folder: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NirWarning)
        result.to_nir(folder / "net.nir")
    return folder / "net.nir"


@pytest.fixture(scope="module")
def graphs(tmp_path_factory) -> dict[str, tuple[bs.SpikingAccuracy, Path]]:
    """Return each network as it classified, and its file."""
    found = {}
    for kind, (make, options) in NETWORKS.items():
        result = inference(make, **options)
        found[kind] = result, written(result, tmp_path_factory.mktemp("graph"))
    return found


def shown(kind: str) -> dict[str, object]:
    """Return how a network's images come in."""
    return {
        name: NETWORKS[kind][1][name] for name in ("coding", "seed") if name in NETWORKS[kind][1]
    }


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize(("weight_bits", "state_bits"), [(8, 24), (3, 16)])
def test_every_spike_and_potential_is_that_of_plain_python(
    kind: str, weight_bits: int, state_bits: int, graphs
) -> None:
    path, how = graphs[kind][1], shown(kind)
    widths = {"weight_bits": weight_bits, "state_bits": state_bits}
    found = bs.neuromorphic.emulate(path, (IMAGES[:4], LABELS[:4]), N_STEPS, **widths, **how)
    read = read_chip_graph(path, FixedPoint(**widths), n_steps=N_STEPS, reset="graph", dt=None)
    poisson = bs.awake.coding.Poisson(1.0, how.get("seed", 0))
    for k, image in enumerate(IMAGES[:4].reshape(4, -1)):
        spikes = None
        if "coding" in how:
            spikes = np.concatenate(list(poisson.chunks(image, k, N_STEPS)))
        counts, outputs = scalar_chip.run(
            read.translation.layers, found.layers, image, N_STEPS, state_bits, spikes,
            read.delay_steps,
        )  # fmt: skip
        for name, expected in counts.items():
            assert found.spike_counts[name][k].tolist() == expected
        assert found.predictions[k].tolist() == np.argmax(outputs, axis=1).tolist()
        assert sum(map(sum, counts.values())) > 50
    assert all(
        np.abs(w).max() < 2 ** (weight_bits - 1) for one in found.layers for w in one.weights
    )


@pytest.mark.parametrize("kind", ["dense", "convolutions", "residual", "spikes in"])
def test_with_many_bits_it_is_the_spiking_network_itself(kind: str, graphs) -> None:
    result, path = graphs[kind]
    errors = []
    for bits in (4, 8, 24):
        found = bs.neuromorphic.emulate(
            path, (IMAGES, LABELS), N_STEPS, weight_bits=bits, state_bits=48, bias_bits=24,
            **shown(kind),
        )  # fmt: skip
        spikes = [result.spikes_per_image[name] for name in list(result.spikes_per_image)[1:]]
        errors.append(sum(np.abs(np.subtract(list(found.spikes_per_image.values()), spikes))))
    assert errors[0] > errors[1] >= errors[2]
    # where sums hit a threshold exactly, real numbers and integers may differ by a spike or two
    assert errors[2] < 0.5
    assert (found.predictions == result.predictions).mean() > 0.99


def test_a_reset_to_zero_loses_spikes(graphs) -> None:
    kept, lost = (
        bs.neuromorphic.emulate(graphs["dense"][1], (IMAGES, LABELS), N_STEPS, reset=reset)
        for reset in ("graph", "zero")
    )
    assert {layer.reset for layer in kept.layers[:-1]} == {None}
    assert {layer.reset for layer in lost.layers} == {0}
    for name, spikes in kept.spikes_per_image.items():
        assert lost.spikes_per_image[name] < spikes


def test_graphs_may_be_given_as_they_are_and_results_can_be_read(graphs) -> None:
    path = graphs["dense"][1]
    one, two = (
        bs.neuromorphic.emulate(graph, (IMAGES, LABELS), 5, weight_bits=4, n_images=10)
        for graph in (path, nir.read(path))
    )
    np.testing.assert_array_equal(one.predictions, two.predictions)
    assert (one.n_images, one.n_steps, one.accuracy.shape) == (10, 5, (5,))
    assert "weights of 4 bits and potentials of 24" in repr(one)
    assert "weight error, %" in one._repr_html_()


def test_potentials_stay_in_their_range_or_end_the_emulation(graphs) -> None:
    how = {"weight_bits": 10, "state_bits": 16}
    found = bs.neuromorphic.emulate(graphs["dense"][1], (IMAGES, LABELS), N_STEPS, **how)
    assert sum(found.saturated.values()) > 0
    with pytest.raises(NightError, match="leave their range of 16 bits"):
        bs.neuromorphic.emulate(
            graphs["dense"][1], (IMAGES, LABELS), N_STEPS, overflow="refuse", **how
        )


# Integers


@pytest.mark.parametrize("rounding", ["nearest", "toward_zero", "floor"])
def test_weights_are_whole_steps(rounding: str) -> None:
    real = np.array([-1.0, -0.3, -0.04, 0.0, 0.2, 0.7])
    by = {"nearest": np.rint, "toward_zero": np.trunc, "floor": np.floor}[rounding]
    format_ = FixedPoint(4, rounding=rounding)
    assert format_.step(real) == 1 / 7
    np.testing.assert_array_equal(format_.as_weights(real, 1 / 7), by(np.round(real * 7, 9)))


def test_the_best_step_is_that_of_the_smallest_squared_error() -> None:
    real = np.random.default_rng(0).normal(size=500)
    whole, best = (FixedPoint(3, weight_scale=name) for name in ("maximum", "least_squares"))

    def error(step: float) -> float:
        return float(np.square(real - step * np.rint(real / step).clip(-3, 3)).sum())

    assert error(best.step(real)) < 0.5 * error(whole.step(real))
    assert error(best.step(real)) <= min(map(error, np.linspace(0.2, 1, 50))) * 1.01


def test_biases_are_multiples_of_a_power_of_two() -> None:
    real = np.array([0.4, -30_000.7, 12.6])
    found = FixedPoint(bias_bits=8).as_biases(real)  # up to 127 times 256
    assert found.tolist() == [0, -29952, 0]
    assert FixedPoint(bias_bits=20).as_biases(real).tolist() == [0, -30001, 13]


# What is refused


def test_max_pooling_is_refused_by_name(tmp_path) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        ann = convolutional(nn.MaxPool2d(2))
    network = bs.translate(ann, (1, 8, 8), max_pooling="any_spike")
    result = bs.spiking_accuracy(
        network, (IMAGES, LABELS), 3, device=bs.devices.Runtime("numpy"), progress=False
    )
    path = written(result, tmp_path)
    with pytest.raises(
        TranslationError, match=r"node 'layer_2': max pooling is not there on Loihi"
    ):
        bs.neuromorphic.emulate(path, (IMAGES, LABELS))


def node_graph(neurons: nir.NIRNode, *loops: tuple[str, str]) -> nir.NIRGraph:
    nodes = {
        "input": nir.Input({"input": np.array([64])}),
        "first": nir.Linear(np.ones((3, 64))),
        "cells": neurons,
        "second": nir.Linear(np.ones((2, 3))),
        "back": nir.Linear(np.ones((3, 3))),
        "output": nir.Output({"output": np.array([2])}),
    }
    edges = [("input", "first"), ("first", "cells"), ("cells", "second"), ("second", "output")]
    if not loops:
        del nodes["back"]
    return nir.NIRGraph(nodes, [*edges, *loops], type_check=False)


def test_currents_and_loops_are_refused_by_name() -> None:
    flat = IMAGES.reshape(12, -1), LABELS % 2
    ones = np.ones(3)
    cuba = nir.CubaLIF(ones, ones, ones, ones, ones, ones)
    with pytest.raises(TranslationError, match=r"'cells': synaptic currents .*CubaLIF.* IF or LIF"):
        bs.neuromorphic.emulate(node_graph(cuba), flat)
    cells = nir.IF(ones, ones, np.zeros(3))
    loop = node_graph(cells, ("cells", "back"), ("back", "cells"))
    with pytest.raises(TranslationError, match="recurrent networks are not emulated"):
        bs.neuromorphic.emulate(loop, flat)


def test_networks_whose_outputs_spike_are_refused(tmp_path) -> None:
    night = bs.sleep(
        nn.Sequential(nn.Linear(64, 5, bias=False)),
        np.full(64, 0.1),
        duration=5,
        neuron=bs.Heaviside(gain=1, threshold=1),
        device=bs.devices.Runtime("numpy"),
        progress=False,
    )
    night.to_nir(tmp_path / "night.nir")
    with pytest.raises(TranslationError, match="outputs of this graph spike"):
        bs.neuromorphic.emulate(tmp_path / "night.nir", (IMAGES.reshape(12, -1), LABELS))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"weight_bits": 1}, ParameterError, "weight_bits must be at least 2"),
        ({"weight_bits": 25}, ParameterError, "weight_bits must be at most 24, but is 25"),
        ({"weight_bits": 7.5}, UnitsError, "weight_bits"),
        ({"state_bits": 64}, ParameterError, "state_bits must be at most 48"),
        ({"weight_bits": 22}, ParameterError, "its threshold is .* more than a potential of 24"),
        ({"rounding": "up"}, ParameterError, "rounding"),
        ({"weight_scale": "max"}, ParameterError, "maximum"),
        ({"overflow": "wrap"}, ParameterError, "overflow"),
        ({"reset": "none"}, ParameterError, "reset"),
        ({"coding": "constant", "n_steps": 0}, ParameterError, "n_steps"),
    ],
)
def test_arguments_that_make_no_sense(change, error, words: str, graphs) -> None:
    with pytest.raises(error, match=words):
        bs.neuromorphic.emulate(graphs["dense"][1], (IMAGES, LABELS), **change)


def test_a_network_must_be_written_first() -> None:
    with pytest.raises(UnitsError, match=r"graph must be a NIR file .* writes it, not 5"):
        bs.neuromorphic.emulate(5, (IMAGES, LABELS))


def test_pixels_that_do_not_fit_into_bits(graphs) -> None:
    with pytest.raises(ParameterError, match=r"pixels must lie in \[-1, 1\]"):
        bs.neuromorphic.emulate(graphs["dense"][1], (3 * IMAGES, LABELS))
