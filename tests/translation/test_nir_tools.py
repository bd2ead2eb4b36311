"""NIR graphs between this package and snnTorch, Norse and sinabs, as docs/how_to/nir.md tells.

Norse and sinabs want versions of other packages of their own, so that few have them installed.
"""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
import pytest
import torch
from brian2 import ms, second
from helpers import random_spikes
from nir_euler import still
from torch import nn

import brainsleep as bs
from brainsleep.translation.nir import NirWarning

SPIKES = random_spikes(300, 12, 0.3, seed=5)


def linears(scale: float = 3.0) -> tuple[nn.Linear, nn.Linear]:
    """Return two layers whose neurons spike now and then."""
    torch.manual_seed(0)
    one, two = nn.Linear(12, 8), nn.Linear(8, 4)
    with torch.no_grad():
        for module in (one, two):
            module.weight.mul_(scale).add_(0.05 * scale)
            module.bias.mul_(0.1)
    return one, two


def stepwise(network, spikes: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Run a network that takes a step at a time; return the spikes of its last layer."""
    state, rows = None, []
    with torch.no_grad():
        for row in torch.tensor(spikes, dtype=torch.float32):
            output, state = network(row.reshape(shape), state)
            rows.append(output.reshape(-1))
    return torch.stack(rows).numpy() > 0


def read_spikes(graph, dt, spikes: np.ndarray = SPIKES) -> np.ndarray:
    """Read a graph, and return the spikes that it makes here."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", NirWarning)
        network = bs.from_nir(graph, dt=dt)
    return still(network.ann, spikes, network.neuron, network.input_shape)


def assert_same(found: np.ndarray, expected: np.ndarray) -> None:
    """Assert the same spikes, but for what float32 rounds at a threshold."""
    assert 10 < expected.sum() < 0.95 * expected.size
    assert (found != expected).mean() < 2e-3


def leaky(snn, *shape: int, beta: float, **options):
    """Return neurons with constants by neuron, the only kind that snnTorch 1.0 can export."""
    constants = {"beta": torch.full(shape, beta), "threshold": torch.ones(shape)}
    return snn.Leaky(**constants, init_hidden=True, reset_delay=False, **options)


@pytest.mark.parametrize("reset", ["zero", "subtract"])
def test_from_snntorch(reset: str) -> None:
    snn = pytest.importorskip("snntorch")
    from snntorch.export_nir import export_to_nir

    options = {"reset_mechanism": reset}
    one, two = linears()
    last = leaky(snn, 4, beta=0.8, output=True, **options)
    network = nn.Sequential(one, leaky(snn, 8, beta=0.9, **options), two, last)
    graph = export_to_nir(network, torch.rand(1, 12), ignore_dims=[0])
    for module in network:
        if hasattr(module, "reset_mem"):
            module.reset_mem()
    with torch.no_grad():
        rows = [network(row[None])[0] for row in torch.tensor(SPIKES, dtype=torch.float32)]
    expected = torch.cat(rows).numpy() > 0
    found = read_spikes(graph, 0.1 * ms)
    if reset == "zero":
        assert_same(found, expected)
    else:  # the graph does not say it: it is read as a reset to zero
        assert (found != expected).mean() > 0.05


def test_from_snntorch_with_a_pool() -> None:
    snn = pytest.importorskip("snntorch")
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(1)
    conv, head = nn.Conv2d(1, 4, 3), nn.Linear(36, 4)
    with torch.no_grad():
        conv.weight.mul_(2).add_(0.2)
        head.weight.mul_(3).add_(0.1)
    options = {"reset_mechanism": "zero"}
    network = nn.Sequential(
        conv,
        leaky(snn, 4, 6, 6, beta=0.9, **options),
        nn.AvgPool2d(2),
        nn.Flatten(),
        head,
        leaky(snn, 4, beta=0.8, output=True, **options),
    )
    graph = export_to_nir(network, torch.rand(1, 1, 8, 8), ignore_dims=[0])
    for module in network:
        if hasattr(module, "reset_mem"):
            module.reset_mem()
    spikes = random_spikes(200, 64, 0.2, seed=2)
    with torch.no_grad():
        rows = [
            network(row.reshape(1, 1, 8, 8))[0] for row in torch.tensor(spikes, dtype=torch.float32)
        ]
    assert_same(read_spikes(graph, 0.1 * ms, spikes), torch.cat(rows).numpy() > 0)


@pytest.mark.parametrize(("export_dt", "dt"), [(1, 1 * ms), (0.001, 0.001 * ms)])
def test_from_norse(export_dt: float, dt) -> None:
    norse = pytest.importorskip("norse.torch")
    one, two = linears(12.0)
    network = norse.SequentialState(one, norse.LIFBoxCell(), two, norse.LIFBoxCell())
    expected = stepwise(network, SPIKES, (1, 12))
    assert_same(read_spikes(norse.to_nir(network, torch.rand(1, 12), dt=export_dt), dt), expected)


def test_integrators_from_norse() -> None:
    norse = pytest.importorskip("norse.torch")
    one, two = linears()
    network = norse.SequentialState(one, norse.IAFCell(), two, norse.IAFCell())
    expected = stepwise(network, SPIKES, (1, 12))
    assert_same(read_spikes(norse.to_nir(network, torch.rand(1, 12)), 1 * second), expected)


@pytest.mark.parametrize("decay", [0.0, 0.9, 1.0])
def test_to_norse(decay: float, tmp_path) -> None:
    norse = pytest.importorskip("norse.torch")
    import nir

    one, two = linears()
    ann = nn.Sequential(one, nn.ReLU(), two)
    neuron = bs.Heaviside(1, [1.0, 0.8], decay=decay)
    expected = still(ann, SPIKES, neuron)
    asleep = bs.sleep(
        ann,
        SPIKES,
        neuron=neuron,
        plasticity=bs.SRC(0, 0),
        device=bs.devices.Runtime("numpy"),
        progress=False,
    )
    asleep.to_nir(tmp_path / "net.nir")
    graph = nir.read(tmp_path / "net.nir")
    found = stepwise(norse.from_nir(graph, dt=1e-3, ignore_warnings=True), SPIKES, (12,))
    if decay in (0.0, 1.0):
        assert_same(found, expected)
    else:  # Norse takes the resistance of LIF neurons for 1, and says so
        assert found.sum() < 0.2 * expected.sum()


@pytest.mark.parametrize("default", [False, True])
def test_integrators_from_sinabs(default: bool) -> None:
    layers = pytest.importorskip("sinabs.layers")
    from sinabs.activation import MembraneReset, SingleSpike
    from sinabs.nir import to_nir

    options = {} if default else {"spike_fn": SingleSpike, "reset_fn": MembraneReset()}
    one, two = linears()
    cells = [layers.IAFSqueeze(batch_size=1, **options) for _ in range(2)]
    network = nn.Sequential(one, cells[0], two, cells[1])
    with torch.no_grad():
        expected = network(torch.tensor(SPIKES, dtype=torch.float32)).numpy() > 0
        for cell in cells:
            cell.reset_states()
        graph = to_nir(network, torch.rand(1, 12))
    found = read_spikes(graph, 1 * second)
    if default:  # several spikes in a step, and subtraction: the graph does not say it
        assert (found != expected).mean() > 0.05
    else:
        assert_same(found, expected)


def test_inference_goes_to_sinabs(tmp_path) -> None:
    pytest.importorskip("sinabs")
    import nir
    from sinabs.nir import from_nir

    torch.manual_seed(0)
    ann = nn.Sequential(
        nn.Linear(64, 30), nn.ReLU(), nn.Linear(30, 20), nn.ReLU(), nn.Linear(20, 5)
    )
    images = np.random.default_rng(0).random((40, 64), dtype=np.float32)
    device = bs.devices.Runtime("numpy")
    data = images, np.arange(40) % 5
    result = bs.spiking_accuracy(ann, data, 40, device=device, progress=False)
    with pytest.warns(NirWarning, match="sinabs subtracts"):
        result.to_nir(tmp_path / "net.nir")
    with contextlib.redirect_stdout(io.StringIO()), torch.no_grad():
        network = from_nir(nir.read(tmp_path / "net.nir"), num_timesteps=40)
        outputs = network(torch.tensor(images).repeat_interleave(40, 0))
    outputs = outputs[0] if isinstance(outputs, tuple) else outputs
    chosen = outputs.reshape(40, 40, -1).cumsum(1).argmax(-1).numpy()
    assert len(np.unique(chosen)) > 1
    assert (chosen[:, -1] == result.predictions[:, -1]).mean() > 0.95
