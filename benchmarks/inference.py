"""Spiking inference of trained networks against SpikingJelly, which steps through dense layers.

python benchmarks/inference.py [--networks mlp cnn] [--images 200] [--repeats 5] [--quick]
    [--json FILE]

Handwritten digits, 100 steps per image, constant input currents, one thread each. SpikingJelly
(`pip install spikingjelly`) converts the same trained network with its `ann2snn`, and gets the
batch size of `BATCHES` with which it is fastest here. What counts is all that is done for the
images, conversion left out on its side and included on ours. Accuracies stand beside the ratio.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from command_line import parser_of, read
from interleaved import Comparison, Times, show, take_turns, timed
from torch import nn

import brainsleep as bs

OURS, THEIRS = "brainsleep", "SpikingJelly"
N_STEPS = 100
#: Batch sizes that SpikingJelly is tried with.
BATCHES = (10, 50, 200)

Call = Callable[[], object]


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


def converted(net: nn.Sequential, images: torch.Tensor, labels: torch.Tensor) -> nn.Module:
    """Return SpikingJelly's spiking network, or end with a message where it is not installed."""
    try:
        from spikingjelly.activation_based import ann2snn
    except ImportError as error:
        sys.exit(f"SpikingJelly cannot be imported ({error}): pip install 'brainsleep[benchmarks]'")
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(images, labels), batch_size=100
    )
    recipe = ann2snn.RateCodingRecipe(dataloader=loader, mode="99.9%")
    return ann2snn.Converter(recipe=recipe, device="cpu").convert(net).eval()


def choices(snn: nn.Module, images: torch.Tensor, batch: int) -> torch.Tensor:
    """Return the outputs that SpikingJelly's network chooses after the last step."""
    from spikingjelly.activation_based import functional

    chosen = []
    with torch.inference_mode():
        for part in images.split(batch):
            functional.reset_net(snn)
            chosen.append(sum(snn(part) for _ in range(N_STEPS)).argmax(1))
    return torch.cat(chosen)


def compare(name: str, n_images: int, repeats: int, quick: bool) -> Comparison:
    """Return both simulators on one network."""
    digits = bs.wake.load_split("digits")
    train = shaped(digits.train.images, name), torch.tensor(digits.train.labels).long()
    net = trained(name, *train, epochs=1 if quick else 4)
    images = shaped(digits.test.images, name)[:n_images]
    labels = torch.tensor(digits.test.labels).long()[:n_images]
    snn = converted(net, train[0][:500], train[1][:500])

    def ours() -> bs.awake.SpikingAccuracy:
        return bs.spiking_accuracy(net, (images, labels), n_steps=N_STEPS, progress=False)

    few = images[: min(50, n_images)]
    seconds = {batch: timed(lambda batch=batch: choices(snn, few, batch))[1] for batch in BATCHES}
    batch = min(seconds, key=seconds.__getitem__)
    right = (ours().predictions[:, -1] == labels.numpy()).mean()
    their_right = (choices(snn, images, batch) == labels).float().mean()
    calls: dict[str, Call] = {
        OURS: ours,
        THEIRS: lambda: choices(snn, images, batch),
    }
    times: dict[str, Times] = take_turns(calls, repeats)
    note = f"right: {right:.1%} and {their_right:.1%} of {n_images} images; batches of {batch}"
    return Comparison(f"inference: {name}", OURS, THEIRS, times, n_images, "image", note)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = parser_of(__doc__, repeats=5, quick="one round of 20 images, as a check")
    parser.add_argument("--networks", nargs="+", choices=("mlp", "cnn"), default=["mlp", "cnn"])
    parser.add_argument("--images", type=int, default=200)
    options = read(parser, arguments)
    torch.set_num_threads(1)
    n_images = 20 if options.quick else options.images
    found = (compare(name, n_images, options.repeats, options.quick) for name in options.networks)
    show(found, options.json)


if __name__ == "__main__":
    main()
