"""The algorithm in PyTorch on a GPU: dense and row-sparse, also as graphs.

docs/explanation/algorithm.md describes it.

A loop keeps the number of its step on the device, so that a CUDA graph of several steps can be
replayed. Graphs have fixed shapes. So there the row-sparse loop takes a fixed number of rows, more
than there are spikes, and writes rows that do not spike back unchanged.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from problem import Problem, Result

#: Steps per graph, as many as in the package.
GRAPH_STEPS = 8
WARM_UP_STEPS = 3


class TooManySpikesError(RuntimeError):
    """More neurons spiked in a step than a loop of fixed shapes allows."""


class Loop:
    """One night on a device.

    Parameters
    ----------
    problem : Problem
        The night.
    device : torch.device or str
        Where it runs.
    gather : bool
        Row-sparse loops: gather the columns of spiking inputs instead of multiplying by W.
    capacity : int
        Row-sparse loops with fixed shapes: the largest number of spikes of a layer in a step.
    """

    def __init__(
        self, problem: Problem, device: str, gather: bool = False, capacity: int = 0
    ) -> None:
        self.problem, self.gather, self.capacity = problem, gather, capacity
        self.weights = [torch.from_numpy(w).to(device, copy=True) for w in problem.weights]
        self.neurons = [torch.zeros(len(w), device=device) for w in problem.weights]
        self.inputs = torch.from_numpy(problem.input_spikes).to(device, torch.float32)
        self.number = torch.zeros(1, dtype=torch.long, device=device)
        self.totals = torch.zeros(len(self.weights), dtype=torch.float64, device=device)
        self.too_many = torch.zeros(1, dtype=torch.bool, device=device)

    def start(self) -> None:
        """Go back to the start of the night."""
        for w, initial in zip(self.weights, self.problem.weights, strict=True):
            w.copy_(torch.from_numpy(initial))
        for state in (*self.neurons, self.number, self.totals, self.too_many):
            state.zero_()

    def step(self) -> None:
        """Make one step of all layers."""
        pre = self.inputs.index_select(0, self.number).squeeze(0)
        for layer in range(len(self.weights)):
            pre = self.layer(layer, pre)
        self.number += 1

    def layer(self, layer: int, pre: torch.Tensor) -> torch.Tensor:
        """Take the input spikes of a layer, learn, and return its spikes (0 or 1, float32)."""
        raise NotImplementedError

    def integrate(self, layer: int, drive: torch.Tensor) -> torch.Tensor:
        """Add the drive, reset the neurons that spike, and return which ones do."""
        v = self.neurons[layer]
        v.mul_(self.problem.decay).add_(drive, alpha=self.problem.gain)
        spiked = v >= self.problem.thresholds[layer]
        v.masked_fill_(spiked, 0.0)
        return spiked

    def change(self, pre: torch.Tensor) -> torch.Tensor:
        """Return ``increase`` where the input spiked, else ``-decrease``."""
        problem = self.problem
        return pre * (problem.increase + problem.decrease) - problem.decrease


class DenseLoop(Loop):
    """Whole matrices: ``W += g(W) * outer(post, change)``."""

    def __init__(self, *arguments: object, **options: object) -> None:
        super().__init__(*arguments, **options)
        self.factors = [torch.empty_like(w) for w in self.weights]
        self.outers = [torch.empty_like(w) for w in self.weights]

    def layer(self, layer: int, pre: torch.Tensor) -> torch.Tensor:
        """Take the input spikes of a layer, learn, and return its spikes."""
        w = self.weights[layer]
        post = self.integrate(layer, torch.mv(w, pre)).to(torch.float32)
        torch.outer(post, self.change(pre), out=self.outers[layer])
        torch.mul(w, -1000.0, out=self.factors[layer]).sigmoid_()  # g(w) = 2 sigmoid(-w/0.001)
        w.addcmul_(self.outers[layer], self.factors[layer], value=2.0)
        self.totals[layer] += post.sum()
        return post


class SparseLoop(Loop):
    """Only rows of spiking neurons; reads their number from the GPU, and so waits for it.

    Attributes
    ----------
    largest : int
        The largest number of spikes of a layer in a step.
    """

    largest = 0

    def layer(self, layer: int, pre: torch.Tensor) -> torch.Tensor:
        """Take the input spikes of a layer, learn, and return its spikes."""
        w = self.weights[layer]
        if self.gather:
            drive = w.index_select(1, pre.nonzero().squeeze(1)).sum(1)
        else:
            drive = torch.mv(w, pre)
        spiked = self.integrate(layer, drive)
        rows = spiked.nonzero().squeeze(1)
        self.largest = max(self.largest, len(rows))
        if len(rows):
            values = w.index_select(0, rows)
            factor = torch.mul(values, -1000.0).sigmoid_()
            values.addcmul_(factor, self.change(pre), value=2.0)
            w.index_copy_(0, rows, values)
            self.totals[layer] += len(rows)
        return spiked.to(torch.float32)


class FixedSparseLoop(Loop):
    """The same number of rows in each step, including those of spiking neurons: fit for a graph."""

    def layer(self, layer: int, pre: torch.Tensor) -> torch.Tensor:
        """Take the input spikes of a layer, learn, and return its spikes."""
        w = self.weights[layer]
        if self.gather:
            columns = self.first(pre)
            drive = torch.mv(w.index_select(1, columns), pre.index_select(0, columns))
        else:
            drive = torch.mv(w, pre)
        post = self.integrate(layer, drive).to(torch.float32)
        rows = self.first(post)
        values = w.index_select(0, rows)
        factor = torch.mul(values, -1000.0).sigmoid_()
        factor.mul_(post.index_select(0, rows).unsqueeze(1))
        values.addcmul_(factor, self.change(pre), value=2.0)
        w.index_copy_(0, rows, values)
        self.totals[layer] += post.sum()
        return post

    def first(self, spikes: torch.Tensor) -> torch.Tensor:
        """Return the spiking neurons, and enough others to reach the fixed number."""
        self.too_many |= spikes.sum() > self.capacity
        return torch.topk(spikes, min(self.capacity, len(spikes)), sorted=False).indices


def run_eagerly(make: Callable[..., Loop], problem: Problem, device: str, **options: int) -> Result:
    """Run a night eagerly, launching one kernel after the other."""
    with torch.inference_mode():
        loop = make(problem, device, **options)
        for _ in range(min(WARM_UP_STEPS, problem.n_steps)):
            loop.step()
        loop.start()
        return _timed(loop, problem, loop.step, problem.n_steps, device)


def most_spikes(problem: Problem, device: str) -> int:
    """Return the largest number of spikes of any layer, or of the input, in a step of a night."""
    with torch.inference_mode():
        loop = SparseLoop(problem, device)
        for _ in range(problem.n_steps):
            loop.step()
    return max(loop.largest, int(problem.input_spikes.sum(1).max()))


def run_as_graphs(
    make: Callable[..., Loop], problem: Problem, device: str = "cuda", **options: int
) -> Result:
    """Run a night as graphs of several steps each.

    Raises
    ------
    ValueError
        If the number of steps is no multiple of the steps of a graph.
    """
    if problem.n_steps % GRAPH_STEPS:
        raise ValueError(f"{problem.n_steps} steps are no multiple of {GRAPH_STEPS}")
    with torch.inference_mode():
        loop = make(problem, device, **options)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP_STEPS):
                loop.step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(GRAPH_STEPS):
                loop.step()
        loop.start()
        return _timed(loop, problem, graph.replay, problem.n_steps // GRAPH_STEPS, device)


def _timed(
    loop: Loop, problem: Problem, launch: Callable[[], None], times: int, device: str
) -> Result:
    """Launch a number of times, wait for the end, and collect what the night did."""
    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    wait()
    started = time.perf_counter()
    for _ in range(times):
        launch()
    wait()
    seconds = time.perf_counter() - started
    if bool(loop.too_many):
        raise TooManySpikesError(f"more than {loop.capacity} neurons spiked in a step")
    spikes = (int(problem.input_spikes.sum()), *(int(total) for total in loop.totals))
    weights = [w.cpu().numpy() for w in loop.weights]
    return Result(1e3 * seconds / problem.n_steps, spikes, weights)
