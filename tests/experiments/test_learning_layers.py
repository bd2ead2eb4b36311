"""``[training]``: which layers learn in every arm, and learning rates in units of their input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from brainsleep.errors import ModelFileError
from brainsleep.experiments.arms import Arm
from brainsleep.experiments.arms.setting import Setting
from brainsleep.experiments.continual.course import Course
from brainsleep.experiments.model_files.modelfile import ModelFile, parse_model
from brainsleep.experiments.model_files.rates_for_inputs import rates_for_inputs
from brainsleep.experiments.model_files.training_sections import StrategySection
from brainsleep.wake import Dataset, class_incremental, load_split, train


def model(layers: object, **network: object) -> ModelFile:
    """Return a small model file of two tasks."""
    content = {
        "name": "small",
        "tasks": {"classes": [[0, 1], [2, 3]]},
        "network": {"sizes": [784, 20, 10, 4], **network},
        "training": {"epochs": 1, "layers": layers},
    }
    return parse_model(content, "small.toml")


@pytest.mark.parametrize(
    ("kind", "layers", "learning"),
    [
        ("sequential", "all", {"0", "2", "4"}),
        ("sequential", "output", {"4"}),
        ("sequential", ["0", "4"], {"0", "4"}),
        ("latent_replay", "output", {"4"}),
        ("low_rank_merging", "output", {"4"}),
        ("ewc", "output", {"4"}),
    ],
)
def test_layers_that_do_not_learn_stay_as_they_were_drawn(
    kind: str, layers: object, learning: set[str]
) -> None:
    wanted = model(layers)
    tasks = class_incremental(load_split("digits", None, 10), wanted.tasks.classes)
    setting = Setting(model=wanted, tasks=tasks, progress=False, kept=None)
    course = Course(setting, Arm(name="one", label="one", waking=StrategySection(kind=kind)))
    before = {name: one.clone() for name, one in course.network.state_dict().items()}
    for index in range(2):
        course.learn(index)
    after = course.network.state_dict()
    changed = {name.split(".")[0] for name in before if not torch.equal(before[name], after[name])}
    assert changed == learning


def test_layers_are_found_by_their_paths() -> None:
    network = model(["2"], bias=True).training.freeze(model("all", bias=True).network.build(0))
    learning = {name for name, one in network.named_parameters() if one.requires_grad}
    assert learning == {"2.weight", "2.bias"}
    nested = nn.Sequential(nn.Sequential(nn.Linear(3, 3), nn.ReLU()), nn.Linear(3, 2))
    learning = {
        n for n, one in model(["0"]).training.freeze(nested).named_parameters() if one.requires_grad
    }
    assert learning == {"0.0.weight", "0.0.bias"}


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (["3"], r"\[training\] layers: the network has no layer '3' with weights. Expected one of"),
        (["1"], r"no layer '1' with weights"),
        (["4.weigth"], r"no layer '4.weigth'"),
    ],
)
def test_layers_that_are_not_there(layers: list[str], said: str) -> None:
    wanted = model(layers)
    setting = Setting(model=wanted, tasks=(), progress=False)
    with pytest.raises(ModelFileError, match=said):
        setting.new_network()


@pytest.mark.parametrize("layers", ["outputs", 4, [4]])
def test_layers_that_are_no_names(layers: object) -> None:
    with pytest.raises(ModelFileError, match="layers"):
        model(layers)


def images(scale: float = 1.0) -> Dataset:
    """Return images of two classes, of some brightness."""
    data = load_split("digits", None, 20).train.of_classes([0, 1])
    return Dataset("two", (scale * data.images).astype(np.float32), data.labels, data.image_shape)


def test_rates_are_those_over_the_squared_length_of_the_input() -> None:
    network, data = model("all").network.build(0), images()
    first, second, last = (network[k].weight.detach().double().numpy() for k in (0, 2, 4))
    received = [data.images.astype(float)]
    for weights in (first, second):
        received.append(np.maximum(received[-1] @ weights.T, 0))
    lengths = [float(np.square(one).sum(axis=1).mean()) for one in received]
    found = rates_for_inputs([3.0, 0.0, 6.0], network, data)
    assert found == pytest.approx([3 / lengths[0], 0, 6 / lengths[2]], rel=1e-5)
    frozen = model("output").training.freeze(network)
    assert rates_for_inputs(6.0, frozen, data) == [0, 0, found[2]]
    assert last.shape == (4, 10)


def test_learning_does_not_ask_how_bright_images_are() -> None:
    """With zeros in the output layer, outputs are the same for images of any brightness."""
    outputs = []
    for scale in (1.0, 0.25):
        wanted = model("output", output="zero")
        data = images(scale)
        section = wanted.training.model_copy(update={"lr": 2.0, "lr_unit": "1/input"})
        network = section.freeze(wanted.network.build(0))
        task = class_incremental(load_split("digits", None, 20), [[0, 1]])[0]
        fit = section.fitted([replace(task, train=data)], wanted.network.build(0))
        train(network, data, fit.build(), seed=0, progress=False)
        with torch.no_grad():
            outputs.append(network(torch.tensor(data.images)).numpy())
    np.testing.assert_allclose(outputs[0], outputs[1], atol=1e-4)
    assert np.abs(outputs[0]).max() > 0.5


def test_rates_that_do_not_fit() -> None:
    dense = model("all").network.build(0)
    with pytest.raises(ModelFileError, match="lr has 2 rates, but the network has 3 layers"):
        rates_for_inputs([1.0, 1.0], dense, images())
    with pytest.raises(ModelFileError, match="receives nothing"):
        rates_for_inputs(1.0, dense, images(0.0))
    kernel = nn.Sequential(nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 2, 3))
    with pytest.raises(ModelFileError, match="lr_unit: layer '1' is a Conv2d"):
        rates_for_inputs(1.0, kernel, images())
