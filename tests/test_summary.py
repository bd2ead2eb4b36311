"""Who is ahead: the page shows what is kept, says it rightly, and names scripts that are there."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCHMARKS = ROOT / "benchmarks"


@pytest.fixture(scope="module")
def scripts(script) -> SimpleNamespace:
    """Modules in benchmarks."""
    names = ("summary", "details", "keeping", "interleaved", "workers")
    return SimpleNamespace(**{name: script(name) for name in names}, rows=script("summary_rows"))


@pytest.fixture
def kept_row(scripts: SimpleNamespace):
    """A function that returns what is kept of a row, from what both sides took."""

    def kept(ours: list[float], theirs: list[float], **changed) -> dict:
        times = {
            "brainsleep": scripts.interleaved.Times(ours, [2 * one for one in ours]),
            "other": scripts.interleaved.Times(theirs, theirs),
        }
        comparison = scripts.interleaved.Comparison("night", "brainsleep", "other", times)
        row = {"machine": "a machine", "busy": False, "package": "x"}
        return row | {"comparison": asdict(comparison)} | changed

    return kept


def test_the_page_shows_what_is_kept_and_nothing_else(scripts: SimpleNamespace) -> None:
    summary, details, keeping = scripts.summary, scripts.details, scripts.keeping
    kept = keeping.read(summary.KEPT)
    assert keeping.on_page(summary.MARK).splitlines() == summary.table(kept)
    assert set(kept) <= set(scripts.rows.ROWS)
    kept = keeping.read(details.KEPT)
    assert keeping.on_page(details.MARK).splitlines() == details.page_of(kept)
    assert set(kept) <= set(details.SECTIONS)


def test_a_section_that_was_not_measured_says_with_which_command(
    scripts: SimpleNamespace,
) -> None:
    lines = scripts.details.page_of({})
    assert lines[0] == "### Other ways to run the night"
    assert lines[2] == "Not measured: `python benchmarks/other_methods.py`."


def test_the_readme_names_every_script_and_module() -> None:
    text = (BENCHMARKS / "README.md").read_text()
    assert [file.name for file in BENCHMARKS.glob("*.py") if f"`{file.name}`" not in text] == []


def test_rows_name_scripts_that_take_what_the_summary_passes(scripts: SimpleNamespace) -> None:
    every = [*scripts.rows.ROWS.values(), *scripts.details.SECTIONS.values()]
    for one in dict.fromkeys(row.script for row in every):
        text = (BENCHMARKS / shlex.split(one)[0]).read_text()
        assert "--json" in text
        assert "--quick" in text


def test_kept_comparisons_have_the_names_of_their_rows(scripts: SimpleNamespace) -> None:
    for name, kept in json.loads(scripts.summary.KEPT.read_text()).items():
        comparison = scripts.interleaved.read_comparison(kept["comparison"])
        assert comparison.name == scripts.rows.ROWS[name].comparison
        assert set(comparison.times) == {comparison.ours, comparison.theirs}


@pytest.mark.parametrize(
    ("theirs", "ahead", "by", "aim"),
    [
        ([2.0, 4.0, 6.0], "**brainsleep**", "4.00 (2.00–6.00)", "≥ 3.00 ✓"),
        ([2.0, 2.5, 3.0], "**brainsleep**", "2.50 (2.00–3.00)", "≥ 3.00 ✗"),
        ([0.5, 0.25, 0.125], "other", "4.00 (2.00–8.00)", "≥ 3.00 ✗"),
        ([0.9, 1.01, 1.1], "neither", "1.01 (0.90–1.10)", "≥ 3.00 ✗"),
    ],
)
def test_who_is_ahead_and_by_what(
    scripts: SimpleNamespace, kept_row, theirs: list[float], ahead: str, by: str, aim: str
) -> None:
    row = scripts.rows.Row("a night", "nights.py", "night", aim=3.0)
    cells = scripts.summary.cells(row, kept_row([1.0] * 3, theirs), "A")
    assert cells[1] == "1.00 s per run"
    assert cells[3:7] == [ahead, by, aim, "wall"]


def test_an_aim_below_one_says_how_far_behind_is_allowed(scripts: SimpleNamespace) -> None:
    row = scripts.rows.Row("a night", "nights.py", "night", aim=1 / 1.05)
    for median, expected in ((0.96, "≤ 1.05 behind ✓"), (0.9, "≤ 1.05 behind ✗")):
        ratio = scripts.interleaved.Ratio(median, median, median, 5)
        assert scripts.summary.aimed_at(row, ratio, 0.1) == expected


def test_an_aim_in_seconds_is_one_of_ours(scripts: SimpleNamespace) -> None:
    row = scripts.rows.Row("a night", "nights.py", "night", aim=2.0, at_most=0.5)
    ratio = scripts.interleaved.Ratio(3.0, 3.0, 3.0, 5)
    for seconds, expected in ((0.4, "≥ 2.00 ✓, ≤ 0.5 s ✓"), (0.6, "≥ 2.00 ✓, ≤ 0.5 s ✗")):
        assert scripts.summary.aimed_at(row, ratio, seconds) == expected


def test_of_a_busy_machine_processor_time_is_shown_and_marked(
    scripts: SimpleNamespace, kept_row
) -> None:
    row = scripts.rows.Row("a night", "nights.py", "night")
    cells = scripts.summary.cells(row, kept_row([1.0], [4.0], busy=True), "A")
    assert cells[1] == "2.00 s per run"
    assert cells[4] == "2.00 (one round)"
    assert cells[6] == "processor \\*"


def test_a_long_note_stands_below_the_table(scripts: SimpleNamespace, kept_row) -> None:
    row, kept = kept_row([1.0], [4.0]), {}
    for name, note in (("sweep", "a short note"), ("cold_start", 10 * "a long note, ")):
        kept[name] = row | {"comparison": row["comparison"] | {"note": note}}
    lines = scripts.summary.table(kept)
    assert [line[0] for line in lines if "a short note" in line] == ["|"]
    assert [line[0] for line in lines if "a long note" in line] == ["f"]


def test_what_is_measured_again(scripts: SimpleNamespace, kept_row) -> None:
    is_done = scripts.keeping.is_done
    assert is_done(kept_row([1.0], [1.0]), "x")
    assert not is_done(kept_row([1.0], [1.0]), "y")
    assert not is_done(kept_row([1.0], [1.0], busy=True), "x")
    assert not is_done(None, "x")


def test_scripts_are_found_by_the_beginning_of_a_row_and_measure_all_of_theirs(
    scripts: SimpleNamespace,
) -> None:
    found = scripts.summary.by_script(["winners_s", "saving"])
    assert list(found) == ["saving.py", "unsupervised.py"]
    assert found["unsupervised.py"] == ["winners_stock", "winners_torch", "winners_bindsnet"]
    every = [name for names in scripts.summary.by_script([]).values() for name in names]
    assert sorted(every) == sorted(scripts.rows.ROWS)
    with pytest.raises(SystemExit, match="no row begins with nihgt"):
        scripts.summary.by_script(["nihgt"])


def test_a_worker_answers_until_it_ends(scripts: SimpleNamespace, tmp_path: Path) -> None:
    workers = scripts.workers
    program = "import sys\nfor line in sys.stdin:\n    print(len(line), flush=True)\n"
    program += "    if len(line) > 3: break"
    with workers.Worker([sys.executable, "-c", program]) as worker:
        assert worker.ask("a") == 2
        assert worker.ask("abc") == 4
        with pytest.raises(workers.WorkerError, match="ended without an answer"):
            worker.ask("a")


def test_files_of_a_commit_are_there_while_they_are_needed(scripts: SimpleNamespace) -> None:
    workers = scripts.workers
    if not (ROOT / ".git").exists():
        pytest.skip("these are files without a repository")
    head = subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, text=True)
    with workers.checked_out(head.stdout.strip()) as tree:
        assert (tree / "benchmarks" / "README.md").exists()
    assert not tree.exists()
