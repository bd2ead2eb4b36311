"""Local response normalisation and lateral inhibition among channels of a CNN: what each does.

    python analyses/lateral_inhibition.py --seeds 5

A small CNN learns digits without competition, with `nn.LocalResponseNorm` (constants of AlexNet,
and stronger ones), and with subtractive inhibition among neighbouring channels at the same
position, which is a fixed 1 × 1 convolution. Fixed weights cannot divide by activity, so what
sleeps and spikes of a normalised network has the mean divisor of each channel in its place.
Accuracy on test images, in spikes on the first 200; sparseness and selectivity of the first layer
after competition. A night of noise has the package's defaults; inhibition does not learn in it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from torch import nn

import brainsleep as bs
from brainsleep import wake

N_CHANNELS = 16
N_IMAGES = 200
#: Steps of an image in spikes, and of a night.
N_STEPS, NIGHT_STEPS = 60, 400


class Scaled(nn.Module):
    """Multiplies each channel by a constant: what is left of a division, on average."""

    def __init__(self, factors: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("factors", factors[:, None, None])

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Return the product."""
        return maps * self.factors


def inhibition(strength: float = 1.0, reach: int = 2) -> nn.Sequential:
    """Return what subtracts `strength` times the mean of neighbouring channels, and rectifies."""
    distance = np.abs(np.subtract.outer(np.arange(N_CHANNELS), np.arange(N_CHANNELS)))
    near = (distance > 0) & (distance <= reach)
    kernel = np.eye(N_CHANNELS) - strength * near / near.sum(axis=1, keepdims=True)
    layer = nn.Conv2d(N_CHANNELS, N_CHANNELS, 1, bias=False)
    layer.weight.data = torch.tensor(kernel, dtype=torch.float32)[:, :, None, None]
    layer.requires_grad_(False)
    return nn.Sequential(layer, nn.ReLU())


#: What stands behind the first layer.
KINDS: dict[str, Callable[[], nn.Module]] = {
    "none": nn.Identity,
    "LRN, AlexNet's constants": lambda: nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2),
    "LRN, strong": lambda: nn.LocalResponseNorm(5, alpha=5.0, beta=0.75, k=1),
    "lateral inhibition": inhibition,
}


def network(kind: str, seed: int) -> nn.Sequential:
    """Return a CNN before training."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(1, N_CHANNELS, 5, stride=2, bias=False),
        nn.ReLU(),
        KINDS[kind](),
        nn.Conv2d(N_CHANNELS, 32, 3, stride=2, bias=False),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 5 * 5, 10, bias=False),
    )


def learned(kind: str, images: torch.Tensor, labels: torch.Tensor, seed: int) -> nn.Sequential:
    """Return a CNN that has learned: 4 epochs, batches of 25, momentum 0.9."""
    found = network(kind, seed)
    own = [one for one in found.parameters() if one.requires_grad]
    steps = torch.optim.SGD(own, lr=0.01, momentum=0.9)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(4):
        for batch in torch.randperm(len(images), generator=generator).split(25):
            steps.zero_grad()
            nn.functional.cross_entropy(found(images[batch]), labels[batch]).backward()
            steps.step()
    return found.requires_grad_(False)


def spiking(ann: nn.Sequential, images: torch.Tensor) -> nn.Sequential:
    """Return the network that fixed weights can be: a division becomes its mean factor."""
    if not isinstance(ann[2], nn.LocalResponseNorm):
        return ann
    before = ann[:2](images)
    factors = ann[2](before).sum(dim=(0, 2, 3)) / before.sum(dim=(0, 2, 3)).clamp(min=1e-9)
    return nn.Sequential(*ann[:2], Scaled(factors), *ann[3:])


def sparseness(rows: np.ndarray) -> float:
    """Return the mean of Treves and Rolls' sparseness over rows: 1 if all are as active."""
    rows = rows[rows.any(axis=1)]
    return float((rows.mean(axis=1) ** 2 / (rows**2).mean(axis=1)).mean())


def selectivity(rows: np.ndarray, labels: np.ndarray) -> float:
    """Return how selective neurons are for classes: 0 for none, 1 if each knows one class only."""
    means = np.stack([rows[labels == k].mean(axis=0) for k in range(10)])
    return (1 - sparseness(means.T)) / (1 - 1 / 10)


def right(ann: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the accuracy in %."""
    return 100 * float((ann(images).argmax(dim=1) == labels).float().mean())


def measured(kind: str, seed: int) -> dict[str, float]:
    """Return what is measured of a kind of competition, for a seed."""
    split = wake.load_split("digits")
    train, test = (
        torch.tensor(one.images).reshape(-1, 1, 28, 28) for one in (split.train, split.test)
    )
    labels, unseen = (torch.tensor(one.labels).long() for one in (split.train, split.test))
    ann = learned(kind, train, labels, seed)
    active = ann[:3](test).flatten(1).numpy()
    fixed = spiking(ann, train)
    shown = (test[:N_IMAGES].numpy(), unseen[:N_IMAGES].numpy())
    awake = bs.spiking_accuracy(fixed, shown, n_steps=N_STEPS, progress=False, n_jobs=1)
    inhibitory = ["2.0"] if kind == "lateral inhibition" else []
    night = bs.sleep(
        bs.translate(fixed, (1, 28, 28), frozen=inhibitory),
        np.full((1, 28, 28), 0.05),
        train[:500].numpy(),
        NIGHT_STEPS,
        seed=seed,
        record=None,
        progress=False,
    )
    return {
        "accuracy, %": right(ann, test, unseen),
        "of fixed weights, %": right(fixed, test, unseen),
        "in spikes, %": 100 * float(awake.accuracy[-1]),
        "spikes per image": sum(n for name, n in awake.spikes_per_image.items() if name != "input"),
        "sparseness": sparseness(active),
        "selectivity": selectivity(active, unseen.numpy()),
        "after a night of noise, %": right(night.ann, test, unseen),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5)
    n_seeds = parser.parse_args().seeds
    torch.set_num_threads(1)
    kept: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for seed in range(n_seeds):
        for kind, found in kept.items():
            found.append(measured(kind, seed))
        print(table(kept), flush=True)


def table(kept: dict[str, list[dict[str, float]]]) -> str:
    """Return means and sample standard deviations over seeds."""
    names = list(kept["none"][0])
    lines = [f"| competition | {' | '.join(names)} |", "|" + "---|" * (len(names) + 1)]
    for kind, found in kept.items():
        cells = []
        for name in names:
            values = [one[name] for one in found]
            digits = 0 if name.startswith("spikes") else 1 if name.endswith("%") else 2
            spread = f" ± {np.std(values, ddof=1):,.{digits}f}" if len(found) > 1 else ""
            cells.append(f"{np.mean(values):,.{digits}f}{spread}")
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
