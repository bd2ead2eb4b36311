"""Awake as spiking networks: python analyses/spiking_inference.py [--seeds N] [--n-jobs N].

Trains a perceptron, a small convolutional network and a narrow ResNet-18 on digits, converts each
of them, and shows it the test images with each coding. Scales are computed from the first 500
training images. Nothing else is fitted, and all other arguments have their defaults.
"""

import argparse
from pathlib import Path

import torch
from rundir import command, write_json
from torch import nn

import brainsleep as bs
from brainsleep import wake
from brainsleep.measures import summarise

CODINGS = ("constant", "poisson", "latency")
#: Steps for which an image is shown, and how the network learns.
NETWORKS = {
    "perceptron": (100, wake.Training(lr=0.05, momentum=0.9, batch_size=25, epochs=12)),
    "convolutional": (200, wake.Training(lr=0.05, momentum=0.9, batch_size=25, epochs=8)),
    "residual": (200, wake.Training(lr=0.05, momentum=0.9, batch_size=25, epochs=2)),
}
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


def trained(name, seed, train):
    """Train a network."""
    make = {"perceptron": perceptron, "convolutional": convolutional, "residual": residual}
    network = make[name](seed)
    wake.train(network, train, NETWORKS[name][1], seed=wake.training_seed(seed, 0))
    return network


def perceptron(seed):
    """784-256-128-10 with biases."""
    return wake.mlp((784, 256, 128, 10), bias=True, seed=seed)


def convolutional(seed):
    """Two convolutions with BatchNorm, average pooling after each."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Unflatten(1, (1, 28, 28)),
            nn.Conv2d(1, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Conv2d(8, 16, 3, padding=1, bias=False),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * 7 * 7, 10),
        )


class BasicBlock(nn.Module):
    """The residual block of ResNet-18."""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.relu = nn.ReLU()
        self.downsample = nn.Sequential()
        if stride != 1 or n_in != n_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, x):
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(out + self.downsample(x))


def residual(seed, width=4):
    """ResNet-18 for small images, `width` channels instead of 64, without its first pooling."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        stem = [nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        blocks, n_in = [], width
        for stage in range(4):
            n_out, stride = width * 2**stage, 1 if stage == 0 else 2
            blocks += [BasicBlock(n_in, n_out, stride), BasicBlock(n_out, n_out, 1)]
            n_in = n_out
        tail = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(n_in, 10)]
        return nn.Sequential(nn.Unflatten(1, (1, 28, 28)), *stem, *blocks, *tail)


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
