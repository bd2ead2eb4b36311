"""Searches: what is tried depends on seeds and results alone, not on who asks, or when."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_studies import MODEL, RATES, Here, run_small, small_request, table

from brainsleep.experiments.studies import trial as trial_module
from brainsleep.experiments.studies.search_space import Choice, Range
from brainsleep.experiments.studies.study import best_of
from brainsleep.experiments.studies.study_directory import StudyDirectory
from brainsleep.experiments.studies.study_request import StudyRequest
from brainsleep.experiments.studies.study_search import JOURNAL, STUDY, chosen, generations

SPACE = (f"{RATES}=1e-5..1e-2:log", "sleep.steps.first=20..80", "sleep.dtype=float32,float64")


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials that take no time: their accuracy is a function of the setting and the seed."""

    def metrics(request: object) -> tuple[dict[str, object], dict[str, float]]:
        changes = request.overrides.changes
        final = 0.9 - abs(changes["sleep.steps.first"] - 50) / 100 - 0.01 * request.seed
        final -= 0.1 * (changes["sleep.dtype"] == "float32") + abs(changes[RATES] - 1e-3)
        told = {"model": "small", "scenario": "class-incremental", "dataset": "digits"}
        told |= {"evaluated_on": "validation", "seed": request.seed, "versions": {"torch": "1"}}
        return {**told, "accuracy": {"final": final, "sequential": 0.2}}, {}

    monkeypatch.setattr(trial_module, "run_in_memory", metrics)
    monkeypatch.setattr(trial_module, "train_in_memory", lambda request, name: None)


def request_of(search: str, **options: object) -> StudyRequest:
    given = {"n_settings": 22, "generation": 8, "baselines": False, **options}
    return small_request(*SPACE, search=search, **given)


@pytest.mark.parametrize("search", ["random", "tpe"])
def test_a_search_that_was_cut_off_anywhere_gives_the_same_table(
    search: str, tmp_path: Path, made_up: None
) -> None:
    if search == "tpe":
        pytest.importorskip("optuna")
    request = request_of(search)
    run_small(request, tmp_path / "whole", Here())
    ran: list[str] = []
    for most in (3, 1, 14, 2, 10, 10**9):
        workers = Here(most)
        try:
            run_small(request, tmp_path / "cut", workers, resume=True)
        except KeyboardInterrupt:
            pass
        ran += workers.ran
    assert len(ran) == len(set(ran)) == 44
    assert table(tmp_path / "cut") == table(tmp_path / "whole")
    for name in ("best.json", "table.md", "table.tex"):
        assert (tmp_path / "cut" / name).read_text() == (tmp_path / "whole" / name).read_text()


def test_tpe_learns_from_generations_before(tmp_path: Path, made_up: None) -> None:
    optuna = pytest.importorskip("optuna")
    request = request_of("tpe", n_settings=48, n_seeds=1)
    study = run_small(request, tmp_path / "it", Here())
    late, early = (
        [value for value in study.objectives[part] if value is not None]
        for part in (slice(24, None), slice(0, 16))
    )
    assert sum(late) / len(late) > sum(early) / len(early) + 0.05
    assert study.objectives[study.best] > 0.85
    for setting in study.settings:
        assert 1e-5 <= setting[RATES] <= 1e-2
        assert setting["sleep.steps.first"] in range(20, 81)
        assert setting["sleep.dtype"] in ("float32", "float64")
    backend = optuna.storages.journal.JournalFileBackend(str(tmp_path / "it" / JOURNAL))
    journal = optuna.load_study(study_name=STUDY, storage=optuna.storages.JournalStorage(backend))
    assert [trial.value for trial in journal.trials] == study.objectives
    assert journal.best_trial.number == study.best


def test_generations_do_not_depend_on_workers_and_seeds_change_them(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    told = [
        ({RATES: 10**-power, "sleep.steps.first": 30, "sleep.dtype": "float32"}, power / 9)
        for power in (2, 3, 4, 5)
    ]
    asked = []
    for number, seed in enumerate((0, 0, 1)):
        study = StudyDirectory(tmp_path / str(number))
        study.path.mkdir()
        request = request_of("tpe", search_seed=seed)
        asked.append(chosen(study, request, 1, told))
        assert chosen(study, request, 1, []) == asked[-1], "what is noted stays"
    assert asked[0] == asked[1] != asked[2]
    assert len(asked[0]) == 8
    assert [len(numbers) for numbers in generations(request)] == [8, 8, 6]


def test_failed_settings_are_told_too(tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    study = StudyDirectory(tmp_path)
    setting = {RATES: 1e-3, "sleep.steps.first": 30, "sleep.dtype": "float32"}
    assert len(chosen(study, request_of("tpe"), 0, [(setting, None), (setting, 0.5)])) == 8


def test_the_best_is_the_first_of_equal_ones() -> None:
    assert best_of([0.1, None, 0.5, 0.5]) == 2
    assert best_of([None]) is None


def test_a_request_is_read_as_it_was_written() -> None:
    space = (Choice("a", (1, "x", [1, 2])), Range("b", 1e-5, 1, log=True), Range("c", 1, 3))
    request = StudyRequest(model_file=MODEL, space=space, strategies=("joint",), controls=("x",))
    assert StudyRequest.of_content(request.content) == request
    assert request.on_validation(wanted=False, report=print) is request
    lines: list[str] = []
    asked = request.on_validation(wanted=True, report=lines.append)
    assert asked.overrides.evaluate_on == "validation"
    assert asked.on_validation(wanted=True, report=lines.append) is asked
    assert len(lines) == 1
