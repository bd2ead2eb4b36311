"""Elman nets as layers: the ways to write them, what is refused, activity over sequences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

import brainsleep as bs
from brainsleep.errors import ParameterError, TranslationError
from brainsleep.translation import activations, record_activations

OUTPUTS = {
    "last": lambda out, h, first: out[:, -1] if first else out[-1],
    "all": lambda out, h, first: out,
    "one long batch": lambda out, h, first: out.reshape(-1, 5),
    "state": lambda out, h, first: h[-1],
}


class Net(nn.Module):
    """A recurrent network of 6 inputs, 5 neurons and 3 outputs."""

    def __init__(self, returns="last", *, batch_first=True, **options) -> None:
        super().__init__()
        torch.manual_seed(0)
        options = {"nonlinearity": "relu"} | options
        self.rnn = nn.RNN(6, 5, batch_first=batch_first, **options)
        self.fc = nn.Linear(5, 3)
        self.returns = OUTPUTS.get(returns, returns)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.returns(*self.rnn(x), self.rnn.batch_first))


class CellNet(nn.Module):
    """The same with a cell, step by step; sequences come first or last."""

    def __init__(self, *, batch_first: bool) -> None:
        super().__init__()
        self.cell, self.fc = nn.RNNCell(6, 5, nonlinearity="relu"), nn.Linear(5, 3)
        self.batch_first = batch_first

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps = x if self.batch_first else x.transpose(0, 1)
        state, outputs = x.new_zeros(len(steps), 5), []
        for step in range(steps.shape[1]):
            state = self.cell(steps[:, step], state)
            outputs.append(self.fc(state))
        return torch.stack(outputs, int(self.batch_first))


class Encoded(nn.Module):
    """Layers before it, steps moved to the front in forward, and a state of zeros."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 7), nn.BatchNorm1d(7), nn.ReLU())
        self.rnn, self.fc = nn.RNN(7, 5, nonlinearity="relu"), nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        encoded = self.encoder(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        zero = torch.zeros(1, len(x), 5, dtype=x.dtype)
        return self.fc(self.rnn(encoded.transpose(0, 1), zero)[0][-1])


def states(translation, sequences):
    """Compute all layers step by step from the description alone; by layer, (n, n_steps, n_out)."""
    n, n_steps = sequences.shape[:2]
    before = {layer.name: np.zeros((n, layer.n_out)) for layer in translation.layers}
    found = {layer.name: [] for layer in translation.layers}
    for step in range(n_steps):
        now = {"input": sequences[:, step]}
        for layer in translation.layers:
            current = np.zeros((n, layer.n_out)) + (0 if layer.bias is None else layer.bias)
            for link in layer.connections:
                source = before if link.source == layer.name else now
                current = current + source[link.source] @ link.weight.T
            found[layer.name].append(current)
            now[layer.name] = np.maximum(current, 0)
        before = now
    return {name: np.stack(values, 1) for name, values in found.items()}


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("num_layers", [1, 2])
@pytest.mark.parametrize("returns", OUTPUTS)
def test_all_ways_to_use_a_recurrent_layer(returns, num_layers, batch_first) -> None:
    net = Net(returns, num_layers=num_layers, batch_first=batch_first).double()
    found = bs.translate(net)
    assert found.sequences.batch_first is batch_first
    assert found.sequences.returns == ("last" if returns in ("last", "state") else "all")
    names = ["rnn"] if num_layers == 1 else ["rnn.l0", "rnn.l1"]
    assert found.layer_names == [*names, "fc"]
    assert set(found.weights) == {name for name in net.state_dict() if "weight" in name}
    sequences = torch.rand(4, 7, 6, dtype=torch.float64)
    outputs = net(sequences if batch_first else sequences.transpose(0, 1)).detach()
    computed = states(found, sequences.numpy())["fc"]
    if found.sequences.returns == "last":
        computed = computed[:, -1]
    elif not batch_first:
        computed = computed.swapaxes(0, 1)
    np.testing.assert_allclose(outputs.reshape(computed.shape), computed, rtol=0, atol=1e-12)


@pytest.mark.parametrize("net", [CellNet(batch_first=True), CellNet(batch_first=False), Encoded()])
def test_cells_and_encoders(net) -> None:
    net = net.double().eval()
    found = bs.translate(net)
    sequences = torch.rand(4, 7, 6, dtype=torch.float64)
    batch_first = found.sequences.batch_first
    outputs = net(sequences if batch_first else sequences.transpose(0, 1)).detach().numpy()
    computed = states(found, sequences.numpy())["fc"]
    if found.sequences.returns == "last":
        computed = computed[:, -1]
    elif not batch_first:
        computed = computed.swapaxes(0, 1)
    np.testing.assert_allclose(outputs, computed, rtol=0, atol=1e-12)


def test_the_table_shows_recurrent_connections() -> None:
    found = bs.translate(Net())
    assert "input (dense) + itself (recurrent)" in repr(found)
    assert "itself (recurrent)" in found._repr_html_()
    assert found.layer("rnn").n_synapses == 6 * 5 + 5 * 5
    pruned = Net()
    prune.random_unstructured(pruned.rnn, "weight_hh_l0", amount=10)
    back = bs.translate(pruned).layer("rnn").connections[1]
    assert back.weight_name == "rnn.weight_hh_l0_orig"
    assert back.n_synapses == 15


@pytest.mark.parametrize("batch_first", [True, False])
def test_activity_over_sequences(batch_first: bool) -> None:
    net = Net(batch_first=batch_first).double()
    found = bs.translate(net)
    sequences = torch.rand(4, 7, 6, dtype=torch.float64)
    data = sequences if batch_first else sequences.transpose(0, 1)
    hidden = net.rnn(data)[0].detach()
    hidden = hidden if batch_first else hidden.transpose(0, 1)
    rows = record_activations(found, data, None)
    np.testing.assert_allclose(rows["rnn"], hidden.flatten(0, 1), rtol=0, atol=1e-12)
    everything = net.fc(hidden).flatten(0, 1).clamp(min=0).detach()
    np.testing.assert_allclose(rows["fc"], everything, rtol=0, atol=1e-12)
    by_population = activations(net, data)
    np.testing.assert_array_equal(by_population["input"], sequences.flatten(0, 1))
    np.testing.assert_array_equal(by_population["rnn"], rows["rnn"])
    with pytest.raises(ParameterError, match="takes sequences"):
        record_activations(found, sequences[:, 0])


@pytest.mark.parametrize(
    ("net", "says"),
    [
        (Net(nonlinearity="tanh"), "rnn: RNN has the nonlinearity 'tanh'.*nonlinearity=\"relu\""),
        (Net(bidirectional=True), "rnn: RNN is bidirectional.*bidirectional=False"),
        (Net(lambda out, h, first: out.mean(1)), "mean: takes a mean.*over steps"),
        (Net(lambda out, h, first: out.amax(1)), "amax: takes a mean, or a maximum, over"),
        (Net(lambda out, h, first: out[:, 0]), "neither what it computes in the last step"),
        (Net(lambda out, h, first: h[0], num_layers=2), "neither what it computes in the last"),
    ],
)
def test_what_cannot_be_translated_is_refused_by_name(net, says) -> None:
    with pytest.raises(TranslationError, match=says):
        bs.translate(net)


def test_weights_that_are_not_numbers_are_refused_by_name() -> None:
    net = Net(lambda out, h, first: out[:, -1])
    nn.init.constant_(net.rnn.weight_hh_l0, float("nan"))
    with pytest.raises(ParameterError, match=r"'rnn\.weight_hh_l0' holds NaN"):
        bs.translate(net)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU])
def test_gates_are_refused_by_name(kind) -> None:
    net = Net()
    net.rnn = kind(6, 5, batch_first=True)
    with pytest.raises(
        TranslationError,
        match=f'rnn: {kind.__name__} cannot be translated, since its gates.*"relu"',
    ):
        bs.translate(net)


def test_a_state_of_its_own_and_winners_are_refused() -> None:
    class Started(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.rnn(x, torch.ones(1, len(x), 5, dtype=x.dtype))[0][:, -1])

    class Competing(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(bs.wake.KWinners(0.5)(self.rnn(x)[0][:, -1]))

    with pytest.raises(TranslationError, match="rnn: begins with a state of its own"):
        bs.translate(Started())
    with pytest.raises(TranslationError, match="follows the recurrent layer 'rnn'"):
        bs.translate(Competing())


def test_sequences_are_made_before_the_network() -> None:
    class Rows(Net):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x.view(len(x), 6, 6))

    for shape in (None, (36,), (1, 6, 6)):
        with pytest.raises(TranslationError, match="must be given them instead"):
            bs.translate(Rows(), shape)


def test_an_unused_recurrent_layer_is_no_obstacle() -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    net[0].unused = nn.LSTM(3, 3)
    assert bs.translate(net).sequences is None
