"""The scripts that draw the figures of a run."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from made_up import AFTER, BEFORE, make_night
from PIL import Image

from brainsleep.errors import BrainsleepError
from brainsleep.night.result import Night

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(tmp_path):
    directory = tmp_path / "runs" / "small"
    for number in (0, 1, 10):  # 10 comes after 1, not before
        make_night(seed=number).save(directory / "nights" / str(number))
    accuracy = {"before_sleep": BEFORE, "after_sleep": AFTER}
    (directory / "metrics.json").write_text(json.dumps({"accuracy": accuracy}))
    return directory


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "analyses")
    names = ("raster", "accuracy", "weights", "spike_statistics", "rundir")
    yield lambda name: importlib.import_module(name).main
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["raster", "accuracy", "weights"])
def test_analyses_draw_into_the_run_or_elsewhere(run, script, name, tmp_path):
    main = script(name)
    assert main([str(run)]) == run / "figures" / f"{name}.png"
    assert (run / "figures" / f"{name}.png").stat().st_size > 1000
    assert main([str(run), "--out", str(tmp_path / "my.pdf")]) == tmp_path / "my.pdf"
    assert (tmp_path / "my.pdf").read_bytes().startswith(b"%PDF")


def test_all_measures_of_spikes_are_drawn(run, script):
    assert script("spike_statistics")([str(run)]) == run / "figures" / "spike_statistics.png"


def test_weights_move_from_night_to_night(run, script):
    path = script("weight_animation")([str(run), "--shape", "5", "6", "--change"])
    assert path == run / "figures" / "weight_animation.gif"
    with Image.open(path) as gif:
        assert gif.n_frames == 6  # before and after three nights


def test_analyses_take_the_last_night_unless_told(run, script, monkeypatch):
    main = script("raster")
    loaded = []
    load = Night.load
    monkeypatch.setattr(Night, "load", lambda path: loaded.append(path.name) or load(path))
    main([str(run)])
    main([str(run), "--night", "0"])
    assert loaded == ["10", "0"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("raster", ["nowhere"], "nowhere is no directory"),
        ("weights", ["."], "no run directory with nights"),
        ("accuracy", ["."], "no finished run"),
        ("raster", ["RUN", "--night", "7"], "no night 7; there are 0, 1, 10"),
        ("raster", ["RUN", "--populations", "inptu"], "Did you mean 'input'"),
        ("raster", ["RUN", "--out", "raster.jgp"], "Did you mean 'jpg'"),
    ],
)
def test_analyses_refuse(run, script, tmp_path, monkeypatch, name, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BrainsleepError, match=message):
        script(name)([str(run) if word == "RUN" else word for word in arguments])


@pytest.mark.parametrize("text", ["{}", '{"accuracy": null}', "[]", "{"])
def test_accuracy_script_refuses_other_metrics(run, script, text):
    (run / "metrics.json").write_text(text)
    with pytest.raises(BrainsleepError, match=r"metrics\.json"):
        script("accuracy")([str(run)])


def test_a_wrong_directory_gives_one_line():
    command = [sys.executable, str(ROOT / "analyses" / "accuracy.py"), "no/such/run"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: no/such/run")
    assert done.stderr.count("\n") == 1
