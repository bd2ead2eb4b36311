"""Modules with habits of their own: state, chance, closures, copies that are none, odd tensors."""

import dataclasses
import random

import numpy as np
import pytest
import torch
from forward_pass import assert_translates, currents
from torch import nn
from torch.nn import functional

import brainsleep as bs
from brainsleep.errors import TranslationError
from brainsleep.translation import write_back


class Net(nn.Module):
    """Two layers, whose hidden activity is computed by a given function."""

    def __init__(self, hidden=None, **buffers):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(6, 6), nn.Linear(6, 3)
        self.hidden = hidden
        for name, value in buffers.items():
            self.register_buffer(name, value)

    def forward(self, x):
        return self.fc2(self.hidden(self, x))


def relu_of(network, x):
    return torch.relu(network.fc1(x))


class Reversal(torch.autograd.Function):
    """Turns the gradient round, as in domain adaptation."""

    @staticmethod
    def forward(_, x):
        return x.view_as(x)

    @staticmethod
    def backward(_, gradient):
        return -gradient


EXACT = {
    "view_as": lambda m, x: Reversal.apply(relu_of(m, x)),
    "reshape_as": lambda m, x: relu_of(m, x).reshape_as(x),
    "type_as": lambda m, x: torch.relu(m.fc1(x) + m.whole.type_as(x)),
    "to": lambda m, x: torch.relu(m.fc1(x) * m.whole.to(x)),
    "expand_as": lambda m, x: (lambda h: torch.relu(h + m.one.expand_as(h)))(m.fc1(x)),
    "zeros_like": lambda m, x: (lambda h: torch.relu(torch.zeros_like(h) + h))(m.fc1(x)),
    "ones_like": lambda m, x: torch.relu(m.fc1(x) - torch.ones_like(x)),
    "full_like": lambda m, x: torch.relu(m.fc1(x) + torch.full_like(x, 0.5)),
    "new_zeros": lambda m, x: torch.relu(m.fc1(x) + x.new_zeros(x.shape)),
    "new_tensor": lambda m, x: torch.relu(m.fc1(x) * x.new_tensor([2.0])),
    "zeros_of_the_batch": lambda m, x: torch.relu(torch.zeros(len(x), 6).to(x) + m.fc1(x)),
    "constant_to_its_own_type": lambda m, x: torch.relu(m.fc1(x) * torch.ones(6).to("cpu")),
    "data": lambda m, x: torch.relu(m.fc1(x.data)),
    "data_in_place": lambda m, x: (lambda h: [h.data.clamp_(min=0), h][1])(m.fc1(x)),
    "asserts_float32": lambda m, x: [relu_of(m, x), 1 / (x.dtype == torch.float32)][0],
}


@pytest.mark.parametrize("which", EXACT)
def test_exact(which):
    whole = torch.arange(6) if which != "to" else torch.linspace(-1, 1, 6, dtype=torch.float64)
    assert_translates(Net(EXACT[which], whole=whole, one=torch.tensor([0.3])))


def changes_after_use(network, x):
    hidden = torch.relu(network.fc1(x) + network.count)
    network.count.add_(1)
    return hidden


def decays(network, x):
    hidden = relu_of(network, x)
    network.fc1.weight.data.mul_(0.5)
    return hidden


def adds_in_place(network, x):
    out = torch.zeros(len(x), 6)
    out += network.fc1(x)
    return out.relu_()


REFUSED = {
    "changes_after_use": (changes_after_use, "earlier calls"),
    "decays": (decays, "earlier calls"),
    "adds_in_place": (adds_in_place, "add: changes a constant in place by activity"),
    "transposed": (lambda m, x: torch.relu(x.T.T), r"^T: T cannot be translated; a layer takes"),
    "real": (lambda m, x: torch.relu(x.real), r"^real: real cannot"),
    "parameter_product": (lambda m, x: torch.relu(x @ m.fc1.weight.T), r"matmul .* nn.Linear"),
    "addmm": (lambda m, x: torch.addmm(m.one, x, m.fc1.weight).relu(), r"addmm .* nn.Linear"),
    "weight_transposed": (
        lambda m, x: functional.linear(x, m.fc1.weight.t()).relu(),
        r"computed by t, .* of shape \(outputs, inputs\)",
    ),
    "weight_sliced": (
        lambda m, x: functional.linear(x, m.fc1.weight[:6]).relu(),
        "computed by getitem, .* a parameter of its own",
    ),
    "called_twice": (
        lambda m, x: torch.relu(m.fc1(torch.relu(m.fc1(x)))),
        "^fc1: is called more than once",
    ),
    "rounded": (
        lambda m, x: relu_of(m, x).to(torch.bfloat16).float(),
        "^to: rounds .*bfloat16, .* leave",
    ),
}


@pytest.mark.parametrize("which", REFUSED)
def test_refused(which):
    does, words = REFUSED[which]
    with pytest.raises(TranslationError, match=words) as raised:
        bs.translate(Net(does, count=torch.zeros(1), one=torch.tensor([0.3])), (6,))
    assert "\n" not in str(raised.value)


def of_torch():
    return float(torch.rand(1))


@pytest.mark.parametrize("draw", [random.random, np.random.random, of_torch])
def test_a_branch_by_chance_is_refused(draw):
    def drops_the_layer(network, x):
        return torch.relu(network.fc1(x) * (2 if draw() < 0.5 else 1))

    for seed in range(8):  # whatever the first runs happen to draw
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)
        with pytest.raises(TranslationError, match=r"chance|random numbers|each time"):
            bs.translate(Net(drops_the_layer))


def test_random_numbers_on_which_nothing_depends_are_let_be():
    assert_translates(Net(lambda m, x: [relu_of(m, x), random.random(), np.random.random()][0]))


def test_a_closure_over_the_network_is_refused_and_changes_nothing():
    network = nn.Sequential(nn.Linear(6, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))
    ann = Net(lambda m, x: m.act(x))
    ann.body = network
    ann.act = lambda x: torch.relu(ann.body[1](ann.body[0](x)))
    before = {name: value.clone() for name, value in ann.state_dict().items()}
    with pytest.raises(TranslationError, match=r"uses 'body.0.weight' of the network itself"):
        bs.translate(ann, (6,))
    for name, value in ann.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_weights_that_share_memory_are_refused():
    ann = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 6))
    ann[2].weight.data = ann[0].weight.data.t()  # as tied autoencoders do
    with pytest.raises(TranslationError, match=r"^2\.weight: shares its memory with '0\.weight'"):
        bs.translate(ann)
    flat = torch.randn(96)  # one memory, but each has its own part of it
    ann[0].weight.data, ann[2].weight.data = flat[:48].view(8, 6), flat[48:].view(6, 8)
    assert_translates(ann)


def test_what_wakes_up_in_inference_mode_can_be_trained():
    ann = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    with torch.inference_mode():
        translation = bs.translate(ann)
        awake = write_back(ann, translation.weights, translation)
    awake(torch.rand(2, 6)).sum().backward()
    assert awake[0].weight.grad is not None


class Shared(nn.Sequential):
    """Not copied, as teachers are in distillation."""

    def __deepcopy__(self, memo):
        return self


def test_a_part_that_cannot_be_copied_is_refused_and_left_alone():
    ann = nn.Sequential(Shared(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU()), nn.Linear(8, 3))
    with pytest.raises(TranslationError, match=r"^0: copy\.deepcopy returns the same object"):
        bs.translate(ann)
    assert ann[0].training
    assert ann[0][0].weight.dtype == torch.float32


class OwnStateDict(Net):
    def state_dict(self, *args, **kwargs):
        return {"model": super().state_dict(*args, **kwargs), "epoch": 3}


class ShortStateDict(Net):
    def state_dict(self):
        return {}


class Incomplete(nn.Module):
    def __init__(self):
        pass


@dataclasses.dataclass
class Unhashable(nn.Module):
    width: int = 8

    def __post_init__(self):
        super().__init__()
        self.fc = nn.Linear(6, self.width)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: OwnStateDict(relu_of), r"state_dict\(\) does not hold 'fc1.weight'"),
        (lambda: ShortStateDict(relu_of), r"state_dict\(\) fails"),
        (Incomplete, r"Incomplete is no complete module .*super\(\).__init__"),
        (Unhashable, r"Unhashable is no complete module .*eq=False"),
    ],
)
def test_modules_that_are_not_as_torch_has_them(make, words):
    with pytest.raises(TranslationError, match=words):
        bs.translate(make())


class EvalReturnsNothing(Net):
    def eval(self):
        super().eval()


def test_eval_may_return_nothing():
    ann = EvalReturnsNothing(relu_of)
    images = torch.rand(2, 6)
    expected = ann(images).detach()
    found = currents(bs.translate(ann), images)["fc2"]
    torch.testing.assert_close(found, expected)


class Around(nn.Module):
    """A module between two layers, called in its own way."""

    def __init__(self, inner, call):
        super().__init__()
        self.fc1, self.inner, self.fc2 = nn.Linear(6, 6), inner, nn.Linear(6, 3)
        self.call = call

    def forward(self, x):
        return self.fc2(self.call(self.inner, torch.relu(self.fc1(x))))


@pytest.mark.parametrize(
    ("inner", "call"),
    [
        (nn.LSTM(6, 6), lambda lstm, x: lstm(x)[0]),
        (nn.GRU(5, 6), lambda gru, x: gru(x)[0]),  # which does not even run
        (nn.GRUCell(6, 6), lambda cell, x: cell(x)),
        (nn.MultiheadAttention(6, 2), lambda attention, x: attention(x, x, x)[0]),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, nn.Module) else "",
)
@pytest.mark.parametrize("input_shape", [None, (6,)])
def test_recurrence_and_attention_are_refused_by_name(inner, call, input_shape):
    name = type(inner).__name__
    with pytest.raises(TranslationError, match=f"inner: {name} cannot be translated"):
        bs.translate(Around(inner, call), input_shape)


def test_what_is_there_and_not_used_is_nothing_to_refuse():
    network = Around(nn.LSTM(6, 6), lambda _, x: x)
    assert bs.translate(network).layer_names == ["fc1", "fc2"]
    network.call = lambda _, x: torch.tanh(x)
    with pytest.raises(TranslationError, match="ReLU") as raised:
        bs.translate(network)
    assert "LSTM" not in str(raised.value)
