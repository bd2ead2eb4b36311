"""Spiking inference of trained networks against libraries that step through dense layers.

python benchmarks/inference.py [--networks mlp cnn] [--images 200 1000] [--repeats 5] [--quick]
    [--stop-when-stable STEPS] [--json FILE]

Handwritten digits, 100 steps per image, constant input currents, one thread each. What a call does
before its first image counts for more if there are few, so each number of images is measured.
SpikingJelly and snnTorch (`inference_others.py`; `pip install 'brainsleep[benchmarks]'`) run the
same network, each with the batch size of `BATCHES` with which it is fastest here; one that is not
installed is left out. What counts is all that is done for the images, conversion left out on their
side and included on ours. Accuracies stand beside the ratio. With `--stop-when-stable` ours is
also measured showing images until the same output has been chosen for so many steps; the others
show all steps.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from command_line import parser_of, read
from inference_others import CONVERTERS, Other, installed
from interleaved import Comparison, Times, show, take_turns, timed
from torch import nn

import brainsleep as bs

OURS, STOPPING = "brainsleep", "brainsleep, until stable"
N_STEPS = 100
#: Images of each row in a check.
FEW_IMAGES = 20
#: Batch sizes that the others are tried with.
BATCHES = (10, 50, 200, 500)

Call = Callable[[], object]
Compared = Iterator[Comparison]


def network(name: str) -> nn.Sequential:
    """Return an untrained network: 784-1200-1200-10, or 16c3-p-32c3-p-128-10 with batch norm."""
    if name == "mlp":
        sizes = (nn.Linear(784, 1200), nn.Linear(1200, 1200))
        return nn.Sequential(sizes[0], nn.ReLU(), sizes[1], nn.ReLU(), nn.Linear(1200, 10))
    blocks: list[nn.Module] = []
    for n_in, n_out in ((1, 16), (16, 32)):
        convolution = nn.Conv2d(n_in, n_out, 3, padding=1)
        blocks += [convolution, nn.BatchNorm2d(n_out), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(
        *blocks, nn.Flatten(), nn.Linear(32 * 7 * 7, 128), nn.ReLU(), nn.Linear(128, 10)
    )


def shaped(images: object, name: str) -> torch.Tensor:
    """Return images as a network takes them."""
    flat = torch.tensor(images, dtype=torch.float32)
    return flat.reshape(-1, 784) if name == "mlp" else flat.reshape(-1, 1, 28, 28)


def trained(name: str, images: torch.Tensor, labels: torch.Tensor, epochs: int) -> nn.Sequential:
    """Return a network that has learned the images."""
    torch.manual_seed(0)
    net = network(name)
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(images)).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(images[batch]), labels[batch]).backward()
            optimiser.step()
    return net.eval()


def fastest_batch(other: Other, images: torch.Tensor) -> int:
    """Return the batch size with which a network is fastest."""
    few = images[: max(BATCHES)]  # fewer would not fill the largest batch
    seconds = {
        batch: timed(lambda batch=batch: other.choices(few, batch, N_STEPS))[1] for batch in BATCHES
    }
    return min(seconds, key=seconds.__getitem__)


def compare(
    name: str, numbers: Sequence[int], repeats: int, quick: bool, stable: int | None
) -> Compared:
    """Yield how one network compares with each library, for each number of images."""
    digits = bs.wake.load_split("digits")
    train = shaped(digits.train.images, name), torch.tensor(digits.train.labels).long()
    net = trained(name, *train, epochs=1 if quick else 4)
    images = shaped(digits.test.images, name)
    labels = torch.tensor(digits.test.labels).long()
    for number in numbers:
        title = f"inference: {name}" + ("" if number == numbers[0] else f", {number} images")
        n_images = FEW_IMAGES if quick else number
        shown = images[:n_images], labels[:n_images]
        yield from compare_on(net, title, *shown, train[0][:500], repeats, stable)


def compare_on(
    net: nn.Sequential,
    title: str,
    images: torch.Tensor,
    labels: torch.Tensor,
    calibration: torch.Tensor,
    repeats: int,
    stable: int | None,
) -> Compared:
    """Yield how a network compares with each library on some images."""
    n_images = len(images)

    def ours(stop_when_stable: int | None = None) -> bs.awake.SpikingAccuracy:
        how = {"n_steps": N_STEPS, "n_jobs": 1, "stop_when_stable": stop_when_stable}
        return bs.spiking_accuracy(net, (images, labels), progress=False, **how)

    calls: dict[str, Call] = {OURS: ours}
    notes = {OURS: right(ours(), labels)}
    if stable is not None:
        calls[STOPPING] = lambda: ours(stable)
        notes[STOPPING] = right(ours(stable), labels)
    for who in installed():
        other = CONVERTERS[who](net, calibration)
        batch = fastest_batch(other, images)
        calls[who] = lambda other=other, batch=batch: other.choices(images, batch, N_STEPS)
        share = float((calls[who]() == labels).float().mean())
        notes[who] = f"{share:.1%} of {n_images} images; batches of {batch}"
    times: dict[str, Times] = take_turns(calls, repeats)
    for mine, more in ((OURS, ""), (STOPPING, ", until stable")):
        for who in installed():
            if mine in calls:
                named = title + more + ("" if who == "SpikingJelly" else f", {who}")
                note = f"right: {notes[mine]} and {notes[who]}"
                both = {name: times[name] for name in (mine, who)}
                yield Comparison(named, mine, who, both, n_images, "image", note)


def right(found: bs.awake.SpikingAccuracy, labels: torch.Tensor) -> str:
    """Return which share of the images is right in the end, and after how many steps if fewer."""
    share = f"{(found.predictions[:, -1] == labels.numpy()).mean():.1%}"
    if found.steps_simulated == N_STEPS:
        return share
    steps = found.steps_until_decision.mean()
    return f"{share} ({steps:.1f} steps each, {found.steps_simulated:.1f} simulated)"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = parser_of(__doc__, repeats=5, quick=f"one round of {FEW_IMAGES} images, as a check")
    parser.add_argument("--networks", nargs="+", choices=("mlp", "cnn"), default=["mlp", "cnn"])
    parser.add_argument("--images", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--stop-when-stable", type=int, metavar="STEPS")
    options = read(parser, arguments)
    if not installed():
        sys.exit("there is nothing to compare with: pip install 'brainsleep[benchmarks]'")
    torch.set_num_threads(1)
    stable = options.stop_when_stable
    compared = [
        compare(name, options.images, options.repeats, options.quick, stable)
        for name in options.networks
    ]
    show(chain.from_iterable(compared), options.json)


if __name__ == "__main__":
    main()
