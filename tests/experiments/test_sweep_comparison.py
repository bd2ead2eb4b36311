"""Sweeps in comparisons: of results that are made up, with nothing run."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from brainsleep.errors import DirectoryError, ModelFileError
from brainsleep.experiments import cli
from brainsleep.experiments.comparison import compare_runs
from brainsleep.support.json_files import write_json

#: Accuracies after sleep by seed, in percent.
FIRST, SECOND = (66.0, 68.0, 64.0, 67.0, 65.0), (61.0, 65.0, 60.0, 60.0, 64.0)


def run_with(directory: Path, seed: int, percent: float, **options: object) -> Path:
    """Write the results of a run of two tasks."""
    directory.mkdir(parents=True)
    metrics = {
        "scenario": "class-incremental",
        "dataset": "digits",
        "evaluated_on": "test",
        "model": "made_up",
        "seed": seed,
        "accuracy": {
            "sequential": 0.2,
            "before_sleep": [[1.0, None], [0.1 * seed, 1.0]],
            "after_sleep": [[1.0, None], [0.5, 0.5]],
            "final": percent / 100,
        },
        "timings": [{"run": 1.0, "build": 0.0, "total": 1.0, "steps": 100}] * 2,
        "rates": [{"0": 10.0 * (seed + 1)}] * 2,
        "weight_change": [{"0.weight": 0.1}] * 2,
        "findings": [[], [{"layer": "0", "kind": "silent"}]],
        "versions": {},
    }
    write_json(directory / "metrics.json", {**metrics, **options})
    return directory


def sweep_with(directory: Path, percents: tuple[float, ...], **options: object) -> Path:
    """Write the results of a sweep."""
    for seed, percent in enumerate(percents):
        run_with(directory / f"seed-{seed}", seed, percent, **options)
    content = {"scenario": "class-incremental", "seeds": list(range(len(percents)))}
    write_json(directory / "summary.json", {**content, **options})
    return directory


def compared(tmp_path: Path, *directories: Path) -> str:
    text, picture = compare_runs(*directories, out=tmp_path / "figure", progress=False)
    assert picture.read_bytes().startswith(b"\x89PNG")
    return text


def row(text: str, label: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(label)]
    return line.removeprefix(label).split()


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return sweep_with(tmp_path / "first", FIRST)


def test_sweeps_are_means_with_a_test_by_seed(first: Path, tmp_path: Path) -> None:
    """The interval and t by hand: differences of -5, -3, -4, -7, -1; t(4) = 2.776 at 97.5 %."""
    text = compared(tmp_path, first, sweep_with(tmp_path / "second", SECOND))
    assert text.splitlines()[0].split() == ["first", "second"]
    assert row(text, "seeds") == ["5", "5"]
    assert row(text, "sleep, %") == ["66.0", "±", "1.6", "62.0", "±", "2.3"]
    assert row(text, "rate of 0, Hz") == ["30.0", "30.0"]
    assert row(text, "nights with findings") == ["5", "of", "10"] * 2
    assert "sleep, in percentage points, by seed, minus first:" in text
    assert (
        "  second: -4.0, 95 % CI -6.8 to -1.2; paired t-test: t(4) = -4.00, p = 0.016 (n = 5)"
        in text
    )
    assert "corrected" not in text


def test_one_run_beside_a_sweep_is_not_tested(first: Path, tmp_path: Path) -> None:
    text = compared(tmp_path, first, run_with(tmp_path / "alone", 0, 70.0))
    assert row(text, "seeds") == ["5", "1"]
    assert row(text, "sleep, %") == ["66.0", "±", "1.6", "70.0"]
    assert "alone: not compared by seed, as 1 of their seeds are the same" in text


def test_only_seeds_in_common_are_paired(first: Path, tmp_path: Path) -> None:
    text = compared(tmp_path, first, sweep_with(tmp_path / "short", SECOND[:3]))
    assert text.endswith("(n = 3, of 3 and 5 seeds)")


@pytest.mark.parametrize(
    ("key", "value"),
    [("dataset", "fashion_mnist"), ("evaluated_on", "validation"), ("scenario", "other")],
)
def test_other_images_are_not_paired(key: str, value: str, first: Path, tmp_path: Path) -> None:
    text = compared(tmp_path, first, sweep_with(tmp_path / "other", SECOND, **{key: value}))
    assert f"other: not compared by seed, as {key} is '{value}'" in text
    assert "paired t-test" not in text


def test_other_tasks_of_the_same_scenario_are_not_paired(first: Path, tmp_path: Path) -> None:
    """Runs of earlier versions do not name their tasks: these are paired as before."""
    few, many = ([{"name": f"permutation {k}"} for k in range(n)] for n in (3, 5))
    second = sweep_with(tmp_path / "second", SECOND, tasks=few)
    twin = sweep_with(tmp_path / "twin", FIRST, tasks=few)
    other = sweep_with(tmp_path / "other", FIRST, tasks=many)
    text = compared(tmp_path, second, twin, other, first)
    assert "other: not compared by seed, as their tasks differ" in text
    assert text.count("paired t-test") == 2


def test_of_three_sweeps_the_first_is_held_against_the_others(first: Path, tmp_path: Path) -> None:
    others = [sweep_with(tmp_path / name, SECOND) for name in ("second", "third")]
    text = compared(tmp_path, first, *others)
    assert text.count("paired t-test") == 2
    assert text.endswith("p values are not corrected for the number of comparisons")


def test_runs_alone_are_compared_as_before(tmp_path: Path) -> None:
    runs = [run_with(tmp_path / name, 0, 66.0) for name in ("one", "two")]
    text = compared(tmp_path, *runs)
    assert "±" not in text
    assert "seed" not in text


def test_a_sweep_that_is_not_whole_is_named(first: Path, tmp_path: Path) -> None:
    (first / "seed-3" / "metrics.json").unlink()
    with pytest.raises(DirectoryError, match="seed-3 holds no finished run"):
        compare_runs(first, first)
    write_json(first / "summary.json", {"seeds": []})
    with pytest.raises(DirectoryError, match="names no seeds"):
        compare_runs(first, first)


def test_sweeps_without_labels_are_refused(tmp_path: Path) -> None:
    sweep = sweep_with(tmp_path / "it", FIRST, scenario="unsupervised")
    with pytest.raises(ModelFileError, match="learns without labels"):
        compare_runs(sweep, sweep)


def test_sweeps_on_the_command_line(first: Path, tmp_path: Path) -> None:
    second = sweep_with(tmp_path / "second", SECOND)
    words = ["compare", str(first), str(second), "--out", str(tmp_path / "figure")]
    assert "p = 0.016" in CliRunner().invoke(cli.app, words).output
