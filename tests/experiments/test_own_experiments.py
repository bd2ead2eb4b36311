"""Experiments with data and networks of one's own, from a folder with few files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import TensorDataset
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep.errors import BrainsleepError, DataError, DirectoryError, ParameterError
from brainsleep.experiments.cli import app
from brainsleep.experiments.model_files.materials import load_materials
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.run_request import RunRequest
from brainsleep.experiments.run import run_experiment

NETWORK = """
from torch import nn

def make_network(n_outputs, image_shape, width=4):
    rows, columns = image_shape
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(width * (rows // 2) * (columns // 2), n_outputs, bias=False),
    )
"""

#: All that a model file needs.
MODEL = 'name = "mine"\n[data]\ndataset = "mine.npz"\n[tasks]\n'
OWN = '[network]\nmodule = "net.py:make_network"\nwidth = 6\n'


def arrays(n: int = 80) -> dict[str, np.ndarray]:
    """Return images of 6 × 6 pixels and four classes, each with bright pixels of its own."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 4
    images = rng.integers(0, 120, (n, 6, 6)).astype(np.uint8)
    images[np.arange(n), labels, 1:3] = 255
    parts = {"train": slice(20, None), "test": slice(20)}
    return {f"x_{part}": images[which] for part, which in parts.items()} | {
        f"y_{part}": labels[which] for part, which in parts.items()
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with data, a network and a model file."""
    np.savez(tmp_path / "mine.npz", **arrays())
    (tmp_path / "net.py").write_text(NETWORK)
    (tmp_path / "mine.toml").write_text(MODEL)
    (tmp_path / "own.toml").write_text(MODEL + OWN)
    return tmp_path


def request(folder: Path, **changed: object) -> RunRequest:
    """Return a request of the model file without a network."""
    return RunRequest(**{"model_file": folder / "mine.toml", **changed})


def test_own_data_and_network_end_to_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    out = folder / "elsewhere" / "run"
    model = folder / "own.toml"
    run = run_experiment(model, out=out, strategies=("joint",), progress=False, report=lines.append)
    assert lines[0].startswith("runs code of net.py (SHA-256 ")
    assert "mine.npz: 8-bit values divided by 255" in lines
    assert run.metrics["dataset"] == "mine.npz"
    assert run.metrics["accuracy"]["joint"] > 0.9

    monkeypatch.chdir(folder / "elsewhere")  # paths are those of the model file
    ann = bs.load_run("run").nights[1].ann
    assert ann.network[0].weight.shape == (6, 1, 3, 3)
    test = bs.wake.load_split(folder / "mine.npz").test
    assert bs.wake.accuracy(ann, test) == run.metrics["accuracy"]["final"]
    with torch.no_grad():
        assert ann(torch.zeros(2, 36)).shape == (2, 4)

    (folder / "net.py").write_text(NETWORK + "# another file\n")
    with pytest.raises(DirectoryError, match=r"a run of another net\.py: its SHA-256 was"):
        run_experiment(model, out=out, strategies=("joint",), resume=True, progress=False)
    last = bs.load_run("run").nights[1].ann  # of the file as it was
    assert all(torch.equal(one, ann.state_dict()[name]) for name, one in last.state_dict().items())


def test_a_model_file_needs_a_name_data_and_tasks(folder: Path) -> None:
    materials = load_materials(request(folder))
    model = materials.model
    assert [task.classes for task in materials.tasks] == [(0, 1), (2, 3)]
    assert model.network.sizes == [36, 1200, 1200, 4]
    assert model.training.build().epochs == 64  # 30 images per task: 2 batches
    assert model.sleep.neuron.build() == bs.Heaviside()
    assert model.sleep.plasticity.build() == bs.SRC()
    assert model.sleep.steps.of_task(3) == 500
    stimulus = model.sleep.stimulus.build(materials.tasks[0].train)
    assert isinstance(stimulus, bs.stimuli.MeanOfRandomImages)
    assert stimulus.mask == bs.stimuli.RandomWindow(4)
    (folder / "mine.toml").write_text('name = "features"\n[data]\ndataset = "features.npz"')
    features = {name: np.asarray(value, float) for name, value in arrays().items()}
    for part in ("train", "test"):
        features[f"x_{part}"] = features[f"x_{part}"].reshape(-1, 36)[:, :35] - 20
    np.savez(folder / "features.npz", **features)
    materials = load_materials(request(folder))
    stimulus = materials.model.sleep.stimulus.build(materials.tasks[0].train)
    assert stimulus.mask is None
    assert materials.model.network.sizes[0] == 35


@pytest.mark.parametrize(
    "form",
    [
        lambda split: split,
        lambda split: tuple(arrays().values()),
        lambda split: tuple(
            TensorDataset(torch.tensor(arrays()[f"x_{part}"]), torch.tensor(arrays()[f"y_{part}"]))
            for part in ("train", "test")
        ),
    ],
)
def test_data_may_be_objects(folder: Path, form: object) -> None:
    by_file = load_materials(request(folder))
    split = bs.wake.load_split(folder / "mine.npz")
    data = form(split)
    if isinstance(data, tuple) and len(data) == 4:
        x_train, x_test, y_train, y_test = data
        data = (x_train, y_train, x_test, y_test)
    by_object = load_materials(request(folder, data=data))
    for one, other in zip(by_file.tasks, by_object.tasks, strict=True):
        np.testing.assert_array_equal(one.train.images, other.train.images)
        np.testing.assert_array_equal(one.test.labels, other.test.labels)


def test_data_of_the_command_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are named from the working directory, kept in full, and held to their content."""
    np.savez(folder / "other.npz", **arrays(60))
    (folder / "elsewhere").mkdir()
    monkeypatch.chdir(folder / "elsewhere")
    words = ["run", "../own.toml", "--no-baselines", "--out", "run"]
    result = CliRunner().invoke(app, [*words, "--data", "../other.npz"])
    assert result.exit_code == 0, result.output
    assert "class-incremental, other.npz, test images" in result.output
    noted = json.loads(Path("run/run.json").read_text())
    assert noted["dataset"] == str(folder / "other.npz")
    monkeypatch.chdir(folder)
    words = ["run", "own.toml", "--no-baselines", "--out", "elsewhere/run"]
    result = CliRunner().invoke(app, [*words, "--data", "other.npz"])
    assert "it is not run again" in result.output
    (folder / "other.npz").rename(folder / "moved.npz")
    result = CliRunner().invoke(app, [*words, "--data", "moved.npz", "--resume"])
    assert result.exit_code == 0, result.output
    with pytest.raises(DirectoryError, match="data_sha256"):
        run_experiment("own.toml", out="elsewhere/run", data="mine.npz", resume=True)
    with pytest.raises(ParameterError, match="given twice"):
        run_experiment("own.toml", data="a.npz", overrides=Overrides(dataset="b.npz"))


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        (MODEL.replace("mine.npz", "mine.nzp"), ParameterError, "Did you mean 'mine.npz'"),
        (MODEL + "classes = [[0, 1], [2, 7]]", DataError, "no training images of class 7"),
        (MODEL + "[network]\nsizes = [36, 5, 3]", ParameterError, "too few for class 3"),
        (MODEL + OWN.replace("make_", "mak_"), ParameterError, "Did you mean 'make_network'"),
        (MODEL + OWN.replace("width", "with"), ParameterError, "Did you mean 'width'"),
        (MODEL + OWN.replace("6", '"6"'), ParameterError, r"net\.py, line .*, raised TypeError"),
        (MODEL + '[network]\nkind = "bitnet"', ParameterError, "image_size"),
        (MODEL.replace("[tasks]", "image_shape = [5, 7]"), DataError, "image_shape"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_written(
    text: str, kind: type[BrainsleepError], said: str, folder: Path
) -> None:
    (folder / "mine.toml").write_text(text)
    with pytest.raises(kind, match=said) as caught:
        run_experiment(folder / "mine.toml", out=folder / "run", progress=False)
    assert "\n" not in str(caught.value)
    assert not (folder / "run").exists()


def test_shared_images_are_an_error_unless_they_are_allowed(folder: Path) -> None:
    shared = arrays() | {"x_test": arrays()["x_train"][:20], "y_test": arrays()["y_train"][:20]}
    np.savez(folder / "mine.npz", **shared)
    with pytest.raises(DataError, match="20 of 20 test images are also training images"):
        load_materials(request(folder))
    allowed = MODEL.replace("[tasks]", "allow_shared_images = true\n[tasks]")
    (folder / "mine.toml").write_text(allowed)
    assert len(load_materials(request(folder)).tasks) == 2
