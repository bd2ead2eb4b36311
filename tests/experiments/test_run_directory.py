"""Run directories: begun, killed, damaged, and used by two at a time."""

from __future__ import annotations

import hashlib
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from changed_models import changed_model
from typer.testing import CliRunner

import brainsleep as bs
from brainsleep.errors import BrainsleepError, DirectoryError, ModelFileError
from brainsleep.experiments import run as run_module
from brainsleep.experiments import sweep
from brainsleep.experiments.arms.learned_tasks import LearnedTask, Progress
from brainsleep.experiments.cli import app
from brainsleep.experiments.comparison import compare_runs
from brainsleep.experiments.continual import continual_experiment
from brainsleep.experiments.finished_runs.finished import finished_metrics
from brainsleep.experiments.finished_runs.run_reading import load_run
from brainsleep.experiments.finished_runs.run_results import Run, save_metrics
from brainsleep.experiments.model_files import sections
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.run_request import RunRequest
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.experiments.model_files.training_sections import BASELINES
from brainsleep.experiments.result_tables.tables import comparison_table
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.run_directory.opening import digest_of, open_run_directory
from brainsleep.experiments.run_directory.run_state import (
    last_network,
    load_progress,
    save_network,
    save_progress,
)
from brainsleep.experiments.sweep import run_sweep
from brainsleep.support.array_files import read_arrays
from brainsleep.support.array_store import ArrayStore, references
from brainsleep.support.directory_lock import LOCK, directory_lock
from brainsleep.support.json_files import read_json, write_json
from brainsleep.wake import Dataset, Split

ROOT = Path(__file__).parents[2]

#: Three tasks, as small as they can be.
TINY = {
    "classes = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]": "classes = [[0, 1], [2, 3], [4, 5]]",
    "sizes = [784, 1200, 1200, 10]": "sizes = [784, 12, 10]",
    'dataset = "digits"': 'dataset = "digits"\ntrain_per_class = 20',
    "epochs = 4": "epochs = 1",
    "first = 300": "first = 30",
    "[0.159208, 0.198904, 0.100559]": "[0.159208, 0.100559]",
    "[3.20106e-4, 3.20106e-4, 3.03732e-4]": "[3.20106e-4, 3.03732e-4]",
    "[1.65838e-4, 1.65838e-4, 4.52187e-4]": "[1.65838e-4, 4.52187e-4]",
    "split_mnist_heaviside": "tiny",
}
#: Results that are written down without being run.
METRICS = {
    "scenario": "class-incremental",
    "dataset": "digits",
    "model": "tiny",
    "seed": 0,
    "accuracy": {"final": 0.5, "controls": {}},
    "timings": [],
    "versions": {},
}
#: What the command line changes in some runs.
CHANGES = {"sleep.steps.first": 20, "training.lr": 0.04}

DRAW = continual_experiment.ContinualExperiment.draw_figures


@pytest.fixture(scope="module", autouse=True)
def _without_figures() -> Iterator[None]:
    """Spare the seconds that pictures take."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(continual_experiment.ContinualExperiment, "draw_figures", lambda run: None)
        yield


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for other processes."""
    monkeypatch.setattr("brainsleep.support.directory_lock.PATIENCE", 0.0)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model file that runs in a second."""
    return changed_model(find_model(), TINY, tmp_path_factory.mktemp("models") / "tiny.toml")


@pytest.fixture(scope="module")
def whole(model_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a finished run; tests work on copies."""
    return run_experiment(model_file, out=tmp_path_factory.mktemp("runs") / "run", progress=False)


@pytest.fixture
def copy(whole: Run, tmp_path: Path) -> Path:
    """Return a copy of the finished run."""
    return Path(shutil.copytree(whole.directory, tmp_path / "run"))


#: What two runs with the same results may have otherwise.
UNLIKE = ("timings", "seconds", "sha256", "run_sha256")


def results(directory: Path) -> tuple[object, ...]:
    """Return all that counts of a finished run, bit for bit."""
    metrics = load_run(directory).metrics
    nights = [bs.Night.load(folder) for folder in sorted((directory / "nights").iterdir())]
    networks = [network_of(file) for file in sorted((directory / "networks").iterdir())]
    return (
        {name: one for name, one in metrics.items() if name not in UNLIKE},
        [[(name, one.tobytes()) for name, one in each.items()] for each in networks],
        [[one.tobytes() for one in night.weights_after.values()] for night in nights],
        [[np.asarray(one.i).tobytes() for one in night.spikes.values()] for night in nights],
    )


def network_of(file: Path) -> dict[str, np.ndarray]:
    """Return the network in one of a run's files, of this version or an earlier one."""
    if file.suffix == ".npz":
        return read_arrays(file)
    store = ArrayStore(file.parents[1] / "arrays")
    return {name: store.get(one) for name, one in read_json(file)["arrays"].items()}


def resume(model_file: Path, directory: Path) -> list[str]:
    """Go on with a run; return what it says."""
    said: list[str] = []
    run_experiment(model_file, out=directory, resume=True, progress=False, report=said.append)
    return said


def flip(file: Path, bit: int) -> None:
    """Turn around one bit of a file."""
    content = bytearray(file.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    file.write_bytes(content)


# Beginning


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize("left", ["nothing", "model", "half a model", "partial", "lock"])
def test_a_run_that_was_killed_while_it_began_begins_afresh(
    model_file: Path, tmp_path: Path, left: str, resumed: bool
) -> None:
    model = model_file.read_bytes()
    name, content = {
        "nothing": (None, b""),
        "model": ("model.toml", model),
        "half a model": ("model.toml", model[:100]),
        "partial": (".run.json.0123456789abcdef.partial", b"{"),
        "lock": (LOCK, b"123 elsewhere\n"),
    }[left]
    if name is not None:
        (tmp_path / name).write_bytes(content)
    request = RunRequest(model_file=model_file, out=tmp_path, resume=resumed)
    with open_run_directory(request, "tiny"):
        assert (tmp_path / "model.toml").read_bytes() == model
        assert sorted(os.listdir(tmp_path)) == [LOCK, "model.toml", "run.json"]
    with open_run_directory(replace(request, resume=True), "tiny"):
        pass
    with (
        pytest.raises(DirectoryError, match="exists already, and nothing was overwritten"),
        open_run_directory(replace(request, resume=False), "tiny"),
    ):
        pass


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize("name", ["notes.txt", "model.toml", ".hidden.partial"])
def test_what_is_of_somebody_else_stays(
    model_file: Path, tmp_path: Path, name: str, resumed: bool
) -> None:
    (tmp_path / name).write_text("precious")
    request = RunRequest(model_file=model_file, out=tmp_path, resume=resumed)
    with (
        pytest.raises(DirectoryError, match="no run to resume" if resumed else "exists already"),
        open_run_directory(request, "tiny"),
    ):
        pass
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "precious"


@pytest.mark.usefixtures("impatient")
def test_two_that_begin_at_once_are_told_apart(model_file: Path, tmp_path: Path) -> None:
    request = RunRequest(model_file=model_file, out=tmp_path / "run")
    with open_run_directory(request, "tiny"):
        for other in (request, replace(request, resume=True)):
            with (
                pytest.raises(DirectoryError, match=rf"exists already|process {os.getpid()} on"),
                open_run_directory(other, "tiny"),
            ):
                pass


def test_a_run_goes_on_with_the_same_data_and_version_only(
    model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = np.random.default_rng(0).random((4, 784), dtype="f4")
    data, same = Dataset("a", images, [0, 1, 0, 1]), Dataset("b", images.copy(), [0, 1, 0, 1])
    request = RunRequest(model_file=model_file, out=tmp_path, resume=True)
    with open_run_directory(request, "tiny", digest_of([data])):
        pass
    with open_run_directory(request, "tiny", digest_of([same])):
        pass
    one_bit = images.copy()
    one_bit.view("i4")[3, 77] ^= 1
    for other in (Dataset("a", one_bit, [0, 1, 0, 1]), Dataset("a", images, [0, 1, 1, 1])):
        with (
            pytest.raises(DirectoryError, match="holds a run with data_sha256 = "),
            open_run_directory(request, "tiny", digest_of([other])),
        ):
            pass
    monkeypatch.setattr("brainsleep.experiments.run_directory.opening.version", lambda name: "99")
    with (
        pytest.raises(
            DirectoryError,
            match=r"holds a run with brainsleep = '.*', not '99'; .* \(another --out\)\.$",
        ),
        open_run_directory(request, "tiny", digest_of([data])),
    ):
        pass


# Progress and networks


def test_progress_comes_back_as_it_was(tmp_path: Path) -> None:
    assert load_progress(tmp_path, Progress) == Progress()
    task = LearnedTask([0.1, None], [0.2, None], {"run": 1.5}, {"0": 3.0}, {"0.weight": 1e-9})
    progress = Progress({"joint": 1 / 3}, [task, replace(task, network="ab")], {"one": 0.0})
    save_progress(tmp_path, {**vars(progress), "tasks": [vars(one) for one in progress.tasks]})
    assert load_progress(tmp_path, Progress) == progress


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"tasks": 3}', '{"tasks": [{}]}', '{"baselines": {"joint": "x"}}']
)
def test_damaged_progress_says_what_can_be_had(tmp_path: Path, text: str) -> None:
    (tmp_path / "progress.json").write_text(text)
    words = r"progress\.json is damaged .* nights of this run can still be read; remove the file"
    with pytest.raises(DirectoryError, match=words):
        load_progress(tmp_path, Progress)


def test_a_damaged_network_costs_one_stage(tmp_path: Path) -> None:
    states = [{"0.weight": np.full((2, 3), number, "f4")} for number in range(3)]
    digests = [save_network(tmp_path, number, state) for number, state in enumerate(states)]
    said: list[str] = []
    for n_stages in (3, 2, 1):
        found, state = last_network(tmp_path, digests, said.append)
        assert found == n_stages
        assert np.array_equal(state["0.weight"], states[n_stages - 1]["0.weight"])
        flip(tmp_path / "networks" / f"{n_stages - 1}.json", 777)
    assert last_network(tmp_path, digests, said.append) == (0, {})
    assert len(said) == 6
    assert f"{tmp_path}/networks/2.json: is damaged: it does not fit its digest." in said[0]
    (tmp_path / "networks" / "1.json").unlink()
    assert last_network(tmp_path, digests[:2], said.append)[0] == 0


def test_each_flipped_bit_of_a_network_is_found(tmp_path: Path) -> None:
    digest = save_network(tmp_path, 0, {"0.weight": np.ones((2, 2), "f4")})
    (array,) = (tmp_path / "arrays").iterdir()
    for file in (tmp_path / "networks" / "0.json", array):
        for bit in range(8 * file.stat().st_size):
            flip(file, bit)
            found, state = last_network(tmp_path, [digest], lambda line: None)
            assert found == 0 or np.array_equal(state["0.weight"], np.ones((2, 2), "f4"))
            assert found == 0 or file == array  # where zip files have dates and the like
            flip(file, bit)
    assert last_network(tmp_path, [digest], pytest.fail)[0] == 1


# Finished runs


def test_a_finished_run_is_read(whole: Run) -> None:
    run = bs.load_run(whole.directory)
    assert run == whole
    assert repr(run).startswith("<Run of tiny, seed 0, ")
    assert run.model.sleep.steps.first == 30
    scores = run.metrics["accuracy"]
    assert list(run.after_sleep.columns) == ["task 1", "task 2", "task 3"]
    assert run.after_sleep.loc["after task 3", "task 2"] == scores["after_sleep"][2][1]
    assert np.isnan(run.before_sleep.loc["after task 1", "task 2"])
    assert list(run.tasks.index) == ["task 1", "task 2", "task 3"]
    assert list(run.tasks["classes"]) == [[0, 1], [2, 3], [4, 5]]
    row = [value for value in scores["before_sleep"][1] if value is not None]
    assert run.tasks.loc["task 2", "before_sleep"] == pytest.approx(np.mean(row))
    assert list(run.tasks["steps"]) == [one["steps"] for one in run.metrics["timings"]]
    assert run.accuracies["joint"] == scores["joint"]
    assert run.accuracies["final"] == scores["final"]
    assert run.rates.loc["task 1", "input"] == run.metrics["rates"][0]["input"]
    assert list(run.weight_change.columns) == ["0.weight", "3.weight"]


def test_nights_of_a_run_are_read_when_looked_at(whole: Run, copy: Path) -> None:
    nights = bs.load_run(copy).nights
    assert len(nights) == len(list(nights)) == 3
    assert nights[-1] is nights[2]
    for number, night in enumerate(nights):
        state = night.ann.state_dict()
        network = network_of(copy / "networks" / f"{number}.json")
        assert all(np.array_equal(state[name], value) for name, value in network.items())
        assert list(network) == list(night.weights_after)
    again = nights[1].again(progress=False)
    assert (
        again.weights_after["0.weight"].tobytes() == nights[1].weights_after["0.weight"].tobytes()
    )
    shutil.rmtree(copy / "nights" / "1")
    anew = bs.load_run(copy).nights
    assert anew[2].n_steps == nights[2].n_steps
    with pytest.raises(DirectoryError, match="nights/1 holds no saved night"):
        anew[0:2]
    with pytest.raises(IndexError):
        anew[3]


def test_what_did_not_change_is_stored_once(whole: Run) -> None:
    """The network after a task is what the night woke up with."""
    nights = whole.nights
    raw = 0
    for one in nights:
        for name, weights in one.weights_after.items():
            before = one.weights_before[name]
            raw += before.nbytes + weights.itemsize * np.count_nonzero(weights != before)
    stored = sum(file.stat().st_size for file in (whole.directory / "arrays").iterdir())
    images = sum(one.setup.stimulus.all_images.nbytes for one in nights)  # type: ignore[attr-defined]
    assert stored < 1.2 * raw + images / 2
    for number, night in enumerate(nights):
        network = read_json(whole.directory / "networks" / f"{number}.json")
        content = read_json(whole.directory / "nights" / str(number) / "night.json")
        assert references(network) <= references(content["arrays"])
        assert night.settings["stopped"] is False


def test_a_changed_model_file_is_refused(copy: Path) -> None:
    (copy / "model.toml").write_text((copy / "model.toml").read_text().replace("0.999", "0.99"))
    run = bs.load_run(copy)
    with pytest.raises(DirectoryError, match=r"model\.toml is missing or damaged; its metrics"):
        run.model  # noqa: B018
    assert len(run.after_sleep) == 3


# Kills


@pytest.mark.parametrize("moment", ["save_network", "save_progress", "save_metrics"])
@pytest.mark.parametrize("after", [False, True])
def test_no_stage_is_done_twice(
    model_file: Path,
    whole: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    after: bool,
) -> None:
    """A run cut off before or after each thing that it writes ends as the whole one."""
    module = run_module if moment == "save_metrics" else continual_experiment
    write = getattr(module, moment)

    def cut(*args: object, **options: object) -> object:
        if after:
            write(*args, **options)
        raise KeyboardInterrupt

    for _ in range(3 if moment == "save_network" and after else 1):
        monkeypatch.setattr(module, moment, cut)
        with pytest.raises(KeyboardInterrupt):
            run_experiment(
                model_file,
                out=tmp_path / "run",
                resume=(tmp_path / "run").exists(),
                progress=False,
            )
    monkeypatch.setattr(module, moment, write)
    resume(model_file, tmp_path / "run")
    assert results(tmp_path / "run") == results(whole.directory)
    assert LOCK not in os.listdir(tmp_path / "run")


#: Runs a model file, or a sweep of it.
SCRIPT = """
import sys
from pathlib import Path
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.sweep import run_sweep
model, out = map(Path, sys.argv[2:])
print("ready", flush=True)
if sys.argv[1] == "run":
    run_experiment(model, out=out, resume=out.exists(), progress=False)
else:
    run_sweep(model, out=out, n_seeds=2, n_jobs=2, resume=True)
"""


def start(kind: str, model_file: Path, out: Path) -> subprocess.Popen[str]:
    """Start a run in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, kind, str(model_file), str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
def test_a_run_that_is_killed_ends_as_the_whole_one(
    model_file: Path, whole: Run, tmp_path: Path
) -> None:
    chance, out = random.Random(3), tmp_path / "run"
    for _ in range(2):
        process = start("run", model_file, out)
        time.sleep(1.5 * chance.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start("run", model_file, out).wait() == 0
    assert results(out) == results(whole.directory)
    names = [path.name for path in out.rglob("*")]
    assert not [name for name in names if name.startswith(".")]


# Damage

#: Files of a run, and what --resume does when they are damaged: it goes on to the same end, or says
#: what it cannot do without.
FILES = {
    "model.toml": "refused",
    "run.json": "refused",
    "progress.json": "refused",
    "networks/0.json": "not needed",
    "networks/2.json": "made again",
    "metrics.json": "made again",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["bit", "cut", "empty", "missing", "zeros", "noise"])
def test_damage_is_found(model_file: Path, whole: Run, copy: Path, name: str, how: str) -> None:
    file = copy / name
    content = file.read_bytes()
    chance = random.Random(f"{name} {how}")
    place = chance.randrange(len(content) - 40)
    if how == "bit":
        # not in the space between values of a JSON file, where it changes nothing
        place = content.index(b'"', place)
        flip(file, 8 * place + 1)
    elif how == "missing":
        file.unlink()
    else:
        file.write_bytes(
            {
                "cut": content[:place],
                "empty": b"",
                "zeros": content[:place] + bytes(30) + content[place + 30 :],
                "noise": content[:place] + chance.randbytes(30) + content[place + 30 :],
            }[how]
        )
    refused = FILES[name] == "refused" and (name, how) != ("progress.json", "missing")
    if refused:
        with pytest.raises(BrainsleepError) as raised:
            resume(model_file, copy)
        assert file.name in str(raised.value)
        assert "\n" not in str(raised.value)
        return
    said = resume(model_file, copy)
    if name == "networks/2.json":
        assert "networks/2.json" in said[0]
        assert "task 3 of 3" in said[1]
    if FILES[name] == "not needed":
        shutil.copy(whole.directory / name, file)
    assert results(copy) == results(whole.directory)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"accuracy": {}}', json.dumps({**METRICS, "accuracy": 1}), "\xff"],
)
def test_damaged_results_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "metrics.json").write_text(text, encoding="latin-1")
    words = r"metrics\.json is damaged .*; brainsleep run with --resume writes it anew\.$"
    with pytest.raises(DirectoryError, match=words):
        load_run(tmp_path)
    with pytest.raises(DirectoryError, match=words):
        compare_runs(tmp_path, tmp_path)


@pytest.mark.parametrize("folder", ["", "networks", "figures"])
def test_what_was_half_written_is_removed(folder: str, model_file: Path, copy: Path) -> None:
    left = copy / folder / ".weights.png.0123456789abcdef.partial"
    left.parent.mkdir(exist_ok=True)
    left.touch()
    resume(model_file, copy)
    assert not left.exists()


@pytest.mark.parametrize("name", ["metrics.json", "progress.json"])
def test_what_another_run_has_written_is_not_taken(name: str, tmp_path: Path) -> None:
    """A file that is whole, but was copied from the run of another seed."""
    save = {
        "metrics.json": lambda directory: save_metrics(directory, METRICS),
        "progress.json": lambda directory: save_progress(directory, {"baselines": {"joint": 0.5}}),
    }[name]
    load = {
        "metrics.json": lambda directory: load_run(directory).metrics,
        "progress.json": lambda directory: load_progress(directory, Progress).baselines,
    }[name]
    for seed in (0, 1):
        directory = tmp_path / str(seed)
        directory.mkdir()
        write_json(directory / "run.json", {"seed": seed})
        save(directory)
    assert load(tmp_path / "0")
    shutil.copyfile(tmp_path / "1" / name, tmp_path / "0" / name)
    with pytest.raises(DirectoryError, match=f"{name} was written by another run; "):
        load(tmp_path / "0")
    (tmp_path / "0" / "run.json").unlink()  # results may be kept alone
    assert load(tmp_path / "0")


def test_runs_without_sleep_are_not_compared(tmp_path: Path) -> None:
    save_metrics(tmp_path, {**METRICS, "scenario": "unsupervised"})
    with pytest.raises(ModelFileError, match="learns without labels and does not sleep"):
        compare_runs(tmp_path, tmp_path)


def test_a_night_that_is_gone_is_said(
    model_file: Path, whole: Run, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continual_experiment.ContinualExperiment, "draw_figures", DRAW)
    shutil.rmtree(copy / "nights")
    (said,) = resume(model_file, copy)
    assert "figures of the night are not drawn: " in said
    assert "nights/2" in said
    assert load_run(copy).metrics["accuracy"] == whole.metrics["accuracy"]


# Finished runs


@pytest.fixture
def nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail if anything is trained, or a night begins."""
    monkeypatch.setattr(run_module, "open_run_directory", pytest.fail)


def content_of(directory: Path) -> dict[str, tuple[bytes, int]]:
    """Return what a directory holds, and when it was written."""
    files = [file for file in sorted(directory.rglob("*")) if file.is_file()]
    return {str(file): (file.read_bytes(), file.stat().st_mtime_ns) for file in files}


@pytest.mark.usefixtures("nothing_runs")
def test_a_finished_run_is_not_run_again(model_file: Path, copy: Path) -> None:
    before = content_of(copy)
    said: list[str] = []
    run = run_experiment(model_file, out=copy, progress=False, report=said.append)
    assert said == [f"{copy} holds this very run, finished; it is not run again"]
    assert run == load_run(copy)
    fewer = run_experiment(model_file, out=copy, baselines=False, progress=False)
    assert fewer == run, "what is there is more than what is asked for"
    assert content_of(copy) == before


@pytest.mark.usefixtures("nothing_runs")
def test_the_command_line_says_where_a_finished_run_lies(model_file: Path, copy: Path) -> None:
    result = CliRunner().invoke(app, ["run", str(model_file), "--out", str(copy)])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0] == f"{copy} holds this very run, finished; it is not run again"
    assert lines[-2:] == [
        f"results and figures: {copy}",
        f"a page of it: brainsleep report {copy}",
    ]


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1},
        {"controls": ("rows_centred",)},
        {"overrides": Overrides(changes={"sleep.steps.first": 31})},
        {"overrides": Overrides(evaluate_on="validation")},
        {"overrides": Overrides(device="cpp_stock")},
        {"model": "split_mnist_heaviside"},
    ],
    ids=str,
)
def test_a_finished_run_stays_when_another_is_asked_for(
    model_file: Path, copy: Path, other: dict[str, Any]
) -> None:
    before = content_of(copy)
    request = {"model": model_file, **other}
    with pytest.raises(DirectoryError, match="exists already, and nothing was overwritten"):
        run_experiment(**request, out=copy, progress=False)
    assert content_of(copy) == before


def test_a_run_of_other_data_or_with_damage_is_not_taken_for_finished(
    model_file: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (copy / "metrics.json").write_text("{")
    said: list[str] = []
    with pytest.raises(DirectoryError, match="exists already"):
        run_experiment(model_file, out=copy, progress=False, report=said.append)
    assert "metrics.json is damaged" in said[0]
    resume(model_file, copy)
    load = sections.load_split

    def every_other(*args: Any, **options: Any) -> Split:
        split = load(*args, **options)
        return replace(split, train=split.train.subset(np.arange(0, len(split.train), 2)))

    monkeypatch.setattr(sections, "load_split", every_other)
    with pytest.raises(DirectoryError, match="exists already"):
        run_experiment(model_file, out=copy, progress=False)


def test_controls_that_a_model_does_not_have_are_not_missed(
    model_file: Path, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_module, "open_run_directory", pytest.fail)
    for name in ("only_layer_9", "only_layer_4"):
        run = run_experiment(model_file, out=copy, controls=(name,), progress=False)
    assert run == load_run(copy)


# Changes and baselines


def test_changes_and_baselines_of_a_run(model_file: Path, whole: Run, tmp_path: Path) -> None:
    """A run with changes is that of a changed file; baselines may come later."""
    out = tmp_path / "run"
    words = ["--set", "sleep.steps.first=20", "--set", "training.lr=0.04"]
    arguments = ["run", str(model_file), "--out", str(out), *words]
    result = CliRunner().invoke(app, [*arguments, "--no-baselines"])
    assert result.exit_code == 0, result.output
    assert "training" not in result.output
    assert "joint" not in result.output.split("accuracy in %")[1]
    changes = {"first = 30": "first = 20", "lr = 0.05": "lr = 0.04"}
    changed = changed_model(model_file, changes, tmp_path / "changed.toml")
    by_file = run_experiment(changed, out=tmp_path / "by file", progress=False)
    run = load_run(out)
    scores = by_file.metrics["accuracy"]
    assert not set(BASELINES) & set(run.metrics["accuracy"])
    for name, value in run.metrics["accuracy"].items():
        assert value == scores[name]
    table = comparison_table({"with": [by_file.metrics], "without": [run.metrics]})
    (joint,) = [line for line in table.splitlines() if line.startswith("joint")]
    assert joint.split()[-2:] == [f"{100 * scores['joint']:.1f}", "-"]
    request = RunRequest(model_file=model_file, out=out, overrides=Overrides(changes=CHANGES))
    assert finished_metrics(request) is None, "its baselines are missing"
    assert finished_metrics(replace(request, baselines=False)) == run.metrics
    with pytest.raises(DirectoryError, match=r"run with changes = {'sleep\.steps\.first': 20"):
        resume(model_file, out)
    with pytest.raises(DirectoryError, match=r"with changes = {}, not {'sleep\.steps\.first': 20"):
        finished_metrics(replace(request, out=whole.directory))
    assert CliRunner().invoke(app, [*arguments, "--resume"]).exit_code == 0
    assert load_run(out).metrics["accuracy"] == scores


# Runs of earlier versions


@pytest.fixture
def old(copy: Path) -> Path:
    """Return the run as an earlier version would have left it: no digests, one network."""
    for name in ("run", "progress", "metrics"):
        file = copy / f"{name}.json"
        content = json.loads(file.read_text())
        del content["sha256"]
        for later in ("model_sha256", "data_sha256", "run_sha256", "brainsleep", "changes"):
            content.pop(later, None)
        for task in content.get("tasks", []):
            task.pop("network", None)
        file.write_text(json.dumps(content, indent=2))
    np.savez(copy / "network.npz", **network_of(copy / "networks" / "2.json"))
    shutil.rmtree(copy / "networks")
    return copy


def test_a_run_with_networks_in_npz_files_goes_on(model_file: Path, whole: Run, copy: Path) -> None:
    progress = read_json(copy / "progress.json")
    progress["tasks"].pop()
    for stage, task in enumerate(progress["tasks"]):
        file = copy / "networks" / f"{stage}.npz"
        np.savez(file, **network_of(file.with_suffix(".json")))
        file.with_suffix(".json").unlink()
        task["network"] = hashlib.sha256(file.read_bytes()).hexdigest()
    write_json(copy / "progress.json", progress)
    (copy / "metrics.json").unlink()
    said = resume(model_file, copy)
    assert said[0].startswith("task 3 of 3")
    assert results(copy) == results(whole.directory)


def cut_to(old: Path, n_tasks: int) -> None:
    """Have an earlier version's run note fewer tasks."""
    progress = json.loads((old / "progress.json").read_text())
    progress["tasks"] = progress["tasks"][:n_tasks]
    (old / "progress.json").write_text(json.dumps(progress))
    (old / "metrics.json").unlink()


def test_an_old_run_is_read_and_resumed(model_file: Path, whole: Run, old: Path) -> None:
    assert load_run(old).metrics["accuracy"] == whole.metrics["accuracy"]
    assert run_experiment(model_file, out=old, progress=False) == load_run(old)
    changed = RunRequest(model_file=model_file, out=old, overrides=Overrides(changes=CHANGES))
    with pytest.raises(DirectoryError, match=r"run with changes = {}, not {'sleep"):
        finished_metrics(changed)
    assert resume(model_file, old) == []
    assert load_run(old).metrics["accuracy"] == whole.metrics["accuracy"]


def test_an_old_run_goes_on_from_its_last_network(model_file: Path, whole: Run, old: Path) -> None:
    np.savez(old / "network.npz", **network_of(whole.directory / "networks" / "0.json"))
    cut_to(old, 1)
    said = resume(model_file, old)
    assert said[0].startswith("task 2 of 3")
    assert load_run(old).metrics["accuracy"] == whole.metrics["accuracy"]
    assert results(old)[2:] == results(whole.directory)[2:]


@pytest.mark.parametrize("damage", ["ahead", "cut", "missing"])
def test_an_old_run_with_another_network_begins_again(
    model_file: Path, whole: Run, old: Path, damage: str
) -> None:
    """Earlier versions could be killed between network.npz and progress.json."""
    cut_to(old, 2)
    file = old / "network.npz"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:-1000])
    elif damage == "missing":
        file.unlink()
    said = resume(model_file, old)
    assert "network.npz" in said[0]
    assert said[0].endswith("Beginning again.")
    assert results(old) == results(whole.directory)


# Sweeps


@pytest.mark.usefixtures("impatient")
def test_a_sweep_has_one_writer(model_file: Path, tmp_path: Path) -> None:
    with (
        directory_lock(tmp_path),
        pytest.raises(DirectoryError, match=f"in use by process {os.getpid()} on "),
    ):
        run_sweep(model_file, out=tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_sweep_does_not_take_runs_of_another_model(
    model_file: Path, copy: Path, tmp_path: Path
) -> None:
    copy.rename(tmp_path / "seed-0")
    request = RunRequest(model_file=model_file, out=tmp_path / "seed-0", resume=True)
    assert finished_metrics(request) == load_run(tmp_path / "seed-0").metrics
    for names in (("pixel_shuffled",), ("only_layer_1",), ("single_layers",)):
        assert finished_metrics(replace(request, controls=names)) is None
    with pytest.raises(DirectoryError, match="seed-0 holds a run of another model file"):
        run_sweep("split_mnist_lif", n_seeds=1, out=tmp_path, resume=True)


def test_a_sweep_mends_damaged_results(model_file: Path, copy: Path, tmp_path: Path) -> None:
    copy.rename(tmp_path / "seed-0")
    before = load_run(tmp_path / "seed-0").metrics
    (tmp_path / "seed-0" / "metrics.json").write_text("{")
    said: list[str] = []
    run_sweep(model_file, n_seeds=1, out=tmp_path, resume=True, report=said.append)
    assert "metrics.json is damaged" in said[0]
    assert load_run(tmp_path / "seed-0").metrics == before


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_worker_ends_with_its_sweep() -> None:
    reading, writing = os.pipe()
    parent = os.fork()
    if parent == 0:
        parent = os.getpid()
        if os.fork() == 0:
            sweep._end_with(parent)
            os.write(writing, b"x")
        time.sleep(60)
        os._exit(0)
    os.close(writing)
    assert os.read(reading, 1) == b"x"
    assert not select.select([reading], [], [], 0.7)[0], "it lives as long as its parent"
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert select.select([reading], [], [], 20)[0]
    assert os.read(reading, 1) == b"", "it has ended"
    os.close(reading)


def test_a_sweep_does_not_end_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where joblib starts no processes, the worker is the sweep."""
    monkeypatch.setattr(sweep, "_finish", lambda request: {})
    monkeypatch.setattr(sweep, "_end_with", pytest.fail)
    request = RunRequest(model_file=Path("model.toml"))
    assert sweep._finish_in_worker(request, os.getpid()) == {}


@pytest.mark.slow
def test_a_sweep_that_is_killed_takes_its_runs_with_it(
    model_file: Path, whole: Run, tmp_path: Path
) -> None:
    out = tmp_path / "sweep"
    for seconds in (3, 6):
        process = start("sweep", model_file, out)
        time.sleep(seconds)
        process.kill()
        process.wait()
    assert start("sweep", model_file, out).wait() == 0
    assert results(out / "seed-0") == results(whole.directory)
    assert json.loads((out / "summary.json").read_text())["seeds"] == [0, 1]


def test_results_are_written_with_their_digest(tmp_path: Path) -> None:
    run = save_metrics(tmp_path, METRICS)
    assert load_run(tmp_path) == run
    text = (tmp_path / "metrics.json").read_text()
    (tmp_path / "metrics.json").write_text(text.replace("0.5", "0.6"))
    with pytest.raises(DirectoryError, match="does not fit its digest"):
        load_run(tmp_path)


@pytest.mark.parametrize("place", ["seed-0", "runs/0-seed-0"])
def test_a_directory_of_runs_says_what_to_load(place: str, copy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "several"
    shutil.copytree(copy, folder / place)
    with pytest.raises(DirectoryError, match=r"holds 1 of them: bs\.load_run\('.*'\)") as refused:
        load_run(folder)
    assert repr(str(folder / place)) in str(refused.value)


def test_a_study_without_runs_says_where_its_results_are(tmp_path: Path) -> None:
    (tmp_path / "study.json").write_text("{}")
    with pytest.raises(DirectoryError, match=r"results\.csv .* --keep-nights"):
        load_run(tmp_path)
