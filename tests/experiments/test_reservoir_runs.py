"""Model files of reservoirs: run, read back, resumed, swept, and refused where they do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep.errors import BrainsleepError, ModelFileError
from brainsleep.experiments.cli import app
from brainsleep.experiments.kinds import KINDS, kind_of_file
from brainsleep.experiments.kinds.reservoir_kind import RESERVOIR, ROWS
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.experiments.run import run_experiment
from brainsleep.reservoir import DynamicSynapses

NAME = "liquid_state_machine"
SMALL = {
    "reservoir.grid": [4, 3, 2],
    "reservoir.n_train": 30,
    "reservoir.n_validation": 15,
    "reservoir.n_test": 15,
    "reservoir.task_options": {"n_inputs": 8, "n_classes": 2, "duration": "100 ms"},
    "reservoir.narma_train": 60,
    "reservoir.narma_validation": 20,
    "reservoir.narma_test": 20,
    "reservoir.dtype": "float64",
    "reservoir.neuron": {"kind": "lif", "gain": 1.0, "threshold": 6.0},
    "reservoir.narma.n_inputs": 8,
    "reservoir.narma.neuron": {"kind": "lif", "gain": 1.0, "threshold": 6.0},
}


def in_toml(change: tuple[str, object]) -> str:
    """Return a change as the command line takes it."""
    key, value = change
    if isinstance(value, dict):
        value = f"{{{', '.join(f'{name} = {json.dumps(one)}' for name, one in value.items())}}}"
    return f"{key}={value}"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a finished run."""
    out = tmp_path_factory.mktemp("reservoir") / "run"
    options = [option for word in map(in_toml, SMALL.items()) for option in ("--set", word)]
    result = CliRunner().invoke(app, ["run", NAME, "--out", str(out), "--report", *options])
    assert result.exit_code == 0, result.output
    for label in ROWS.values():
        assert label in result.output
    assert "reservoir, spoken_digits, test sequences" in result.output
    assert "NARMA-10" in result.output
    return out


def test_a_run_is_read_back(directory: Path) -> None:
    run = bs.load_run(directory)
    assert run.kind is RESERVOIR
    assert run.model.reservoir.grid == (4, 3, 2)
    assert list(run.accuracies.index) == list(ROWS)
    assert run.accuracies["chance"] == 0.5
    assert len(run.nights) == 0
    assert len(run.tasks) == 1
    page = (directory / "report.html").read_text()
    assert "echo state network of equal size" in page
    assert "reservoir.strengths.ee" in page


def test_the_same_seed_gives_the_same_and_a_finished_run_is_not_run_again(
    directory: Path, tmp_path: Path
) -> None:
    overrides, said = Overrides(changes=SMALL), []
    again = run_experiment(NAME, out=directory, overrides=overrides, report=said.append)
    assert said == [f"{directory} holds this very run, finished; it is not run again"]
    fresh = run_experiment(NAME, out=tmp_path / "run", overrides=overrides, progress=False)
    assert fresh.metrics["accuracy"] == again.metrics["accuracy"]
    assert fresh.metrics["nrmse"] == again.metrics["nrmse"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"controls": ("all",)}, "controls: there are none for a reservoir"),
        ({"baselines": False}, "baselines: a reservoir has none"),
        ({"overrides": Overrides(changes={"reservoir.grit": 2})}, "Did you mean 'grid'"),
        ({"overrides": Overrides(changes={"reservoir.wiring.ee": 2})}, "ee"),
        ({"overrides": Overrides(changes={"reservoir.n_samples": 7})}, "n_samples: 400 steps"),
        ({"overrides": Overrides(changes={"reservoir.task_options": {"size": 2}})}, "size"),
    ],
)
def test_what_does_not_fit_is_refused(options, message: str, tmp_path: Path) -> None:
    with pytest.raises(BrainsleepError, match=message):
        run_experiment(NAME, out=tmp_path / "run", progress=False, **options)


def test_short_term_dynamics_are_those_of_the_file_and_may_be_left_out() -> None:
    section = RESERVOIR.load(find_model("liquid_short_term"), Overrides()).reservoir
    found = section.build(20).dynamics
    assert found is not None
    types = np.arange(50) < 40
    one, other = (x.draw(types, np.random.default_rng(1)) for x in (found, DynamicSynapses()))
    for name in ("use", "tau_rec", "tau_facil"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)
    changes = {"reservoir.short_term": False}
    constant = RESERVOIR.load(find_model("liquid_short_term"), Overrides(changes=changes))
    assert constant.reservoir.build(20).dynamics is None


def test_reservoirs_are_not_compared_with_nights(directory: Path) -> None:
    result = CliRunner().invoke(app, ["compare", str(directory), "split_mnist_lif"])
    assert isinstance(result.exception, ModelFileError)
    assert "is a reservoir with a readout and does not sleep" in str(result.exception)


def test_each_kind_has_a_table_of_its_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert kind_of_file(find_model(NAME)) is RESERVOIR
    assert all(kind.sleeps or (kind.rows and kind.alone) for kind in KINDS)
