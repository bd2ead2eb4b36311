"""A compared arm that fails is noted, and told; the others go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_studies import MODEL, QUICK, RATES, Here, Trial, run_small, small_request, table

from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.experiments.arms.failed_arms import failure_of
from brainsleep.experiments.continual import continual_experiment
from brainsleep.experiments.finished_runs.run_results import Run
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.training_sections import StrategySection
from brainsleep.experiments.result_tables.measure_table import measure_table
from brainsleep.experiments.result_tables.tables import result_table, sweep_table
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.studies import in_memory
from brainsleep.experiments.sweep import run_sweep

DIVERGING = "ewc:strength=1e+30"
SETTINGS: dict[str, Any] = {
    "overrides": Overrides(changes=QUICK),
    "strategies": ("sequential", DIVERGING),
    "progress": False,
}
SAID = "ewc, strength = 1e+30, seed 0: training diverged: the network's outputs are NaN."


@pytest.fixture(autouse=True)
def _without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing: it is not tested here, and takes longest."""
    monkeypatch.setattr(continual_experiment.ContinualExperiment, "draw_figures", lambda self: None)


def run(out: Path, **options: Any) -> Run:
    return run_experiment(MODEL, out=out, **{**SETTINGS, **options})


def test_a_run_goes_on_without_an_arm_that_diverges(tmp_path: Path) -> None:
    lines: list[str] = []
    found = run(tmp_path / "it", report=lines.append)
    without = run(tmp_path / "without", strategies=("sequential",))
    for key in ("accuracy", "sleep", "strategies"):
        assert found.metrics[key] == without.metrics[key]
    (message,) = found.metrics["failed"].values()
    assert message.startswith(SAID)
    assert message.endswith("Or try a smaller strength.")
    assert any(message in line for line in lines)
    shown = result_table(found.metrics)
    row = next(line for line in shown.splitlines() if "strength=1e+30" in line)
    assert row.split()[-1] == "-"
    assert message in shown
    assert measure_table([found.metrics]) == measure_table([without.metrics])
    assert "failed" not in without.metrics


def test_only_a_resumed_run_tries_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = run(tmp_path / "it")
    monkeypatch.setattr(continual_experiment, "result_of", lambda *_: pytest.fail("was run again"))
    assert run(tmp_path / "it").metrics == found.metrics
    monkeypatch.undo()
    tried: list[str] = []
    result_of = continual_experiment.result_of

    def noted(arm: Any, *rest: Any) -> Any:
        tried.append(arm.name)
        return result_of(arm, *rest)

    monkeypatch.setattr(continual_experiment, "result_of", noted)
    assert run(tmp_path / "it", resume=True).metrics == found.metrics
    assert tried == [DIVERGING]


def test_a_sweep_shows_in_which_seeds_an_arm_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result_of = continual_experiment.result_of

    def failing(arm: Any, setting: Any, checkpoints: Any) -> Any:
        if arm.name == "joint" or (arm.name == "sequential" and setting.seed == 0):
            raise ParameterError("it diverged")
        return result_of(arm, setting, checkpoints)

    monkeypatch.setattr(continual_experiment, "result_of", failing)
    settings = {**SETTINGS, "strategies": ("sequential", "joint")}
    directory, summary = run_sweep(MODEL, n_seeds=2, out=tmp_path / "it", **settings)
    assert len(summary["accuracy"]["sequential"]["values"]) == 1
    assert summary["failed"] == {
        "sequential": ["sequential, seed 0: it diverged"],
        "joint": ["joint, seed 0: it diverged", "joint, seed 1: it diverged"],
    }
    shown = sweep_table(summary).splitlines()
    assert next(line for line in shown if "joint training" in line).split()[-1] == "-"
    assert "  joint, seed 1: it diverged" in shown
    printed = (directory / "table.md").read_text()
    row = next(line for line in printed.splitlines() if line.startswith("| joint"))
    assert "–" in row
    assert "failed in 2 of the runs" in printed
    monkeypatch.undo()
    _, again = run_sweep(MODEL, n_seeds=2, out=directory, resume=True, **settings)
    assert "failed" not in again
    assert len(again["accuracy"]["joint"]["values"]) == 2


def test_trials_of_a_study_go_on_too(tmp_path: Path) -> None:
    lines: list[str] = []
    request = small_request(f"{RATES}=1e-4,2e-4", strategies=("sequential", DIVERGING), n_seeds=2)
    study = run_small(request, tmp_path / "it", Here(), report=lines.append)
    assert all(value is not None for value in study.objectives)
    errors = [row for row in table(tmp_path / "it") if row["arm"] == DIVERGING]
    assert len(errors) == 4
    assert all("training diverged" in row["error"] and not row["accuracy"] for row in errors)
    assert any(SAID in line for line in lines)


def test_the_arm_that_sleeps_still_raises(tmp_path: Path) -> None:
    changes = {**QUICK, "training.lr": 1e30}
    with pytest.raises(ParameterError, match=r"^sleep, seed 0: training diverged"):
        run(tmp_path / "it", overrides=Overrides(changes=changes))
    assert not (tmp_path / "it" / "metrics.json").exists()


@pytest.mark.parametrize("module", [continual_experiment, in_memory])
def test_a_full_disk_ends_everything(
    module: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DirectoryError("the disk is full")

    monkeypatch.setattr(module, "result_of", full)
    request = small_request(f"{RATES}=1e-4,2e-4").run_of(Trial(0, 0, {RATES: 1e-4}))
    of_module = {
        continual_experiment: lambda: run(tmp_path / "it"),
        in_memory: lambda: in_memory.train_in_memory(request, "sequential"),
    }
    with pytest.raises(DirectoryError, match="full"):
        of_module[module]()


def test_parameters_are_named_also_of_an_arm_with_a_name() -> None:
    waking = StrategySection.model_validate({"kind": "si", "name": "heavy", "strength": 50})
    error = ParameterError("training diverged: the loss of epoch 1 is nan.")
    assert failure_of(waking, 3, error).startswith("heavy, strength = 50, seed 3: training")
    plain = failure_of(StrategySection(kind="joint"), 0, error)
    assert plain == f"joint, seed 0: {error}"
