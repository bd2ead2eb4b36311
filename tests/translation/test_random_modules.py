"""Random modules: none translates to something that computes anything else.

Their forward has optional arguments, branches and loops on them, hooks, pruned weights, constants,
operations in place on values and on views of them, values that are reused, and what is refused.
"""

import copy

import numpy as np
import pytest
import torch
from forward_pass import currents
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.nn.utils import prune

from brainsleep.errors import BrainsleepError
from brainsleep.translation import translate

N_INPUTS, N_OUTPUTS = 6, 3
WIDTHS = (4, 6)


class RandomModule(nn.Module):
    """Runs a list of statements; each takes the module, the value so far, and the options."""

    def __init__(self, statements):
        super().__init__()
        self.statements = statements
        self.layers = nn.ModuleDict()
        self.register_buffer("factor", torch.tensor(1.5))
        self.plain = torch.tensor(0.25)

    def forward(self, x, scale=None, task=0, mode="main", *args, flag=False, **kwargs):
        values = [x]
        options = {"scale": scale, "task": task, "mode": mode, "flag": flag, "values": values}
        for statement in self.statements:
            x = statement(self, x, {**options, **kwargs})
            values.append(x)
        return x


def branch(m, x, o):
    return x if o["scale"] is None else x * o["scale"]


def flagged(m, x, o):
    return torch.tanh(x) if o["flag"] else x


def looked_up(m, x, o):
    return {"main": torch.relu, "aux": torch.tanh}.get(o["mode"], torch.sigmoid)(x)


def counted(m, x, o):
    size = 1
    for entry in x.size()[1:]:
        size *= entry
    assert size == x.shape[1]
    return x.view(-1, size)


def added_in_place(m, x, o):
    x += 0.5
    return x


def rectified_through_a_view(m, x, o):
    x.view(-1).relu_()
    return x


def scaled_through_a_view(m, x, o):
    x.view(len(x), -1).mul_(2)
    return x


def earlier(index):
    def add(m, x, o):
        other = o["values"][index % len(o["values"])]
        return x + other if other.shape == x.shape else x

    return add


def earlier_in_place(index):
    def add(m, x, o):
        other = o["values"][index % len(o["values"])]
        if other.shape == x.shape:
            x += other
        return x

    return add


def other_rows(m, x, o):
    return x + x.mean(0, keepdim=True)


def on_values(m, x, o):
    return x if x.sum() > 100 else torch.relu(x)


def softmax(m, x, o):
    return x.softmax(1)


def first_row(m, x, o):
    x[0] = 0
    return x


PLAIN = [
    lambda m, x, o: torch.relu(x),
    lambda m, x, o: functional.relu(x, inplace=True),
    lambda m, x, o: x.clamp(min=0),
    lambda m, x, o: x.relu_(),
    lambda m, x, o: functional.leaky_relu(x, 0.0),
    lambda m, x, o: functional.dropout(x, 0.5, m.training),
    lambda m, x, o: x.unsqueeze(1).squeeze(1),
    lambda m, x, o: x.reshape(x.shape[0], -1),
    lambda m, x, o: x.detach().clone(),
    branch,
    flagged,
    looked_up,
    counted,
]
CONSTANT = [
    lambda m, x, o: x * 2,
    lambda m, x, o: 1 - x,
    lambda m, x, o: x / m.factor,
    lambda m, x, o: x + m.plain,
    lambda m, x, o: x - torch.linspace(-1, 1, x.shape[1], dtype=x.dtype),
    lambda m, x, o: x * (o["task"] + 1),
    lambda m, x, o: x + torch.ones(len(x), 1, dtype=x.dtype),
]
ALIASED = [
    added_in_place,
    rectified_through_a_view,
    scaled_through_a_view,
    lambda m, x, o: x.mul_(3),
]
ODD = [
    other_rows,
    on_values,
    first_row,
    lambda m, x, o: torch.tanh(x),
    lambda m, x, o: x * x,
    lambda m, x, o: x[:, torch.arange(x.shape[1] - 1, -1, -1)],
    lambda m, x, o: x + torch.rand(x.shape[1], dtype=x.dtype),
    lambda m, x, o: x.half().to(x.dtype),
    softmax,
    lambda m, x, o: functional.leaky_relu(x),
    lambda m, x, o: x.abs() if x.shape[0] == 3 else x,
    lambda m, x, o: x.cumsum(0),
]
HOOKS = [
    lambda m, i, o: None,
    lambda m, i, o: o * 2,
    lambda m, i, o: o.mul_(2),
    lambda m, i, o: torch.relu(o),
    lambda m, i, o: torch.tanh(o),
    lambda m, i, o: o + i[0].sum(),
    lambda m, i, o: o.detach().mean() and None,
]


def layer(name):
    return lambda m, x, o: m.layers[name](x)


def linear_of(name):
    return lambda m, x, o: functional.linear(x, m.layers[name].weight, m.layers[name].bias)


@st.composite
def modules(draw):
    """Draw a module, and its data type."""
    torch.manual_seed(draw(st.integers(0, 99)))
    ann = RandomModule([])
    width = N_INPUTS
    odd = draw(st.booleans())
    kinds = [PLAIN, PLAIN, CONSTANT, ALIASED] + ([ODD, HOOKS] if odd else [])
    for depth in range(draw(st.integers(1, 3))):
        name = f"fc{depth}"
        next_width = draw(st.sampled_from(WIDTHS))
        ann.layers[name] = nn.Linear(width, next_width, bias=draw(st.booleans()))
        ann.statements.append(draw(st.sampled_from([layer, layer, linear_of]))(name))
        width = next_width
        if ann.statements[-1].__qualname__.startswith("layer") and draw(st.integers(0, 2)) == 0:
            prune.random_unstructured(ann.layers[name], "weight", amount=0.4)
        if draw(st.integers(0, 3)) == 0:
            ann.layers[f"bn{depth}"] = nn.BatchNorm1d(width)
            ann.statements.append(layer(f"bn{depth}"))
        if draw(st.integers(0, 2)):
            ann.statements.append(PLAIN[0])
        for _ in range(draw(st.integers(0, 2))):
            kind = draw(st.sampled_from(kinds))
            if kind is HOOKS:
                ann.layers[name].register_forward_hook(draw(st.sampled_from(HOOKS)))
            else:
                ann.statements.append(draw(st.sampled_from(kind)))
        if draw(st.integers(0, 3)) == 0:
            which = draw(st.sampled_from([earlier, earlier_in_place]))
            ann.statements.append(which(draw(st.integers(0, len(ann.statements) - 1))))
        ann.statements.append(draw(st.sampled_from([*PLAIN[:5], PLAIN[7]])))
    if width == N_INPUTS and draw(st.integers(0, 7)) == 0:
        ann.statements.append(layer("fc0"))  # if it gives as many as it takes, it is used twice
    ann.layers["last"] = nn.Linear(width, N_OUTPUTS)
    ann.statements.append(layer("last"))
    if odd and draw(st.booleans()):
        ann.statements.append(draw(st.sampled_from([*CONSTANT, *ALIASED, *ODD])))
    dtype = draw(st.sampled_from([torch.float32] * 3 + [torch.float64, torch.bfloat16]))
    return ann.to(dtype)


def differs(ann):
    """Return how a module's translation differs from it; None if it is refused."""
    try:
        translation = translate(ann)
    except BrainsleepError as error:
        message = str(error)
        assert "\n" not in message
        assert len(message) < 600
        return None
    generator = torch.Generator().manual_seed(7)
    images = torch.rand(5, N_INPUTS, generator=generator, dtype=torch.float64)
    exact = copy.deepcopy(ann) if not has_pruning(ann) else ann
    exact = exact.double().eval()
    with torch.no_grad():
        expected = exact(images.clone())
    found = currents(translation, images)[translation.layers[-1].name]
    if ann.statements[-1] is softmax:  # left out: it keeps the order of the outputs
        found = found.softmax(1)
    if (expected >= 0).all():
        found = found.clamp(min=0)
    return float((found - expected).abs().max() / max(1.0, float(expected.abs().max())))


def has_pruning(ann):
    return any(name.endswith("weight_mask") for name, _ in ann.named_buffers())


@settings(max_examples=200, deadline=None)
@given(modules())
def test_random_modules(ann):
    difference = differs(ann)
    assert difference is None or difference < 1e-5


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(modules())
def test_a_thousand_random_modules(ann):
    difference = differs(ann)
    assert difference is None or difference < 1e-5


def test_many_of_them_translate():
    found = []

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(modules())
    def count(ann):
        found.append(differs(ann))

    count()
    share = np.mean([difference is not None for difference in found])
    assert 0.3 < share < 0.9, share
