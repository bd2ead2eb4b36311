"""NIR graphs of nights: the same spikes in snnTorch, and asleep again once they are read."""

from __future__ import annotations

import contextlib
import io

import helpers
import nir
import numpy as np
import pytest
import torch
from brian2 import ms, mV
from helpers import SMALL, mlp, random_spikes, raster
from snntorch.import_nir import import_from_nir
from torch import nn

import brainsleep as bs
from brainsleep.errors import TranslationError

RULE = bs.SRC(2e-3, 5e-4)
NEURON = bs.Heaviside(gain=[1.0, 1.5, 0.8], threshold=[0.5, 0.6, 0.4], decay=[0.9, 0.95, 0.0])
#: The time step that snnTorch assumes.
SNNTORCH_DT = 0.1 * ms


def snntorch_spikes(path, input_spikes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Run a graph in snnTorch and return the spikes of its last layer."""
    with contextlib.redirect_stdout(io.StringIO()):  # it prints while it reads
        network = import_from_nir(nir.read(str(path)))
    state, rows = None, []
    with torch.no_grad():
        for row in torch.tensor(input_spikes, dtype=torch.float32):
            output, state = network(row.reshape(1, *shape), state)
            rows.append(output[0] if isinstance(output, tuple) else output)
    return torch.stack(rows).reshape(len(rows), -1).numpy() > 0


def asleep(ann: nn.Module, spikes: np.ndarray, neuron=NEURON, **options) -> bs.Night:
    """Sleep in the exact mode; compared is the network that wakes up, which does not learn."""
    options = {"dtype": "float64", "progress": False, **options}
    return helpers.asleep(ann, spikes, neuron=neuron, plasticity=RULE, **options)


def spikes_awake(night: bs.Night, ann: nn.Module, spikes: np.ndarray, neuron=NEURON) -> np.ndarray:
    """Return the spikes of the last layer without learning."""
    still = bs.sleep(
        ann, spikes, neuron=neuron, plasticity=bs.SRC(0, 0), dtype="float64", progress=False
    )
    return raster(still, list(still.spikes)[-1])


@pytest.mark.parametrize("bias", [False, True])
def test_snntorch_makes_the_same_spikes(tmp_path, bias: bool) -> None:
    ann = mlp(SMALL, scale=1.5, bias=bias)
    night = asleep(ann, random_spikes(300, SMALL[0], 0.3))
    night.to_nir(tmp_path / "net.nir", dt=SNNTORCH_DT)
    spikes = random_spikes(400, SMALL[0], 0.25, seed=9)
    expected = spikes_awake(night, night.ann, spikes)
    found = snntorch_spikes(tmp_path / "net.nir", spikes, (SMALL[0],))
    assert expected.sum() > 50
    # snnTorch computes in float32, where a potential at the threshold may be rounded below it
    assert (found != expected).mean() < 1e-3


def test_snntorch_makes_the_same_spikes_of_a_convolution(tmp_path) -> None:
    torch.manual_seed(0)
    ann = nn.Sequential(
        nn.Conv2d(1, 4, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16, 6),
    )
    neuron = bs.Heaviside(gain=[2.0, 3.0, 2.0], threshold=[0.6, 0.5, 0.4], decay=0.9)
    night = asleep(ann, random_spikes(200, 64, 0.2), neuron, translation={"input_shape": (1, 8, 8)})
    night.to_nir(tmp_path / "net.nir", dt=SNNTORCH_DT)
    spikes = random_spikes(300, 64, 0.2, seed=4)
    still = bs.sleep(
        bs.translate(night.ann, (1, 8, 8)),
        spikes,
        neuron=neuron,
        plasticity=bs.SRC(0, 0),
        dtype="float64",
        progress=False,
    )
    expected = raster(still, "5")
    found = snntorch_spikes(tmp_path / "net.nir", spikes, (1, 8, 8))
    assert expected.sum() > 50
    assert (found != expected).mean() < 1e-3


def test_lif_without_delay_runs_in_snntorch(tmp_path) -> None:
    neuron = bs.LIF(gain=1, threshold=[0.5, 0.6, 0.4], tau_m=15 * ms, delay_steps=0)
    ann = mlp(SMALL, scale=1.5)
    night = asleep(ann, random_spikes(300, SMALL[0], 0.3), neuron)
    night.to_nir(tmp_path / "net.nir", dt=SNNTORCH_DT)
    spikes = random_spikes(400, SMALL[0], 0.25, seed=2)
    expected = spikes_awake(night, night.ann, spikes, neuron)
    found = snntorch_spikes(tmp_path / "net.nir", spikes, (SMALL[0],))
    assert expected.sum() > 50
    assert (found != expected).mean() < 1e-3


@pytest.mark.parametrize("bias", [False, True])
def test_what_was_written_is_read_and_sleeps_alike(tmp_path, bias: bool) -> None:
    ann = mlp(SMALL, scale=1.5, bias=bias)
    night = asleep(ann, random_spikes(200, SMALL[0], 0.3))
    night.to_nir(tmp_path / "net.nir")
    read = bs.from_nir(tmp_path / "net.nir")
    assert read.input_shape == (SMALL[0],)
    spikes = random_spikes(300, SMALL[0], 0.25, seed=1)
    expected = spikes_awake(night, night.ann, spikes)
    still = bs.sleep(
        read.ann,
        spikes,
        neuron=read.neuron,
        plasticity=bs.SRC(0, 0),
        dtype="float64",
        progress=False,
    )
    # gains are part of the weights, so sums differ in their last digits
    assert (raster(still, list(still.spikes)[-1]) != expected).mean() < 1e-3
    assert expected.sum() > 50


def test_graphs_of_residual_networks_and_max_pooling_are_valid(tmp_path) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(1, 3, 3, padding=1)
            self.second = nn.Conv2d(3, 3, 3, padding=1, bias=False)
            self.pool = nn.MaxPool2d(2)
            self.head = nn.Linear(48, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = torch.relu(self.first(x))
            x = torch.relu(x + self.second(x))
            return self.head(self.pool(x).flatten(1))

    neuron = bs.Heaviside(gain=1, threshold=0.5, decay=0.9)
    night = asleep(
        Net(), random_spikes(50, 64, 0.2), neuron, translation={"input_shape": (1, 8, 8)}
    )
    night.to_nir(tmp_path / "net.nir")
    graph = nir.read(str(tmp_path / "net.nir"))
    kinds = sorted(type(node).__name__ for node in graph.nodes.values())
    assert kinds == sorted(
        ["Input", "Conv2d", "LIF", "Conv2d", "Scale", "LIF", "SumPool2d", "Threshold"]
        + ["Flatten", "Affine", "LIF", "Output"]
    )


def test_what_nir_has_no_word_for_is_refused_by_name(tmp_path) -> None:
    spikes = random_spikes(20, SMALL[0], 0.3)
    lif = bs.LIF(gain=1, threshold=0.5, refractory=2 * ms)
    with pytest.raises(TranslationError, match="layer '0': NIR has no refractory period"):
        asleep(mlp(SMALL), spikes, lif).to_nir(tmp_path / "a.nir")
    assert not list(tmp_path.glob("*.nir"))


def test_a_loaded_night_is_written_as_it_was(tmp_path) -> None:
    night = asleep(mlp(SMALL), random_spikes(20, SMALL[0], 0.3))
    night.save(tmp_path / "night")
    night.to_nir(tmp_path / "a.nir")
    bs.Night.load(tmp_path / "night").to_nir(tmp_path / "b.nir")
    one, other = (bs.from_nir(tmp_path / name, dt=1 * ms) for name in ("a.nir", "b.nir"))
    assert one.neuron == other.neuron
    for name, weights in one.ann.state_dict().items():
        np.testing.assert_array_equal(weights, other.ann.state_dict()[name])


def test_time_steps_are_checked(tmp_path) -> None:
    night = asleep(mlp(SMALL), random_spikes(20, SMALL[0], 0.3))
    with pytest.raises(bs.errors.UnitsError, match="dt"):
        night.to_nir(tmp_path / "net.nir", dt=3 * mV)
