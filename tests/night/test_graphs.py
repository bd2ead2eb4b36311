"""Networks that are not chains: convolutions, pooling and additions, against plain NumPy loops.

The loops are written from docs/explanation/algorithm.md and the docstrings alone. They share
nothing with the package but the description of a window, and treat every synapse on its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from scipy.special import expit

import brainsleep as bs
from brainsleep.devices import CppStandalone, Job, Runtime
from brainsleep.devices.dense import unsupported_by_shared_kernel
from brainsleep.errors import ParameterError
from brainsleep.network import pooling
from brainsleep.network.plan import NetworkPlan, ProjectionPlan
from brainsleep.network.windows import Window
from brainsleep.plasticity import SynapseEquations

INCREASE, DECREASE, DECAY, GAIN = 1e-2, 8e-4, 0.9, 1.0

RULE = bs.SRC(INCREASE, DECREASE, weight_factor="tadros2022")
NEURON = bs.Heaviside(gain=GAIN, threshold=1.0, decay=DECAY)
FROZEN = SynapseEquations("w : 1", "drive_post += w", "", "", "", "")


@dataclass
class Link:
    """A projection of the reference: explicit pairs of neurons, and the weight of each pair."""

    source: int
    pre: np.ndarray
    post: np.ndarray
    kernel: np.ndarray | None = None  # index into the weights, for each pair
    weights: np.ndarray | None = None  # flat
    plastic: bool = False
    factor: float = 1.0


@dataclass
class Population:
    """A population of the reference."""

    size: int
    kind: str  # "neurons", "or", "active", "average"
    links: list[Link] = field(default_factory=list)
    threshold: float = 1.0
    window_size: int = 1
    bias: np.ndarray | None = None


def reference_night(populations, input_spikes, delay=0):
    """Run a night synapse by synapse; return the spikes of every population."""
    n_steps = len(input_spikes)
    spikes = [np.zeros((n_steps, p.size), dtype=bool) for p in populations]
    spikes[0][:] = input_spikes
    voltages = [np.zeros(p.size) for p in populations]
    best = [np.zeros(p.size) for p in populations]
    for step in range(n_steps):
        for number, population in enumerate(populations[1:], start=1):
            seen = [
                spikes[link.source][step - delay]
                if step >= delay
                else np.zeros(populations[link.source].size, dtype=bool)
                for link in population.links
            ]
            drive = np.zeros(population.size)
            for link, pre_spikes in zip(population.links, seen, strict=True):
                counts = spikes[link.source][: step - delay + 1].sum(axis=0)
                for synapse in np.lexsort((link.post, link.pre)):
                    i, j = link.pre[synapse], link.post[synapse]
                    if not pre_spikes[i]:
                        continue
                    if population.kind == "active":
                        best[number][j] = max(best[number][j], counts[i])
                        drive[j] += counts[i] >= best[number][j]
                    elif link.weights is None:
                        drive[j] += link.factor
                    else:
                        drive[j] += link.factor * link.weights[link.kernel[synapse]]
            v = voltages[number]
            if population.kind == "neurons":
                v[:] = DECAY * v + GAIN * drive
                if population.bias is not None:
                    v += GAIN * population.bias
                fired = v >= population.threshold
                v[fired] = 0
            elif population.kind == "average":
                v += drive
                fired = v >= population.window_size
                v[fired] -= population.window_size
            else:
                fired = drive > 0
            spikes[number][step] = fired
            for link, pre_spikes in zip(population.links, seen, strict=True):
                if link.plastic:
                    learn(link, pre_spikes, fired)
    return spikes


def learn(link, pre_spikes, fired):
    """Average the changes of all synapses that share a weight of the kernel."""
    old = link.weights
    factor = 2 * (1 - expit(old / 0.001))
    change = np.where(pre_spikes[link.pre], INCREASE, -DECREASE) * factor[link.kernel]
    change *= fired[link.post]
    total, count = np.zeros(old.size), np.zeros(old.size)
    np.add.at(total, link.kernel, change)
    np.add.at(count, link.kernel, 1)
    link.weights = old + total / np.maximum(count, 1)


def all_pairs(n_pre, n_post):
    """List the synapses of a fully connected layer: pre, post, and weight."""
    post, pre = np.divmod(np.arange(n_pre * n_post), n_pre)
    return pre, post, np.arange(n_pre * n_post)


def window_pairs(window):
    """List the synapses of a convolution by counting, without the arithmetic of the package."""
    (channels, height, width), (outs, out_height, out_width) = window.in_shape, window.out_shape
    (ky, kx), (sy, sx), (py, px), (dy, dx) = (
        window.kernel_size,
        window.stride,
        window.padding,
        window.dilation,
    )
    per_group, outs_per_group = channels // window.groups, outs // window.groups
    pairs = []
    for out, oy, ox in np.ndindex(outs, out_height, out_width):
        for inner, a, b in np.ndindex(per_group, ky, kx):
            y, x = oy * sy - py + a * dy, ox * sx - px + b * dx
            if 0 <= y < height and 0 <= x < width:
                channel = out // outs_per_group * per_group + inner
                pairs.append(
                    (
                        (channel * height + y) * width + x,
                        (out * out_height + oy) * out_width + ox,
                        ((out * per_group + inner) * ky + a) * kx + b,
                    )
                )
    return tuple(np.array(pairs).T)


CONVOLUTIONS = {
    "same": Window((2, 6, 7), (3, 6, 7), (3, 3), padding=(1, 1)),
    "strided": Window((2, 7, 8), (4, 3, 3), (3, 2), stride=(2, 3)),
    "dilated": Window((1, 8, 9), (2, 6, 7), (3, 3), padding=(1, 1), dilation=(2, 2)),
    "grouped": Window((4, 5, 5), (6, 5, 5), (3, 3), padding=(1, 1), groups=2),
    "one-dimensional": Window((3, 1, 12), (4, 1, 6), (1, 4), stride=(1, 2), padding=(0, 1)),
    "wide padding": Window((1, 3, 3), (2, 9, 9), (3, 3), padding=(4, 4)),
}


def case(populations, sizes, kinds, windows, plastic, dtype="float64", delay=0):
    """Turn a reference network into a plan and a job of the package."""
    projections, weights, parameters, synaptic = [], [], [{"trace_decay": 0.0}], []
    for number, population in enumerate(populations[1:], start=1):
        values = {}
        if population.kind == "neurons":
            values = NEURON.parameters(["x"], [GAIN], [population.threshold])[0]
        elif population.kind == "average":
            values = {"window_size": population.window_size}
        for k, link in enumerate(population.links, start=1):
            synapse = RULE.equations() if link.plastic else FROZEN
            if population.kind == "active":
                synapse = pooling.MOST_ACTIVE
            elif link.weights is None:
                synapse = pooling.COUNT
            kind = kinds[number, k]
            projections.append(
                ProjectionPlan(link.source, number, kind, synapse, windows.get((number, k)))
            )
            plan_shape = projections[-1].window
            if link.weights is None:
                weights.append(None)
            elif plan_shape is not None:
                weights.append(link.weights.reshape(plan_shape.kernel_shape).copy())
            else:
                weights.append(link.weights.reshape(sizes[number], sizes[link.source]).copy())
            rates = {"increase": INCREASE, "decrease": DECREASE}
            synaptic.append(rates if link.plastic else {})
            if len(population.links) > 1:
                values[f"factor{k}"] = link.factor
        parameters.append(values)
    neurons = {
        "neurons": NEURON.equations(),
        "or": pooling.ANY_SPIKE,
        "active": pooling.MOST_ACTIVE_NEURON,
        "average": pooling.AVERAGE,
    }
    plan = NetworkPlan(
        sizes=tuple(sizes),
        neurons=tuple(neurons[p.kind] for p in populations[1:]),
        projections=tuple(projections),
        delay_steps=delay,
        dt=1e-3,
        dtype=dtype,
        recorded=tuple(range(len(sizes))),
    )
    traced = {link.source for link in plan.projections if link.synapse.presynaptic_step}
    for index, values in enumerate(parameters):
        values.pop("trace_decay", None)
        if index in traced:
            values["trace_decay"] = 0.0
    return plan, weights, parameters, synaptic


def run(device, plan, weights, parameters, synaptic, populations, input_spikes):
    """Run the package."""
    engine = device.prepare(plan)
    return engine.run(
        Job(
            input_spikes=iter([input_spikes[:50], input_spikes[50:]]),
            n_steps=len(input_spikes),
            weights=weights,
            biases=[population.bias for population in populations[1:]],
            population_parameters=parameters,
            projection_parameters=synaptic,
        )
    )


def assert_same(outcome, populations, spikes):
    """Compare spikes exactly, weights to rounding."""
    for number, expected in enumerate(spikes):
        found = np.zeros_like(expected)
        indices, steps = outcome.spikes[number]
        found[steps, indices] = True
        assert expected.any(), f"population {number} is silent"
        np.testing.assert_array_equal(found, expected, err_msg=f"population {number}")
    links = [link for population in populations[1:] for link in population.links]
    for link, weights in zip(links, outcome.weights, strict=True):
        if link.weights is None:
            assert weights is None
        else:
            np.testing.assert_allclose(weights.ravel(), link.weights, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("name", "delay"), [*((name, 0) for name in CONVOLUTIONS), ("same", 1)])
def test_convolution_learns_with_a_shared_kernel(name, delay):
    window = CONVOLUTIONS[name]
    rng = np.random.default_rng(3)
    n_in, n_out = (int(np.prod(shape)) for shape in (window.in_shape, window.out_shape))
    pre, post, kernel = window_pairs(window)
    values = rng.normal(0.15, 0.3, np.prod(window.kernel_shape))
    readout = all_pairs(n_out, 4)
    populations = [
        Population(n_in, "input"),
        Population(
            n_out,
            "neurons",
            [Link(0, pre, post, kernel, values.copy(), plastic=True)],
            threshold=0.9,
            bias=rng.normal(0, 0.02, n_out),
        ),
        Population(
            4,
            "neurons",
            [Link(1, *readout, rng.normal(0.05, 0.2, 4 * n_out), plastic=True)],
            threshold=1.2,
        ),
    ]
    sizes = [n_in, n_out, 4]
    arguments = case(
        populations,
        sizes,
        {(1, 1): "window", (2, 1): "all_to_all"},
        {(1, 1): window},
        plastic=True,
        delay=delay,
    )
    input_spikes = rng.random((150, n_in)) < 0.12
    outcome = run(CppStandalone(), *arguments, populations, input_spikes)
    before = values.copy()
    spikes = reference_night(populations, input_spikes, delay)
    changes = populations[1].links[0].weights - before
    assert (changes > 0).any()
    assert (changes < 0).any()
    assert_same(outcome, populations, spikes)


POOL = Window((3, 6, 6), (3, 3, 3), (2, 2), stride=(2, 2), groups=3)
OVERLAPPING = Window((3, 6, 6), (3, 3, 3), (3, 3), stride=(2, 2), padding=(1, 1), groups=3)


@pytest.mark.parametrize("window", [POOL, OVERLAPPING], ids=["tiling", "overlapping"])
@pytest.mark.parametrize("kind", ["or", "active", "average"])
def test_pooling(kind, window):
    rng = np.random.default_rng(5)
    pre, post, _ = window_pairs(window)
    n_in, n_out = 108, 27
    populations = [
        Population(n_in, "input"),
        Population(n_out, kind, [Link(0, pre, post)], window_size=int(np.prod(window.kernel_size))),
        Population(
            3,
            "neurons",
            [Link(1, *all_pairs(n_out, 3), rng.normal(0.1, 0.2, 81), plastic=True)],
            threshold=1.0,
        ),
    ]
    arguments = case(
        populations,
        [n_in, n_out, 3],
        {(1, 1): "window", (2, 1): "all_to_all"},
        {(1, 1): window},
        plastic=True,
    )
    rates = rng.random(n_in) * 0.2
    input_spikes = rng.random((200, n_in)) < rates
    spikes = reference_night(populations, input_spikes)
    populations_again = populations  # the weights of the reference have changed; the job had copies
    devices = [CppStandalone()]
    if window is OVERLAPPING and kind != "or":
        devices.append(CppStandalone("cpp_stock"))
    for device in devices:
        outcome = run(device, *arguments, populations_again, input_spikes)
        assert_same(outcome, populations, spikes)


def test_additions_and_frozen_convolutions_on_every_device():
    """Two paths meet: a convolution that does not learn, and the input itself."""
    window = CONVOLUTIONS["same"]
    rng = np.random.default_rng(7)
    n_in, n_hidden = 84, 126
    narrow = Window((3, 6, 7), (2, 6, 7), (3, 3), padding=(1, 1))
    pre, post, kernel = window_pairs(window)
    pre2, post2, kernel2 = window_pairs(narrow)
    same = np.arange(n_in)
    populations = [
        Population(n_in, "input"),
        Population(
            n_hidden,
            "neurons",
            [Link(0, pre, post, kernel, rng.normal(0.1, 0.3, 54))],
            threshold=0.8,
        ),
        Population(
            n_in,
            "neurons",
            [
                Link(1, pre2, post2, kernel2, rng.normal(0.1, 0.3, 54), factor=0.7),
                Link(0, same, same, factor=0.4),
            ],
            threshold=0.9,
        ),
        Population(
            5,
            "neurons",
            [Link(2, *all_pairs(n_in, 5), rng.normal(0.02, 0.2, 5 * n_in), plastic=True)],
            threshold=1.1,
        ),
    ]
    arguments = case(
        populations,
        [n_in, n_hidden, n_in, 5],
        {(1, 1): "window", (2, 1): "window", (2, 2): "one_to_one", (3, 1): "all_to_all"},
        {(1, 1): window, (2, 1): narrow},
        plastic=True,
    )
    input_spikes = rng.random((120, n_in)) < 0.1
    spikes = reference_night(populations, input_spikes)
    for device in (CppStandalone(), CppStandalone("cpp_stock"), Runtime("numpy")):
        device.check(arguments[0])
        assert_same(run(device, *arguments, populations, input_spikes), populations, spikes)


def test_learning_convolutions_need_the_dense_device():
    window = CONVOLUTIONS["same"]
    link = ProjectionPlan(0, 1, "window", RULE.equations(), window)
    plan = NetworkPlan((84, 126), (NEURON.equations(),), (link,), 0, 1e-3, "float64", ())
    for device in (CppStandalone("cpp_stock"), Runtime("numpy")):
        with pytest.raises(ParameterError, match="convolution that learns"):
            device.check(plan)
    CppStandalone().check(plan)
    odd = replace(link, synapse=replace(RULE.equations(), on_post="w += trace_pre*trace_pre"))
    with pytest.raises(ParameterError, match="convolution that learns"):
        CppStandalone().check(replace(plan, projections=(odd,)))


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (RULE.equations().on_post, None),
        ("w += a*trace_pre*w + b", None),
        ("w += trace_pre**2", "linear"),
        ("w += a_pre*b_pre", "linear"),
        ("w += trace_pre*x_post", "x_post"),
        ("w = 0.5*w", "w \\+="),
    ],
)
def test_which_rules_may_share_a_kernel(statement, reason):
    found = unsupported_by_shared_kernel(statement)
    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert re.search(reason, found)


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_windows_unroll_as_they_count(name):
    window = CONVOLUTIONS[name]
    counted = sorted(zip(*window_pairs(window), strict=True))
    assert counted == sorted(zip(*(array.tolist() for array in window.unrolled()), strict=True))
    assert window.n_synapses == len(counted)
    met = np.bincount(window_pairs(window)[2], minlength=int(np.prod(window.kernel_shape)))
    per_number = np.tile(window.valid_positions().ravel(), np.prod(window.kernel_shape[:2]))
    np.testing.assert_array_equal(met, per_number)
