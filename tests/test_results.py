"""docs/results/published.md shows the numbers that were measured, with commands that exist."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

from brainsleep.experiments.model_files.shipped import shipped_models

ROOT = Path(__file__).resolve().parents[1]
MODELS = shipped_models()
PAGE = (ROOT / "docs" / "results" / "published.md").read_text()


@pytest.fixture
def results_table(script) -> ModuleType:
    """benchmarks/results_table.py."""
    return script("results_table")


def test_the_page_shows_what_is_kept_and_nothing_else(results_table: ModuleType) -> None:
    rows = {
        line
        for line in results_table.tables(json.loads(results_table.KEPT.read_text()))
        if "±" in line
    }
    shown = {line for line in PAGE.splitlines() if "±" in line and line.startswith("| ")}
    assert rows == {line for line in shown if line.split(" | ")[0][2:].split(",")[0] in MODELS}


def test_each_kept_sweep_is_of_a_model_with_a_reference(results_table: ModuleType) -> None:
    for name in json.loads(results_table.KEPT.read_text()):
        text = MODELS[name.split(",")[0]].read_text()
        assert "references = [" in text


def test_a_sweep_is_read_kept_and_printed(
    results_table: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, (sequential, final) in enumerate([(0.2, 0.5), (0.1, 0.7)]):
        run = tmp_path / "sweep" / f"seed-{seed}"
        run.mkdir(parents=True)
        (run / "run.json").write_text('{"changes": {"training.epochs": 12}}')
        (run / "metrics.json").write_text(json.dumps(metrics(seed, sequential, final)))
    (tmp_path / "sweep" / "summary.json").write_text('{"seeds": [0, 1]}')
    kept = tmp_path / "kept.json"
    results_table.main([str(tmp_path / "sweep"), "--kept", str(kept)])
    row = "| small, training.epochs=12 | 2 | 15.0 ± 7.1 | 60.0 ± 14.1 | – | – | 40, 80 |"
    assert capsys.readouterr().out.splitlines()[2:] == [row]
    results_table.main(["--kept", str(kept)])
    assert capsys.readouterr().out.splitlines()[2:] == [row]


def test_of_noise_the_accuracy_before_it_was_learned_is_printed(results_table: ModuleType) -> None:
    arms = {
        "sequential": [[0.9], [0.6]],
        "final": [[0.8], [0.7]],
        "sequential_centred": [[0.7], [0.5]],
    }
    entry = {
        "seeds": [0],
        "clean": {name: clean for name, (clean, _) in arms.items()},
        "ahead": {name: ahead for name, (_, ahead) in arms.items()},
    }
    row = "| small | 1 | 90.0 | 80.0 | 70.0 | 60.0 | 70.0 | 50.0 |"
    assert results_table.tables({"small": entry})[2:] == [row]


def metrics(seed: int, sequential: float, final: float) -> dict:
    """Return what a run of two tasks notes, as far as it is read."""
    return {
        "scenario": "class-incremental",
        "dataset": "digits",
        "evaluated_on": "test",
        "model": "small",
        "seed": seed,
        "accuracy": {
            "sequential": sequential,
            "before_sleep": [[1.0, None], [0.0, 1.0]],
            "after_sleep": [[1.0, None], [final - 0.2, final + 0.2]],
            "final": final,
            "controls": {},
        },
        "timings": [],
        "rates": [],
        "weight_change": [],
        "findings": [],
        "seconds": {},
        "versions": {},
    }
