"""Tables for papers: numbers held against scipy and by hand; LaTeX that is what it should be."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from brainsleep.errors import ParameterError
from brainsleep.experiments.result_tables.markup import escaped_latex, latex, markdown
from brainsleep.experiments.result_tables.paper_tables import (
    PaperTable,
    paper_table,
    save_paper_table,
)
from brainsleep.experiments.result_tables.tables import sweep_table
from brainsleep.experiments.result_tables.tidy_results import csv_of, rows_of, write_parquet
from brainsleep.measures import holm

SLEEP = [0.61, 0.66, 0.64, 0.70, 0.65, 0.69]
SEQUENTIAL = [0.20, 0.19, 0.21, 0.20, 0.18, 0.20]
JOINT = [0.92, 0.91, 0.93, 0.90, 0.92, 0.91]


def metrics(seed: int, **changes: object) -> dict[str, object]:
    scores = {"sequential": SEQUENTIAL[seed], "joint": JOINT[seed], "final": SLEEP[seed]}
    return {
        **{"model": "m", "scenario": "class-incremental", "dataset": "digits", "seed": seed},
        "accuracy": {**scores, "controls": {"decrease_only": SLEEP[seed] - 0.02}},
        "evaluated_on": "test",
        "versions": {"torch": "2"},
        **changes,
    }


ROWS = [row for seed in range(6) for row in rows_of(metrics(seed))]


def cells(table: object, label: str) -> list[str]:
    (row,) = [row for row in table.rows if row[0] == label]
    return list(row)


def test_numbers_are_those_of_scipy() -> None:
    table = paper_table(ROWS, "title", "accuracy in %")
    assert table.rows[0] == ["", "accuracy, %", "n", "difference", "p (t)", "p (Wilcoxon)"]
    row = cells(table, "sleep")
    assert row[1:4] == ["65.8 ± 3.3", "6", "+46.2"]
    assert row[4] == "< 0.001"
    assert row[5] == "0.094", "2 / 2 ** 6, times 3 tests"
    assert stats.wilcoxon(SLEEP, SEQUENTIAL).pvalue == pytest.approx(2 / 2**6)
    assert cells(table, "no sleep (sequential training)")[3:] == ["–", "–", "–"]
    assert "corrected by Holm for the 3 rows tested" in table.notes[-1]
    assert "above 'no sleep (sequential training)'" in table.notes[-1]


def test_another_reference_and_one_that_is_not_there() -> None:
    table = paper_table(ROWS, "title", "accuracy", reference="sleep")
    assert cells(table, "no sleep (sequential training)")[3] == "−46.2"
    assert cells(table, "sleep, decrease only")[3:] == ["−2.0", "–", "–"], "all the same"
    with pytest.raises(ParameterError, match=r"there is no arm 'slep'\. Did you mean 'sleep'"):
        paper_table(ROWS, "title", "accuracy", reference="slep")


def test_a_single_run_has_no_spread_and_no_tests(tmp_path: Path) -> None:
    save_paper_table(tmp_path, [metrics(0)])
    text = (tmp_path / "table.md").read_text()
    assert "| sleep | 61.0 | 1 |" in text
    assert "difference" not in text


def test_settings_are_rows_and_what_they_do_not_change_is_one() -> None:
    rows = [
        row
        for rate in (1e-4, 2e-4)
        for seed in (0, 1)
        for row in rows_of(
            metrics(seed, accuracy={"sequential": 0.2, "final": 0.5 + rate * 100 + seed / 10}),
            {"sleep.plasticity.increase": rate},
        )
    ]
    failed = {"sleep.plasticity.increase": 3e-4, "seed": 0, "arm": "sleep", "error": "x"}
    table = paper_table([*rows, failed], "title", "accuracy")
    assert [row[:3] for row in table.rows[1:]] == [
        ["no sleep (sequential training)", "", "20.0 ± 0.0"],
        ["sleep", "0.0001", "56.0 ± 7.1"],
        ["sleep", "0.0002", "57.0 ± 7.1"],
    ]
    assert table.rows[2][4] == "+36.0"
    assert any("1 trials failed" in note for note in table.notes)


def test_holm_by_hand() -> None:
    nan = float("nan")
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    corrected = holm([nan, 0.5, 0.9])
    assert corrected[0] != corrected[0]
    assert corrected[1:] == [1.0, 1.0]
    with pytest.raises(ParameterError, match="from 0 to 1"):
        holm([1.5])


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


def stripped(text: str) -> str:
    """Return LaTeX without what commands of ours may be there: whole, and well nested."""
    text = re.sub(r"\\(?:text\w+\{\}|ldots\{\}|[{}$&%#_])", "", text)
    return re.sub(r"\$[^$]*\$|\{[\[\]*]\}", "", text)


@given(TEXT)
def test_any_text_becomes_latex(text: str) -> None:
    escaped = escaped_latex(text)
    assert not set(stripped(escaped)) & set("\\{}$&%#_^~\n")
    assert escaped.count("$") % 2 == escaped.count(r"\$") % 2


@given(st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=4), TEXT)
def test_any_table_keeps_its_rows_and_columns(rows: list[list[str]], title: str) -> None:
    text = latex(title, rows, [title], 1)
    assert text.count(r"\begin{") == text.count(r"\end{") == 2
    body = re.search(r"\\toprule\n(.*)\\bottomrule", text, re.DOTALL)[1]
    lines = [line for line in body.split("\n") if line and line != r"\midrule"]
    assert len(lines) == len(rows)
    for line in lines:
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == 2
    table = markdown(title, rows, [], 1).split("\n\n", 1)[1].rstrip("\n").split("\n")
    assert len(table) == len(rows) + 1
    assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in table} == {4}


def test_what_greek_and_signs_become() -> None:
    assert escaped_latex("Δw ± 1 % of α_x, ≥ 5 µm, Müller & söhne") == (
        r"$\Delta$w $\pm$ 1 \% of $\alpha$\_x, $\geq$ 5 $\mu$m, Müller \& söhne"
    )
    assert escaped_latex("日") == "?"
    assert escaped_latex("than 'no sleep', \"a's\" ('b')") == "than `no sleep', ``a's'' (`b')"


def test_what_does_not_depend_on_the_seed_is_named() -> None:
    """By what the strategy is, not by equal numbers alone: those of chance level say nothing."""
    rows = []
    for seed in range(3):
        means = {"kind": "nearest_class_mean", "label": "class means"}
        lucky = {"kind": "ewc", "label": "EWC"}
        told = metrics(seed, strategies={"ncm": means, "ewc": lucky})
        told["accuracy"] |= {"ncm": 0.8, "ewc": 0.5}
        rows += rows_of(told)
    table = paper_table(rows, "t", "accuracy")
    assert "± 0.0: 'class means' does not depend on the seed." in table.notes
    assert cells(table, "EWC")[1] == "50.0 ± 0.0"
    assert not any("EWC" in note for note in table.notes)
    alone = paper_table([row for row in rows if row["seed"] == 0], "t", "accuracy")
    assert not any("seed." in note for note in alone.notes), "there is no ± 0.0"
    assert {row["strategy"] for row in rows if row["arm"] == "ncm"} == {"nearest_class_mean"}


def test_long_labels_keep_columns_in_line() -> None:
    label = "elastic weight consolidation (EWC), strength = 1000"
    spread = {"mean": 0.5, "sd": 0.1, "values": [0.4, 0.6]}
    summary = {
        **{"model": "m", "scenario": "class-incremental", "dataset": "digits", "seeds": [0, 1]},
        "accuracy": {"sequential": spread, "ewc": spread},
        "labels": {"sequential": "no sleep", "ewc": label},
    }
    lines = [line for line in sweep_table(summary).splitlines() if "±" in line and "(0" not in line]
    assert {line.index("50.0 ± 10.0") for line in lines if "50.0" in line} == {len(label) + 5}


def wide_table(label: str) -> PaperTable:
    """Return one of eight columns, with a label that may be long."""
    rows = []
    for setting in ("1 %", "12 %"):
        for seed in range(6):
            found = rows_of(metrics(seed), {"a.increase": setting, "b.decrease": setting})
            rows += [{**row, "label": label} if row["arm"] == "joint" else row for row in found]
    return paper_table(rows, "wide", "accuracy")


def test_long_labels_are_broken_where_a_line_of_latex_ends() -> None:
    label = "elastic weight consolidation (EWC), strength = 1000"
    text = wide_table(label).latex()
    assert re.search(r"begin\{tabular\}\{p\{0\.\d+\\linewidth\}llrrrrr\}", text)
    assert rf"\raggedright\hangindent=1em {label} &" in text
    assert r"tabcolsep" in text
    narrow = latex("t", [["", "n"], ["a", "1"]], [], 1)
    assert r"\begin{tabular}{lr}" in narrow
    assert "tabcolsep" not in narrow


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_pdflatex_takes_it(tmp_path: Path) -> None:
    table = paper_table(ROWS, r"50 % of \x_1 & ~^ Δ 'a' #{}", "accuracy").latex()
    head, end = r"\documentclass{article}\usepackage{booktabs}\begin{document}", r"\end{document}"
    wide = wide_table("elastic weight consolidation (EWC), strength = 1000").latex()
    (tmp_path / "t.tex").write_text(head + table + wide + end)
    command = ["pdflatex", "-halt-on-error", "t.tex"]
    done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert b"Overfull" not in done.stdout


def test_mixed_columns_are_text_in_parquet(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"a": 1, "b": "x", "c": [1, 2], "d": 1}, {"a": 2.5, "b": 3, "c": None}]
    assert write_parquet(tmp_path / "r.parquet", rows)
    assert parquet.read_table(tmp_path / "r.parquet").to_pydict() == {
        "a": [1.0, 2.5],
        "b": ["x", "3"],
        "c": ["[1, 2]", None],
        "d": [1, None],
    }
    (tmp_path / "r.csv").write_text(csv_of(rows))
    assert (tmp_path / "r.csv").read_text() == 'a,b,c,d\n1,x,"[1, 2]",1\n2.5,3,,\n'


def test_rows_of_a_run_hold_measures_and_costs() -> None:
    noted = {"measures": {"forgetting": 0.5, "per_task": [1]}, "stored_bytes": 8, "spikes": [1, 2]}
    told = metrics(0, sleep=noted, seconds={"final": 1.5})
    (row,) = [row for row in rows_of(told, commit="abc") if row["arm"] == "sleep"]
    assert (row["forgetting"], row["stored_bytes"], row["spikes"]) == (0.5, 8, 3)
    assert (row["seconds"], row["commit"], row["version_torch"]) == (1.5, "abc", "2")
    assert json.dumps(row)
    assert {row["kind"] for row in rows_of(told)} == {"sleep", "strategy", "control"}
