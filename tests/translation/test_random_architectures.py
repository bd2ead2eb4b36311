"""Random networks, valid and not: they translate exactly, or the right module is named."""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch
from forward_pass import assert_translates, randomized
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import brainsleep as bs
from brainsleep.errors import TranslationError
from brainsleep.translation import translate


class Residual(nn.Module):
    """An addition with a ReLU after it; the shortcut may have weights."""

    def __init__(self, body, shortcut):
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, x):
        return (self.body(x) + self.shortcut(x)).relu()


@dataclass
class Builder:
    """Puts modules one after the other, and follows the rules of translation.

    Attributes
    ----------
    state : str
        What the next module gets: "rectified" activity, a "current", or a "pooled" current.
    norm : str or None
        The last BatchNorm that acted on rectified activity.
    wrong : str or None
        Path of the module that must be refused first.
    """

    shape: tuple
    modules: list = field(default_factory=list)
    state: str = "rectified"
    norm: str | None = None
    pool: str | None = None
    wrong: str | None = None

    @property
    def path(self):
        return str(len(self.modules))

    def append(self, module):
        with torch.no_grad():
            self.shape = tuple(module.eval()(torch.zeros(2, *self.shape)).shape[1:])
        self.modules.append(module)

    def refuse_unless(self, fine, path=None):
        if not fine and self.wrong is None:
            self.wrong = self.path if path is None else path

    def weighted(self, module):
        self.refuse_unless(self.state == "rectified")
        self.state, self.norm = "current", None
        self.append(module)

    def flatten(self):
        if len(self.shape) > 1:
            self.append(nn.Flatten())

    def linear(self, n_out, bias=True):
        self.flatten()
        self.weighted(nn.Linear(self.shape[0], n_out, bias))

    def batch_norm(self, affine):
        if len(self.shape) == 1 and self.state == "current" and self.flattened_images():
            return  # refused or not, depending on its numbers
        self.refuse_unless(self.state != "pooled")
        if self.state == "rectified":
            self.norm = self.path
        kind = {1: nn.BatchNorm1d, 2: nn.BatchNorm1d, 3: nn.BatchNorm2d}[len(self.shape)]
        self.append(kind(self.shape[0], affine=affine))

    def flattened_images(self):
        weighted = [m for m in self.modules if isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d)]
        return not isinstance(weighted[-1], nn.Linear)

    def relu(self, inplace):
        self.refuse_unless(self.norm is None, self.norm)
        self.state = "rectified"
        self.append(nn.ReLU(inplace))

    def max_pool(self, module):
        self.refuse_unless(self.norm is None, self.norm)
        if self.state != "rectified":
            self.state, self.pool = "pooled", self.path
        self.append(module)

    def average_pool(self, module):
        self.refuse_unless(self.norm is None, self.norm)
        self.refuse_unless(self.state == "rectified")
        self.append(module)

    def residual(self, body, shortcut):
        self.refuse_unless(self.state == "rectified", f"{self.path}.body")
        if isinstance(shortcut, nn.Identity):
            self.refuse_unless(self.norm is None, self.norm)
        self.state, self.norm = "rectified", None
        self.append(Residual(body, shortcut))

    def finish(self):
        self.refuse_unless(self.state != "pooled", self.pool)
        self.refuse_unless(self.norm is None, self.norm)
        return nn.Sequential(*self.modules)


def space(draw, low, high, dimensions):
    return tuple(draw(st.integers(low, high)) for _ in range(dimensions))


def add_convolution(builder, draw):
    n_in, *sizes = builder.shape
    dimensions = len(sizes)
    padding = space(draw, 0, 2, dimensions)
    kernel = tuple(
        draw(st.integers(1, min(3, size + 2 * pad)))
        for size, pad in zip(sizes, padding, strict=True)
    )
    dilation = tuple(
        draw(st.integers(1, 2)) if size + 2 * pad > 2 * (k - 1) else 1
        for size, pad, k in zip(sizes, padding, kernel, strict=True)
    )
    groups = draw(st.sampled_from([g for g in (1, 2, n_in) if n_in % g == 0]))
    kind = {1: nn.Conv1d, 2: nn.Conv2d}[dimensions]
    builder.weighted(
        kind(
            n_in,
            groups * draw(st.integers(1, 2)),
            kernel,
            stride=space(draw, 1, 2, dimensions),
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=draw(st.booleans()),
        )
    )


def add_pool(builder, draw):
    sizes = builder.shape[1:]
    kernel = tuple(draw(st.integers(2, 3)) if size >= 3 else 1 for size in sizes)
    if max(kernel) == 1:
        return
    padding = tuple(draw(st.integers(0, 1)) if k > 1 else 0 for k in kernel)
    stride = draw(st.sampled_from([None, 1, 2]))
    dimensions = len(sizes)
    if draw(st.booleans()):
        kind = {1: nn.MaxPool1d, 2: nn.MaxPool2d}[dimensions]
        builder.max_pool(kind(one(kernel), stride, one(padding)))
    else:
        kind = {1: nn.AvgPool1d, 2: nn.AvgPool2d}[dimensions]
        builder.average_pool(kind(kernel, stride, padding))


def one(values):
    """Return the number in a tuple of one, which MaxPool1d does not take."""
    return values[0] if len(values) == 1 else values


def add_global_pool(builder, draw):
    sizes = builder.shape[1:]
    if max(sizes) == 1:
        return
    kind = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d}[len(sizes)]
    builder.average_pool(kind(1))


def add_residual(builder, draw):
    size = builder.shape[0]
    n_out = size if draw(st.booleans()) else draw(st.integers(1, 3))
    if len(builder.shape) == 1:
        body, shortcut = nn.Linear(size, n_out), nn.Linear(size, n_out, bias=False)
        norm = nn.BatchNorm1d
    else:
        kind = {2: nn.Conv1d, 3: nn.Conv2d}[len(builder.shape)]
        norm = {2: nn.BatchNorm1d, 3: nn.BatchNorm2d}[len(builder.shape)]
        body, shortcut = kind(size, n_out, 3, padding=1), kind(size, n_out, 1, bias=False)
    if draw(st.booleans()):
        body = nn.Sequential(body, norm(n_out))
    if n_out == size and draw(st.booleans()):
        shortcut = nn.Identity()
    builder.residual(body, shortcut)


STEPS = ["weighted"] * 3 + ["relu"] * 5 + ["norm", "pool", "global", "residual", "pass", "linear"]


@st.composite
def networks(draw):
    dimensions = draw(st.integers(0, 2))
    shape = (draw(st.integers(1, 4)), *space(draw, 1, 6, dimensions))
    builder = Builder(shape)
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=9)):
        is_image = len(builder.shape) > 1
        if step == "relu":
            builder.relu(draw(st.booleans()))
        elif step == "norm":
            builder.batch_norm(draw(st.booleans()))
        elif step == "pass":
            builder.append(draw(st.sampled_from([nn.Dropout(), nn.Identity()])))
        elif step == "residual":
            add_residual(builder, draw)
        elif step == "weighted" and is_image:
            add_convolution(builder, draw)
        elif step in ("weighted", "linear"):
            builder.linear(draw(st.integers(1, 5)), draw(st.booleans()))
        elif is_image:
            (add_pool if step == "pool" else add_global_pool)(builder, draw)
    if draw(st.booleans()):
        if builder.state != "rectified":
            builder.relu(True)
        builder.linear(3)
    ann = randomized(builder.finish(), draw(st.integers(0, 99)), torch.float64)
    return ann, shape, builder.wrong


@settings(max_examples=150, deadline=None)
@given(networks())
def test_random_networks(network):
    ann, shape, wrong = network
    has_weights = any(isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d) for m in ann.modules())
    if has_weights and wrong is None:
        assert_translates(ann, shape, tolerance=1e-9)
        return
    with pytest.raises(TranslationError) as raised:
        translate(ann, shape)
    message = str(raised.value)
    assert message.startswith(wrong if has_weights else "the module has no Linear"), message


@pytest.mark.slow
@settings(max_examples=2, deadline=None, derandomize=True)
@given(networks().filter(lambda network: network[2] is None))
def test_random_networks_sleep_and_come_back(network):
    ann, shape, _ = network
    if not any(isinstance(m, nn.Linear | nn.Conv1d | nn.Conv2d) for m in ann.modules()):
        return
    neuron = bs.Heaviside(gain=1, threshold=0.05, decay=0.9)
    before = {name: values.clone() for name, values in ann.state_dict().items()}
    for rule in (bs.SRC(0, 0), bs.SRC(1e-3, 1e-3, weight_factor="additive")):
        night = bs.sleep(
            bs.translate(ann, shape),
            np.full(shape, 0.3),
            duration=30,
            neuron=neuron,
            plasticity=rule,
            dtype="float64",
            progress=False,
        )
        changed = [
            name
            for name, values in night.ann.state_dict().items()
            if not torch.equal(values, before[name])
        ]
        assert set(changed) <= set(night.weights_after)
        assert changed == [] or rule.increase > 0
        assert len(night.spikes["input"]) > 0
    for name, values in ann.state_dict().items():
        assert torch.equal(values, before[name])
