"""A step of training against the least that the machine can do it in.

python benchmarks/training.py [--repeats 9] [--steps 40] [--quick] [--json FILE]

The network of the default experiment, 784-1200-1200-10 with batches of 25 images, on one thread.
The bound is what a step cannot do without: three products per layer (forward, gradients of weights,
and of what comes in) at the fastest rate that torch reaches here on any of them, and weights and
momenta read and written once (four streams of all weights) at the rate of a large copy.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import torch
from command_line import parser_of, read
from interleaved import Comparison, show, take_turns, timed

from brainsleep.wake import Training, mlp, torch_threads, train

SIZES = (784, 1200, 1200, 10)
BATCH = 25
#: Reads and writes of weights and momenta; gradients need not be written (`momentum_products`).
STREAMS = 4
OURS, BOUND = "bs.wake.train", "the bound"


def operations() -> float:
    """Return the operations of a step; below the first layer no gradient is wanted."""
    weights = [a * b for a, b in itertools.pairwise(SIZES)]
    return 2 * BATCH * (3 * sum(weights) - weights[0])


def best_rate(repeats: int) -> float:
    """Return the most operations per second of a product of these sizes."""
    rates = []
    for n_in, n_out in itertools.pairwise(SIZES[:-1]):
        x, w, y = torch.randn(BATCH, n_in), torch.randn(n_out, n_in), torch.randn(BATCH, n_out)
        for product in (lambda x=x, w=w: x @ w.T, lambda y=y, x=x: y.T @ x, lambda y=y, w=w: y @ w):
            rates.append(2 * BATCH * n_in * n_out / fastest(product, 20 * repeats))
    return max(rates)


def stream_rate(repeats: int) -> float:
    """Return the bytes per second of a copy that no cache holds."""
    source = torch.zeros(2**26)
    target = torch.empty_like(source)
    return 2 * source.nbytes / fastest(lambda: target.copy_(source), repeats)


def fastest(call: Callable[[], object], repeats: int) -> float:
    """Return the least wall-clock seconds of a call."""
    return min(timed(lambda: (call(), None)[1])[0] for _ in range(repeats))


def compare(n_steps: int, repeats: int) -> Comparison:
    """Return what a step takes, and the bound, both measured in each round."""
    rng = np.random.default_rng(0)
    images = rng.random((n_steps * BATCH, SIZES[0]), dtype=np.float32)
    labels = rng.integers(SIZES[-1], size=len(images))
    network = mlp(SIZES, seed=0)
    n_bytes = sum(one.nbytes for one in network.parameters())
    rates: list[tuple[float, float]] = []

    def bound() -> tuple[float, float]:
        rates.append((best_rate(3), stream_rate(3)))
        products, streams = operations() / rates[-1][0], STREAMS * n_bytes / rates[-1][1]
        return (n_steps * (products + streams),) * 2

    def step() -> None:
        train(network, (images, labels), Training(epochs=1), seed=0, progress=False)

    times = take_turns({OURS: step, BOUND: bound}, repeats)
    flops, stream = np.median(rates, axis=0)
    note = f"{flops / 1e9:.0f} GFLOP/s in products, {stream / 1e9:.1f} GB/s in copies"
    return Comparison("bound", OURS, BOUND, times, amount=n_steps, unit="step", note=note)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = parser_of(__doc__, repeats=9, quick="one round of two steps, as a check")
    parser.add_argument("--steps", type=int, default=40, help="of training in each round")
    options = read(parser, arguments)
    with torch_threads(1):
        found = compare(2 if options.quick else options.steps, options.repeats)
    show([found], options.json)


if __name__ == "__main__":
    main()
