"""Rates that plain nights reach: networks of 1, 2, 4 and 8 layers of weights, and all neurons.

    python benchmarks/default_rates.py

prints the tables of docs/explanation/defaults.md. Networks learn two digits; the stimulus is their
mean image.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import nn

import brainsleep as bs
from brainsleep import wake
from brainsleep.neurons import NEURONS

IMAGES = wake.load_split("digits").train.of_classes([0, 1])
STILL = bs.SRC(increase=0, decrease=0)


def perceptron(depth: int) -> nn.Module:
    """Return a network of fully connected layers."""
    return wake.mlp((784, *[200] * (depth - 1), 10), seed=0)


def convolutional(depth: int) -> nn.Module:
    """Return a network of convolutions and, unless it is the only one, a last full layer."""
    torch.manual_seed(0)
    if depth == 1:
        return nn.Sequential(nn.Conv2d(1, 10, 28, bias=False), nn.Flatten())
    layers: list[nn.Module] = [nn.Conv2d(1, 8, 5, stride=2, bias=False), nn.ReLU()]
    for _ in range(depth - 2):
        layers += [nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.ReLU()]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8 * 144, 10, bias=False))


def night(ann: nn.Module, neuron: object, plasticity: object) -> tuple[list[float], str, float]:
    """Return each layer's mean rate in Hz, what was found, and the seconds of calibration."""
    image = IMAGES.images.mean(axis=0)
    x = image.reshape(1, 28, 28) if isinstance(ann[0], nn.Conv2d) else image
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slept = bs.sleep(ann, x, neuron=neuron, plasticity=plasticity, progress=False)
    rates = [float(np.mean(np.asarray(slept.rates[name].mean))) for name in slept.thresholds]
    findings = ", ".join(f"{one.layer} {one.kind}" for one in slept.findings) or "none"
    return rates, findings, slept.timings["calibrate"]


def row(name: str, ann: nn.Module, neuron: object) -> str:
    """Return a row: rates without learning, and with it."""
    still, _, seconds = night(ann, neuron, STILL)
    learning, findings, _ = night(ann, neuron, None)
    texts = [" ".join(f"{rate:.0f}" for rate in rates) for rates in (still, learning)]
    return f"| {name} | {texts[0]} | {texts[1]} | {findings} | {seconds:.1f} s |"


def main() -> None:
    """Print both tables."""
    heading = "rates without learning, Hz | rates with it | findings | calibration |"
    print(f"| network | {heading}\n|---|---|---|---|---|")
    for depth in (1, 2, 4, 8):
        for kind, make in (("MLP", perceptron), ("CNN", convolutional)):
            ann = make(depth)
            if kind == "MLP":
                wake.train(ann, IMAGES, seed=0, progress=False)
            print(row(f"{kind}, {depth}", ann, bs.Heaviside()), flush=True)
    print(f"\n| neuron | {heading}\n|---|---|---|---|---|")
    ann = perceptron(2)
    wake.train(ann, IMAGES, seed=0, progress=False)
    for model in NEURONS.values():
        print(row(f"`{model.__name__}()`", ann, model()), flush=True)


if __name__ == "__main__":
    main()
