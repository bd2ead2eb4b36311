"""Inference networks as NIR graphs: by NIR's equations they choose what they chose here."""

from __future__ import annotations

import warnings
from dataclasses import replace

import nir
import numpy as np
import pytest
import torch
from brian2 import ms, second
from torch import nn

import brainsleep as bs
from brainsleep.errors import ParameterError, TranslationError
from brainsleep.translation.nir import NirWarning

N_STEPS = 40


def small_cnn(pool: nn.Module) -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.ReLU(),
        pool,
        nn.Flatten(),
        nn.Linear(64, 12),
        nn.ReLU(),
        nn.Linear(12, 5),
    )


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.a, self.b, self.c = nn.Linear(64, 20), nn.Linear(20, 20), nn.Linear(20, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.a(x))
        return self.c(torch.relu(x + self.b(x)))


IMAGES = np.random.default_rng(0).random((24, 1, 8, 8), dtype=np.float32)
LABELS = np.arange(24) % 5


def accuracy(ann, images=IMAGES, **options):
    device = bs.devices.Runtime("numpy")
    options = {"device": device, "dtype": "float64", "progress": False, **options}
    return bs.spiking_accuracy(ann, (images, LABELS), N_STEPS, **options)


def centred(ann: nn.Module) -> nn.Module:
    """Return a network whose outputs are 0 on average, so that it chooses all of them."""
    *_, weight, bias = ann.parameters()
    with torch.no_grad():
        for parameter in ann.parameters():
            parameter *= 2
        bias -= ann(torch.from_numpy(IMAGES)).mean(0)
        scale = ann(torch.from_numpy(IMAGES)).std(0)
        weight /= scale[:, None]
        bias /= scale
    return ann


def choices(path, images, dt: float) -> np.ndarray:
    """Return what the graph chooses after each step, by NIR's equations, (n_images, n_steps)."""
    import nir_euler

    graph = nir.read(path)
    outputs = np.array([nir_euler.run(graph, [image] * N_STEPS, dt) for image in images])
    is_sum = not any(isinstance(node, nir.LI) for node in graph.nodes.values())
    return (outputs.cumsum(axis=1) if is_sum else outputs).argmax(axis=2)


@pytest.fixture(autouse=True)
def _path_of_the_reference(monkeypatch) -> None:
    from pathlib import Path

    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "translation")


NETWORKS = {
    "dense": (lambda: nn.Sequential(nn.Flatten(), *small_dense()), {}),
    "average pooling": (lambda: small_cnn(nn.AvgPool2d(2)), {}),
    "residual": (lambda: nn.Sequential(nn.Flatten(), Residual()), {}),
    "gains by hand": (
        lambda: nn.Sequential(nn.Flatten(), *small_dense()),
        {"neuron": bs.IntegrateAndFire([0.3, 1, 1], 0.9, bias_gain=[0.2, 0.8, 0.1])},
    ),
    "LIF": (
        lambda: nn.Sequential(nn.Flatten(), *small_dense()),
        {"neuron": bs.LIF(gain=3, threshold=2, tau_m=15 * ms, delay_steps=0)},
    ),
    "Heaviside": (
        lambda: nn.Sequential(nn.Flatten(), *small_dense()),
        {"neuron": bs.Heaviside([1, 3, 1], 1, decay=0.9, bias_gain=[1, 1, 0.1])},
    ),
}


def small_dense() -> list[nn.Module]:
    torch.manual_seed(1)
    return [nn.Linear(64, 20), nn.ReLU(), nn.Linear(20, 12), nn.ReLU(), nn.Linear(12, 5)]


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_graph_chooses_what_the_network_chose(kind: str, tmp_path) -> None:
    make, options = NETWORKS[kind]
    result = accuracy(centred(make()), **options)
    path = tmp_path / "net.nir"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NirWarning)
        result.to_nir(path)
    dt = 1.0 if kind in ("dense", "average pooling", "residual", "gains by hand") else 1e-3
    found = choices(path, IMAGES[:8], dt)
    assert len(np.unique(result.predictions[:8])) > 1
    # gains are part of the file's weights: sums differ in their last digits
    assert (found == result.predictions[:8]).mean() > 0.97


def test_a_graph_that_is_read_chooses_the_same(tmp_path) -> None:
    make, _ = NETWORKS["dense"]
    result = accuracy(centred(make()))
    with pytest.warns(NirWarning, match="keep what is above their threshold"):
        result.to_nir(tmp_path / "net.nir")
    with pytest.warns(NirWarning, match="silent asleep"):
        read = bs.from_nir(tmp_path / "net.nir")
    assert isinstance(read.neuron, bs.IntegrateAndFire)
    assert read.dt == 1 * second
    again = accuracy(read.ann, IMAGES.reshape(24, -1), neuron=read.neuron)
    assert (again.predictions == result.predictions).mean() > 0.97
    assert again.accuracy[-1] == result.accuracy[-1]


def test_spikes_of_input_neurons_are_the_input_of_other_codings(tmp_path) -> None:
    neuron = bs.LIF(gain=3, threshold=2)  # spikes take a step
    result = accuracy(NETWORKS["dense"][0](), coding="poisson", neuron=neuron)
    result.to_nir(tmp_path / "net.nir")
    kinds = [type(node).__name__ for node in nir.read(tmp_path / "net.nir").nodes.values()]
    assert kinds.count("Delay") == 3
    assert kinds.count("LI") == 1
    with pytest.warns(NirWarning, match="silent asleep"):
        assert bs.from_nir(tmp_path / "net.nir").neuron.delay_steps == 1


def test_what_cannot_be_written_is_refused_by_name(tmp_path) -> None:
    path = tmp_path / "net.nir"
    with pytest.raises(TranslationError, match=r"layer '2'.*max_pooling='any_spike'"):
        accuracy(small_cnn(nn.MaxPool2d(2))).to_nir(path)
    current = accuracy(NETWORKS["dense"][0](), neuron=bs.LIF(gain=3, threshold=2))
    with pytest.raises(TranslationError, match=r"layer '1'.*coding='poisson'"):
        current.to_nir(path)
    with pytest.raises(ParameterError, match="does not hold its network"):
        replace(current, assembly=None).to_nir(path)
    assert not list(tmp_path.iterdir())
