"""Networks and shapes that cannot be translated are refused by the name of the part."""

import numpy as np
import pytest
import torch
from architectures import conv, lenet, linear, reshaped, signals, vgg
from forward_pass import Forward, randomized
from torch import nn
from torch.nn import functional

from brainsleep.errors import BrainsleepError, ParameterError, TranslationError, UnitsError
from brainsleep.translation import as_translation, translate


def sequential(*modules, shape=(2, 4, 6)):
    return lambda: (nn.Sequential(*modules), shape)


def function(forward, shape=(2, 4, 6), **children):
    children = children or {"conv": conv(), "other": conv(), "bn": nn.BatchNorm2d(2)}
    return lambda: (Forward(forward, **children), shape)


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
    "ceil_mode": (sequential(conv(), nn.ReLU(), nn.AvgPool2d(3, ceil_mode=True)), ["2:", "ceil"]),
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
    "mean_over_channels": (function(lambda m, x: relu(m.conv(x)).mean(1)), ["mean:", "(2, 3)"]),
    "mean_of_everything": (function(lambda m, x: relu(m.conv(x)).mean()), ["mean:", "batch"]),
    "reflected": (sequential(nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect")), ["0:", "'r"]),
    "padded_unevenly": (sequential(nn.Conv2d(2, 2, 2, padding="same")), ["0:", "'same'"]),
    "transposed_convolution": (sequential(nn.ConvTranspose2d(2, 2, 3)), ["0:", "ConvTranspose2d"]),
    "conv3d": (sequential(conv(), nn.Conv3d(2, 2, 3)), ["1:", "Conv3d"]),
    "layer_norm": (sequential(conv(), nn.LayerNorm(6)), ["1:", "LayerNorm", "BatchNorm"]),
    "channels_normalised": (
        sequential(conv(), nn.LocalResponseNorm(2)),
        ["1:", "LocalResponseNorm", "size 1 with negative weights among channels"],
    ),
    "channels_normalised_by_function": (
        function(lambda m, x: functional.local_response_norm(m.conv(x), 2)),
        ["local_response_norm:", "size 1 with negative weights among channels"],
    ),
    "concatenated": (function(lambda m, x: torch.cat([m.conv(x), x])), ["cat:", "concatenating"]),
    "permuted": (function(lambda m, x: m.conv(x).permute(0, 2, 3, 1)), ["permute:", "order"]),
    "integers": (function(lambda m, x: m.conv(x).to(torch.int64)), ["to:", "int64"]),
    "dropout_awake": (
        function(lambda m, x: functional.dropout(m.conv(x))),
        ["dropout:", "evaluation mode", "self.training"],
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
    "no_input": (
        lambda: (Forward(None, fc=linear()), None),
        ["Forward: cannot be run", "TypeError"],
    ),
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
        ("784", UnitsError, "input_shape must be a shape like"),
        (784, UnitsError, "not 784"),
        ((1.5, 2), UnitsError, "must be a whole number"),
        ((True, 2), UnitsError, "must be a whole number"),
        ((), ParameterError, "at least one"),
        ((1, 0, 2), ParameterError, "must be at least 1"),
        ((1, -28, 28), ParameterError, "must be at least 1"),
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


@pytest.mark.parametrize("layer", [nn.Tanh(), nn.GELU(), nn.LayerNorm(20)])
def test_a_shape_that_does_not_fit_hides_no_layer_that_cannot_be_translated(
    layer: nn.Module,
) -> None:
    """Of a network that takes flat rows of folded images, as an own one in a model file does."""
    network = nn.Sequential(nn.Linear(64, 20), layer, nn.Linear(20, 3))
    with pytest.raises(TranslationError, match=rf"^1: {type(layer).__name__} cannot be translated"):
        as_translation(network, [(8, 8), (64,)])
    convolution = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5, 3))
    with pytest.raises(TranslationError, match=r"^3: cannot be run when .* \(1, 8, 8\)"):
        as_translation(convolution, [(1, 8, 8), (64,)])
