"""Awake as spiking networks: python analyses/spiking_inference.py [--seeds N] [--n-jobs N].

Trains a perceptron, a small convolutional network and a narrow ResNet-18 on digits, converts each
of them, and shows it the test images with each coding. Scales are computed from the first 500
training images. Nothing else is fitted, and all other arguments have their defaults.
"""

import argparse
from pathlib import Path

from inference_networks import NETWORKS, trained
from rundir import command, write_json

import brainsleep as bs
from brainsleep import wake
from brainsleep.measures import summarise

CODINGS = ("constant", "poisson", "latency")
REPORTED_STEPS = (5, 10, 20, 50, 100, 200)


def main(argv=None):
    arguments = parser().parse_args(argv)
    split = wake.load_split("digits")
    if arguments.evaluate_on == "validation":
        split = wake.hold_out_validation(split)
    results = {}
    with wake.torch_threads(1):
        for name in arguments.networks:
            for seed in range(arguments.seeds):
                network = trained(name, seed, split.train)
                for coding in arguments.codings:
                    result = shown(network, NETWORKS[name][0], coding, split, seed, arguments)
                    results.setdefault(name, {}).setdefault(coding, []).append(result)
                    if seed == 0:
                        print(f"{name}, seed 0: {result}\n", flush=True)
            for coding in arguments.codings:
                print(row(name, coding, results[name][coding]), flush=True)
            print(flush=True)
    return write(arguments, results)


def parser():
    result = argparse.ArgumentParser(description="Convert trained networks to spiking ones.")
    result.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS))
    result.add_argument("--codings", nargs="+", choices=CODINGS, default=list(CODINGS))
    result.add_argument("--seeds", type=int, default=3, metavar="N", help="seeds 0 to N - 1")
    result.add_argument("--evaluate-on", choices=("test", "validation"), default="test")
    result.add_argument("--n-jobs", type=int, default=1, metavar="N", help="processes at a time")
    result.add_argument("--out", type=Path, default=Path("runs/spiking_inference.json"))
    return result


def shown(network, n_steps, coding, split, seed, arguments):
    """Show the images to the spiking network."""
    return bs.spiking_accuracy(
        network,
        split.test,
        n_steps,
        coding=coding,
        calibration_data=split.train.images[:500],
        seed=seed,
        n_jobs=arguments.n_jobs,
    )


def row(name, coding, results):
    """Return a few lines on one network and coding."""
    losses = [100 * (result.ann_accuracy - result.accuracy[-1]) for result in results]
    steps = [step for step in REPORTED_STEPS if step <= results[0].n_steps]
    lines = [
        f"{name}, {coding}: artificial {percent([r.ann_accuracy for r in results])}, spiking "
        f"{percent([r.accuracy[-1] for r in results])}; lost, single seeds: "
        + ", ".join(f"{loss:.2f}" for loss in losses)
        + f" points; same choice in {percent([r.agreement[-1] for r in results])}"
    ]
    by_steps = [f"{step}: {percent([r.accuracy[step - 1] for r in results])}" for step in steps]
    lines.append("  after steps " + ", ".join(by_steps))
    spikes = summarise(sum(r.spikes_per_image.values()) for r in results).mean
    operations = summarise(sum(r.synaptic_operations_per_image.values()) for r in results).mean
    multiplied = sum(results[0].multiplications_per_image.values())
    lines.append(
        f"  {spikes:,.0f} spikes and {operations:,.0f} synaptic operations per image "
        f"(multiplications in the artificial network: {multiplied:,})"
    )
    return "\n".join(lines)


def percent(shares):
    """Return mean ± sample standard deviation in %."""
    summary = summarise(shares)
    spread = f" ± {100 * summary.sd:.2f}" if summary.n > 1 else ""
    return f"{100 * summary.mean:.2f}{spread} %"


def write(arguments, results):
    """Write all numbers to a file and return its path."""
    kept = ("ann_accuracy", "zeros", "correlation", "spikes_per_image")
    kept += ("synaptic_operations_per_image", "scales", "timings")
    numbers = {
        name: {
            coding: [
                {"accuracy": list(one.accuracy)} | {key: getattr(one, key) for key in kept}
                for one in several
            ]
            for coding, several in codings.items()
        }
        for name, codings in results.items()
    }
    return write_json(arguments.out, numbers)


if __name__ == "__main__":
    command(main)
