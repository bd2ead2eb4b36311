"""Studies: the numbers of separate runs, resumed after any kill, shared by several drivers."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from small_studies import MODEL, QUICK, RATES, Here, run_small, small_request, table
from typer.testing import CliRunner

from brainsleep.errors import DataError, DirectoryError, ModelFileError, ParameterError
from brainsleep.experiments.cli import app
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.run import run_experiment, run_request
from brainsleep.experiments.studies import trial as trial_module
from brainsleep.experiments.studies.best_setting import at_edge, edge_notes, training_note
from brainsleep.experiments.studies.search_space import Choice, Range, parse_space
from brainsleep.experiments.studies.study import Study, run_study
from brainsleep.experiments.studies.study_directory import StudyDirectory
from brainsleep.experiments.studies.study_request import StudyRequest, Trial
from brainsleep.experiments.studies.study_results import save_results

GRID = (f"{RATES}=1e-4,6e-4",)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("studies") / "grid"
    run_small(small_request(*GRID), out, Here())
    return out


def test_a_trial_has_the_numbers_of_the_separate_run(finished: Path, tmp_path: Path) -> None:
    changes = {**QUICK, RATES: 6e-4}
    run = run_experiment(
        MODEL,
        out=tmp_path / "run",
        seed=1,
        overrides=Overrides(changes=changes, evaluate_on="validation"),
        strategies=("sequential",),
        progress=False,
    )
    record = json.loads((finished / "trials" / "1-seed-1.json").read_text())
    assert record["parameters"] == {RATES: 6e-4}
    assert record["seed"] == 1
    compared = ("accuracy", "sleep", "strategies", "rates", "weight_change", "findings")
    for name in (*compared, "dataset", "evaluated_on", "versions"):
        assert record["metrics"][name] == run.metrics[name], name
    assert set(record["metrics"]) == set(run.metrics) - {"sha256", "run_sha256"}
    assert record["versions"]["torch"] == run.metrics["versions"]["torch"]
    assert record["machine"]["cores"] >= 1
    assert not (finished / "runs").exists()


def test_results_are_tidy(finished: Path) -> None:
    rows = table(finished)
    assert len(rows) == 2 * 2 * 2
    assert {(row[RATES], row["seed"], row["arm"]) for row in rows} == {
        (rate, seed, arm)
        for rate in ("0.0001", "0.0006")
        for seed in "01"
        for arm in ("sleep", "sequential")
    }
    for row in rows:
        record = json.loads(
            (finished / "trials" / f"{row['setting']}-seed-{row['seed']}.json").read_text()
        )
        name = "final" if row["arm"] == "sleep" else row["arm"]
        assert float(row["accuracy"]) == record["metrics"]["accuracy"][name]
        assert row["evaluated_on"] == "validation"
        assert row["error"] == ""
    parquet = pytest.importorskip("pyarrow.parquet").read_table(finished / "results.parquet")
    assert parquet.num_rows == len(rows)
    assert str(parquet.schema.field("accuracy").type) == "double"
    assert parquet.column("accuracy").to_pylist() == [float(row["accuracy"]) for row in rows]


def test_a_study_that_was_cut_off_runs_no_trial_twice(finished: Path, tmp_path: Path) -> None:
    first, second, third = Here(most=1), Here(), Here()
    request = small_request(*GRID)
    with pytest.raises(KeyboardInterrupt):
        run_small(request, tmp_path / "cut", first)
    with pytest.raises(DirectoryError, match="exists already"):
        run_small(request, tmp_path / "cut", second)
    (tmp_path / "cut" / "trials" / f".0-seed-1.json.{'a' * 16}.partial").write_text("{")
    run_small(request, tmp_path / "cut", second, resume=True)
    run_small(request, tmp_path / "cut", third, resume=True)
    assert (len(first.ran), len(second.ran), len(third.ran)) == (1, 3, 0)
    assert not set(first.ran) & set(second.ran)
    assert table(tmp_path / "cut") == table(finished)
    for name in ("table.md", "table.tex", "best.json"):
        assert (tmp_path / "cut" / name).read_text() == (finished / name).read_text()


def test_a_finished_study_is_read_and_another_gets_a_number(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, "runs/small-study")
    workers, lines = Here(), []
    study = run_small(small_request(*GRID), None, workers, report=lines.append)
    assert workers.ran == []
    assert study.directory == Path("runs/small-study")
    assert table(study.directory) == table(finished)
    assert any("holds this very study, finished" in line for line in lines)
    other = small_request(f"{RATES}=3e-4,4e-4", n_seeds=1)
    with pytest.raises(DirectoryError, match=r"exists already; choose another \(--out\)"):
        run_small(other, study.directory, workers)
    with pytest.raises(DirectoryError, match="another --out"):
        run_small(other, study.directory, workers, resume=True)
    study = run_small(other, None, workers)
    assert study.directory == Path("runs/small-study-2")


def test_a_damaged_trial_is_run_again(finished: Path, tmp_path: Path) -> None:
    workers, request = Here(), small_request(*GRID)
    with pytest.raises(KeyboardInterrupt):
        run_small(request, tmp_path / "it", Here(most=1))
    file = tmp_path / "it" / "trials" / "0-seed-0.json"
    file.write_text(file.read_text().replace('"final": 0', '"final": 1', 1))
    run_small(request, tmp_path / "it", workers, resume=True)
    assert "0-seed-0" in workers.ran
    assert table(tmp_path / "it") == table(finished)


def test_another_study_is_not_resumed(finished: Path) -> None:
    for request in (
        small_request(f"{RATES}=1e-4,7e-4"),
        small_request(*GRID, "training.lr=0.1"),
        small_request(*GRID, n_seeds=3),
    ):
        with pytest.raises(DirectoryError, match="holds a study with"):
            run_small(request, finished, Here(), resume=True)


def test_two_drivers_share_a_directory(finished: Path, tmp_path: Path) -> None:
    workers, request = (Here(), Here()), small_request(*GRID)
    threads = [
        threading.Thread(
            target=run_small, args=(request, tmp_path / "it", one), kwargs={"resume": True}
        )
        for one in workers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert table(tmp_path / "it") == table(finished)
    claimed = StudyDirectory(tmp_path / "it" / "claims")
    assert list(claimed.path.iterdir()) == []


def test_a_trial_that_fails_is_a_row_and_the_study_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trial_module.run_in_memory
    raised = iter([ParameterError("training diverged"), ZeroDivisionError("of one's own")])

    def failing(request: object) -> object:
        if request.overrides.changes[RATES] == 1e-4:
            raise next(raised)
        return run(request)

    monkeypatch.setattr(trial_module, "run_in_memory", failing)
    lines: list[str] = []
    study = run_small(small_request(*GRID), tmp_path / "it", Here(), report=lines.append)
    rows = table(tmp_path / "it")
    assert [row["error"] for row in rows if row[RATES] == "0.0001"] == [
        "training diverged",
        "ZeroDivisionError: of one's own",
    ]
    assert study.objectives[0] is None
    assert study.best == 1
    assert any("seed 0: training diverged" in line for line in lines)
    assert "2 trials failed" in (tmp_path / "it" / "table.md").read_text()


def test_trials_say_what_their_parts_took(finished: Path) -> None:
    for file in (finished / "trials").glob("*.json"):
        took = json.loads(file.read_text())["processor_seconds"]
        whole = took.pop("whole")
        assert {"learning", "nights", "measuring"} <= took.keys()
        assert 0 < sum(took.values()) <= whole + 0.01


def test_what_cannot_run_is_refused_before_any_trial(tmp_path: Path) -> None:
    workers = Here()
    for word, error in ((f"{RATES}=1e-4,x", ModelFileError), ("sleep.rule=1,2", ModelFileError)):
        with pytest.raises(error):
            run_small(small_request(word), tmp_path / "it", workers)
    assert workers.ran == []
    assert not (tmp_path / "it").exists()
    with pytest.raises(ParameterError, match="both changed and varied"):
        StudyRequest(
            model_file=MODEL,
            space=small_request(*GRID).space,
            overrides=Overrides(changes={RATES: 1}),
        )


def test_the_best_setting_is_evaluated_on_test_images_once(finished: Path, tmp_path: Path) -> None:
    workers, lines = Here(), list[str]()
    study = run_small(
        small_request(*GRID), tmp_path / "it", workers, test_best=True, report=lines.append
    )
    final = study.records[0]["metrics"]["accuracy"]["final"]
    assert lines[0] == f"1 of 4 trials: increase = 0.0001, seed 0: {100 * final:.1f} %"
    assert "seed 1 on test images: " in lines[-1]
    assert len(lines) == 6, "where no live table is shown, a line for each trial"
    best = json.loads((tmp_path / "it" / "best.json").read_text())
    assert best["parameters"] == study.settings[best["setting"]]
    assert len(best["on_test"]) == 2
    assert workers.ran[4:] == [f"{best['setting']}-seed-{seed}-test" for seed in (0, 1)]
    assert {test["metrics"]["evaluated_on"] for test in study.tests} == {"test"}
    assert table(tmp_path / "it") == table(finished)
    folder = tmp_path / "it" / "on_test"
    rows = table(folder)
    assert [(row["arm"], row["seed"]) for row in rows] == [
        (arm, seed) for seed in "01" for arm in ("sequential", "sleep")
    ]
    assert [float(row["accuracy"]) for row in rows if row["arm"] == "sleep"] == best["on_test"]
    assert {row["evaluated_on"] for row in rows} == {"test"}
    printed = save_results(study)
    for name in ("table.md", "table.tex"):
        text = (folder / name).read_text()
        for told in ("no sleep", "test images; the best of 2 settings, increase = 0.000", "chosen"):
            assert told in text
        assert "all networks were trained anew (seeds 0 to 1) on all training images" in text
    assert "all networks were trained anew" in printed
    edge = {1: "upper", 0: "lower"}[best["setting"]]
    assert best["at_edge"] == {RATES: edge}
    note = f"lies at the {edge} end of what was searched (0.0001 to 0.0006): a better value may"
    assert note in printed
    assert note in (folder / "table.md").read_text()
    on_test = replace(study, records=study.tests)
    assert training_note(on_test).startswith("The setting was chosen on these test images")


@pytest.mark.parametrize(
    ("one", "edges"),
    [
        (Choice("a.b", (2, 8.5, 4)), {2: "lower", 4: None, 8.5: "upper"}),
        (Choice("a.b", ("2 %", "10 %", "4 %")), {"2 %": "lower", "4 %": None, "10 %": "upper"}),
        (Choice("a.b", ("lif", "heaviside")), {"lif": None}),
        (Choice("a.b", ([1], [2])), {"[1]": None}),
        (Choice("a.b", (True, False)), {True: None}),
        (Choice("a.b", ("2 %", 0.04)), {0.04: None}),
        (Range("a.b", 1e-5, 1e-3, log=True), {1.2e-5: "lower", 2e-5: None, 9e-4: "upper"}),
        (Range("a.b", 0.0, 1.0), {0.04: "lower", 0.06: None, 0.96: "upper"}),
        (Range("a.b", 1, 3), {1: "lower", 2: None, 3: "upper"}),
    ],
)
def test_values_at_the_edge_are_found(one: Choice | Range, edges: dict[object, str | None]) -> None:
    request = replace(small_request(*GRID), space=(one,))
    for value, edge in edges.items():
        settings = [{"a.b": value}, {"a.b": "another"}]
        records = [
            {"error": None, "metrics": {"accuracy": {"final": final}}}
            for final in (0.5, 0.5, 0.2, 0.2)
        ]
        study = Study(Path(), request, settings, records, [])
        assert at_edge(study) == ({} if edge is None else {"a.b": edge})
        assert len(edge_notes(study)) == (edge is not None)


def test_nights_are_kept_if_wanted(tmp_path: Path) -> None:
    request = small_request(*GRID, n_seeds=1, keep_nights=True)
    StudyDirectory(tmp_path / "it").begin(request, "", resume=False)
    trial = Trial(1, 0, {RATES: 6e-4})
    for _ in range(2):
        assert trial_module.run_trial(tmp_path / "it", trial) == "done"
    assert (tmp_path / "it" / "runs" / "1-seed-0" / "nights" / "1").is_dir()


def test_a_claimed_trial_is_left_to_whoever_runs_it(tmp_path: Path) -> None:
    request = small_request(*GRID)
    study = StudyDirectory(tmp_path / "it")
    study.begin(request, "", resume=False)
    trial = Trial(0, 0, {RATES: 1e-4})
    with study.claim(trial) as is_mine:
        assert is_mine
        assert trial_module.run_trial(study.path, trial) == "busy"
    assert study.record(trial) is None


@pytest.mark.parametrize(
    "words",
    [["--search", "tpe"], ["--trials", "3"], ["--test-best"], ["--slurm"], ["--keep-nights"]],
)
def test_options_of_studies_want_several_settings(words: list[str]) -> None:
    result = CliRunner().invoke(app, ["sweep", str(MODEL), *words])
    assert isinstance(result.exception, ParameterError)
    assert "several settings" in str(result.exception)


def test_a_grid_is_tried_whole() -> None:
    result = CliRunner().invoke(app, ["sweep", str(MODEL), f"--set={GRID[0]}", "--trials=1"])
    assert isinstance(result.exception, ParameterError)
    assert "a grid is tried whole" in str(result.exception)


def test_the_command_line_asks_for_a_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All options arrive, and tables are printed; the trials themselves are made up."""
    asked: list[StudyRequest] = []

    def metrics(request: object) -> tuple[dict[str, object], dict[str, float]]:
        told = {"model": "small", "scenario": "class-incremental", "dataset": "digits"}
        told |= {"evaluated_on": "validation", "seed": request.seed, "versions": {"torch": "1"}}
        final = 0.5 + 100 * request.overrides.changes[RATES] + request.seed / 100
        return {**told, "accuracy": {"final": final, "sequential": 0.2}}, {}

    def run_here(request: StudyRequest, **options: object) -> object:
        asked.append(request)
        return run_study(request, **{**options, "workers": Here()})

    monkeypatch.setattr(trial_module, "run_in_memory", metrics)
    monkeypatch.setattr("brainsleep.experiments.studies.study.run_study", run_here)
    words = [f"--set={GRID[0]}", "--set=training.epochs=1", "--seeds=2", f"--out={tmp_path / 'it'}"]
    words += ["--no-baselines", "--test-best", "--reference=sleep"]
    result = CliRunner().invoke(app, ["sweep", str(MODEL), *words], catch_exceptions=False)
    (request,) = asked
    assert request.overrides.evaluate_on == "validation", "as the best is looked for"
    assert request.overrides.changes == {"training.epochs": 1}
    assert not request.baselines
    assert "settings are chosen on validation images" in result.output
    assert "increase = 0.0006   56.5 ± 0.7  2 of 2" in result.output
    assert "the best of 2 settings, increase = 0.0006" in result.output
    (tested,) = (line.split() for line in result.output.splitlines() if line[:8] == "  sleep ")
    assert tested[:4] == ["sleep", "56.5", "±", "0.7"]
    assert (tmp_path / "it" / "table.tex").read_text().count("toprule") == 1


def test_a_study_of_unsupervised_learning(tmp_path: Path) -> None:
    """Settings are chosen on validation images, and the best is tested, as of other models."""
    model = MODEL.with_name("unsupervised.toml")
    words = ["data.train_per_class=10", "unsupervised.n_presentations=20", "unsupervised.blocks=1"]
    fixed, space = parse_space([*words, "unsupervised.n_assign=20,30"], [])
    request = StudyRequest(
        model_file=model,
        space=space,
        overrides=Overrides(changes=fixed, evaluate_on="validation"),
        n_seeds=1,
    )
    study = run_small(request, tmp_path / "it", Here(), test_best=True)
    rows = table(tmp_path / "it")
    assert [(row["unsupervised.n_assign"], row["arm"]) for row in rows] == [
        (n, arm) for n in ("20", "30") for arm in ("sleep", "untrained", "class_means")
    ]
    assert all(0 <= float(row["accuracy"]) <= 1 for row in rows)
    assert [row["evaluated_on"] for row in table(tmp_path / "it" / "on_test")] == ["test"] * 3
    assert "learned by spike timing" in (tmp_path / "it" / "on_test" / "table.tex").read_text()
    for record in study.records:
        took = dict(record["processor_seconds"])
        whole = took.pop("whole")
        assert {"learning", "measuring"} <= took.keys()
        assert 0 < sum(took.values()) <= whole + 0.01
    alone = study.request.run_of(Trial(0, 0, {"unsupervised.n_assign": 20}), tmp_path / "alone")
    assert run_request(alone).metrics["accuracy"] == study.records[0]["metrics"]["accuracy"]
    for changes in ({**fixed, "data.train_per_class": 3}, {**fixed, "data.dataset": "nowhere.npz"}):
        other = replace(request, overrides=replace(request.overrides, changes=changes))
        workers = Here()
        with pytest.raises((DataError, ParameterError)):
            run_study(other, out=tmp_path / "none", workers=workers, progress=False)
        assert workers.ran == [], "before any trial"
