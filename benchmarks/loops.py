"""The algorithm in PyTorch: dense, and on the rows of spiking neurons only.

docs/explanation/algorithm.md describes it.

Both loops work in place in float32 without autograd, and read spikes that were drawn beforehand.
Each is written for speed. Which `variant` is faster depends on the machine and the size;
`night_methods.py` tries both and keeps the faster one.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from problem import Problem, Result

#: Ways of the row-sparse loop to sum the weights of incoming spikes.
SPARSE_VARIANTS = ("columns", "product")
#: Numbers of PyTorch threads; both are reported.
THREADS = (1, 2)


def run_dense(problem: Problem, threads: int = 1) -> Result:
    """Run a night with whole matrices: ``W += g(W) * outer(post, change)``."""
    weights, neurons, changes = _start(problem)
    factors = [torch.empty_like(w) for w in weights]
    outers = [torch.empty_like(w) for w in weights]
    drives = [torch.empty_like(v) for v in neurons]
    inputs = torch.from_numpy(problem.input_spikes.astype(np.float32))

    def step(number: int) -> None:
        pre = inputs[number]
        for k, (w, v) in enumerate(zip(weights, neurons, strict=True)):
            torch.mv(w, pre, out=drives[k])
            v.mul_(problem.decay).add_(drives[k], alpha=problem.gain)
            spiked = v >= problem.thresholds[k]
            post = spiked.to(torch.float32)
            # change = increase where the input spiked, else -decrease
            torch.add(changes[k], pre, alpha=problem.increase + problem.decrease, out=rows[k])
            torch.outer(post, rows[k], out=outers[k])
            torch.mul(w, -1000.0, out=factors[k]).sigmoid_()  # g(w) = 2 sigmoid(-w/0.001)
            w.addcmul_(outers[k], factors[k], value=2.0)
            v.masked_fill_(spiked, 0.0)
            totals[k] += post.sum()
            pre = post

    rows = [torch.empty_like(change) for change in changes]
    totals = torch.zeros(len(weights), dtype=torch.float64)
    seconds = _time(step, problem.n_steps, threads)
    return _result(problem, seconds, totals, weights, "")


def run_sparse(problem: Problem, threads: int = 1, variant: str = "columns") -> Result:
    """Run a night that learns only on the rows of spiking neurons.

    Parameters
    ----------
    variant : str
        ``"columns"`` gathers the columns of spiking inputs, ``"product"`` multiplies by W.
    """
    weights, neurons, changes = _start(problem)
    spikes = torch.from_numpy(problem.input_spikes)
    inputs = [row.nonzero().squeeze(1) for row in spikes]
    dense = torch.from_numpy(problem.input_spikes.astype(np.float32))
    gather = variant == "columns"

    def step(number: int) -> None:
        pre, pre_dense = inputs[number], dense[number]
        for k, (w, v) in enumerate(zip(weights, neurons, strict=True)):
            drive = w.index_select(1, pre).sum(1) if gather else torch.mv(w, pre_dense)
            v.mul_(problem.decay).add_(drive, alpha=problem.gain)
            spiked = v >= problem.thresholds[k]
            post = spiked.nonzero().squeeze(1)
            n_spikes = len(post)
            totals[k] += n_spikes
            if n_spikes:
                change = changes[k]
                change.index_fill_(0, pre, problem.increase)
                rows = w.index_select(0, post)
                factor = torch.mul(rows, -1000.0).sigmoid_()
                rows.addcmul_(factor, change, value=2.0)
                w.index_copy_(0, post, rows)
                change.index_fill_(0, pre, -problem.decrease)
                v.index_fill_(0, post, 0.0)
            pre = post
            if not gather:
                pre_dense = spiked.to(torch.float32)

    totals = [0] * len(weights)
    seconds = _time(step, problem.n_steps, threads)
    return _result(problem, seconds, totals, weights, variant)


def _start(
    problem: Problem,
) -> tuple[list[torch.Tensor], list[torch.Tensor], list[torch.Tensor]]:
    """Return copies of the weights, neurons at rest, and the changes for silent inputs."""
    weights = [torch.from_numpy(w.copy()) for w in problem.weights]
    neurons = [torch.zeros(len(w)) for w in weights]
    changes = [torch.full((w.shape[1],), -problem.decrease) for w in weights]
    return weights, neurons, changes


def _time(step: Callable[[int], None], n_steps: int, threads: int) -> float:
    """Run the steps and return the seconds they took."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            started = time.perf_counter()
            for number in range(n_steps):
                step(number)
            return time.perf_counter() - started
    finally:
        torch.set_num_threads(before)


def _result(
    problem: Problem,
    seconds: float,
    totals: torch.Tensor | list[int],
    weights: list[torch.Tensor],
    remark: str,
) -> Result:
    """Collect what a night did."""
    spikes = (int(problem.input_spikes.sum()), *(int(total) for total in totals))
    return Result(1e3 * seconds / problem.n_steps, spikes, [w.numpy() for w in weights], remark)
