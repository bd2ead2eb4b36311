"""Strategies without sleep on five tasks of two digits: how defaults were chosen, what they reach.

    python analyses/strategies.py --seeds 3          # the table of docs/explanation/strategies.md
    python analyses/strategies.py --choose           # what was tried, on validation images

The network and the training are those of `split_mnist_heaviside`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from typing import Any

from brainsleep.errors import ParameterError
from brainsleep.wake import (
    STRATEGIES,
    Training,
    accuracy,
    build_strategy,
    class_incremental,
    concatenate,
    hold_out_validation,
    load_split,
    mlp,
    torch_threads,
    train_strategy,
)

#: Of each strategy, the parameters that were tried.
TRIED: dict[str, list[dict[str, Any]]] = {
    "replay": [{"per_batch": n} for n in (0, 50, 100)],
    "derpp": [{"alpha": alpha, "beta": beta} for alpha in (0.1, 0.5) for beta in (0.5, 1.0)],
    "latent_replay": [
        {"layer": "second", "per_batch": 0},
        {"layer": "second", "per_batch": 100},
        {"layer": "last", "per_batch": 0},
    ],
    "ewc": [{"strength": strength} for strength in (100.0, 1000.0, 10000.0, 100000.0)],
    "si": [{"strength": strength} for strength in (1.0, 10.0, 100.0)],
    "lwf": [
        {"strength": strength, "temperature": temperature}
        for strength, temperature in ((1.0, 2.0), (10.0, 2.0), (100.0, 2.0), (1.0, 1.0))
    ],
    "energy_based": [{"negatives": negatives} for negatives in ("one", "all")],
    "low_rank_merging": [
        {"rank": rank, "scale": scale}
        for rank, scales in ((10, (0.03, 0.1, 0.3, 0.5, 0.7)), (50, (0.1, 0.5, 1.0)))
        for scale in scales
    ],
    "low_rank_concatenation": [{"rank": 10, "scale": 0.7}, {"rank": 50, "scale": 1.0}],
    "nearest_class_mean": [{"layer": layer} for layer in ("pixels", "second", "last")],
    "streaming_lda": [
        {"layer": layer, "shrinkage": shrinkage}
        for layer, tried in (
            ("pixels", (1e-4, 1e-3, 1e-2, 1e-1)),
            ("last", (1e-5, 1e-4, 1e-3, 1e-2)),
            ("second", (1e-4,)),
        )
        for shrinkage in tried
    ],
}
#: What the table shows beside each strategy with its defaults.
OTHERS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("replay", {"n_images": 100}),
    ("replay", {"per_batch": 100}),
    ("latent_replay", {"per_batch": 100}),
    ("streaming_lda", {"layer": "pixels", "shrinkage": 0.1}),
)


def measured(kind: str, parameters: dict[str, Any], seed: int, *, choose: bool) -> dict[str, float]:
    """Train by a strategy; return accuracy in percent, seconds and bytes."""
    split = load_split("digits")
    tasks = class_incremental(hold_out_validation(split) if choose else split)
    network, strategy = mlp((784, 1200, 1200, 10), seed=seed), build_strategy(kind, **parameters)
    started = time.process_time()
    readout = train_strategy(strategy, network, tasks, Training(), seed=seed, progress=False)
    return {
        "seconds": time.process_time() - started,
        "accuracy": 100 * accuracy(readout, concatenate([task.test for task in tasks])),
        "bytes": strategy.stored_bytes,
    }


def cases(*, choose: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Go through all that is to be measured."""
    if not choose:
        yield from ((kind, {}) for kind in STRATEGIES)
        yield from OTHERS
        return
    for kind, tried in TRIED.items():
        yield from ((kind, parameters) for parameters in tried)


def main() -> None:
    """Print a row per strategy."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="how many, from 0 (default: 3)")
    parser.add_argument("--choose", action="store_true", help="on validation images")
    parser.add_argument("--only", nargs="+", choices=[*STRATEGIES], metavar="STRATEGY")
    options = parser.parse_args()
    seeds = range(2 if options.choose else options.seeds)
    print("| strategy | accuracy, % (mean ± SD) | stored bytes | processor seconds |")
    for kind, parameters in cases(choose=options.choose):
        if options.only and kind not in options.only:
            continue
        name = " ".join([kind, *(f"{key}={value}" for key, value in parameters.items())])
        try:
            runs = [measured(kind, parameters, seed, choose=options.choose) for seed in seeds]
        except ParameterError as error:
            print(f"| {name} | {error} | | |", flush=True)
            continue
        scores = [run["accuracy"] for run in runs]
        spread = f" ± {statistics.stdev(scores):.1f}" if len(scores) > 1 else ""
        seconds = statistics.mean(run["seconds"] for run in runs)
        print(
            f"| {name} | {statistics.mean(scores):.1f}{spread} | {runs[0]['bytes']:,} "
            f"| {seconds:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    with torch_threads(1):
        main()
