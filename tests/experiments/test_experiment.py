"""Runs, resumed runs, sweeps, comparisons and the command line, on a small network."""

from __future__ import annotations

import csv
import json
import platform
import re
import subprocess
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from changed_models import changed_model
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep.errors import DataError, DirectoryError, ModelFileError, ParameterError
from brainsleep.experiments import run as run_module
from brainsleep.experiments.arms.setting import Setting
from brainsleep.experiments.cli import app
from brainsleep.experiments.comparison import compare_runs
from brainsleep.experiments.continual import continual_experiment as experiment
from brainsleep.experiments.controls import ALL_CONTROLS, FIXED_CONTROLS, controls_of
from brainsleep.experiments.finished_runs.run_reading import load_run
from brainsleep.experiments.finished_runs.run_results import Run
from brainsleep.experiments.model_files.materials import load_materials
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.run_request import RunRequest
from brainsleep.experiments.model_files.shipped import find_model, shipped_models
from brainsleep.experiments.nights import sleep_nights
from brainsleep.experiments.result_tables.tables import comparison_table, result_table
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.run_directory.opening import open_run_directory
from brainsleep.experiments.sweep import run_sweep

#: Two tasks, a small network and short nights; everything else is as in the default experiment.
SMALL = {
    "classes = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]": "classes = [[0, 1], [2, 3]]",
    "sizes = [784, 1200, 1200, 10]": "sizes = [784, 60, 40, 10]",
    "epochs = 4": "epochs = 2",
    "first = 300": "first = 60",
    "split_mnist_heaviside": "small",
}


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model file that runs in seconds."""
    return changed_model(find_model(), SMALL, tmp_path_factory.mktemp("models") / "small.toml")


@pytest.fixture(scope="module")
def finished(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run with controls."""
    out = tmp_path_factory.mktemp("runs") / "small"
    return run_experiment(model_file, out=out, controls=(ALL_CONTROLS,), progress=False)


def test_metrics_keep_the_contract(finished: Run) -> None:
    metrics = json.loads((finished.directory / "metrics.json").read_text())
    assert metrics == finished.metrics
    assert metrics["scenario"] == "class-incremental"
    assert metrics["dataset"] == "digits"
    assert metrics["seed"] == 0
    scores = metrics["accuracy"]
    for name in ("joint", "sequential", "final", "sequential_masked", "weight_averaging"):
        assert 0 <= scores[name] <= 1
    for matrix in (scores["before_sleep"], scores["after_sleep"]):
        assert [[value is None for value in row] for row in matrix] == [[False, True], [False] * 2]
    assert scores["final"] == pytest.approx(np.mean(scores["after_sleep"][-1]))
    layers = [f"only_layer_{number}" for number in (1, 2, 3)]
    fixed = [name for name in controls_of("sleep") if name in FIXED_CONTROLS]
    of_sleep = [name for name in fixed if not FIXED_CONTROLS[name].of_part]
    assert list(scores["controls"]) == [*of_sleep, *layers]
    assert [night["steps"] for night in metrics["timings"]] == [60, 60]
    assert len(metrics["findings"]) == 2
    assert set(metrics["versions"]) >= {"brainsleep", "brian2", "torch", "numpy", "python"}


def test_sequential_baseline_is_the_run_without_its_nights(finished: Run) -> None:
    scores = finished.metrics["accuracy"]
    # before the first night both were trained with the same batches
    assert scores["before_sleep"][0][0] > 0.9
    assert scores["sequential"] < scores["joint"]


def test_nights_and_figures_are_kept(finished: Run) -> None:
    for task in (0, 1):
        night = bs.Night.load(finished.directory / "nights" / str(task))
        assert night.n_steps == 60
        assert len(night.spikes["input"]) > 0
    for name in ("raster", "accuracy", "weights"):
        picture = finished.directory / "figures" / f"{name}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
    assert not list(finished.directory.rglob("*.partial*"))


def test_findings_of_nights_are_in_the_run_and_its_tables(
    model_file: Path, finished: Run, tmp_path: Path
) -> None:
    """A threshold that is too high: said while it runs, under the table, and in metrics.json."""
    text = model_file.read_text()
    thresholds = next(line for line in text.splitlines() if line.startswith("threshold ="))
    silent = tmp_path / "silent.toml"
    silent.write_text(text.replace(thresholds, "threshold = [1e6, 1e6, 1e6]"))
    lines: list[str] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", bs.NightWarning)
        run = run_experiment(silent, out=tmp_path / "run", progress=False, report=lines.append)
    nights = run.metrics["findings"]
    assert len(nights) == 2
    kinds = {(one["layer"], one["kind"]) for one in nights[0]}
    assert kinds == {(name, kind) for name in ("0", "3", "6") for kind in ("silent", "unchanged")}
    assert nights == [
        [asdict(one) for one in bs.Night.load(run.directory / "nights" / str(task)).findings]
        for task in (0, 1)
    ]
    assert json.loads((run.directory / "metrics.json").read_text())["findings"] == nights
    said = [line for line in lines if "silent" in line]
    assert len(said) == 3, "once for each layer, in the first night"
    assert "lower its threshold (1e+06) or raise its gain" in said[0]
    table = result_table(run.metrics)
    assert "0: silent (0 Hz); lower its threshold" in table
    assert "(2 of 2 nights)" in table
    compared, _ = compare_runs(run.directory, finished.directory, out=tmp_path / "comparison")
    (row,) = [line for line in compared.splitlines() if line.startswith("nights with findings")]
    assert "2 of 2" in row


def test_runs_of_earlier_versions_have_no_findings(finished: Run) -> None:
    earlier = {name: value for name, value in finished.metrics.items() if name != "findings"}
    assert result_table(earlier) == result_table({**earlier, "findings": [[], []]})
    assert "nights with findings" in comparison_table({"one": [earlier], "two": [finished.metrics]})


def test_interrupted_run_resumes_to_the_same_results(
    finished: Run, model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "cut"
    whole_sleep = sleep_nights.run_night
    nights = []

    def sleep_once(*args: object, **kwargs: object) -> object:
        if nights:
            raise KeyboardInterrupt
        nights.append(1)
        return whole_sleep(*args, **kwargs)

    monkeypatch.setattr(sleep_nights, "run_night", sleep_once)
    with pytest.raises(KeyboardInterrupt):
        run_experiment(model_file, out=out, progress=False)
    assert not (out / "metrics.json").exists()
    monkeypatch.setattr(sleep_nights, "run_night", whole_sleep)
    resumed = run_experiment(model_file, out=out, resume=True, progress=False)
    for name in ("joint", "sequential", "before_sleep", "after_sleep", "final"):
        assert resumed.metrics["accuracy"][name] == finished.metrics["accuracy"][name]
    first, second = (
        bs.Night.load(run.directory / "nights" / "1").weights_after for run in (finished, resumed)
    )
    for name, weights in first.items():
        assert np.array_equal(weights, second[name])


def test_directory_that_holds_a_run_is_refused(
    finished: Run, model_file: Path, tmp_path: Path
) -> None:
    before = (finished.directory / "metrics.json").read_bytes()
    with pytest.raises(DirectoryError, match="exists already"):
        run_experiment(model_file, out=finished.directory, seed=1, progress=False)
    with pytest.raises(DirectoryError, match="seed = 0, not 1"):
        run_experiment(model_file, out=finished.directory, seed=1, resume=True, progress=False)
    with pytest.raises(DirectoryError, match="another model file"):
        run_experiment(out=finished.directory, resume=True, progress=False)
    with pytest.raises(DirectoryError, match="no run to resume"):
        run_experiment(model_file, out=tmp_path / "none", resume=True, progress=False)
    assert (finished.directory / "metrics.json").read_bytes() == before


def test_output_that_cannot_be_written_is_refused_before_training(
    model_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryError, match="cannot write"):
        run_experiment(model_file, out=tmp_path / "file" / "run", progress=False)


def test_default_directory_gets_a_number_when_taken(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "small").mkdir(parents=True)
    request = RunRequest(model_file=model_file)
    with open_run_directory(request, "small") as two, open_run_directory(request, "small") as three:
        assert (two, three) == (Path("runs/small-2"), Path("runs/small-3"))


def test_bad_input_is_refused_before_anything_is_written(model_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(ParameterError, match="Did you mean 'digits'"):
        run_experiment(model_file, out=out, overrides=Overrides(dataset="digit"), progress=False)
    with pytest.raises(bs.errors.DataError, match=r"t10k|train"):
        run_experiment(
            model_file,
            out=out,
            overrides=Overrides(dataset="mnist", data_dir=str(tmp_path)),
            progress=False,
        )
    with pytest.raises(ParameterError, match="decrease_only"):
        run_experiment(model_file, out=out, controls=("decreaseonly",), progress=False)
    with pytest.raises(ModelFileError, match="evaluate_on"):
        run_experiment(model_file, out=out, overrides=Overrides(evaluate_on="tset"), progress=False)
    empty = tmp_path / "empty.toml"
    empty.write_text(model_file.read_text().replace("[[0, 1], [2, 3]]", "[[0, 1], []]"))
    with pytest.raises(bs.errors.DataError, match=r"task 1|task 2"):
        run_experiment(empty, out=out, progress=False)
    narrow = tmp_path / "narrow.toml"
    narrow.write_text(model_file.read_text().replace("40, 10]", "40, 3]"))
    with pytest.raises(ParameterError, match="too few for class 3"):
        run_experiment(narrow, out=out, progress=False)
    assert not out.exists()


def test_validation_scores_come_from_training_images(model_file: Path) -> None:
    validated = Overrides(evaluate_on="validation")
    held_out = load_materials(RunRequest(model_file=model_file, overrides=validated)).tasks
    tested = load_materials(RunRequest(model_file=model_file)).tasks
    test_images = {image.tobytes() for task in tested for image in task.test.images}
    assert len(test_images) == 400
    for task in held_out:
        assert len(task.test) == 160
        assert not test_images & {image.tobytes() for image in task.test.images}


def test_comparison_reads_runs_and_draws(finished: Run, tmp_path: Path) -> None:
    table, picture = compare_runs(
        finished.directory, finished.directory, out=tmp_path / "figure", progress=False
    )
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"{100 * finished.metrics['accuracy']['final']:.1f}" in table
    for words in (
        "sleep, %",
        "rate of input, Hz",
        "mean |Δw| per night, 0.weight",
        "simulation per night, s",
    ):
        assert words in table


def test_comparison_of_more_than_two(finished: Run, tmp_path: Path) -> None:
    kept = [finished.directory] * 4
    table, picture = compare_runs(*kept, out=tmp_path / "figure", progress=False)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert table.splitlines()[0].split() == "small (1) small (2) small (3) small (4)".split()
    joint = next(line for line in table.splitlines() if line.startswith("joint"))
    assert joint.split()[-4:] == [f"{100 * finished.metrics['accuracy']['joint']:.1f}"] * 4


def test_comparison_names_its_folder_after_the_runs(
    finished: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = finished.directory.resolve()
    monkeypatch.chdir(tmp_path)
    assert compare_runs(kept, kept)[1] == Path("runs/compare-small (1)-small (2)/comparison.png")
    assert compare_runs(*[kept] * 20)[1].parent.name == "compare-small (1)-and-19-more"


def test_comparison_refuses_before_anything_is_run(
    finished: Run, model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brainsleep.experiments.comparison.run_experiment", pytest.fail)
    with pytest.raises(ParameterError, match=r"two or more .* but got 1"):
        compare_runs(finished.directory)
    with pytest.raises(ModelFileError, match=r"nothing\.toml is neither"):
        compare_runs(model_file, tmp_path / "nothing.toml")
    with pytest.raises(ModelFileError, match=r"split_mnist_li.*Did you mean 'split_mnist_lif'"):
        compare_runs("split_mnist_heaviside", "split_mnist_li")
    with pytest.raises(ModelFileError, match=r"diehl_cook_digits\.toml learns without labels"):
        compare_runs("split_mnist_lif", "diehl_cook_digits")
    with pytest.raises(DirectoryError, match="holds no finished run"):
        compare_runs(model_file, tmp_path)
    broken = tmp_path / "broken.toml"
    broken.write_text(model_file.read_text().replace("threshold", "treshold"))
    with pytest.raises(ModelFileError, match="Did you mean 'threshold'"):
        compare_runs(model_file, broken)


def test_command_line_compares(finished: Run, tmp_path: Path) -> None:
    kept = str(finished.directory)
    arguments = ["compare", kept, kept, kept, "--out", str(tmp_path / "figure")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "small (3)" in result.output
    assert (tmp_path / "figure" / "comparison.png").exists()


def test_control_that_a_rule_does_not_have_is_left_out_by_name(model_file: Path) -> None:
    model = bs.experiments.model_files.modelfile.load_model_file(model_file)
    content = model.model_dump(exclude_unset=True)
    content["sleep"]["plasticity"] = {"kind": "inhibitory_stdp", "learning_rate": 1e-3}
    other = bs.experiments.model_files.modelfile.parse_model(content, "inhibitory")
    said: list[str] = []
    tasks = load_materials(RunRequest(model_file=model_file)).tasks
    run = experiment.ContinualExperiment(Setting(model=other, tasks=tasks), said.append)
    run.run_controls(("decrease_only",))
    assert run.done.controls == {}
    (line,) = said
    assert "decrease_only" in line
    assert "'inhibitory_stdp'" in line
    assert "increase" in line


def test_sweep_summarises_and_resumes(model_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "sweep"
    directory, summary = run_sweep(model_file, n_seeds=2, out=out)
    finals = [load_run(directory / f"seed-{k}").metrics["accuracy"]["final"] for k in range(2)]
    assert summary["accuracy"]["final"]["values"] == finals
    assert summary["accuracy"]["final"]["mean"] == pytest.approx(np.mean(finals))
    assert summary["accuracy"]["final"]["sd"] == pytest.approx(np.std(finals, ddof=1))
    with (directory / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    asleep = [row for row in rows if row["arm"] == "sleep"]
    assert [float(row["accuracy"]) for row in asleep] == finals
    assert [row["seed"] for row in asleep] == ["0", "1"]
    assert {(row["setting"], row["machine"]) for row in rows} == {("0", platform.node())}
    assert {"commit", "error", "stored_bytes", "version_torch"} <= set(rows[0])
    parquet = pytest.importorskip("pyarrow.parquet").read_table(directory / "results.parquet")
    assert parquet.column_names == list(rows[0])
    assert parquet.num_rows == len(rows)
    assert run_sweep(model_file, n_seeds=2, out=out, resume=True)[1] == summary


@pytest.fixture(scope="module")
def swept(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a working directory with a finished sweep in its default place."""
    folder = tmp_path_factory.mktemp("swept")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run_sweep(model_file, n_seeds=1)
    return folder


def test_a_finished_sweep_is_read_and_another_gets_a_number(
    swept: Path, model_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(swept)
    (directory,) = Path("runs").glob("*-sweep")
    before = {file: file.stat().st_mtime_ns for file in directory.glob("seed-0/**/*")}
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "open_run_directory", pytest.fail)
        for out in (None, directory):
            found, summary = run_sweep(model_file, n_seeds=1, out=out, report=said.append)
            assert found == directory
            assert summary["seeds"] == [0]
        assert said == [f"{directory} holds this very sweep, finished; it is not run again"] * 2
    assert before == {file: file.stat().st_mtime_ns for file in directory.glob("seed-0/**/*")}
    changed = {"overrides": Overrides(changes={"sleep.steps.first": 20}), "baselines": False}
    with pytest.raises(DirectoryError, match="--out"):
        run_sweep(model_file, n_seeds=1, out=directory, **changed)
    with pytest.raises(DirectoryError, match="another --out"):
        run_sweep(model_file, n_seeds=1, out=directory, resume=True, **changed)
    assert run_sweep(model_file, n_seeds=1, **changed)[0] == Path(f"{directory}-2")


def test_a_sweep_of_another_model_file_is_refused_with_what_to_do(
    swept: Path, model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(swept)
    (directory,) = Path("runs").glob("*-sweep")
    other = tmp_path / "other.toml"
    other.write_text(model_file.read_text() + "\n# another\n")
    with pytest.raises(DirectoryError, match=r"another model file .* \(another --out\)"):
        run_sweep(other, n_seeds=1, out=directory, resume=True)


def test_command_line_prints_the_table(finished: Run, model_file: Path) -> None:
    arguments = ["run", str(model_file), "--out", str(finished.directory), "--resume", "--controls"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    for name, words in (
        ("sequential", "no sleep (sequential training)"),
        ("final", "  sleep  "),
        ("joint", "joint training"),
    ):
        line = next(line for line in result.output.splitlines() if words in line)
        assert f"{100 * finished.metrics['accuracy'][name]:.1f}" in line.split()


def test_command_line_errors_are_one_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(find_model().read_text().replace("threshold", "treshold"))
    result = subprocess.run(
        [sys.executable, "-m", "brainsleep", "run", str(broken)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Did you mean 'threshold'?" in result.stderr
    assert not (tmp_path / "runs").exists()


def test_command_line_prints_a_model_file() -> None:
    listed = CliRunner().invoke(app, ["models"]).output.splitlines()
    assert listed[0].split("  ")[0] == "name"
    assert len({line.rfind("  ") for line in listed}) == 1, "no columns"
    lif = next(line for line in listed if line.startswith("split_mnist_lif "))
    assert re.fullmatch(r"\w+ +lif, src +digits +784-1200-1200-10 +\d+ (s|min|h)", lif)
    for line, (name, file) in zip(listed[1:], shipped_models().items(), strict=True):
        assert line.startswith(f"{name} ")
        assert re.search(r" \d+ (s|min|h)$", line), "how long it takes"
        result = CliRunner().invoke(app, ["models", name])
        assert result.exit_code == 0
        assert result.output == file.read_text()
    result = CliRunner().invoke(app, ["models", "split_mnist_liff"])
    assert isinstance(result.exception, ModelFileError)
    assert "'split_mnist_liff' comes with the package. Did you mean 'split_mnist_lif'" in str(
        result.exception
    )


def test_help_names_the_commands() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("run", "compare", "sweep"):
        assert command in result.output


def test_reactivation_of_runs(
    finished: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "analyses")
    from reactivation import main

    run = str(finished.directory)
    file = main([run, "--night", "0", "--out", str(tmp_path / "mine.png")])
    assert file.stat().st_size > 1000
    lines = capsys.readouterr().out.splitlines()
    images = bs.wake.load_split("digits").test
    night = finished.nights[0]
    before = bs.write_back(night.ann, night.weights_before)
    found = bs.measures.reactivation(
        bs.measures.spike_counts(night.spikes),
        bs.translation.activations(before, images),
        images.labels,
    )
    learned, others = found.mean["0"][:2].mean(), found.mean["0"][2:4].mean()
    place = next(k for k, line in enumerate(lines) if "hidden 1 (0)" in line)
    assert lines[place + 1] == (
        f"    the night: learned last {learned:.2f}; not learned yet {others:.2f}"
    )
    with pytest.raises(DirectoryError, match="no finished run"):
        main([str(tmp_path)])


def test_representations_of_runs(
    finished: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "analyses")
    from representations import FIGURES, draw, main

    run = str(finished.directory)
    assert main([run, "--out", str(tmp_path / "mine.png")]).stat().st_size > 1000
    images = bs.wake.load_split("digits").test
    titles = [
        np.ravel(draw(finished, images, 0, figure))[0].get_title(loc="left") for figure in FIGURES
    ]
    assert titles == ["", "hidden 1 (0): before", "hidden 1 (0)", "", ""]
    lines = capsys.readouterr().out.splitlines()
    ranks = bs.measures.stable_ranks(finished.nights[1].weights_after)
    last = lines[lines.index("night 1") :]
    assert f"  stable rank, 3.weight, after: {ranks['3.weight']:.3g}" in last
    assert sum("learned before" in line for line in last) == 3
    with pytest.raises(DataError, match="has 2 nights, numbered from 0"):
        main([run, "--night", "2"])


def test_approaches_of_runs(
    finished: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "analyses")
    import approaches
    import approaches_pca
    from run_networks import learned_classes
    from weight_animation import aggressive

    run, scores = str(finished.directory), finished.metrics["accuracy"]
    assert approaches.main([run, run, "--out", str(tmp_path / "bars.png")]).stat().st_size > 1000
    lines = capsys.readouterr().out.splitlines()
    assert f"sleep: {100 * scores['final']:.1f} ± 0.0 %" in lines
    assert len(lines) == 5, "no controls"

    networks, labels = approaches_pca.networks_of(finished, None, approaches_pca.STRATEGIES)
    test = bs.wake.load_split("digits").test.of_classes(range(4))
    for name in approaches_pca.STRATEGIES:
        found = bs.wake.accuracy(networks[name.replace("_", " ")], test)
        assert found == pytest.approx(scores[name]), name
    active = {
        name: {"0": bs.translation.activations(network, test)["0"]}
        for name, network in networks.items()
    }
    panels = approaches_pca.drawn(active, test.labels, labels).axes
    assert [ax.get_ylabel() for ax in panels] == [f"{name}\nclass" for name in networks]
    assert panels[0].get_title(loc="left") == "hidden 1 (0)"
    with pytest.raises(DataError, match="no night after task 2, only after 0, 1"):
        approaches_pca.networks_of(finished, 2, [])

    again = Run(finished.directory, {**finished.metrics, "tasks": [{"classes": [0, 1]}] * 2})
    assert learned_classes(again, 0) == learned_classes(again, 1) == {"learned last": [0, 1]}

    monkeypatch.setattr("weight_animation.STEPS", 100)
    night = aggressive(finished, 1, 50)
    ink = test.of_classes([2]).images.max(axis=0) > 0
    change = (night.weights_after["0.weight"] - night.weights_before["0.weight"]).mean(axis=0)
    assert night.n_steps == 100
    assert change[ink].mean() > change[~ink].mean()
