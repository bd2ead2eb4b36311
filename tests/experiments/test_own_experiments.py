"""Experiments with data and networks of one's own, from a folder with few files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import brainsleep as bs
from brainsleep.errors import DirectoryError
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

MODEL = """
name = "mine"
[data]
dataset = "mine.npz"
[tasks]
classes = [[0, 1], [2, 3]]
[training]
epochs = 20
"""

OWN = '[network]\nmodule = "net.py:make_network"\nwidth = 6\n'


def arrays(n=80, seed=0) -> dict[str, np.ndarray]:
    """Return images of 6 × 6 pixels and four classes, each with a bright pixel of its own."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 4
    images = rng.integers(0, 120, (n, 6, 6)).astype(np.uint8)
    images[np.arange(n), labels, 1:3] = 255
    return {
        "x_train": images[20:],
        "y_train": labels[20:],
        "x_test": images[:20],
        "y_test": labels[:20],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with data, a network and a model file."""
    np.savez(tmp_path / "mine.npz", **arrays())
    (tmp_path / "net.py").write_text(NETWORK)
    (tmp_path / "mine.toml").write_text(MODEL + OWN)
    return tmp_path


def test_own_data_and_network_end_to_end(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    out = folder / "elsewhere" / "run"
    run = run_experiment(folder / "mine.toml", out=out, progress=False, report=lines.append)
    assert lines[0].startswith("runs code of net.py (SHA-256 ")
    assert "mine.npz: 8-bit values divided by 255" in lines
    assert run.metrics["dataset"] == "mine.npz"
    assert run.metrics["accuracy"]["joint"] > 0.9

    monkeypatch.chdir(folder / "elsewhere")  # paths are those of the model file
    again = bs.load_run("run")
    ann = again.nights[1].ann
    assert ann[1][0].weight.shape == (6, 1, 3, 3)
    test = bs.wake.load_split(folder / "mine.npz").test
    accuracy = bs.wake.accuracy(ann, test)
    assert accuracy == run.metrics["accuracy"]["final"]
    with torch.no_grad():
        assert ann(torch.zeros(2, 36)).shape == (2, 4)

    (folder / "net.py").write_text(NETWORK + "# another file\n")
    with pytest.raises(DirectoryError, match=r"net\.py"):
        run_experiment(folder / "mine.toml", out=out, resume=True, progress=False)
