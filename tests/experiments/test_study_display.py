"""What the live table says; that nothing shows in a pipe; a sweep on the command line."""

from __future__ import annotations

import io

import pytest
from small_studies import RATES, small_request

from brainsleep.experiments.studies.study_display import StudyDisplay, in_words


def record(final: float | None) -> dict[str, object]:
    return {"metrics": None if final is None else {"accuracy": {"final": final}}}


def told(progress: bool = False) -> StudyDisplay:
    request = small_request(f"{RATES}=1e-4,2e-4,3e-4")
    display = StudyDisplay("small", request, 2, progress)
    trials = request.trials_of(0, [{RATES: rate} for rate in (1e-4, 2e-4, 3e-4)])
    display.add(trials)
    finals = [0.5, 0.7, None, 0.6]
    for trial, final in zip(trials, finals, strict=False):
        display.done(trial, record(final))
        display.done(trial, record(final))  # as when the table is gone through again
    return display


def test_the_heading_counts_each_trial_once() -> None:
    words = told().heading()
    assert words.startswith("small: 4 of 6 trials, 1 failed, 2 running, ")
    assert words.endswith(" s left")


def test_rows_are_the_best_settings_first() -> None:
    rows = told().rows()
    assert [(row[0], row[3]) for row in rows] == [
        ("increase = 0.0002", 1),
        ("increase = 0.0001", 2),
    ]
    assert rows[1][1] == pytest.approx(0.55)
    assert rows[1][2] == pytest.approx(0.0707, abs=1e-4)


def test_the_table_is_drawn() -> None:
    from rich.console import Console

    text = io.StringIO()
    Console(file=text, width=100).print(told().table())
    assert "55.0 ± 7.1" in text.getvalue()
    assert "2 of 2" in text.getvalue()


def test_nothing_shows_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    with told(progress=True):
        pass
    assert capsys.readouterr() == ("", "")


def test_keys_that_end_alike_are_named_whole() -> None:
    assert in_words({"a.tau": 1, "b.tau": 2}) == "a.tau = 1, b.tau = 2"
    assert in_words({"a.tau": 1, "b.rate": 2}) == "tau = 1, rate = 2"
