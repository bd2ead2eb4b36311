"""From a torch module to layers and back: what can be translated, what is refused, and how."""

import copy
import math

import numpy as np
import pytest
import torch
from helpers import SMALL, mlp
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations

import brainsleep as bs
from brainsleep.errors import ParameterError, TranslationError, UnitsError

translate = bs.translate


class Custom(nn.Module):
    """A user's module, whose forward pass is given."""

    def __init__(self, forward, sizes=(12, 10, 5), **children):
        super().__init__()
        self.fc1 = nn.Linear(sizes[0], sizes[1])
        self.fc2 = nn.Linear(sizes[1], sizes[2], bias=False)
        self.relu = nn.ReLU()
        for name, child in children.items():
            setattr(self, name, child)
        self.does = forward

    def forward(self, x):
        return self.does(self, x)


# What can be translated

UNDERSTOOD = {
    "relu_module": lambda m, x: m.fc2(m.relu(m.fc1(x))),
    "relu_module_twice": lambda m, x: m.relu(m.fc2(m.relu(m.fc1(x)))),
    "functional_relu": lambda m, x: m.fc2(functional.relu(m.fc1(x))),
    "inplace_relu": lambda m, x: m.fc2(functional.relu(m.fc1(x), inplace=True)),
    "torch_relu": lambda m, x: m.fc2(torch.relu(m.fc1(x))),
    "relu_method": lambda m, x: m.fc2(m.fc1(x).relu()),
    "relu_underscore": lambda m, x: m.fc2(m.fc1(x).relu_()),
    "flatten": lambda m, x: m.fc2(torch.relu(m.fc1(torch.flatten(x, 1)))),
    "flatten_method": lambda m, x: m.fc2(torch.relu(m.fc1(x.flatten(1)))),
    "view_size": lambda m, x: m.fc2(torch.relu(m.fc1(x.view(x.size(0), -1)))),
    "view_shape": lambda m, x: m.fc2(torch.relu(m.fc1(x.view(x.shape[0], -1)))),
    "view_product": lambda m, x: m.fc2(torch.relu(m.fc1(x.view(-1, x.size(1) * x.size(2))))),
    "reshape": lambda m, x: m.fc2(torch.relu(m.fc1(torch.reshape(x, (-1, 12)).contiguous()))),
    "dropout": lambda m, x: m.fc2(
        functional.dropout(torch.relu(m.fc1(x.flatten(1))), 0.5, m.training)
    ),
    "relu_of_the_input": lambda m, x: m.fc2(torch.relu(m.fc1(torch.relu(x.flatten(1))))),
    "float": lambda m, x: m.fc2(torch.relu(m.fc1(x.flatten(1).float()))),
}


@pytest.mark.parametrize("how", UNDERSTOOD)
def test_ways_to_write_the_same_network(how):
    ann = Custom(UNDERSTOOD[how])
    translation = translate(ann, (3, 4) if how == "view_product" else None)
    assert translation.layer_names == ["fc1", "fc2"]
    assert translation.sizes == (12, 10, 5)
    first, second = translation.layers
    np.testing.assert_array_equal(first.weight, ann.fc1.weight.detach().numpy())
    np.testing.assert_array_equal(first.bias, ann.fc1.bias.detach().numpy())
    assert (first.weight_name, first.n_in, first.n_out) == ("fc1.weight", 12, 10)
    assert (second.weight_name, second.n_in, second.n_out) == ("fc2.weight", 10, 5)
    assert second.bias is None
    flat = how.startswith(("relu_module", "functional", "inplace", "torch", "relu_method"))
    images = torch.rand(3, 12) if flat or how == "relu_underscore" else torch.rand(3, 3, 4)
    assert translation.graph(images).shape == (3, 5), "the traced copy still runs"


def test_sequential_with_everything_that_passes():
    ann = nn.Sequential(
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(12, 10),
        nn.Identity(),
        nn.ReLU(inplace=True),
        nn.Dropout(),
        nn.Linear(10, 8, bias=False),
        nn.ReLU(),
        nn.Identity(),
        nn.Linear(8, 5),
    )
    translation = translate(ann)
    assert translation.layer_names == ["2", "6", "9"]
    assert [layer.bias is None for layer in translation.layers] == [False, True, False]


def test_nested_modules_give_their_path():
    inner = nn.Sequential(nn.Linear(12, 10), nn.ReLU())
    ann = Custom(lambda m, x: m.fc2(m.features.block(x)), features=nn.ModuleDict({"block": inner}))
    translation = translate(ann)
    assert translation.layer_names == ["features.block.0", "fc2"]
    assert translation.layers[0].weight_name == "features.block.0.weight"


def test_functional_linear_on_parameters():
    def forward(m, x):
        hidden = functional.relu(functional.linear(x, m.w1, bias=m.b1))
        return functional.linear(input=hidden, weight=m.w2)

    ann = Custom(
        forward,
        w1=nn.Parameter(torch.randn(10, 12)),
        b1=nn.Parameter(torch.randn(10)),
        w2=nn.Parameter(torch.randn(5, 10)),
    )
    translation = translate(ann)
    assert translation.layer_names == ["linear", "linear_1"]
    assert [layer.weight_name for layer in translation.layers] == ["w1", "w2"]
    np.testing.assert_array_equal(translation.layers[0].bias, ann.b1.detach().numpy())
    assert translation.layers[1].bias is None
    np.testing.assert_array_equal(translation.layers[0].weight, ann.w1.detach().numpy())


def test_optional_second_argument_is_fine():
    class Optional(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)

        def forward(self, x, scale=None):
            return self.fc(x)

    assert translate(Optional()).layer_names == ["fc"]


def test_one_layer():
    assert translate(nn.Sequential(nn.Linear(4, 3))).sizes == (4, 3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_weights_of_any_precision_are_copied_exactly(dtype):
    ann = mlp(SMALL, bias=True, dtype=dtype)
    for layer in translate(ann).layers:
        state = ann.state_dict()[layer.weight_name]
        assert layer.weight.dtype == (np.float64 if dtype is torch.float64 else np.float32)
        np.testing.assert_array_equal(layer.weight, state.double().numpy())


def test_translation_shares_no_memory_with_the_network():
    ann = mlp(SMALL)
    translation = translate(ann)
    before = copy.deepcopy(ann.state_dict())
    translation.layers[0].weight[:] = 7
    next(translation.graph.parameters()).data[:] = 9
    assert all(torch.equal(before[name], value) for name, value in ann.state_dict().items())


def test_modes_and_gradients_are_left_as_they_were():
    ann = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Dropout(), nn.Linear(3, 2))
    ann.train()
    ann[2].eval()
    ann[3].weight.requires_grad_(False)
    ann(torch.rand(2, 4)).sum().backward()
    gradient = ann[0].weight.grad.clone()
    translate(ann)
    assert [module.training for module in ann] == [True, True, False, True]
    assert [p.requires_grad for p in ann.parameters()] == [True, True, False, True]
    assert torch.equal(ann[0].weight.grad, gradient)


# What is refused, by name


def shared():
    linear = nn.Linear(4, 4)
    return nn.Sequential(linear, nn.ReLU(), linear)


def tied():
    ann = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 4))
    ann[2].weight = ann[0].weight
    return ann


def parametrized():
    ann = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3))
    parametrizations.weight_norm(ann[2])
    return ann


def two_inputs():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3, 2)

        def forward(self, x, y):
            return self.fc(x)

    return Two()


REFUSED = {
    "conv_without_shape": (
        lambda: nn.Sequential(
            nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), nn.Flatten(), nn.Linear(8, 2)
        ),
        ["0.0", "pass bs.translate(ann, input_shape=(channels, height, width))"],
    ),
    "conv1d_without_shape": (
        lambda: nn.Sequential(nn.Conv1d(1, 2, 3)),
        ["0", "pass bs.translate(ann, input_shape=(channels, length))"],
    ),
    "view_without_shape": (
        lambda: Custom(UNDERSTOOD["view_product"]),
        ["size", "(12,)", "first Linear", "pass bs.translate(ann, input_shape=..."],
    ),
    "sigmoid": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 2)),
        ["1", "Sigmoid"],
    ),
    "leaky": (lambda: nn.Sequential(nn.Linear(4, 3), nn.LeakyReLU()), ["1", "LeakyReLU"]),
    "functional_tanh": (lambda: Custom(lambda m, x: m.fc2(torch.tanh(m.fc1(x)))), ["tanh"]),
    "method_sigmoid": (lambda: Custom(lambda m, x: m.fc2(m.fc1(x).sigmoid())), ["sigmoid"]),
    "sliced": (lambda: Custom(lambda m, x: m.fc2(torch.relu(m.fc1(x[:, :12])))), ["getitem"]),
    "transposed": (lambda: Custom(lambda m, x: m.fc2(torch.relu(m.fc1(x).t()))), ["t"]),
    "doubled_path": (
        lambda: Custom(lambda m, x: m.fc2(torch.relu(m.fc1(x)) + torch.relu(m.fc1(x)))),
        ["fc1"],
    ),
    "shared_module": (shared, ["0", "used twice"]),
    "tied_weights": (tied, ["2", "'0'", "used twice"]),
    "parametrization": (parametrized, ["2", "parametrization"]),
    "no_relu": (
        lambda: nn.Sequential(nn.Linear(4, 3), nn.Dropout(), nn.Linear(3, 2)),
        ["2", "'0'", "without a ReLU"],
    ),
    "second_input": (two_inputs, ["'y'", "second input"]),
    "no_linear": (lambda: nn.Sequential(nn.Flatten(), nn.ReLU()), ["no Linear"]),
    "empty": (lambda: nn.Sequential(), ["no Linear"]),
    "many_outputs": (
        lambda: Custom(lambda m, x: (m.fc2(torch.relu(m.fc1(x))), x)),
        ["must return the activity"],
    ),
    "unused_head": (
        lambda: Custom(lambda m, x: [h := torch.relu(m.fc1(x)), m.fc2(h)][0]),
        ["must return the activity"],
    ),
    "data_dependent": (
        lambda: Custom(lambda m, x: m.fc1(x) if x.sum() > 0 else m.fc2(x)),
        ["Custom", "branch on the data"],
    ),
    "partial_population": (
        lambda: Custom(
            lambda m, x: m.fc3(torch.relu(m.fc1(x)).reshape(-1, 2, 5)), fc3=nn.Linear(5, 2)
        ),
        ["fc3", "takes 5 inputs", "10 neurons"],
    ),
    "mixed_batch": (
        lambda: Custom(
            lambda m, x: m.fc3(torch.relu(m.fc1(x)).reshape(-1, 5)), fc3=nn.Linear(5, 2)
        ),
        ["reshape", "(4, 5)", "batch must stay the first dimension"],
    ),
    "named_input": (
        lambda: Custom(lambda m, x: m.get_submodule("input")(x), input=nn.Linear(12, 3)),
        ["'input'"],
    ),
    "same_name_twice": (
        lambda: Custom(
            lambda m, x: m.linear_1(
                torch.relu(functional.linear(torch.relu(functional.linear(x, m.a)), m.b))
            ),
            a=nn.Parameter(torch.ones(5, 12)),
            b=nn.Parameter(torch.ones(5, 5)),
            linear_1=nn.Linear(5, 4),
        ),
        ["'linear_1'", "two layers"],
    ),
    "computed_weight": (
        lambda: Custom(lambda m, x: functional.linear(x, 2 * m.fc1.weight)),
        ["mul", "parameters of the module"],
    ),
    "lazy": (lambda: nn.Sequential(nn.LazyLinear(3)), ["LazyLinear"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_its_path(what, empty_cache):
    make, words = REFUSED[what]
    ann = make()
    with pytest.raises(TranslationError) as raised:
        bs.sleep(ann, np.zeros(4), neuron=bs.Heaviside(1, 1), plasticity=bs.SRC())
    message = str(raised.value)
    for word in words:
        assert word in message, message
    assert "\n" not in message
    assert not any(empty_cache.iterdir())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("parameter", ["0.weight", "2.weight", "4.bias"])
def test_weights_that_are_not_finite_are_named(parameter, value):
    ann = mlp(SMALL, bias=True)
    ann.state_dict()[parameter].view(-1)[-1] = value
    with pytest.raises(ParameterError, match=f"layer '{parameter[0]}'.*{parameter}"):
        translate(ann)


@pytest.mark.parametrize("what", [None, "net", {"0.weight": 1}, nn.Linear, lambda x: x])
def test_what_is_no_network(what):
    with pytest.raises(UnitsError, match=r"ann must be a torch.nn.Module"):
        translate(what)
