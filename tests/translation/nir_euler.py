"""NIR graphs run by Euler's method, written from the definitions in NIR's documentation alone.

It shares nothing with the package. One step of dt: the input is held for the step, potentials
follow their equation, neurons above their threshold spike and are reset, all in the same step.
"""

from __future__ import annotations

from graphlib import TopologicalSorter

import brian2
import nir
import numpy as np
import torch
from helpers import raster
from torch.nn import functional

import brainsleep as bs


def run(graph: nir.NIRGraph, inputs: np.ndarray, dt: float, shape=None) -> np.ndarray:
    """Return what reaches the output in each step, (n_steps, n)."""
    before = {name: [a for a, b in graph.edges if b == name] for name in graph.nodes}
    order = list(TopologicalSorter(before).static_order())
    (entrance,) = (name for name in order if isinstance(graph.nodes[name], nir.Input))
    (output,) = (name for name in order if isinstance(graph.nodes[name], nir.Output))
    shape = tuple(graph.nodes[entrance].input_type["input"]) if shape is None else shape
    state: dict[str, object] = {}
    rows = []
    for row in inputs:
        now = {entrance: torch.tensor(np.asarray(row, np.float64)).reshape(tuple(map(int, shape)))}
        for name in order:
            if name != entrance:
                value = sum(now[source] for source in before[name])
                now[name] = step(graph.nodes[name], value, state, name, dt)
        rows.append(now[output].numpy().ravel())
    return np.array(rows)


def tensor(values) -> torch.Tensor:
    return torch.tensor(np.asarray(values, dtype=np.float64))


def pair(values) -> tuple[int, ...]:
    return tuple(int(value) for value in np.broadcast_to(values, (2,)))


def step(node, x: torch.Tensor, state: dict, name: str, dt: float) -> torch.Tensor:
    """Return what a node makes of its input in one step."""
    match node:
        case nir.Output():
            return x
        case nir.Linear() | nir.Affine():
            return tensor(node.weight) @ x + tensor(getattr(node, "bias", 0.0))
        case nir.Scale():
            return x * tensor(node.scale)
        case nir.Flatten():
            return x.flatten()
        case nir.Conv1d():
            arguments = [int(np.squeeze(v)) for v in (node.stride, node.padding, node.dilation)]
            weight, bias = tensor(node.weight), tensor(node.bias)
            return functional.conv1d(x[None], weight, bias, *arguments, int(node.groups))[0]
        case nir.Conv2d():
            padding = node.padding if isinstance(node.padding, str) else pair(node.padding)
            arguments = [pair(node.stride), padding, pair(node.dilation), int(node.groups)]
            return functional.conv2d(x[None], tensor(node.weight), tensor(node.bias), *arguments)[0]
        case nir.SumPool2d() | nir.AvgPool2d():
            divisor = 1 if isinstance(node, nir.SumPool2d) else None
            size = pair(node.kernel_size), pair(node.stride), pair(node.padding)
            return functional.avg_pool2d(x[None], *size, divisor_override=divisor)[0]
        case nir.Delay():
            steps = round(float(np.max(node.delay)) / dt)
            queue = state.setdefault(name, [torch.zeros_like(x)] * steps)
            queue.append(x)
            return queue.pop(0)
        case nir.Threshold():
            return (x > tensor(node.threshold)).double()
    return neurons(node, x, state, name, dt)


def neurons(node, x: torch.Tensor, state: dict, name: str, dt: float) -> torch.Tensor:
    """Return the spikes of neurons, the potentials of those that do not spike."""
    leaks = isinstance(node, (nir.LIF, nir.LI))
    rest = tensor(node.v_leak) if leaks else 0.0
    v = state.get(name, torch.zeros_like(x) + rest)
    change = rest - v + tensor(node.r) * x if leaks else tensor(node.r) * x
    v = v + dt * change / (tensor(node.tau) if leaks else 1)
    if isinstance(node, (nir.LI, nir.I)):
        state[name] = v
        return v
    spikes, after = v > tensor(node.v_threshold), tensor(node.v_reset)
    if node.metadata.get("reset") == "subtract":  # ours: sums of whole numbers reach it exactly
        spikes, after = v >= tensor(node.v_threshold), v - tensor(node.v_threshold)
    state[name] = torch.where(spikes, after, v)
    return spikes.double()


def still(ann, spikes: np.ndarray, neuron, input_shape=None, dt=1 * brian2.ms) -> np.ndarray:
    """Return the spikes of the last layer of a network that does not learn, (n_steps, n)."""
    network = bs.translate(ann, input_shape)
    night = bs.sleep(
        bs.translate(ann, input_shape, frozen=network.layer_names),
        spikes,
        neuron=neuron,
        plasticity=bs.SRC(),
        dt=dt,
        dtype="float64",
        device=bs.devices.Runtime("numpy"),
        progress=False,
    )
    return raster(night, list(night.spikes)[-1])


def chain(*nodes: nir.NIRNode, type_check: bool = True) -> nir.NIRGraph:
    """Return a chain of nodes."""
    return nir.NIRGraph.from_list(*nodes, type_check=type_check)


def graph_of(nodes: dict[str, nir.NIRNode], *edges: str) -> nir.NIRGraph:
    """Return a graph from edges like "a b"; NIR's own check of shapes is left out."""
    return nir.NIRGraph(nodes, [tuple(edge.split()) for edge in edges], type_check=False)


def lif(*shape: int, **changes) -> nir.LIF:
    """Return LIF neurons to which a spike adds its whole weight at a step of 1 ms."""
    values = {"tau": 0.02, "r": 20.0, "v_leak": 0.0, "v_threshold": 0.5, "v_reset": 0.0} | changes
    full = {key: np.broadcast_to(value, shape or (3,)).copy() for key, value in values.items()}
    return nir.LIF(**full)
