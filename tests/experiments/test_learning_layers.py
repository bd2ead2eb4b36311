"""``[training] layers``: which layers of a network learn, in every arm."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from brainsleep.errors import ModelFileError
from brainsleep.experiments.arms import Arm
from brainsleep.experiments.course import Course
from brainsleep.experiments.model_files.modelfile import ModelFile, parse_model
from brainsleep.experiments.model_files.training_sections import StrategySection
from brainsleep.experiments.setting import Setting
from brainsleep.wake import class_incremental, load_split


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
