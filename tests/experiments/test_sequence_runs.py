"""Runs of sequences: what they measure, and that a seed fixes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import brainsleep as bs
from brainsleep.errors import ModelFileError
from brainsleep.experiments.kinds.sequences_kind import SEQUENCES
from brainsleep.experiments.model_files.model_changes import parse_changes
from brainsleep.experiments.model_files.modelfile import read_toml
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.experiments.prepared_runs.sequences_run import with_shuffled_changes
from brainsleep.experiments.run import run_experiment
from brainsleep.wake import ElmanNet

MODEL = find_model("recurrent_sequences")
SMALL = {"sequences.n_updates": 150, "sequences.n_hidden": 60, "sequences.replay_steps": 1500}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("sequences")
    return run_experiment(
        MODEL, out=folder / "run", seed=1, overrides=Overrides(changes=SMALL), progress=False
    )


def test_a_run_measures_memory_and_replay(finished) -> None:
    metrics = finished.metrics
    found = metrics["accuracy"]
    assert metrics["scenario"] == "sequences"
    assert set(SEQUENCES.rows) <= set(found)
    assert found["first_learned"] > 0.9
    assert found["first_before"] < 0.8 < found["second_before"]
    both = (found["first_after"] + found["second_after"]) / 2
    assert found["final"] == pytest.approx(both)
    replay = metrics["replay"]
    assert replay["trained"]["forward"] > 0.08 > replay["untrained"]["forward"]
    assert replay["trained"]["forward"] > replay["trained"]["backward"]
    words = "\n".join(SEQUENCES.below(metrics))
    assert "recurrent weights shuffled" in words


def test_a_seed_fixes_a_run(finished, tmp_path: Path) -> None:
    again = run_experiment(
        MODEL, out=tmp_path / "again", seed=1, overrides=Overrides(changes=SMALL), progress=False
    )
    for part in ("accuracy", "replay"):
        assert again.metrics[part] == finished.metrics[part]


def test_shuffled_changes_are_the_night_s_own() -> None:
    network = ElmanNet(12, 10, 5)
    night = bs.sleep(network, np.full(12, 0.3), None, 60, progress=False)
    dealt = with_shuffled_changes(network, night, 0).state_dict()
    for name, before in night.weights_before.items():
        changes = [dealt[name].numpy() - before, night.weights_after[name] - before]
        assert np.abs(changes[1]).max() > 0
        np.testing.assert_allclose(*(np.sort(one, axis=None) for one in changes), atol=1e-6)
        assert np.abs(changes[0] - changes[1]).max() > 1e-4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("sequences.n_active=61", "n_active is 61"),
        ("sequences.neuron.kind=heavyside", "heaviside"),
        ("sequences.length=4", "length"),
    ],
)
def test_mistakes_in_model_files(change: str, says: str) -> None:
    assert read_toml(MODEL)["name"] == "recurrent_sequences"
    with pytest.raises(ModelFileError, match=says):
        SEQUENCES.load(MODEL, Overrides(changes=parse_changes([change])))
