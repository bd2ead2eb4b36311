"""Frozen weights in rows by presynaptic neuron, against rows by postsynaptic neuron and stock.

python benchmarks/frozen.py [--hidden 1200] [--steps 10000] [--repeats 5]

A circuit 784-H-H-10 whose layers spike at about 6.5, 7 and 15 %, step by step and in blocks of
steps. What counts is the processor time of the program, which other programs disturb little.
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import numpy as np

import brainsleep as bs
from brainsleep.circuit import Circuit, Population, PreparedCircuit, Projection
from brainsleep.devices.dense import blocks, joining

#: Thresholds of the layers, and the fraction of inputs that spike in a step.
THRESHOLDS, INPUT_RATE = (0.29, 0.1, 0.7), 0.065
METHODS = {"by source": "cpp", "by target": "cpp", "stock": "cpp_stock"}


def make_circuit(n_hidden: int, *, in_blocks: bool) -> Circuit:
    """Make a random network; the mean inhibition of its last layer keeps it from blocks."""
    rng = np.random.default_rng(0)
    sizes = {"input": 784, "first": n_hidden, "second": n_hidden, "output": 10}
    populations = {
        name: Population(
            sizes[name],
            bs.Heaviside(gain=1, threshold=threshold, decay=0.9),
            mean_inhibition=float(name == "output" and not in_blocks),
        )
        for name, threshold in zip(list(sizes)[1:], THRESHOLDS, strict=True)
    }
    links = [
        Projection(pre, post, rng.uniform(-1, 1, (sizes[post], sizes[pre])) / sizes[pre] ** 0.5)
        for pre, post in itertools.pairwise(sizes)
    ]
    return Circuit(784, populations, links)


def prepare(circuit: Circuit, method: str, cache: Path) -> PreparedCircuit:
    """Compile a circuit; by target, its weights lie as those of synapses that learn."""
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, BRAINSLEEP_CACHE=str(cache / method)))
        if method == "by target":
            for module in (joining, blocks):
                stack.enter_context(patch.object(module, "is_frozen", lambda _: False))
        record = bs.Record(spikes=None, rates="all")
        return circuit.prepare(METHODS[method], record=record, progress=False)


def processor_seconds() -> float:
    """Return the processor time of all programs that have ended, in the system and outside."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(prepared: PreparedCircuit, n_steps: int) -> tuple[float, list[float]]:
    """Return the program's microseconds per step, and the mean spikes of each layer in a step."""
    pixels = np.clip(np.random.default_rng(1).normal(0, 1, 784), 0, 1)
    stimulus = bs.stimuli.ConstantProbabilities(INPUT_RATE * pixels / pixels.mean())
    before = processor_seconds()
    found = prepared.run(stimulus, n_steps, progress=False)
    seconds = processor_seconds() - before
    return 1e6 * seconds / n_steps, [rate.counts.mean() for rate in found.rates.values()]


def compare(circuit: Circuit, n_steps: int, repeats: int, cache: Path) -> None:
    """Run a circuit with each method, in turn, and print medians."""
    prepared = {method: prepare(circuit, method, cache) for method in METHODS}
    found: dict[str, list[float]] = {method: [] for method in METHODS}
    for _ in range(repeats):
        for method, one in prepared.items():
            microseconds, spikes = run(one, n_steps)
            found[method].append(microseconds)
    print("  spikes per step:", ", ".join(f"{value:.1f}" for value in spikes))
    medians = {method: statistics.median(values) for method, values in found.items()}
    for method, value in medians.items():
        print(f"  {method:9} {value:7.1f} us per step, {value / medians['by source']:5.1f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hidden", type=int, default=1200)
    parser.add_argument("--steps", type=int, default=10000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="frozen-") as cache:
        for in_blocks in (False, True):
            print("in blocks:" if in_blocks else "step by step:")
            circuit = make_circuit(arguments.hidden, in_blocks=in_blocks)
            compare(circuit, arguments.steps, arguments.repeats, Path(cache))


if __name__ == "__main__":
    main()
