"""Digits without labels, on the dense device and on stock Brian2: time per presentation.

python benchmarks/unsupervised.py [--presentations 100] [--repeats 3]
"""

from __future__ import annotations

import argparse
import statistics

import numpy as np

from brainsleep.circuit.winners import LEARNED, PreparedWinners
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.experiments.model_files.unsupervised_modelfile import load_unsupervised
from brainsleep.wake import load_split

MODEL = "diehl_cook_digits"


def seconds_per_presentation(prepared: PreparedWinners, images: np.ndarray, seed: int) -> float:
    """Run a learning network, and return the seconds of its loop per presentation."""
    state = prepared.network.initial_state(0)
    run = prepared.prepared.run(
        prepared.network.sequence(images), seed=seed, weights={LEARNED: state.weights}
    )
    return run.timings["run"] / len(images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presentations", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    images = load_split("digits").train.images[: arguments.presentations]
    network = load_unsupervised(find_model(MODEL)).unsupervised.build(images.shape[1])
    devices = {name: network.prepare(name) for name in ("cpp", "cpp_stock")}
    found: dict[str, list[float]] = {name: [] for name in devices}
    for repeat in range(arguments.repeats):  # in turn, so that both have the same conditions
        for name, prepared in devices.items():
            found[name].append(seconds_per_presentation(prepared, images, repeat))
    medians = {name: statistics.median(values) for name, values in found.items()}
    for name, seconds in medians.items():
        print(f"{name:10} {1e3 * seconds:6.2f} ms per presentation")
    print(f"stock / dense: {medians['cpp_stock'] / medians['cpp']:.1f}")


if __name__ == "__main__":
    main()
