"""Networks that fit the data: small ones for images, and those that a user's function makes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from brainsleep import wake
from brainsleep.errors import BrainsleepError, ParameterError
from brainsleep.support.user_code import find_function
from brainsleep.wake.networks.data_shape import DataShape
from brainsleep.wake.networks.own_network import own_network

GREY = DataShape(n_inputs=48, n_outputs=3, image_shape=(6, 8))
COLOUR = DataShape(n_inputs=144, n_outputs=3, image_shape=(3, 6, 8))
FEATURES = DataShape(n_inputs=48, n_outputs=3, image_shape=(48,))

CODE = """
import random

import torch
from torch import nn


def flat(n_inputs, n_outputs):
    return nn.Linear(n_inputs, n_outputs)


def by_channels(image_shape, n_outputs, *, seed, width=4):
    torch.manual_seed(seed)
    channels = 1 if len(image_shape) == 2 else image_shape[0]
    return nn.Sequential(
        nn.Conv2d(channels, width, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(n_outputs)
    ).eval()


class ByRows(nn.Module):
    def __init__(self, **sizes):
        super().__init__()
        self.within = nn.Linear(sizes["image_shape"][1], sizes["n_outputs"])

    def forward(self, images):
        assert images.ndim == 3
        return self.within(images).sum(1)


def few():
    return nn.Linear(48, 2)


def other():
    return nn.Linear(47, 3)


def pairs():
    return nn.LSTM(48, 3)


def state(n_inputs):
    return nn.Linear(n_inputs, 3).state_dict()


def sized(n_inputs, depth):
    return nn.Linear(n_inputs, depth)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "net.py").write_text(CODE)
    return tmp_path


def made(folder: Path, function: str, shape: DataShape, seed: int = 0, **keys: object) -> nn.Module:
    return own_network(find_function(f"net.py:{function}", folder, "module"), shape, seed, keys)


@pytest.mark.parametrize(
    ("function", "shape", "folded"),
    [
        ("flat", GREY, None),
        ("flat", COLOUR, None),
        ("by_channels", GREY, (1, 6, 8)),
        ("by_channels", COLOUR, (3, 6, 8)),
        ("ByRows", GREY, (6, 8)),
    ],
)
def test_rows_are_folded_as_the_network_takes_them(
    folder: Path, function: str, shape: DataShape, folded: tuple[int, ...] | None
) -> None:
    network = made(folder, function, shape)
    rows = torch.rand(5, shape.n_inputs)
    outputs = network(rows)
    assert outputs.shape == (5, 3)
    assert network.training
    assert all(module.training for module in network.modules())
    if folded is not None:
        assert torch.equal(outputs, network.network(rows.reshape(5, *folded)))


def test_a_function_is_given_its_arguments_and_the_seed(folder: Path) -> None:
    before = torch.random.get_rng_state()
    first, same, other = (
        made(folder, name, GREY, seed).state_dict()
        for name, seed in (("flat", 3), ("flat", 3), ("flat", 4))
    )
    assert torch.equal(first["weight"], same["weight"])
    assert not torch.equal(first["weight"], other["weight"])
    assert made(folder, "by_channels", GREY, width=7).network[0].out_channels == 7
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("function", "shape", "keys", "said"),
    [
        ("few", GREY, {}, "net.py:few has 2 outputs, too few for 3 classes"),
        ("other", GREY, {}, r"does not take the data: \(n, 48\): .*; \(n, 1, 6, 8\): .*"),
        ("by_channels", FEATURES, {}, "net.py, line 1., raised|does not take the data"),
        ("pairs", FEATURES, {}, r"must give outputs of shape \(n, n_outputs\)"),
        ("state", GREY, {}, "must return a torch.nn.Module, not OrderedDict"),
        ("flat", GREY, {"n_input": 3}, "takes no 'n_input'. Did you mean 'n_inputs'"),
        ("sized", GREY, {}, "wants an argument 'depth', .*; there are n_inputs, n_outputs"),
        ("sized", GREY, {"depth": -3}, "net.py, line .*, raised RuntimeError"),
    ],
)
def test_networks_that_do_not_fit_are_refused(
    folder: Path, function: str, shape: DataShape, keys: dict, said: str
) -> None:
    with pytest.raises(ParameterError, match=said) as caught:
        made(folder, function, shape, **keys)
    assert "\n" not in str(caught.value)


def test_a_file_that_changes_is_another_module(folder: Path) -> None:
    assert made(folder, "few", DataShape(48, 2, (48,))).out_features == 2
    (folder / "net.py").write_text(CODE.replace("Linear(48, 2)", "Linear(48, 5)"))
    assert made(folder, "few", GREY).out_features == 5


def test_a_file_may_import_its_neighbours(folder: Path) -> None:
    (folder / "neighbour_of_net.py").write_text("from torch import nn\nlayer = nn.Linear\n")
    (folder / "net.py").write_text(
        "import neighbour_of_net\n\nflat = lambda: neighbour_of_net.layer(48, 3)\n"
    )
    assert made(folder, "flat", GREY).out_features == 3


@pytest.mark.parametrize("build", [wake.cnn, wake.resnet])
@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (3, 8, 8)])
def test_small_networks_for_images(build: object, shape: tuple[int, ...]) -> None:
    network = build(shape, 5, seed=2)
    n_pixels = torch.Size(shape).numel()
    rows = torch.rand(4, n_pixels)
    outputs = network(rows)
    assert outputs.shape == (4, 5)
    assert torch.equal(outputs, network(rows.reshape(4, *(1, *shape)[-3:])))
    again, other = build(shape, 5, seed=2), build(shape, 5, seed=3)
    assert torch.equal(outputs, again(rows))
    assert not torch.equal(outputs, other(rows))
    assert not any("bias" in name for name, _ in network.named_parameters())
    assert any("bias" in name for name, _ in build(shape, 5, bias=True).named_parameters())


def test_a_residual_block_adds_what_goes_past_it() -> None:
    network = wake.resnet((6, 6), 2, channels=(3,), blocks=2, seed=0)
    block = network.block1_2
    with torch.no_grad():
        block.conv2.weight.zero_()
        images = torch.randn(2, 3, 6, 6)
        assert torch.equal(block(images), images.relu())


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (lambda: wake.cnn((20,), 3), "takes images, but the data are rows of 20 values"),
        (lambda: wake.cnn((8, 8), 3, channels=()), "channels must have at least 1"),
        (lambda: wake.cnn((8, 8), 3, kernel_size=2), "kernel_size must be odd"),
        (lambda: wake.cnn((8, 8), 0), "n_outputs"),
        (lambda: wake.cnn((8, 8), 3, hidden=(0,)), r"hidden\[0\]"),
        (lambda: wake.cnn((8, 8), 3, dropout=1.0), "dropout"),
        (lambda: wake.resnet((8, 8, 8, 8), 3), "takes images"),
        (lambda: wake.resnet((8, 8), 3, blocks=0), "blocks"),
    ],
)
def test_small_networks_check_their_parameters(build: object, said: str) -> None:
    with pytest.raises(BrainsleepError, match=said):
        build()
