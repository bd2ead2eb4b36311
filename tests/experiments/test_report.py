"""The page of a run: complete, true to the results, safe against what users wrote."""

from __future__ import annotations

import base64
import json
import re
import shutil
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from browser import Browser
from busy_page import FRAMES, busy_page
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep import figures, wake
from brainsleep.devices.activity import Spikes
from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.experiments.cli import app
from brainsleep.experiments.finished_runs.run_results import Run
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.experiments.report.field_texts import field_texts, references_of
from brainsleep.experiments.report.night_sections import section_of
from brainsleep.experiments.report.parameter_table import parameter_rows
from brainsleep.experiments.report.reactivation_table import reactivation_table
from brainsleep.experiments.report.spike_panels import panel
from brainsleep.experiments.studies.search_space import Choice, grid
from brainsleep.experiments.studies.study_request import StudyRequest, Trial
from brainsleep.experiments.studies.trial import record_of
from brainsleep.experiments.sweep import run_sweep
from brainsleep.support.json_files import write_json
from brainsleep.wake.datasets import loading

HOSTILE = "</script><script>alert('x')</script>&\"'"
MODEL = f"""
name = "tiny"
description = '''four classes {HOSTILE}'''
references = ['''Somebody {HOSTILE}''']
[data]
dataset = '''toy'''
[tasks]
n_tasks = 2
[network]
sizes = [16, 10, 6]
dropout = 0.0
[training]
lr = 0.3
epochs = 1
[compare]
strategies = ["sequential", {{kind = "joint", name = '''all {HOSTILE}'''}}]
[sleep.neuron]
threshold = [1.0, 1.0]
decay = 0.97
[sleep.steps]
first = 10
"""


def toy(folder: Path | None) -> wake.Split:
    """One bright quarter of the image tells the class."""
    rng = np.random.default_rng(0)
    labels = np.arange(80) % 4
    quarters = np.kron(np.eye(4).reshape(4, 2, 2), np.ones((2, 2))).reshape(4, 16)
    images = 0.7 * quarters[labels] + 0.3 * rng.random((80, 16))
    halves = (slice(40), slice(40, 80))
    return wake.Split(*(wake.Dataset(HOSTILE, images[k], labels[k], (4, 4)) for k in halves))


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a finished sweep of two seeds, with pages."""
    place = tmp_path_factory.mktemp("report")
    (place / "tiny.toml").write_text(MODEL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(loading.DATASETS, "toy", toy)
        patch.setattr(figures, "save_figure", lambda figure, path: None)  # it takes seconds
        controls = ("decrease_only", "rows_centred")
        run_sweep(
            place / "tiny.toml", n_seeds=2, out=place / "sweep", controls=controls, progress=False
        )
        bs.write_report(place / "sweep")
        bs.write_report(place / "sweep" / "seed-0")
    return place / "sweep"


@pytest.fixture(scope="module")
def folder(sweep: Path) -> Path:
    """The directory of a finished run, with its page."""
    return sweep / "seed-0"


@pytest.fixture(scope="module")
def html(folder: Path) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_page_is_the_same_for_any_number_of_processes(
    folder: Path, html: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(loading.DATASETS, "toy", toy)
    for n_jobs in (1, 2):
        page = bs.write_report(folder, out=tmp_path / "page.html", n_jobs=n_jobs)
        assert page.read_text(encoding="utf-8") == html


class Page(HTMLParser):
    """Elements of a page; complains where they are not closed in order."""

    VOID = ("meta", "br", "hr", "img", "input", "link", "col")

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.attributes: list[tuple[str, str, str | None]] = []
        self.ids: list[str] = []
        self.rows: list[list[str]] = []
        self.scripts: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value) for name, value in attrs]
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag in self.VOID:
            return
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        if "script" in self.open:
            self.scripts[-1] += data
        elif {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data


def table_rows(page: Page, heading: str) -> list[list[str]]:
    return [row for row in page.rows if row and row[0] == heading]


def test_the_page_is_well_formed_and_asks_for_nothing(html: str) -> None:
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    for tag, name, value in page.attributes:
        if name in ("src", "href", "action", "data", "poster", "srcset"):
            assert name == "href"
            assert value is not None
            assert value.startswith("#"), (tag, value)
            assert value[1:] in page.ids
        assert not name.startswith("on"), (tag, name)
    styles = "".join(re.findall(r"<style>(.*?)</style>", html, re.S))
    assert "url(" not in styles
    assert "@import" not in styles
    policy = next(value for _, name, value in page.attributes if value and "default-src" in value)
    assert "default-src 'none'" in policy
    assert policy.count("'sha256-") == 2
    assert len(page.scripts) == 3


def test_what_users_wrote_stays_text(html: str) -> None:
    assert "<script>alert" not in html
    page = Page(html)
    assert any(f"all {HOSTILE}" in cell for row in page.rows for cell in row)
    assert html.count("&lt;script&gt;alert") >= 4  # data, description, source, strategy


def test_numbers_are_those_of_the_results(html: str, folder: Path) -> None:
    metrics, page = json.loads((folder / "metrics.json").read_text()), Page(html)
    scores = metrics["accuracy"]
    for name, value in {**scores, **scores["controls"]}.items():
        if isinstance(value, float):
            assert any(f"{100 * value:.1f}" == row[1] for row in page.rows if len(row) > 3), name
    names = [task["name"] for task in metrics["tasks"]]
    start = next(k for k, row in enumerate(page.rows) if row[1:-1] == names)
    for offset, table in enumerate(("before_sleep", "after_sleep")):
        for number, row in enumerate(scores[table]):
            shown = page.rows[start + offset * (len(names) + 1) + 1 + number]
            cells = ["–" if value is None else f"{100 * value:.1f}" for value in row]
            seen = [value for value in row if value is not None]
            assert shown[1:] == [*cells, f"{100 * np.mean(seen):.1f}"]
    assert [row[0] for row in page.rows if "aller" in row[0]] == []
    assert "Chance: 25.0 %" in html


def test_every_parameter_is_there(html: str, folder: Path) -> None:
    rows = {row.key: row for row in parameter_rows(bs.load_run(folder))}
    assert rows["sleep.neuron.decay"].value == "0.97"
    assert rows["sleep.neuron.decay"].stated == "model file"
    assert rows["sleep.dt"].value == "1"
    assert rows["sleep.dt"].unit == "ms"
    assert rows["sleep.dt"].stated == "default"
    assert rows["sleep.plasticity.tau_pre"].unit == "ms"
    assert "λ in [0, 1]" in rows["sleep.neuron.decay"].text
    shown = {row[0]: row[1] for row in Page(html).rows if row}
    for key, row in rows.items():
        assert shown[key] == row.value


def test_texts_of_fields_come_from_docstrings() -> None:
    assert "time constant of the presynaptic trace" in field_texts(bs.SRC)["tau_pre"].lower()
    assert references_of(bs.SRC)[0].startswith("Tadros, Krishnan")


def unpacked(text: str) -> np.ndarray:
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), "<u4")


def test_the_page_holds_the_spikes_of_the_nights(html: str, folder: Path) -> None:
    nights = json.loads(Page(html).scripts[0])["nights"]
    for night, drawn in zip(bs.load_run(folder).nights, nights, strict=True):
        for train, one in zip(night.spikes.values(), drawn["panels"], strict=True):
            steps = np.repeat(np.arange(night.n_steps), unpacked(one["counts"]))
            found = set(zip(steps.tolist(), unpacked(one["neurons"]).tolist(), strict=True))
            there = np.rint(np.asarray(train.t / night.dt)).astype(int)
            assert found == set(zip(there.tolist(), train.i.tolist(), strict=True))
            assert one["n_spikes"] == len(train)


def test_above_a_number_of_spikes_some_neurons_are_drawn_with_all_of_theirs() -> None:
    rng = np.random.default_rng(0)
    steps, neurons = np.nonzero(rng.random((200, 50)) < 0.2)
    train = Spikes(i=neurons.astype("i4"), t=steps * ms, n_neurons=50)
    drawn = panel(train, "a", n_steps=200, dt=1 * ms, most=500)
    assert drawn["n_spikes"] == len(neurons)
    chosen = unpacked(drawn["neurons"])
    assert 400 < len(chosen) <= 500
    assert len(np.unique(chosen)) == drawn["n_shown"] < 50
    for neuron in np.unique(chosen):
        assert (chosen == neuron).sum() == (neurons == neuron).sum()
    assert np.mean(drawn["rates"]) == pytest.approx(1000 * len(neurons) / 50 / 200, abs=0.01)


def test_the_page_of_a_sweep_has_means_and_every_seed(sweep: Path) -> None:
    page = Page(pages := (sweep / "report.html").read_text())
    assert "<script>alert" not in pages
    finals = json.loads((sweep / "summary.json").read_text())["accuracy"]["final"]
    row = next(row for row in page.rows if row[0] == "sleep")
    assert row[1] == f"{100 * finals['mean']:.1f} ± {100 * finals['sd']:.1f}"
    assert row[3] == "2"
    for value in finals["values"]:
        assert ("span", "style", f"left: {100 * value:.2f}%") in page.attributes
    table = (sweep / "table.md").read_text()
    assert all(cell in table for row in page.rows if "difference" in row for cell in row)


def test_runs_and_sweeps_are_compared(sweep: Path, tmp_path: Path) -> None:
    file = bs.write_report(sweep / "seed-0", sweep / "seed-1", sweep, out=tmp_path / "a.html")
    page = Page(file.read_text())
    finals = json.loads((sweep / "summary.json").read_text())["accuracy"]["final"]
    row = next(row for row in page.rows if row[0] == "sleep")
    assert row[1:3] == [f"{100 * value:.1f}" for value in finals["values"]]
    assert row[3].startswith(f"{100 * finals['mean']:.1f} ± ")
    seeds = next(row for row in page.rows if row[0] == "seed")
    assert seeds[1:] == ["0", "1", "0, 1"]
    assert bs.write_report(sweep / "seed-0", sweep / "seed-1") == sweep / "comparison.html"
    (sweep / "comparison.html").unlink()


def test_the_page_of_a_study_shows_settings_best_first(sweep: Path, tmp_path: Path) -> None:
    keys = (Choice("sleep.neuron.decay", (0.5, 0.9)), Choice("data.dataset", (HOSTILE, "b")))
    request = StudyRequest(model_file=sweep.parent / "tiny.toml", space=keys, n_seeds=2)
    write_json(tmp_path / "study.json", request.content)
    (tmp_path / "trials").mkdir()
    with pytest.raises(DirectoryError, match="without a trial"):
        bs.write_report(tmp_path)
    for number, setting in enumerate(grid(keys)):
        for seed in (0, 1):
            metrics = json.loads((sweep / f"seed-{seed}" / "metrics.json").read_text())
            metrics["accuracy"]["final"] = 0.5 + 0.1 * number + 0.02 * seed
            trial = Trial(number, seed, setting)
            failed = "it failed <b>" if (number, seed) == (1, 1) else None
            record = record_of(request, trial, None if failed else metrics, failed, 1.0, {})
            write_json(tmp_path / "trials" / f"{trial.name}.json", record)
    text = bs.write_report(tmp_path).read_text()
    page = Page(text)
    assert "<script>alert" not in text
    assert "1 of 8 trials failed" in text
    assert [row[0][0] for row in page.rows[1:]] == ["3", "2", "1", "0"]
    assert page.rows[1][1:4] == ["0.9", "b", "81.0 ± 1.4"]
    drawn = json.loads(page.scripts[0])["scatters"]
    assert [one["key"] for one in drawn] == [one.key for one in keys]
    assert drawn[0]["x"] == [0.5, 0.5, 0.9, 0.9]
    assert drawn[1]["names"] is not None


def test_a_saved_night_has_a_page(folder: Path, tmp_path: Path) -> None:
    night = bs.Night.load(folder / "nights" / "0")
    night.save(tmp_path / "night")
    text = bs.write_report(tmp_path / "night").read_text()
    rows = {row[1]: row for row in Page(text).rows if row[0] == "this night" and len(row) == 5}
    assert rows["input"][3] == f"{len(night.spikes['input']):,}"
    facts = dict(re.findall("<dt>(.*?)</dt><dd>(.*?)</dd>", text))
    assert facts["length"] == "10 ms: 10 steps of 1 ms"
    assert facts["seed"] == str(night.settings["seed"])
    assert facts["stimulus"].startswith("MeanOfRandomImages(16 inputs")
    assert not any("{" in one for one in facts.values())  # as Python writes dicts


class Morning:
    """A stage of sleep that is up from the second step to the fourth."""

    name = "NREM"

    def gate(self, n_steps: int, dt: float, seed: int) -> bs.stages.Gate:
        up = (np.arange(n_steps) >= 1) & (np.arange(n_steps) < 4)
        return bs.stages.Gate(up.astype(float), up.astype(float))


def test_up_states_of_a_night_are_on_its_page(folder: Path, tmp_path: Path) -> None:
    night = bs.Night.load(folder / "nights" / "0").again(
        stages=Morning(), device=bs.devices.Runtime("numpy")
    )
    section = section_of(night, "this night", 1000)
    assert section.drawn["up"] == [[1.0, 4.0]]
    assert [(one.name, one.start) for one in section.segments] == [("NREM", 0.0)]
    replace(night, source=None).save(tmp_path / "night")
    assert '"up": [[1.0, 4.0]]' in bs.write_report(tmp_path / "night").read_text()
    night = bs.Night.load(folder / "nights" / "0")
    assert section_of(night, "another", 1000).drawn["up"] == []


def test_a_run_without_nights_has_a_page(tmp_path: Path) -> None:
    (tmp_path / "model.toml").write_text(find_model("diehl_cook_digits").read_text())
    write_json(tmp_path / "run.json", {"seed": 2})
    accuracy = {"final": 0.81, "curve": [0.5, 0.81], "untrained": 0.4, "class_means": 0.79}
    metrics = {
        "scenario": "unsupervised",
        "dataset": "digits",
        "evaluated_on": "test",
        "model": "diehl_cook_digits",
        "seed": 2,
        "accuracy": {**accuracy, "controls": {}},
        "timings": [{"learn": 1.5}, {"learn": 2.5}],
        "versions": {"python": "3.11"},
    }
    write_json(tmp_path / "metrics.json", metrics)
    page = Page(bs.write_report(tmp_path).read_text())
    assert ["accuracy, %", "50.0", "81.0"] in page.rows
    assert [row[:2] for row in page.rows if row[0] == "learned by spike timing"] == [
        ["learned by spike timing", "81.0"]
    ]
    assert any(row[0] == "unsupervised.n_neurons" for row in page.rows)


def test_what_has_no_page_is_refused_in_a_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="needs the directory of a run"):
        bs.write_report()
    with pytest.raises(DirectoryError, match="there is no directory"):
        bs.write_report(tmp_path / "none")
    with pytest.raises(DirectoryError, match="holds no finished run"):
        bs.write_report(tmp_path)
    shutil.copytree(folder, begun := tmp_path / "begun")
    (begun / "metrics.json").unlink()
    with pytest.raises(DirectoryError, match="not finished; go on with it by brainsleep run"):
        bs.write_report(begun)
    for text, words in (("{", "damaged"), ('{"accuracy": {}}', "it misses")):
        (begun / "metrics.json").write_text(text)
        with pytest.raises(DirectoryError, match=words):
            bs.write_report(begun)
    metrics = json.loads((folder / "metrics.json").read_text())
    write_json(begun / "metrics.json", {**metrics, "accuracy": {"after_sleep": 3}})
    with pytest.raises(DirectoryError, match="results are damaged"):
        bs.write_report(begun)
    result = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert result.exit_code == 1
    assert not (tmp_path / "report.html").exists()


def test_a_damaged_night_is_left_out_and_said_so(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, copy := tmp_path / "run")
    (copy / "nights" / "0" / "night.json").write_text("{")
    text = bs.write_report(copy).read_text()
    assert "the night after task 1 is not shown" in text
    told: list[str] = []
    bs.write_report(copy, report=told.append)
    assert "the night after task 1 is not shown" in told[0]
    (copy / "model.toml").unlink()
    text = bs.write_report(copy).read_text()
    assert "parameters are not shown" in text
    assert "after task 2, 10 steps" in text
    result = CliRunner().invoke(app, ["report", str(copy)])
    assert result.exit_code == 0
    assert result.stdout.split() == [str(copy / "report.html")]
    lines = result.stderr.splitlines()
    words = ("the night after task 1 is not shown", "parameters are not shown", "reactivation is")
    assert len(lines) == len(words)
    assert all(line.startswith(word) for line, word in zip(lines, words, strict=True))
    shutil.rmtree(copy / "nights")
    bs.write_report(copy, report=told.append)
    assert any("the night after task 2 is not shown" in line for line in told)


def test_the_command_prints_where_the_page_is(folder: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["report", str(folder), "--out", str(tmp_path / "new" / "a.html")]
    )
    assert result.exit_code == 0
    assert result.stdout.split() == [str(tmp_path / "new" / "a.html")]


def test_notebooks_show_the_accuracies_of_a_run(folder: Path) -> None:
    run = bs.load_run(folder)
    html = run._repr_html_()
    assert "<script>" not in html
    assert f"<td>sleep</td><td>{100 * run.metrics['accuracy']['final']:.1f}</td>" in html


def test_reactivation_is_shown_with_its_nulls(folder: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(loading.DATASETS, "toy", toy)
        run = bs.load_run(folder)
        table = reactivation_table(run)
        assert table.why_not == ""
        assert table.classes == ["0", "1", "2", "3"]
        assert table.learned["after task 1"] == [True, True, False, False]
        night, test = run.nights[0], toy(None).test
        untrained = run.nights.untrained()
        asleep = bs.write_back(untrained, night.weights_before)
        for network, name in ((asleep, "mean"), (untrained, "untrained")):
            awake = bs.translation.activations(network, test.images)
            counts = np.bincount(night.spikes["0"].i, minlength=10)
            ours = getattr(next(row for row in table.rows if "(0)" in row.population), name)
            for label, value in enumerate(ours):
                images = awake["0"][test.labels == label]
                each = [np.corrcoef(image, counts)[0, 1] for image in images if np.ptp(image)]
                assert value == pytest.approx(np.mean(each))
        bs.write_report(folder, out=tmp_path / "a.html")
        assert "± two standard deviations" in (tmp_path / "a.html").read_text()
        turned = wake.Split(toy(None).test, toy(None).train)
        patch.setitem(loading.DATASETS, "toy", lambda folder: turned)
        assert "no longer those" in reactivation_table(run).why_not
    assert "Left out" in bs.write_report(folder, out=tmp_path / "b.html").read_text()


def test_a_report_executes_nothing_of_the_users(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, copy := tmp_path / "run")
    (copy / "evil.py").write_text(f"open({str(tmp_path / 'done')!r}, 'w')\n")
    settings = json.loads((copy / "run.json").read_text())
    for change in (
        {"dataset": f"{copy / 'evil.py'}:make"},
        {"network": {"kind": "own", "module": "evil.py:make", "folder": str(copy)}},
    ):
        write_json(copy / "run.json", {**settings, **change})
        table = reactivation_table(Run(copy, json.loads((copy / "metrics.json").read_text())))
        assert "code of the user's own" in table.why_not
    assert not (tmp_path / "done").exists()


@pytest.mark.browser
def test_a_browser_draws_the_page_and_it_moves(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "busy.html").write_text(busy_page(folder / "report.html"))
    with Browser() as browser:
        for width, scheme in ((390, "dark"), (1400, "light")):
            browser.open(folder / "report.html", width=width, scheme=scheme)
            assert browser.complaints() == []
            assert browser.requests() == [(folder / "report.html").as_uri()]
            assert browser.run("document.documentElement.scrollWidth <= innerWidth")
            assert browser.run("document.querySelectorAll('#rasters canvas').length") == 4
            assert browser.run(ASIDE) == []
            assert 50 <= browser.run(HEIGHT) <= 70  # of 16 neurons: their dots are 4 pixels high
        browser.open(tmp_path / "busy.html")
        assert browser.complaints() == []
        assert 240 <= browser.run(HEIGHT) <= 260  # of 500 neurons: as high as rasters get
        for scheme in ("light", "dark"):
            browser.set_scheme(scheme)
            browser.run("new Promise(done => setTimeout(done, 100))")
            assert 2 <= browser.run(DOTS.replace("POPULATION", "one")) <= 16
        place = browser.run(MIDDLE)
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])
        assert browser.run(SAID) == "500 ms, neuron 250"
        assert browser.run(DOTS.replace("POPULATION", "many")) > 10_000
        assert 0.4 < browser.run(SHADED) < 0.6
        assert browser.run(FRAMES) > 0  # how many: benchmarks/report_frames.py


#: Pixels of a raster that have the colour of dots.
DOTS = """(() => {
  const canvas = document.querySelector('[data-population="POPULATION"] canvas');
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--dot").trim();
  const wanted = [1, 3, 5].map(k => parseInt(colour.slice(k, k + 2), 16));
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let k = 0; k < data.length; k += 4) found += wanted.every((one, j) => data[k + j] === one);
  return found;
})()"""

#: Pixels of the first raster, from the lowest neuron to the highest.
HEIGHT = "document.querySelector('#rasters [data-population] .u-over').clientHeight"

#: Headings that stand on another side of their column than what is below them.
ASIDE = """[...document.querySelectorAll("table")].flatMap(table => {
  const side = (cell) => getComputedStyle(cell).textAlign;
  const below = table.querySelector("tbody tr").cells;
  return [...table.querySelectorAll("thead tr:last-child > *")]
    .filter((cell, k) => cell.textContent && side(cell) !== side(below[k]))
    .map(cell => cell.textContent);
})"""

#: Which share of a raster has the shade of up states, which are half of the time.
SHADED = """(() => {
  const canvas = document.querySelector('[data-population="one"] canvas');
  const over = document.querySelector('[data-population="one"] .u-over');
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let found = 0;
  for (let k = 3; k < data.length; k += 4) found += data[k] === 0x55;
  return found / (over.clientWidth * over.clientHeight * devicePixelRatio ** 2);
})()"""

#: Where the middle of a raster is, having scrolled there.
MIDDLE = """(() => {
  const over = document.querySelector('[data-population="one"] .u-over');
  over.scrollIntoView({block: "center"});
  const { left, top, width, height } = over.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
})()"""

#: What stands beside the raster's caption, of the spike below the pointer.
SAID = """new Promise(done => setTimeout(
  () => done(document.querySelector('[data-population="one"] output').textContent), 100))"""
