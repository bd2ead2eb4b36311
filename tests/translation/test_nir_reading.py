"""NIR graphs of somebody else's: the same spikes as by NIR's own equations, for each kind of node.

The reference is `nir_euler`, which knows nothing of the package.
"""

from __future__ import annotations

import warnings
from dataclasses import replace

import nir
import nir_euler
import numpy as np
import pytest
import torch
from brian2 import ms
from helpers import random_spikes
from nir_euler import chain, graph_of, lif, still

import brainsleep as bs
from brainsleep.translation.nir import NirWarning

RNG = np.random.default_rng(0)


def weights(*shape: int, mean: float = 0.1) -> np.ndarray:
    return RNG.normal(mean, 0.4, shape)


def conv(n_out: int, n_in: int, kernel: int = 3, **changes) -> nir.Conv2d:
    """Return a convolution."""
    options = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": np.zeros(n_out)}
    shape = (n_out, n_in // changes.get("groups", 1), kernel, kernel)
    return nir.Conv2d(input_shape=None, weight=weights(*shape), **(options | changes))


def sum_pool(size: int = 2, stride: int | None = None, padding: int = 0) -> nir.SumPool2d:
    stride = size if stride is None else stride
    return nir.SumPool2d(*(np.array([v, v]) for v in (size, stride, padding)))


def avg_pool(size: int = 2) -> nir.AvgPool2d:
    return nir.AvgPool2d(size, size, np.array([0, 0]))  # as snnTorch writes it


def flatten(**changes) -> nir.Flatten:
    return nir.Flatten(None, **({"start_dim": 0, "end_dim": -1} | changes))


def image(*nodes: nir.NIRNode, shape=(1, 8, 8), type_check: bool = True) -> nir.NIRGraph:
    """Return a chain that begins with an image."""
    return chain(nir.Input(np.array(shape)), *nodes, type_check=type_check)


DENSE = nir.Affine(weights(6, 12), np.full(6, 0.02))
HEAD = (nir.Linear(weights(4, 6)), lif(4))
GRAPHS = {
    "two layers": lambda: chain(DENSE, lif(6), *HEAD),
    "integrators": lambda: chain(DENSE, nir.IF(np.full(6, 700.0), np.full(6, 0.9)), *HEAD),
    "Threshold": lambda: chain(DENSE, nir.Threshold(np.full(6, 0.4)), *HEAD),
    "scalars for neurons": lambda: chain(
        nir.Input(np.array([12])), DENSE, nir.LIF(*map(np.array, (0.02, 20.0, 0.0, 0.5))),
        nir.Output(np.array([6])), type_check=False,
    ),
    "resistance unlike tau": lambda: chain(DENSE, lif(6, r=7.0, v_threshold=0.2), *HEAD),
    "resistance by neuron": lambda: chain(DENSE, lif(6, r=np.linspace(10, 30, 6)), *HEAD),
    "threshold by neuron": lambda: chain(DENSE, lif(6, v_threshold=np.linspace(0.2, 1, 6)), *HEAD),
    "threshold of 0": lambda: chain(DENSE, lif(6, v_threshold=0.0), *HEAD),
    "leak and reset at rest": lambda: chain(
        DENSE, lif(6, v_leak=-0.07, v_reset=-0.07, v_threshold=0.4), *HEAD
    ),
    "reset below rest": lambda: chain(DENSE, lif(6, v_reset=-0.3), *HEAD),
    "leak by neuron": lambda: chain(
        DENSE, lif(6, v_leak=(leak := np.linspace(-0.2, 0.1, 6)), v_reset=leak), *HEAD
    ),
    "reset, of integrators and Threshold": lambda: chain(
        DENSE, nir.IF(np.full(6, 700.0), np.full(6, 0.9), np.full(6, -0.2)),
        nir.Linear(weights(5, 6, mean=0.4)), nir.Threshold(np.full(5, 0.1)),
        nir.Linear(weights(4, 5)), lif(4),
    ),
    "Scale before and after": lambda: chain(
        nir.Scale(np.linspace(0.5, 1.5, 12)), DENSE, nir.Scale(np.linspace(1.5, -0.5, 6)), lif(6),
        nir.Scale(np.array(2.0)), *HEAD, type_check=False,
    ),
    "Conv2d": lambda: image(
        conv(3, 1, stride=2, padding=1, bias=np.array([0.0, 0.05, -0.02])), lif(3, 4, 4),
        conv(2, 3, padding="same"), lif(2, 4, 4), conv(2, 2, padding="valid"), lif(2, 2, 2),
    ),
    "Conv2d with groups and dilation": lambda: image(
        conv(4, 2, groups=2, dilation=2, padding=(1, 2)), lif(4, 6, 8), flatten(),
        nir.Linear(weights(4, 192, mean=0.02)), lif(4), shape=(2, 8, 8),
    ),
    "Conv1d": lambda: chain(
        nir.Input(np.array([2, 12])),
        nir.Conv1d(None, weights(3, 2, 3), 2, 1, 1, 1, np.full(3, 0.02)), lif(3, 6), flatten(),
        nir.Linear(weights(4, 18)), lif(4),
    ),
    "SumPool2d before dense": lambda: image(
        conv(3, 1), lif(3, 6, 6), sum_pool(), flatten(),
        nir.Affine(weights(4, 27), np.full(4, 0.01)), lif(4),
    ),
    "windows that overlap, before dense": lambda: image(
        conv(3, 1), lif(3, 6, 6), sum_pool(3, 2, 1), flatten(), nir.Linear(weights(4, 27)),
        lif(4, v_threshold=9.0),
    ),
    "AvgPool2d before Conv2d": lambda: image(
        conv(3, 1), lif(3, 6, 6), avg_pool(), conv(4, 3, bias=np.full(4, 0.1)), lif(4, 1, 1),
    ),
    "SumPool2d before Conv2d with padding": lambda: image(
        conv(2, 1), lif(2, 6, 6), sum_pool(), conv(4, 2, padding=1, stride=2), lif(4, 2, 2)
    ),
    "SumPool2d of currents": lambda: image(
        conv(3, 1, dilation=2, bias=np.full(3, 0.02)), sum_pool(3, 1), lif(3, 2, 2, v_threshold=2.0)
    ),
    "AvgPool2d of currents": lambda: image(
        conv(3, 1, stride=2, padding=1, bias=np.full(3, 0.1)), avg_pool(), lif(3, 2, 2)
    ),
    "Scale by channel": lambda: image(
        conv(3, 1), nir.Scale(np.broadcast_to([[[0.5]], [[2.0]], [[1.0]]], (3, 6, 6)).copy()),
        lif(3, 6, 6, r=np.broadcast_to([[[20.0]], [[30.0]], [[15.0]]], (3, 6, 6))),
        nir.Scale(np.broadcast_to([[[1.5]], [[0.5]], [[1.0]]], (3, 6, 6)).copy()), conv(3, 3),
        lif(3, 4, 4),
    ),
    "any spike of a window": lambda: image(
        conv(3, 1), lif(3, 6, 6), sum_pool(), nir.Threshold(np.full((3, 3, 3), 0.5)), flatten(),
        nir.Linear(weights(4, 27)), lif(4),
    ),
    "any spike of a window, averaged": lambda: image(
        conv(3, 1), lif(3, 6, 6), avg_pool(), nir.Threshold(np.full((3, 3, 3), 0.2)), flatten(),
        nir.Linear(weights(4, 27)), lif(4),
    ),
    "a sum of two paths": lambda: graph_of(
        {
            "input": nir.Input(np.array([12])), "w": DENSE, "a": lif(6),
            "w.2": nir.Linear(weights(6, 6)), "skip": nir.Scale(np.full(6, 0.7)), "b": lif(6),
            "v": nir.Affine(weights(6, 12), np.full(6, -0.01)), "output": nir.Output(np.array([6])),
        },
        "input w", "w a", "a w.2", "w.2 b", "a skip", "skip b", "input v", "v b", "b output",
    ),
    "a sum of activities alone": lambda: graph_of(
        {
            "input": nir.Input(np.array([12])), "w": DENSE, "a": lif(6),
            "w2": nir.Linear(weights(6, 6)), "b": lif(6), "c": lif(6, v_threshold=1.2),
            "output": nir.Output(np.array([6])),
        },
        "input w", "w a", "a w2", "w2 b", "a c", "b c", "c output",
    ),
    "a batch in the input's shape": lambda: chain(
        nir.Input(np.array([1, 12])), DENSE, lif(6), *HEAD, type_check=False
    ),
    "delays of a step": lambda: chain(
        nir.Delay(np.full(12, 1e-3)), DENSE, lif(6), nir.Delay(np.full(6, 1e-3)), *HEAD
    ),
    "delays of no time": lambda: chain(nir.Delay(np.zeros(12)), DENSE, lif(6), *HEAD),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error", NirWarning)
        yield


def read_and_compare(
    graph: nir.NIRGraph, path, n_steps: int = 150
) -> bs.translation.nir.NirNetwork:
    """Read a graph from a file, and compare spikes with those by NIR's equations."""
    nir.write(str(path), graph, compression=None)
    network = bs.from_nir(path, dt=1 * ms)
    spikes = random_spikes(n_steps, int(np.prod(network.input_shape)), 0.3, seed=3)
    expected = nir_euler.run(graph, spikes, 1e-3, network.input_shape) > 0
    assert 10 < expected.sum() < 0.9 * expected.size
    found = still(network.ann, spikes, network.neuron, network.input_shape)
    np.testing.assert_array_equal(found, expected)
    return network


@pytest.mark.parametrize("kind", GRAPHS)
def test_the_spikes_are_those_of_nirs_equations(kind: str, tmp_path) -> None:
    read_and_compare(GRAPHS[kind](), tmp_path / "net.nir")


def test_a_graph_in_memory_is_read_as_it_is() -> None:
    graph = chain(DENSE, lif(6), *HEAD)
    network = bs.from_nir(graph, dt=1 * ms)
    np.testing.assert_array_equal(network.ann[0].weight.detach().numpy(), DENSE.weight)
    assert network.input_shape == (12,)
    assert network.dt == 1 * ms


def test_tensors_in_a_graph_are_read() -> None:
    weight = torch.full((6, 12), 0.5, requires_grad=True)
    network = bs.from_nir(chain(nir.Linear(weight), lif(6)), dt=1 * ms)
    assert (network.ann[0].weight == 0.5).all()


def test_what_was_trained_in_numbers_stays(tmp_path) -> None:
    network = bs.from_nir(chain(DENSE, lif(6, r=7.0, v_threshold=0.2), *HEAD), dt=1 * ms)
    assert network.neuron.decay == pytest.approx([0.95, 0.95])
    assert network.neuron.gain == pytest.approx([0.35, 1.0])
    assert network.neuron.threshold == pytest.approx([0.2, 0.5])
    np.testing.assert_array_equal(network.ann[2].weight.detach().numpy(), HEAD[0].weight)


def test_graphs_within_graphs_are_read_as_one(tmp_path) -> None:
    inner = chain(nir.Input(np.array([6])), lif(6))
    outer = chain(nir.Input(np.array([12])), DENSE, inner, type_check=False)
    nested = chain(nir.Input(np.array([12])), outer, *HEAD, type_check=False)
    nir.write(tmp_path / "nested.nir", nested)
    nir.write(tmp_path / "flat.nir", chain(DENSE, lif(6), *HEAD))
    one, other = (bs.from_nir(tmp_path / f"{name}.nir", dt=1 * ms) for name in ("nested", "flat"))
    assert one.neuron == other.neuron
    assert str(one.ann) == str(other.ann)
    for name, values in one.ann.state_dict().items():
        assert torch.equal(values, other.ann.state_dict()[name])


def test_a_flatten_may_count_the_batch() -> None:
    layers = (conv(3, 1), lif(3, 6, 6)), (nir.Linear(weights(4, 108)), lif(4))
    counting = nir.Flatten({"input": np.array([3, 6, 6])}, start_dim=1)
    network = bs.from_nir(image(*layers[0], counting, *layers[1], type_check=False), dt=1 * ms)
    x = torch.rand(2, 1, 8, 8, dtype=torch.float64)
    expected = bs.from_nir(image(*layers[0], flatten(), *layers[1]), dt=1 * ms).ann(x)
    assert torch.equal(network.ann(x), expected)


READOUTS = {  # a readout, and neurons that differ from it in that they spike
    "mere weights": ((), nir.Threshold(np.full(3, 0.4))),
    "LI": ((nir.LI(*(np.full(3, v) for v in (0.03, 30.0, 0.0))),), lif(3, tau=0.03, r=30.0)),
    "I": ((nir.I(np.full(3, 1000.0)),), nir.IF(np.full(3, 1000.0), np.full(3, 0.7))),
}


@pytest.mark.parametrize("kind", READOUTS)
def test_outputs_that_do_not_spike_are_read_and_said_to_be_silent(kind: str) -> None:
    readout, spiking = READOUTS[kind]
    head = nir.Affine(weights(3, 6), np.full(3, 0.1))
    with pytest.warns(NirWarning, match=r"without neurons that spike.*silent asleep"):
        network = bs.from_nir(chain(DENSE, lif(6), head, *readout), dt=1 * ms)
    spikes = random_spikes(100, 12, 0.3, seed=3)
    assert not still(network.ann, spikes, network.neuron).any()
    threshold = spiking.threshold if kind == "mere weights" else spiking.v_threshold
    awake = replace(network.neuron, threshold=[0.5, float(threshold[0])])
    expected = nir_euler.run(chain(DENSE, lif(6), head, spiking), spikes, 1e-3) > 0
    assert expected.sum() > 20
    np.testing.assert_array_equal(still(network.ann, spikes, awake), expected)
