"""Networks of several architectures, for the tests of translation."""

import numpy as np
import torch
from forward_pass import BasicBlock, Bottleneck, Forward, ResNet
from torch import nn


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
    "in_place": (lambda m, x: m.c(m.a(x).add_(x).relu_()), ["add", "c"]),
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


def with_constants(forward):
    return lambda: Forward(forward, a=linear(), c=linear(6, 3))


#: Arithmetic with constants, on inputs of shape (6,), which folds into weights and biases.
CONSTANTS = {
    "input_divided": lambda m, x: m.c(m.a(x / 255).relu()),
    "input_normalized": lambda m, x: m.c(m.a((x - 0.1307) / 0.3081).relu()),
    "input_normalized_by_feature": lambda m, x: m.c(
        m.a(x.sub(torch.arange(6)).div(torch.full((6,), 0.5))).relu()
    ),
    "input_in_both_signs": lambda m, x: m.c(m.a(x * 2 - 1).relu()),
    "input_turned": lambda m, x: m.c(m.a(1 - x).relu()),
    "input_negative": lambda m, x: m.c(m.a(-x).relu()),
    "input_minus_parameter": lambda m, x: m.c(m.a(torch.sub(x, m.c.bias[0], alpha=3)).relu()),
    "current_scaled": lambda m, x: m.c((2 * m.a(x)).relu()),
    "current_turned": lambda m, x: m.c((m.a(x) / -2).relu()),
    "current_shifted": lambda m, x: m.c((m.a(x) + 1).relu()),
    "shifted_first": lambda m, x: m.c((1 + m.a(x)).relu()),
    "shifted_by_size": lambda m, x: m.c((m.a(x) + x.size(1)).relu()),
    "shifted_by_parameter": lambda m, x: m.c((m.a(x) + m.a.bias.view(1, 6)).relu()),
    "scaled_by_size": lambda m, x: m.c((m.a(x) * x.size(1)).relu()),
    "activity_scaled": lambda m, x: m.c(m.a(x).relu() * 0.5),
    "activity_shifted": lambda m, x: m.c(m.a(x).relu() - 0.5),
    "output_scaled": lambda m, x: m.c(m.a(x).relu()) / 10,
    "sum_shifted": lambda m, x: m.c((m.a(x) + x - 0.3).relu()),
    "rectified_sum_shifted": lambda m, x: m.c((m.a(x).relu() + x - 2).relu()),
    "one_row_for_each": lambda m, x: m.c(m.a(x + torch.ones(len(x), 6)).relu()),
    "in_place": lambda m, x: m.c(m.a(x).mul_(3).sub_(0.5).relu_()),
}


def conv(n_in=2, n_out=2, **kwargs):
    return nn.Conv2d(n_in, n_out, 3, padding=1, **kwargs)


class Sum(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        self.shortcut = shortcut or nn.Identity()

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def data_for(translation, n=4):
    return np.random.default_rng(3).random((n, *translation.input_shape))
