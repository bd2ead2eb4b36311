"""Data of a finished run are found again from anywhere, whatever their kind."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import brainsleep as bs
from brainsleep.errors import BrainsleepError
from brainsleep.experiments.finished_runs.run_results import Run
from brainsleep.experiments.finished_runs.tasks_again import tasks_again
from brainsleep.experiments.model_files.materials import load_materials
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.run_request import RunRequest
from brainsleep.experiments.report.reactivation_table import reactivation_table
from brainsleep.experiments.run_directory.opening import digest_of, open_run_directory
from brainsleep.experiments.sweep import run_sweep
from brainsleep.support.json_files import read_json, write_json

LABELS = np.arange(40) % 4
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 6, 6)).astype(np.uint8)


def save_npz(place: Path) -> None:
    np.savez(place, x=IMAGES, y=LABELS)


def save_idx(place: Path) -> None:
    place.mkdir()
    for part, which in (("train", slice(24)), ("t10k", slice(24, 40))):
        x, y = IMAGES[which], LABELS[which].astype(np.uint8)
        images = struct.pack(">4I", 0x803, *x.shape) + x.tobytes()
        (place / f"{part}-images-idx3-ubyte").write_bytes(images)
        labels = struct.pack(">2I", 0x801, len(y)) + y.tobytes()
        (place / f"{part}-labels-idx1-ubyte").write_bytes(labels)


def save_pictures(place: Path) -> None:
    for number, (image, label) in enumerate(zip(IMAGES, LABELS, strict=True)):
        (place / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / str(label) / f"{number}.png")


def save_function(place: Path) -> None:
    save_npz(place.with_name("behind.npz"))
    source = "import numpy as np\n\ndef make():\n    made = np.load('{}')\n    return dict(made)\n"
    Path(str(place).partition(":")[0]).write_text(source.format(place.with_name("behind.npz")))


KINDS = {
    "mine.npz": save_npz,
    "idx": save_idx,
    "pictures": save_pictures,
    "deeper/mine.npz": save_npz,
    "code.py:make": save_function,
}
MODEL = (
    'name = "mine"\n[data]\ndataset = "NAME"\n[tasks]\n[network]\nhidden = [8]\n'
    "[compare]\nstrategies = []\n[sleep.steps]\nfirst = 10\n"
)


def model_of(folder: Path, name: str, text: str = MODEL) -> Path:
    """Write data and a model file that names them; return the latter."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    KINDS[name](folder / name)
    (folder / "mine.toml").write_text(text.replace("NAME", name))
    return folder / "mine.toml"


def begun(request: RunRequest) -> tuple[Run, list[np.ndarray]]:
    """Return a run that has noted what it works on, and the images of its tasks."""
    materials = load_materials(request)
    data = [images for task in materials.tasks for images in (task.train, task.test)]
    with open_run_directory(materials.request, "mine", digest_of(data)) as directory:
        return Run(directory, {"seed": request.seed}), [one.images for one in data]


def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in another folder; return that of the model."""
    for folder in ("model", "elsewhere"):
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "model"


@pytest.mark.parametrize("name", KINDS)
def test_data_of_a_model_file_are_found_from_anywhere(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = elsewhere(tmp_path, monkeypatch)
    model = model_of(folder, name)
    monkeypatch.chdir(folder)  # the model file and the run are named from here
    run, images = begun(RunRequest(model_file=Path(model.name), out="runs/mine"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = tasks_again(Run(folder / run.directory, run.metrics), execute=True)
    found = [one.images for task in again for one in (task.train, task.test)]
    for ours, theirs in zip(found, images, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_further_data_and_folders_of_known_sets_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = elsewhere(tmp_path, monkeypatch)
    save_idx(folder / "idx")
    then = '[tasks]\nscenario = "cross-modal"\nthen = "mine.npz"\n'
    model = model_of(folder, "mine.npz", MODEL.replace("[tasks]\n", then))
    monkeypatch.chdir(folder)
    changed = Overrides(dataset="mnist", data_dir="idx")
    run, _ = begun(RunRequest(model_file=model, out=folder / "run", overrides=changed))
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert read_json(run.directory / "run.json")["data_paths"] == {
        "mine.npz": str(folder / "mine.npz"),
        "mnist": str(folder / "idx"),
    }
    assert tasks_again(run)


def test_data_that_are_gone_are_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = elsewhere(tmp_path, monkeypatch)
    run, _ = begun(RunRequest(model_file=model_of(folder, "mine.npz"), out=tmp_path / "run"))
    (folder / "mine.npz").rename(tmp_path / "kept.npz")
    with pytest.raises(BrainsleepError, match=f"{folder / 'mine.npz'} any more; .* copy it into"):
        tasks_again(run)
    (tmp_path / "run" / "mine.npz").write_bytes((tmp_path / "kept.npz").read_bytes())
    assert tasks_again(run)
    np.savez(tmp_path / "run" / "mine.npz", x=IMAGES[::-1], y=LABELS[::-1])
    with pytest.raises(BrainsleepError, match="no longer those"):
        tasks_again(run)


def test_runs_of_earlier_versions_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = elsewhere(tmp_path, monkeypatch)
    run, _ = begun(RunRequest(model_file=model_of(folder, "idx"), out=tmp_path / "run"))
    settings = read_json(run.directory / "run.json")
    del settings["data_paths"], settings["sha256"]
    write_json(run.directory / "run.json", settings)
    with pytest.raises(BrainsleepError, match="does not keep where idx lies; copy it into"):
        tasks_again(run)
    save_idx(run.directory / "idx")
    assert tasks_again(run)


def test_objects_and_code_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = elsewhere(tmp_path, monkeypatch)
    data = {"x": IMAGES, "y": LABELS}
    model = model_of(folder, "code.py:make")
    run, _ = begun(RunRequest(model_file=model, out=tmp_path / "run", data=data))
    with pytest.raises(BrainsleepError, match="as objects in Python"):
        tasks_again(run)
    run, _ = begun(RunRequest(model_file=model, out=tmp_path / "other"))
    (folder / "code.py").write_text("raise SystemExit('executed')\n")
    with pytest.raises(BrainsleepError, match="code of the user's own"):
        tasks_again(run)


def test_the_page_of_a_seed_of_a_sweep_has_reactivation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = elsewhere(tmp_path, monkeypatch)
    run_sweep(model_of(folder, "mine.npz"), n_seeds=1, out=folder / "sweep", progress=False)
    run = bs.load_run(folder / "sweep" / "seed-0")
    assert list(run.tasks["classes"]) == [[0, 1], [2, 3]]
    table = reactivation_table(run)
    assert table.why_not == ""
    assert table.rows
    assert json.loads((run.directory / "run.json").read_text())["dataset"] is None
