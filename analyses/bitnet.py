"""Spiking training: python analyses/bitnet.py digits [--seeds N] [--evaluate-on validation].

Trains the binary-interaction net and a ReLU network of the same architecture, and prints accuracies
and the fraction of zeros in each layer. Learning rates, surrogate, leak and initial weights were
chosen on validation digits (docs/how_to/spiking_training.md); other data sets use the same values.
"""

import argparse
import time
from pathlib import Path

from rundir import command, write_json

from brainsleep import wake
from brainsleep.measures import summarise

#: By the name on the command line: label in the printed table, learning rate.
NETWORKS = {
    "spikes": ("bitnet, output spikes", 0.02),
    "current": ("bitnet, output currents", 0.1),
    "relu": ("ReLU, same architecture", 0.03),
}
MOMENTUM, BATCH_SIZE = 0.9, 50


def main(argv=None):
    arguments = parser().parse_args(argv)
    split = load(arguments)
    print(
        f"{arguments.data}: {len(split.train)} images to learn, {len(split.test)} "
        f"{arguments.evaluate_on} images; fs {arguments.fs:g}, {arguments.steps} steps, "
        f"{arguments.epochs} epochs, seeds 0 to {arguments.seeds - 1}",
        flush=True,
    )
    results = {}
    with wake.torch_threads(1):
        for name in arguments.networks:
            runs = [one_run(name, seed, split, arguments) for seed in range(arguments.seeds)]
            results[name] = runs
            print(row(NETWORKS[name][0], runs), flush=True)
    return write(arguments, results)


def parser():
    result = argparse.ArgumentParser(
        description="Train binary spiking networks, and a ReLU network like them."
    )
    result.add_argument("data", choices=("digits", "mnist", "fashion_mnist"))
    result.add_argument("--data-dir", type=Path, help="folder of the IDX files of a full set")
    result.add_argument(
        "--train-per-class",
        type=int,
        metavar="N",
        help="train on N images per class",
    )
    result.add_argument("--evaluate-on", choices=("test", "validation"), default="test")
    result.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    result.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 0 to N - 1")
    result.add_argument("--fs", type=float, default=0.125, help="feature scale")
    result.add_argument("--steps", type=int, default=4, help="time steps per image in training")
    result.add_argument("--epochs", type=int, default=8)
    result.add_argument(
        "--other-steps",
        type=int,
        nargs="+",
        default=[],
        help="also evaluate with these steps",
    )
    result.add_argument("--out", type=Path, help="results (default: runs/bitnet_DATA.json)")
    return result


def load(arguments):
    """Return the images to train on and to evaluate on."""
    split = wake.load_split(arguments.data, arguments.data_dir, arguments.train_per_class)
    return wake.hold_out_validation(split) if arguments.evaluate_on == "validation" else split


def one_run(name, seed, split, arguments):
    """Train one network and measure it."""
    if name == "relu":
        network = wake.bitnet_relu(arguments.fs, 10, seed=seed)
    else:
        network = wake.bitnet(arguments.fs, 10, steps=arguments.steps, output=name, seed=seed)
    training = wake.Training(NETWORKS[name][1], MOMENTUM, BATCH_SIZE, arguments.epochs)
    start = time.perf_counter()
    losses = wake.train(network, split.train, training, seed=wake.training_seed(seed, 0))
    seconds = time.perf_counter() - start
    result = {
        "seed": seed,
        "accuracy": wake.accuracy(network, split.test),
        "zeros": wake.sparsity(network, split.test.images),
        "losses": losses,
        "training_seconds": seconds,
    }
    if name != "relu":
        result["accuracy_by_steps"] = {}
        for steps in arguments.other_steps:
            network.steps = steps
            result["accuracy_by_steps"][steps] = wake.accuracy(network, split.test)
    return result


def row(words, runs):
    """Return the lines of one network: accuracy, zeros, accuracy with other numbers of steps."""
    lines = [f"{words}: accuracy {percent([run['accuracy'] for run in runs])}, single seeds: "]
    lines[0] += " ".join(f"{100 * run['accuracy']:.1f}" for run in runs)
    seconds = summarise(run["training_seconds"] for run in runs).mean
    lines[0] += f"; {seconds:.0f} s of training"
    zeros = [percent([run["zeros"][layer] / 100 for run in runs]) for layer in runs[0]["zeros"]]
    lines.append("  zeros, by layer: " + ", ".join(zeros))
    for steps in runs[0].get("accuracy_by_steps", {}):
        accuracies = [run["accuracy_by_steps"][steps] for run in runs]
        lines.append(f"  shown for {steps} steps: {percent(accuracies)}")
    return "\n".join(lines)


def percent(shares):
    """Return mean ± sample standard deviation in %."""
    summary = summarise(shares)
    spread = f" ± {100 * summary.sd:.1f}" if summary.n > 1 else ""
    return f"{100 * summary.mean:.1f}{spread} %"


def write(arguments, results):
    """Write all numbers to a file and return its path."""
    file = arguments.out or Path("runs") / f"bitnet_{arguments.data}.json"
    settings = {key: str(value) for key, value in vars(arguments).items() if key != "out"}
    return write_json(file, {"settings": settings, "results": results})


if __name__ == "__main__":
    command(main)
