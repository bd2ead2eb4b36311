"""Networks of many architectures, translated: every layer computes what its original does."""

import numpy as np
import pytest
import torch
from forward_pass import (
    BasicBlock,
    Bottleneck,
    Forward,
    ResNet,
    assert_translates,
    dense_matrix,
    randomized,
)
from torch import nn
from torch.nn import functional

import brainsleep as bs
from brainsleep.errors import BrainsleepError, ParameterError, TranslationError, UnitsError
from brainsleep.network.windows import Window
from brainsleep.translation import (
    INPUT,
    features,
    max_activations,
    record_activations,
    start_at,
    tadros_gains,
    translate,
    write_back,
)


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 3, 5, padding=2),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Conv2d(3, 4, 3, bias=False),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 6),
        nn.ReLU(),
        nn.Linear(6, 4),
    )


def vgg():
    """Return a network with max pooling before the ReLU in one block, and after it in the next."""
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.MaxPool2d(2, 1),
        nn.ReLU(inplace=True),
        nn.Dropout2d(),
        nn.Conv2d(3, 4, 3, padding="same", bias=False),
        nn.BatchNorm2d(4, affine=False),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2, padding=1),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(16, 5, bias=False),
        nn.BatchNorm1d(5),
        nn.ReLU(),
        nn.Linear(5, 3),
    )


def signals():
    return nn.Sequential(
        nn.Conv1d(2, 4, 3, stride=2, padding=1, dilation=2, groups=2),
        nn.BatchNorm1d(4),
        nn.ReLU(),
        nn.MaxPool1d(2, 1),
        nn.Conv1d(4, 6, 2, padding="valid"),
        nn.ReLU(),
        nn.AvgPool1d(2, 1, padding=1),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(6, 2),
    )


def grouped():
    return nn.Sequential(
        nn.Conv2d(4, 8, (3, 2), stride=(2, 1), padding=(1, 0), dilation=(1, 2), groups=4),
        nn.ReLU(),
        nn.Conv2d(8, 6, 1, groups=2),
        nn.ReLU(),
        nn.MaxPool2d((2, 1), stride=(1, 2), dilation=(2, 1)),
        nn.AvgPool2d((2, 1), stride=1, padding=(1, 0)),
        nn.Conv2d(6, 6, 2, groups=6, bias=False),
    )


def normed_before():
    """Return a network with BatchNorm on input, rectified and pooled activity, and zero padding."""
    return nn.Sequential(
        nn.BatchNorm2d(2),
        nn.Conv2d(2, 4, 3, padding=1, stride=2),
        nn.ReLU(),
        nn.BatchNorm2d(4),
        nn.Dropout(),
        nn.BatchNorm2d(4),
        nn.Conv2d(4, 6, 3, padding=1, groups=2, bias=False),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(6),
        nn.Flatten(),
        nn.BatchNorm1d(24),
        nn.Linear(24, 5, bias=False),
        nn.BatchNorm1d(5),
    )


def reshaped():
    return nn.Sequential(
        nn.Linear(8, 12),
        nn.BatchNorm1d(12),
        nn.ReLU(),
        nn.Unflatten(1, (3, 2, 2)),
        nn.Conv2d(3, 2, 2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(2, 2),
    )


#: Function that makes the network, shape of one input, and the layers expected.
ARCHITECTURES = {
    "lenet": (lenet, (1, 12, 12), ["0", "2", "3", "5", "7", "9"]),
    "vgg": (vgg, (2, 8, 8), ["0", "2", "5", "8", "9", "11", "14"]),
    "signals": (signals, (2, 17), ["0", "3", "4", "6", "7", "9"]),
    "grouped": (grouped, (4, 9, 8), ["0", "2", "4", "5", "6"]),
    "normed_before": (normed_before, (2, 8, 8), ["1", "6", "9", "13"]),
    "reshaped": (reshaped, None, ["0", "4", "7"]),
    "resnet": (lambda: ResNet(BasicBlock, 2), (3, 16, 16), None),
    "resnet_bottleneck": (lambda: ResNet(Bottleneck, 2), (3, 16, 16), None),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("which", ARCHITECTURES)
def test_architectures(which, dtype):
    make, shape, names = ARCHITECTURES[which]
    torch.manual_seed(0)
    ann = randomized(make(), dtype=dtype)
    translation = assert_translates(ann, shape, tolerance=1e-5 if dtype is torch.float32 else 1e-11)
    if names is not None:
        assert [layer.name for layer in translation.layers] == names
    for weight in translation.weights.values():
        assert weight.dtype == (np.float32 if dtype is torch.float32 else np.float64)


def test_resnet_layers():
    translation = translate(randomized(ResNet(BasicBlock, 2)), (3, 16, 16))
    assert translation.populations[:5] == ["input", "conv1", "maxpool", "layer1.0.conv1", "add"]
    assert translation.layer("maxpool").kind == "max_pool"
    assert translation.layer("avgpool").kind == "average_pool"
    assert "maxpool" not in translation.layer_names
    add = translation.layer("add")
    assert [(link.source, link.kind) for link in add.connections] == [
        ("layer1.0.conv1", "convolution"),
        ("maxpool", "identity"),
    ]
    down = translation.layer("add_2")
    assert [link.weight_name for link in down.connections] == [
        "layer2.0.conv2.weight",
        "layer2.0.downsample.0.weight",
    ]
    with pytest.raises(ParameterError, match="'add_2' has 2 connections with weights"):
        _ = down.weight
    with pytest.raises(ParameterError, match=r"called 'maxpol'. Did you mean 'maxpool'\?"):
        translation.layer("maxpol")


def linear(n_in=6, n_out=6, **kwargs):
    return nn.Linear(n_in, n_out, **kwargs)


def two_linears(forward):
    return lambda: Forward(
        forward, a=linear(), b=linear(bias=False), c=linear(6, 3), bn=nn.BatchNorm1d(6)
    )


#: Ways to add and to branch, on inputs of shape (6,), and the layers expected.
SUMS = {
    "plus": (lambda m, x: m.c((m.a(x) + x).relu()), ["add", "c"]),
    "method": (lambda m, x: m.c(m.a(x).add(x).relu()), ["add", "c"]),
    "in_place": (lambda m, x: m.c(m.a(x).add_(x).relu_()), ["add_", "c"]),
    "torch_add": (lambda m, x: m.c(torch.relu(torch.add(m.a(x), m.b(x)))), ["add", "c"]),
    "alpha_one": (lambda m, x: m.c(torch.relu(torch.add(m.a(x), x, alpha=1))), ["add", "c"]),
    "of_rectified": (lambda m, x: m.c(m.a(x).relu() + m.b(x).relu()), ["a", "b", "add", "c"]),
    "rectified_with_input": (lambda m, x: m.c(x + m.a(x).relu()), ["a", "add", "c"]),
    "rectified_again": (lambda m, x: m.c((x + m.a(x).relu()).relu()), ["a", "add", "c"]),
    "three": (lambda m, x: m.c((m.a(x) + m.b(x) + x).relu()), ["add_1", "c"]),
    "three_rectified": (lambda m, x: m.c(m.a(x).relu() + x + m.b(x).relu()), ["a", "b", "add_1"]),
    "chain": (
        lambda m, x: m.c([y := x + m.a(x).relu(), y + m.b(y).relu()][1]),
        ["a", "add", "b", "add_1", "c"],
    ),
    "at_the_output": (lambda m, x: m.b(m.a(x).relu()) + x, ["a", "add"]),
    "rectified_at_the_output": (lambda m, x: m.a(x).relu() + x, ["a", "add"]),
    "branches": (
        lambda m, x: m.c([h := m.a(x).relu(), torch.relu(m.b(h) + h)][1]),
        ["a", "add", "c"],
    ),
    "rectified_twice": (
        lambda m, x: m.c([h := m.a(x), torch.relu(m.b(h.relu()) + h.relu())][1]),
        ["a", "add", "c"],
    ),
    "sum_normalized": (lambda m, x: m.c(m.bn(m.a(x).relu() + x)), ["a", "add", "c"]),
    "in_place_unassigned": (
        lambda m, x: m.c([h := m.a(x), h.relu_(), torch.relu(m.b(h) + h)][2]),
        ["a", "add", "c"],
    ),
}


@pytest.mark.parametrize("which", SUMS)
def test_sums_and_branches(which):
    forward, names = SUMS[which]
    torch.manual_seed(1)
    translation = assert_translates(randomized(two_linears(forward)()))
    assert [layer.name for layer in translation.layers][: len(names)] == names


def test_a_sum_of_currents_is_normalized_exactly():
    ann = Forward(
        lambda m, x: m.c(m.bn(m.a(x) + m.b(x)).relu()),
        a=linear(),
        b=linear(bias=False),
        bn=nn.BatchNorm1d(6),
        c=linear(6, 3),
    )
    translation = assert_translates(randomized(ann))
    assert [link.fold is None for link in translation.layer("add").connections] == [False, False]


def conv(n_in=2, n_out=2, **kwargs):
    return nn.Conv2d(n_in, n_out, 3, padding=1, **kwargs)


#: Functions on images of shape (2, 4, 6), after a convolution and its ReLU, before a Linear.
FUNCTIONS = {
    "avg_pool2d": lambda m, x: functional.avg_pool2d(x, 2),
    "avg_pool2d_padded": lambda m, x: functional.avg_pool2d(x, (2, 3), 2, padding=(1, 0)),
    "avg_pool2d_of_shape": lambda m, x: functional.avg_pool2d(x, x.size()[2:]),
    "avg_pool2d_of_sizes": lambda m, x: functional.avg_pool2d(x, (x.shape[-2], x.size(3))),
    "max_pool2d": lambda m, x: functional.max_pool2d(x, 2, stride=(2, 1)),
    "max_pool2d_padded": lambda m, x: functional.max_pool2d(x, 3, 2, 1),
    "torch_max_pool2d": lambda m, x: torch.max_pool2d(x, 2),
    "adaptive": lambda m, x: functional.adaptive_avg_pool2d(x, (2, 3)),
    "adaptive_none": lambda m, x: functional.adaptive_avg_pool2d(x, (None, 2)),
    "adaptive_same": lambda m, x: functional.adaptive_avg_pool2d(x, (4, 6)),
    "mean": lambda m, x: x.mean((2, 3)),
    "mean_keepdim": lambda m, x: x.mean([-1, -2], keepdim=True),
    "mean_dim": lambda m, x: torch.mean(x, dim=(2, 3)),
    "mean_of_positions": lambda m, x: x.flatten(2).mean(-1),
    "in_one_dimension": lambda m, x: functional.max_pool1d(
        functional.avg_pool1d(x.flatten(2), 2), 3
    ),
    "adaptive1d": lambda m, x: functional.adaptive_avg_pool1d(x.flatten(2), 8),
    "conv2d": lambda m, x: functional.conv2d(x, m.weight, m.bias, (1, 2), padding=1).relu(),
    "conv2d_plain": lambda m, x: torch.relu(functional.conv2d(x, m.weight)),
    "conv2d_grouped": lambda m, x: functional.conv2d(
        x, weight=m.grouped, padding="same", dilation=2, groups=2
    ).relu(),
    "conv1d": lambda m, x: functional.conv1d(x.flatten(2), m.weight1d, stride=2).relu(),
    "squeezed": lambda m, x: x.mean((2, 3), True).squeeze(-1).squeeze(-1).unsqueeze(1),
    "dropout": lambda m, x: functional.dropout2d(x, training=m.training),
    "pooled_twice": lambda m, x: m.pool(m.pool(x)),
    "pooled_first": lambda m, x: m.conv(torch.relu(m.pool(m.pool(m.conv0(x))))),
    "pooled_and_not": lambda m, x: [
        y := m.conv0(x),
        p := functional.max_pool2d(y, 3, 1, 1),
        q := functional.max_pool2d(p, 3, 1, 1),
        q.relu() + m.conv((p.relu() + y.relu()).flatten(2).unflatten(2, (4, 6))).relu(),
    ][-1],
}


@pytest.mark.parametrize("which", FUNCTIONS)
def test_functions(which):
    torch.manual_seed(2)
    parameters = {
        "weight": nn.Parameter(torch.randn(3, 2, 3, 3)),
        "bias": nn.Parameter(torch.randn(3)),
        "grouped": nn.Parameter(torch.randn(4, 1, 3, 3)),
        "weight1d": nn.Parameter(torch.randn(3, 2, 4)),
    }
    hidden = Forward(
        FUNCTIONS[which], pool=nn.MaxPool2d(2, 1), conv=conv(), conv0=conv(), **parameters
    )
    n_hidden = hidden(torch.zeros(1, 2, 4, 6)).numel()
    ann = nn.Sequential(conv(), nn.ReLU(), hidden, nn.Flatten(), nn.Linear(n_hidden, 3))
    if which == "pooled_first":
        ann = nn.Sequential(*ann[:3], nn.ReLU(), *ann[3:])
    translation = assert_translates(ann, (2, 4, 6))
    names = [layer.name for layer in translation.layers]
    assert names[0] == "0"
    assert names[-1] == str(len(ann) - 1)
    if which == "pooled_twice":
        assert names[1:3] == ["2.pool", "_2_pool_1"]
    if which in ("adaptive_same", "dropout"):
        assert len(names) == 2, "what does nothing is no population"


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("which", ["lenet", "vgg", "signals", "resnet"])
def test_architectures_in_half_precision(which, dtype):
    make, shape, _ = ARCHITECTURES[which]
    assert_translates(randomized(make(), dtype=dtype), shape, tolerance=0.1)


def test_bias_is_none_only_where_nothing_makes_one():
    ann = nn.Sequential(
        conv(bias=False), nn.ReLU(), conv(bias=False), nn.BatchNorm2d(2), nn.ReLU(), conv()
    )
    layers = translate(randomized(ann), (2, 3, 3)).layers
    assert [layer.bias is None for layer in layers] == [True, False, False]
    np.testing.assert_array_equal(layers[2].bias, np.repeat(ann[5].bias.detach().numpy(), 9))


# What is refused, by name


class Sum(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        self.shortcut = shortcut or nn.Identity()

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def sequential(*modules, shape=(2, 4, 6)):
    return lambda: (nn.Sequential(*modules), shape)


def function(forward, shape=(2, 4, 6), **children):
    children = children or {"conv": conv(), "other": conv(), "bn": nn.BatchNorm2d(2)}
    return lambda: (Forward(forward, **children), shape)


def optional(default):
    class Optional(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x, y=default):
            return self.fc(y + x)

    return lambda: (Optional(), (4,))


relu = torch.relu

REFUSED = {
    "average_before_relu": (
        sequential(conv(), nn.AvgPool2d(2), nn.ReLU()),
        ["1:", "averages layer '0'", "ReLU before"],
    ),
    "average_of_pooled": (sequential(conv(), nn.MaxPool2d(2), nn.AvgPool2d(2)), ["2:", "ReLU"]),
    "mean_before_relu": (function(lambda m, x: m.conv(x).mean((2, 3))), ["mean:", "ReLU"]),
    "no_relu": (sequential(conv(), conv()), ["1:", "'0'", "without a ReLU"]),
    "no_relu_after_pool": (
        sequential(conv(), nn.MaxPool2d(2), conv()),
        ["2:", "'0'", "without a ReLU"],
    ),
    "pooled_output": (sequential(conv(), nn.MaxPool2d(2)), ["1:", "output layer '0'", "ReLU"]),
    "norm_after_pool": (
        sequential(conv(), nn.MaxPool2d(2), nn.BatchNorm2d(2), nn.ReLU()),
        ["2:", "max pooling '1'"],
    ),
    "norm_before_pool": (
        sequential(conv(), nn.ReLU(), nn.BatchNorm2d(2), nn.AvgPool2d(2), conv()),
        ["2:", "'3'", "before the ReLU"],
    ),
    "norm_before_relu": (
        sequential(nn.BatchNorm2d(2), nn.ReLU(), conv()),
        ["0:", "'1'", "before the ReLU"],
    ),
    "norm_at_the_output": (
        sequential(conv(), nn.ReLU(), nn.BatchNorm2d(2)),
        ["2:", "'the output'"],
    ),
    "norm_of_sum": (
        function(lambda m, x: m.bn(m.conv(x) + x).relu()),
        ["bn:", "sum", "'input'", "before the addition"],
    ),
    "norm_in_sum": (
        function(lambda m, x: m.conv(x) + m.bn(x)),
        ["bn:", "'add'"],
    ),
    "norm_of_flattened": (
        lambda: (randomized(nn.Sequential(conv(), nn.Flatten(), nn.BatchNorm1d(48))), (2, 4, 6)),
        ["2:", "positions of one channel", "0.weight"],
    ),
    "norm_of_the_batch": (
        sequential(conv(), nn.BatchNorm2d(2, track_running_stats=False)),
        ["1:", "track_running_stats"],
    ),
    "sum_without_relu": (
        function(lambda m, x: m.other(m.conv(x) + x)),
        ["other:", "'add'", "without a ReLU"],
    ),
    "sum_broadcast": (
        function(lambda m, x: relu(m.conv(x) + relu(m.other(x)).mean((2, 3), keepdim=True))),
        ["add:", "(2, 1, 1)", "equal shapes"],
    ),
    "sum_of_pooled": (
        function(lambda m, x: relu(functional.max_pool2d(m.conv(x), 3, 1, 1) + x)),
        ["add:", "'max_pool2d'"],
    ),
    "sum_with_itself": (function(lambda m, x: m.conv(x + x)), ["add:", "itself"]),
    "sum_of_same_source": (
        function(lambda m, x: relu(m.conv(x) + x + x)),
        ["add_1:", "'input' twice"],
    ),
    "sum_with_number": (function(lambda m, x: relu(m.conv(x) + 1)), ["add:", "number"]),
    "number_sum": (function(lambda m, x: relu(1 + m.conv(x))), ["add:", "number"]),
    "sum_with_size": (function(lambda m, x: relu(m.conv(x) + x.size(1))), ["add:", "number"]),
    "sum_with_parameter": (
        function(lambda m, x: relu(m.conv(x) + m.other.bias.view(2, 1, 1))),
        ["view", "parameters"],
    ),
    "sum_with_factor": (
        function(lambda m, x: relu(torch.add(m.conv(x), x, alpha=2))),
        ["add:", "alpha=2"],
    ),
    "current_in_two_layers": (
        function(lambda m, x: m.other([h := m.conv(x), relu(h) + relu(h + x)][1])),
        ["add:", "'conv.weight'", "'conv' already", "used twice"],
    ),
    "module_twice": (
        function(lambda m, x: m.conv(relu(m.conv(x)))),
        ["conv:", "used twice"],
    ),
    "loose_end": (
        function(lambda m, x: [m.conv(x), relu(m.other(x)).mean((2, 3))][0]),
        ["mean", "does not lead to the output"],
    ),
    "loose_current": (
        function(lambda m, x: [m.conv(x), m.other(x)][0]),
        ["other:", "does not lead to the output"],
    ),
    "in_a_module": (
        sequential(Forward(lambda m, x: functional.gelu(m.conv(x)), conv=conv())),
        ["gelu (in 0)", "ReLU"],
    ),
    "ceil_mode": (sequential(conv(), nn.ReLU(), nn.MaxPool2d(3, ceil_mode=True)), ["2:", "ceil"]),
    "ceil_mode_function": (
        function(lambda m, x: functional.avg_pool2d(relu(m.conv(x)), 3, ceil_mode=True)),
        ["avg_pool2d:", "ceil"],
    ),
    "return_indices": (
        sequential(conv(), nn.ReLU(), nn.MaxPool2d(2, return_indices=True)),
        ["2:", "indices"],
    ),
    "divisor": (
        sequential(conv(), nn.ReLU(), nn.AvgPool2d(2, divisor_override=3)),
        ["2:", "divisor_override"],
    ),
    "exclude_pad": (
        sequential(conv(), nn.ReLU(), nn.AvgPool2d(3, padding=1, count_include_pad=False)),
        ["2:", "count_include_pad"],
    ),
    "adaptive_uneven": (
        sequential(conv(), nn.ReLU(), nn.AdaptiveAvgPool2d(3)),
        ["2:", "4 × 6 to 3 × 3", "multiple"],
    ),
    "adaptive_enlarging": (
        sequential(conv(), nn.ReLU(), nn.AdaptiveAvgPool2d(8)),
        ["2:", "4 × 6 to 8 × 8", "multiple"],
    ),
    "pool_of_padding": (
        function(
            lambda m, x: functional.max_pool1d(relu(m.conv(x)), 2, 1, 1, 3),
            (1, 2),
            conv=nn.Conv1d(1, 1, 1),
        ),
        ["max_pool1d:", "padding"],
    ),
    "adaptive_max": (
        sequential(conv(), nn.ReLU(), nn.AdaptiveMaxPool2d(1)),
        ["2:", "AdaptiveMaxPool2d"],
    ),
    "mean_over_channels": (function(lambda m, x: relu(m.conv(x)).mean(1)), ["mean:", "(2, 3)"]),
    "mean_of_everything": (function(lambda m, x: relu(m.conv(x)).mean()), ["mean:", "batch"]),
    "reflected": (sequential(nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect")), ["0:", "'r"]),
    "padded_unevenly": (sequential(nn.Conv2d(2, 2, 2, padding="same")), ["0:", "'same'"]),
    "transposed_convolution": (sequential(nn.ConvTranspose2d(2, 2, 3)), ["0:", "ConvTranspose2d"]),
    "conv3d": (sequential(conv(), nn.Conv3d(2, 2, 3)), ["1:", "Conv3d"]),
    "layer_norm": (sequential(conv(), nn.LayerNorm(6)), ["1:", "LayerNorm", "BatchNorm"]),
    "concatenated": (function(lambda m, x: torch.cat([m.conv(x), x])), ["cat:", "concatenating"]),
    "permuted": (function(lambda m, x: m.conv(x).permute(0, 2, 3, 1)), ["permute:", "order"]),
    "integers": (function(lambda m, x: m.conv(x).to(torch.int64)), ["to:", "int64"]),
    "dropout_awake": (
        function(lambda m, x: functional.dropout(m.conv(x))),
        ["dropout:", "training=self.training"],
    ),
    "computed_kernel": (
        function(lambda m, x: functional.conv2d(x, x.flatten(1))),
        ["conv2d:", "cannot be run"],
    ),
    "linear_on_images": (
        sequential(conv(), nn.ReLU(), nn.Linear(6, 3)),
        ["2:", "takes 6 inputs", "48 neurons", "flatten"],
    ),
    "relu6": (sequential(conv(), nn.ReLU6()), ["1:", "ReLU6", "nn.ReLU"]),
    "does_not_fit": (sequential(conv(), shape=(3, 4, 4)), ["0:", "(3, 4, 4)"]),
    "without_channels": (sequential(conv(), shape=(4, 4)), ["0:", "(4, 4)"]),
    "batch_as_channels": (
        sequential(nn.Conv1d(2, 2, 3, padding=1), shape=(6,)),
        ["0:", "(channels, length)", "(6,)"],
    ),
    "nothing_in_it": (
        lambda: (nn.Sequential(nn.Linear(4, 0)), (4,)),
        ["0:", "at least one neuron"],
    ),
    "optional_number": (optional(1), ["add:", "'y'", "no activity"]),
    "optional_tensor": (optional(torch.ones(4)), ["cannot be traced"]),
    "no_input": (lambda: (Forward(None, fc=linear()), None), ["Forward cannot be traced"]),
}


@pytest.mark.parametrize("what", REFUSED)
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors", "ignore:Using padding")
def test_refused_by_name(what):
    make, words = REFUSED[what]
    ann, shape = make()
    with pytest.raises(TranslationError) as raised:
        translate(ann, shape)
    message = str(raised.value)
    for word in words:
        assert word in message, message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("shape", "error", "words"),
    [
        ("784", UnitsError, "input_shape must be the shape"),
        (784, UnitsError, "not 784"),
        ((1.5, 2), UnitsError, "whole numbers"),
        ((True, 2), UnitsError, "whole numbers"),
        ((), ParameterError, "at least one"),
        ((1, 0, 2), ParameterError, "positive"),
        ((1, -28, 28), ParameterError, "positive"),
    ],
)
def test_input_shapes_that_are_none(shape, error, words):
    with pytest.raises(error, match=words):
        translate(nn.Sequential(linear()), shape)


def test_input_shape_may_be_any_whole_numbers():
    translation = translate(lenet(), np.array([1, 12, 12]))
    assert translation.input_shape == (1, 12, 12)
    assert translation.n_inputs == 144


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["1.running_mean", "1.running_var", "1.weight", "0.weight"])
def test_norms_that_are_not_finite_are_named(name, value):
    ann = nn.Sequential(conv(), nn.BatchNorm2d(2), nn.ReLU())
    ann.state_dict()[name].view(-1)[0] = value
    with pytest.raises(ParameterError, match=f"layer '{name[0]}'.*{name}"):
        translate(ann, (2, 4, 4))


def test_norm_without_variance_is_named():
    ann = nn.Sequential(conv(), nn.BatchNorm2d(2, eps=0), nn.ReLU())
    ann[1].running_var[0] = 0
    with pytest.raises(ParameterError, match="layer '1': running_var"):
        translate(ann, (2, 4, 4))


# Windows


WINDOWS = [
    Window((2, 5, 6), (3, 5, 6), (3, 3), padding=(1, 1)),
    Window((4, 7, 5), (2, 3, 3), (3, 1), stride=(2, 2), groups=2),
    Window((1, 1, 9), (2, 1, 4), (1, 3), stride=(1, 2), padding=(0, 1), dilation=(1, 2)),
    Window((3, 4, 4), (3, 2, 2), (2, 2), stride=(2, 2), groups=3),
]


@pytest.mark.parametrize("window", WINDOWS)
def test_synapses_are_counted_as_they_are(window):
    table = dense_matrix(window)
    assert window.n_synapses == table.sum()
    source, target, _ = window.unrolled()
    assert set(zip(target, source, strict=True)) == set(zip(*np.nonzero(table), strict=True))


def test_translated_windows_count_their_synapses():
    translation = translate(grouped(), (4, 9, 8))
    for connection in translation.connections:
        table = dense_matrix(connection.window)
        assert table.shape == (connection.n_out, connection.n_in)
        assert connection.n_synapses == table.sum()
    residual = translate(nn.Sequential(Sum(linear())))
    assert [link.n_synapses for link in residual.connections] == [36, 6]
    assert residual.layers[0].n_synapses == 42


# Write-back of folded weights


@pytest.mark.parametrize("which", ["vgg", "signals", "normed_before", "reshaped", "resnet"])
def test_folded_weights_that_slept_are_unfolded(which):
    make, shape, _ = ARCHITECTURES[which]
    torch.manual_seed(0)
    ann = randomized(make(), dtype=torch.float64)
    before = {name: value.clone() for name, value in ann.state_dict().items()}
    translation = translate(ann, shape)
    rng = np.random.default_rng(0)
    slept = {
        name: weight + 0.1 * rng.standard_normal(weight.shape)
        for name, weight in translation.weights.items()
    }
    awake = write_back(ann, slept, translation)
    for name, weight in translate(awake, shape).weights.items():
        np.testing.assert_allclose(weight, slept[name], atol=1e-12)
    for name, value in ann.state_dict().items():
        assert torch.equal(before[name], value)
        if name not in slept:
            assert torch.equal(awake.state_dict()[name], value), "BatchNorm does not sleep"


def test_weights_that_no_norm_lets_through_stay():
    ann = randomized(nn.Sequential(conv(), nn.BatchNorm2d(2), nn.ReLU()))
    ann[1].weight.data[1] = 0
    translation = translate(ann, (2, 4, 4))
    slept = {"0.weight": translation.weights["0.weight"] + 1}
    awake = write_back(ann, slept, translation)
    assert torch.equal(awake[0].weight[1], ann[0].weight[1])
    scale = ann[1].weight[0] / torch.sqrt(ann[1].running_var[0] + ann[1].eps)
    torch.testing.assert_close(awake[0].weight[0], ann[0].weight[0] + 1 / scale)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_write_back_in_half_precision(dtype):
    ann = randomized(reshaped()).to(dtype)
    translation = translate(ann)
    back = write_back(ann, translation.weights, translation)
    for name, value in ann.state_dict().items():
        assert torch.equal(back.state_dict()[name], value)
        assert back.state_dict()[name].dtype == value.dtype


def test_kernels_of_height_one_fit():
    ann = signals()
    translation = translate(ann, (2, 17))
    assert translation.weights["0.weight"].shape == (4, 1, 1, 3)
    for shape in ((4, 1, 1, 3), (4, 1, 3)):
        awake = bs.write_back(ann, {"0.weight": np.full(shape, 0.5)})
        assert (awake[0].weight == 0.5).all()
    with pytest.raises(ParameterError, match=r"'0.weight' has shape \(4, 1, 3\)"):
        bs.write_back(ann, {"0.weight": np.zeros((4, 3, 1))})


# Activations and gains


def data_for(translation, n=4):
    return np.random.default_rng(3).random((n, *translation.input_shape))


def test_gains_of_a_network_with_pools_and_sums():
    torch.manual_seed(0)
    ann = randomized(ResNet(BasicBlock, 2))
    translation = translate(ann, (3, 16, 16))
    data = data_for(translation)
    gains = tadros_gains(translation, data, 3.0)
    assert len(gains) == len(translation.layer_names)
    largest = record_activations(translation, data)
    factor = 1.0
    for layer, gain in zip(translation.weighted_layers, gains, strict=True):
        weight = max(connection.weight.max() for connection in layer.weighted)
        factor = max(weight, largest[layer.name]) / factor
        assert gain == pytest.approx(3 / factor)
    assert max_activations(translation, data) == [largest[n] for n in translation.layer_names]


def test_gain_of_a_layer_without_weights():
    ann = two_linears(SUMS["rectified_with_input"][0])()
    translation = translate(ann)
    data = data_for(translation)
    largest = record_activations(translation, data)["add"]
    first, second, _ = tadros_gains(translation, data)
    assert 1 / second == pytest.approx(largest * first)


def test_activations_in_all_ways(monkeypatch):
    ann = lenet()
    translation = translate(ann, (1, 12, 12))
    images = torch.rand(5, 1, 12, 12)
    whole = record_activations(translation, images, None)
    assert list(whole) == translation.populations[1:]
    np.testing.assert_allclose(
        whole["2"], functional.avg_pool2d(ann[0](images).relu(), 2).detach(), atol=1e-6
    )
    monkeypatch.setattr("brainsleep.translation.activations.BATCH", 2)
    for reduce, function in {"max": np.max, "mean": np.mean}.items():
        for name, value in record_activations(translation, images, reduce).items():
            assert value == pytest.approx(function(whole[name]), rel=1e-5)
    shares = record_activations(
        translation, images.flatten(1).numpy(), lambda a: np.percentile(a, 90), ["3", "2"]
    )
    assert list(shares) == ["2", "3"]
    assert shares["3"] == pytest.approx(np.percentile(whole["3"], 90), rel=1e-5)
    assert list(record_activations(translation, images, "max", "2")) == ["2"]
    with pytest.raises(ParameterError, match="no layer is called '4'"):
        record_activations(translation, images, "max", ["4"])
    with pytest.raises(ParameterError, match=r"reduce 'maxi'.*Did you mean 'max'\?"):
        record_activations(translation, images, "maxi")


def test_activations_leave_the_data_alone():
    ann = nn.Sequential(nn.ReLU(inplace=True), linear())
    images = torch.full((3, 6), -1.0)
    record_activations(translate(ann), images)
    assert (images == -1).all()


# Part of a network


@pytest.mark.parametrize("which", ["lenet", "vgg", "signals", "normed_before", "reshaped"])
def test_start_in_the_middle(which):
    make, shape, _ = ARCHITECTURES[which]
    torch.manual_seed(0)
    translation = translate(randomized(make()), shape)
    images = data_for(translation)
    whole = record_activations(translation, images, None)
    for path in translation.populations[1:]:
        part = start_at(translation, path)
        inputs = features(translation, path, images)
        assert inputs.shape == (4, *part.input_shape)
        assert part.populations[:2] == [INPUT, path]
        outputs = record_activations(part, inputs, None)
        assert list(outputs) == list(whole)[-len(outputs) :]
        for name, values in outputs.items():
            np.testing.assert_allclose(values, whole[name], atol=1e-5)


def test_a_part_sleeps_with_the_weights_that_remain():
    translation = translate(lenet(), (1, 12, 12))
    assert start_at(translation, "7").layers[0].connections[0].source == INPUT
    assert set(start_at(translation, "7").weights) == {"7.weight", "9.weight"}


def test_start_in_a_residual_network():
    torch.manual_seed(0)
    translation = translate(randomized(ResNet(BasicBlock, 2)), (3, 16, 16))
    images = data_for(translation)
    whole = record_activations(translation, images, None)
    for path in ("layer1.0.conv1", "layer2.0.conv1", "layer2.1.conv1", "fc"):
        part = start_at(translation, path)
        inputs = features(translation, path, images)
        for name, values in record_activations(part, inputs, None).items():
            np.testing.assert_allclose(values, whole[name], atol=1e-5)
    assert len(tadros_gains(part, inputs)) == 1
    with pytest.raises(TranslationError) as raised:
        start_at(translation, "add")
    for word in ("'add'", "'maxpool'", "identity", "layer1.0.conv1"):
        assert word in str(raised.value)
    with pytest.raises(TranslationError, match=r"several populations, 'layer1.0.conv1', 'maxpool'"):
        features(translation, "add", images)
    with pytest.raises(ParameterError, match=r"'layer1.0.con1'. Did you mean"):
        start_at(translation, "layer1.0.con1")
    with pytest.raises(ParameterError, match=r"'cf'"):
        features(translation, "cf", images)


@pytest.mark.parametrize(
    "forward",
    [
        lambda m, x: m.c(m.b(m.a(x).relu()).relu().view(x.size(0), -1)),
        lambda m, x: m.c(m.b(m.a(x).relu()).relu().view(x.shape[0], -1)),
        lambda m, x: m.c(m.b(m.a(x).relu()).relu().view(x.size()[0] * 2 // 2, 6)),
        lambda m, x: m.c(functional.linear(m.a(x).relu(), m.b.weight).relu()),
    ],
)
def test_start_where_sizes_come_from_before(forward):
    translation = translate(two_linears(forward)())
    name = translation.layer_names[1]
    data = data_for(translation, 7)
    part = start_at(translation, name)
    outputs = record_activations(part, features(translation, name, data), None)
    whole = record_activations(translation, data, None)
    np.testing.assert_allclose(outputs["c"], whole["c"], atol=1e-6)


def test_start_where_it_cannot_be():
    forward = two_linears(lambda m, x: m.c(m.b(m.a(x).relu()).relu().view(-1, x.size(1))))
    with pytest.raises(TranslationError, match="'size'"):
        start_at(translate(forward()), "b")
    unassigned = two_linears(SUMS["in_place_unassigned"][0])
    with pytest.raises(TranslationError, match="in place"):
        start_at(translate(unassigned()), "add")


def test_part_of_a_network_keeps_its_constants():
    translation = translate(lenet(), (1, 12, 12))
    translation.constants["gain"] = {"0": 1.5, "9": 2.5}
    part = start_at(translation, "7")
    assert part.constants == {"gain": {"9": 2.5}}
    assert "2.5" in repr(part)


# The table


def test_table():
    translation = translate(nn.Sequential(conv(), nn.ReLU(), nn.MaxPool2d(2)), (2, 4, 6))
    assert repr(translation).splitlines() == [
        "layer  driven by            shape      neurons  synapses  bytes",
        "---------------------------------------------------------------",
        "input                       2 × 4 × 6       48",
        "0      input (convolution)  2 × 4 × 6       48       640    144",
        "2      0 (max_pool)         2 × 2 × 3       12        48",
    ]
    translation.constants.update(gain={"0": 0.123456}, threshold={"0": 2.0})
    assert translation.table()[0][5:] == ["gain", "threshold", "bytes"]
    assert translation.table()[2][5:] == ["0.1235", "2", "144"]
    assert "0.1235" in repr(translation)
    html = translation._repr_html_()
    assert html.count("<tr>") == 4
    assert "<th>threshold</th>" in html
    assert "<td>0 (max_pool)</td>" in html


def test_table_escapes_names():
    ann = nn.Sequential()
    ann.add_module("a<b", linear())
    assert "a&lt;b" in translate(ann)._repr_html_()


def test_a_wrong_shape_is_no_crash():
    shapes = [(1,), (144,), (1, 12), (1, 12, 12), (1, 2, 2), (3, 12, 12), (1, 1, 12, 12)]
    for make in (lenet, vgg, signals, reshaped):
        ann = make()
        translated = 0
        for shape in shapes:
            try:
                translate(ann, shape)
                translated += 1
            except BrainsleepError as error:
                message = str(error)
                assert "\n" not in message
        assert translated <= 1
