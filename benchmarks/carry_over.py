"""Do the defaults of a night carry over? Five data sets, three networks each, one call.

    python benchmarks/carry_over.py [--fashion DIR] [--seeds 5] [--only digits ...] [--output DIR]

Five tasks of two classes, learned one after the other, a night with all defaults after each; beside
it no sleep, weight averaging and joint training. Writes RESULTS_CARRY_OVER.md and
carry_over.json; what carry_over.json has already is not measured again.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from carry_over_data import PROBLEMS
from carry_over_page import WAYS, page_of
from torch import nn

import brainsleep as bs
from brainsleep.wake import (
    Dataset,
    Task,
    Training,
    accuracy,
    class_incremental,
    concatenate,
    torch_threads,
    train,
    train_strategy,
    training_seed,
)

HERE = Path(__file__).parent
#: Batches per task, in which the default experiment learns its digits.
BATCHES = 128
BATCH_SIZE = 25
OWN_WARNINGS = (bs.NightWarning, bs.CalibrationWarning)
#: The share of the edge of an image that the window shows.
WINDOW = 0.7


def training_for(task: Task) -> Training:
    """Return as many epochs as make about `BATCHES` batches, whatever the size of a task."""
    return Training(epochs=max(1, round(BATCHES * BATCH_SIZE / len(task.train))))


def stimulus_for(dataset: Dataset) -> bs.stimuli.MeanOfRandomImages:
    """Return the stimulus with its defaults; images are seen through a window."""
    shape = dataset.image_shape
    mask = None if len(shape) < 2 else bs.stimuli.RandomWindow(round(WINDOW * min(shape)))
    return bs.stimuli.MeanOfRandomImages(dataset.images, mask=mask, image_shape=shape)


def one_night(network: nn.Module, dataset: Dataset, seed: int) -> tuple[bs.Night, list[str]]:
    """Sleep with all defaults; return the night, and what it warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")  # what Brian2 says of pyparsing is of no account here
        for kind in OWN_WARNINGS:
            warnings.simplefilter("always", kind)
        night = bs.sleep(
            network,
            stimulus_for(dataset),
            dataset.images,
            seed=seed,
            record=bs.Record(spikes=None, rates="all"),
            progress=False,
        )
    return night, [f"{one.category.__name__}: {one.message}" for one in caught]


def measure(
    found: dict[str, Any],
    build: Callable[[int], nn.Module],
    tasks: tuple[Task, ...],
    seed: int,
) -> None:
    """Add what is missing: accuracies of all ways, rates of the nights, what they warned of."""
    everything = concatenate([task.test for task in tasks])
    training = training_for(tasks[0])
    for name, strategy in WAYS.items():
        if name not in found:
            network = build(seed)
            network = train_strategy(strategy, network, tasks, training, seed=seed, progress=False)
            found[name] = accuracy(network, everything)
    if "sleep" in found:
        return
    started = time.perf_counter()
    network, warned, rates = build(seed), [], []
    for task in tasks:
        chosen = training_seed(seed, task.index)
        train(network, task.train, training, seed=chosen, progress=False)
        chosen = training_seed(seed, task.index, "night")
        night, told = one_night(network, task.train, chosen)
        assert night.ann is not None
        network = night.ann
        warned += told
        rates.append({name: rate_of(night, name) for name in night.sizes})
    found["sleep"] = accuracy(network, everything)
    found |= {
        "warnings": warned,
        "rates": rates,
        "seconds": round(time.perf_counter() - started, 1),
    }


def rate_of(night: bs.Night, name: str) -> float:
    """Return the mean rate of a population in a night, in Hz."""
    seconds = night.n_steps * float(night.dt)
    return round(float(night.counts[name].sum()) / (night.sizes[name] * seconds), 2)


def main() -> None:
    """Measure what is missing, and write both files after each run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=PROBLEMS, default=list(PROBLEMS))
    parser.add_argument("--fashion", metavar="DIR", help="folder of Fashion-MNIST's IDX files")
    parser.add_argument("--output", type=Path, default=HERE)
    arguments = parser.parse_args()
    kept = arguments.output / "carry_over.json"
    results = read_kept(kept)
    with torch_threads(1):
        for seed in range(arguments.seeds):  # all problems with few seeds before one with many
            for key in arguments.only:
                problem = PROBLEMS[key]
                tasks = class_incremental(problem.load(arguments.fashion))
                for name, build in problem.networks.items():
                    found = results.setdefault(key, {}).setdefault(name, {}).setdefault(seed, {})
                    measure(found, build, tasks, seed)
                    kept.write_text(json.dumps(results, indent=1) + "\n")
                    scores = {way: round(100 * found[way], 1) for way in (*WAYS, "sleep")}
                    print(key, name, seed, scores, f"{found['seconds']:.0f} s", flush=True)
                    for warning in dict.fromkeys(found["warnings"]):
                        print("   ", warning, flush=True)
    (arguments.output / "RESULTS_CARRY_OVER.md").write_text(page_of(results))


def read_kept(kept: Path) -> dict[str, Any]:
    """Return what has been measured, by problem, network and seed."""
    if not kept.exists():
        return {}
    found = json.loads(kept.read_text())
    return {
        key: {name: {int(seed): run for seed, run in runs.items()} for name, runs in group.items()}
        for key, group in found.items()
    }


if __name__ == "__main__":
    main()
