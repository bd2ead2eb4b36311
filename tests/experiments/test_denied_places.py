"""Places that a user may not look into: one line, whatever is asked for there."""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from helpers import SMALL, heaviside, mlp

import brainsleep as bs
from brainsleep import wake
from brainsleep.devices import cache
from brainsleep.errors import BrainsleepError
from brainsleep.experiments.comparison import compare_runs
from brainsleep.experiments.finished_runs.run_reading import load_run
from brainsleep.experiments.model_files.modelfile import load_model_file
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.sweep import run_sweep
from brainsleep.night.resuming.night_directory import is_finished, snapshot_weights, snapshots

#: Some user.
ALICE = 12345

MODEL = "split_mnist_heaviside"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root may look everywhere, and be others")


def night(**options):
    rule = bs.SRC(2e-3, 5e-4)
    options = {"duration": 20, "neuron": heaviside(), "plasticity": rule, **options}
    return bs.sleep(mlp(SMALL, scale=1.5), np.full(12, 0.2), **options)


@pytest.fixture(scope="module")
def slept():
    return night()


@pytest.fixture(scope="module")
def denied(slept):
    """A folder with a night, a graph and a model file, which only root may enter."""
    place = Path(tempfile.mkdtemp(prefix="denied-"))
    place.chmod(0o755)
    folder = place / "denied"
    folder.mkdir()
    slept.save(folder / "night")
    slept.to_nir(folder / "night.nir")
    bs.figures.save_figure(slept.plot_raster(), folder / "night.png")
    shutil.copy(Path(bs.__file__).parent / "models" / f"{MODEL}.toml", folder / "model.toml")
    folder.chmod(0o700)
    (place / "cache").mkdir()
    os.chown(place / "cache", ALICE, ALICE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAINSLEEP_CACHE", str(place / "cache"))
        yield folder
    shutil.rmtree(place)


def list_cache(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAINSLEEP_CACHE", str(folder / "cache"))
        cache.list_programs()


def clear_cache(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRAINSLEEP_CACHE", str(folder / "cache"))
        cache.clear()


ACTIONS = {
    "save": lambda folder, slept: slept.save(folder / "new"),
    "save over": lambda folder, slept: slept.save(folder / "night"),
    "load": lambda folder, slept: bs.Night.load(folder / "night"),
    "streamed night": lambda folder, slept: night(save=bs.Save(folder / "new")),
    "resumed night": lambda folder, slept: night(save=bs.Save(folder / "night", resume=True)),
    "is_finished": lambda folder, slept: is_finished(folder / "night"),
    "snapshots": lambda folder, slept: snapshots(folder / "night"),
    "snapshot_weights": lambda folder, slept: snapshot_weights(folder / "night", 100),
    "to_nir": lambda folder, slept: slept.to_nir(folder / "night.nir"),
    "to_nir in none": lambda folder, slept: slept.to_nir(folder / "new" / "night.nir"),
    "from_nir": lambda folder, slept: bs.from_nir(folder / "night.nir", dt=1 * ms),
    "figure": lambda folder, slept: bs.figures.save_figure(
        slept.plot_raster(), folder / "night.png"
    ),
    "data": lambda folder, slept: wake.load_split("mnist", folder),
    "data in none": lambda folder, slept: wake.load_split("mnist", folder / "new"),
    "model": lambda folder, slept: load_model_file(folder / "model.toml"),
    "model without an ending": lambda folder, slept: load_model_file(folder / "model"),
    "run": lambda folder, slept: run_experiment(MODEL, out=folder / "new", progress=False),
    "resumed run": lambda folder, slept: run_experiment(
        MODEL, out=folder / "night", resume=True, progress=False
    ),
    "run of a model": lambda folder, slept: run_experiment(folder / "model.toml"),
    "sweep": lambda folder, slept: run_sweep(MODEL, out=folder / "new", n_seeds=1),
    "resumed sweep": lambda folder, slept: run_sweep(
        MODEL, out=folder / "night", n_seeds=1, resume=True
    ),
    "load_run": lambda folder, slept: load_run(folder / "night"),
    "compare": lambda folder, slept: compare_runs(folder / "night", folder / "model.toml"),
    "cache list": lambda folder, slept: list_cache(folder),
    "cache clear": lambda folder, slept: clear_cache(folder),
}


@pytest.mark.parametrize("kind", ACTIONS)
def test_a_place_that_may_not_be_entered_is_told_in_one_line(denied, slept, kind):
    os.seteuid(ALICE)
    try:
        with pytest.raises(BrainsleepError) as raised:
            ACTIONS[kind](denied, slept)
    finally:
        os.seteuid(0)
    assert str(denied) in str(raised.value)
    assert "\n" not in str(raised.value)
