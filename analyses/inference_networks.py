"""Networks that scripts convert to spiking ones: how they are made, and how they learn."""

import torch
from torch import nn

from brainsleep import wake

#: Steps for which an image is shown, and how the network learns.
NETWORKS = {
    "perceptron": (100, wake.Training(lr=0.05, momentum=0.9, batch_size=25, epochs=12)),
    "convolutional": (200, wake.Training(lr=0.05, momentum=0.9, batch_size=25, epochs=8)),
    "residual": (200, wake.Training(lr=0.05, momentum=0.9, batch_size=25, epochs=2)),
}


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
