"""Model files of networks on a chip: run, read back, and refused where they do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep.errors import BrainsleepError, TranslationError
from brainsleep.experiments.cli import app
from brainsleep.experiments.kinds.neuromorphic_kind import NEUROMORPHIC, ROWS
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.run import run_experiment

NAME = "loihi_digits"
SMALL = {
    "data.train_per_class": 40,
    "network.hidden": [20, 10],
    "neuromorphic.epochs": 6,
    "neuromorphic.n_steps": 20,
    "neuromorphic.n_images": 100,
    "neuromorphic.n_scaled": 50,
    "neuromorphic.other_bits": [2, 16],
    "neuromorphic.state_bits": 32,
}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a finished run."""
    out = tmp_path_factory.mktemp("neuromorphic") / "run"
    options = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]
    result = CliRunner().invoke(app, ["run", NAME, "--out", str(out), *options])
    assert result.exit_code == 0, result.output
    for label in ROWS.values():
        assert label in result.output
    assert "weights of other widths" in result.output
    return out


def test_a_run_is_read_back(directory: Path) -> None:
    run = bs.load_run(directory)
    assert run.kind is NEUROMORPHIC
    assert list(run.accuracies.index) == list(ROWS)
    assert run.accuracies["network"] > 0.5
    assert list(run.metrics["bits"]) == ["2", "8", "16"]
    assert run.metrics["bits"]["16"]["spikes"] == pytest.approx(run.metrics["spikes"], rel=0.01)
    assert run.accuracies["final"] == run.metrics["bits"]["8"]["accuracy"]
    assert (directory / "network.nir").exists()


def test_the_graph_of_a_run_gives_its_accuracy(directory: Path) -> None:
    run = bs.load_run(directory)
    test = bs.datasets.load_split("digits").test
    found = bs.neuromorphic.emulate(
        directory / "network.nir", test, 20, n_images=100, weight_bits=2, state_bits=32
    )
    assert found.accuracy[-1] == run.metrics["bits"]["2"]["accuracy"]


def test_a_network_with_max_pooling_is_refused(tmp_path: Path) -> None:
    changes = {**SMALL, "network": {"kind": "cnn", "channels": [2], "hidden": []}}
    changes = {key: value for key, value in changes.items() if key != "network.hidden"}
    with pytest.raises(TranslationError, match=r"layer .* max pooling is not there on Loihi"):
        run_experiment(
            NAME, out=tmp_path / "run", overrides=Overrides(changes=changes), progress=False
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"neuromorphic.weight_bits": 1}, "weight_bits must be at least 2"),
        ({"neuromorphic.other_bits": [4, 40]}, "weight_bits must be at most 24"),
        ({"neuromorphic.rounding": "up"}, "rounding"),
        ({"neuromorphic.reset": "none"}, "reset"),
        ({"neuromorphic.weightbits": 4}, "Did you mean 'weight_bits'"),
    ],
)
def test_what_does_not_fit_is_refused(changes, message: str, tmp_path: Path) -> None:
    with pytest.raises(BrainsleepError, match=message):
        run_experiment(
            NAME, out=tmp_path / "run", overrides=Overrides(changes=changes), progress=False
        )
