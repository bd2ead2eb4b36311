"""Nights on disk: streamed spikes, snapshots, nights that are stopped, killed, and go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms
from torch import nn

import brainsleep as bs
from brainsleep.devices import Runtime
from brainsleep.errors import DirectoryError, ParameterError, UnitsError
from brainsleep.night.resuming.night_directory import snapshot_weights, snapshots
from brainsleep.support.directory_lock import directory_lock
from brainsleep.support.json_files import read_json, write_json

SIZES = (100, 30, 20, 5)
MODELS = {
    "heaviside": {
        "neuron": bs.Heaviside(gain=1, threshold=0.25, decay=0.95),
        "plasticity": bs.SRC(1e-3, 1e-3, weight_factor="tadros2022"),
    },
    "lif": {
        "neuron": bs.LIF(gain=1, threshold=0.25, tau_m=20 * ms, refractory=3 * ms),
        "plasticity": bs.SRC(1e-2, 1e-3, weight_factor="multiplicative", tau_pre=5 * ms),
    },
}


def network() -> nn.Sequential:
    """Return a network whose weights are drawn from a normal distribution."""
    rng = np.random.default_rng(0)
    n_in, first, second, n_out = SIZES
    layers = nn.Sequential(
        nn.Linear(n_in, first),
        nn.ReLU(),
        nn.Linear(first, second),
        nn.ReLU(),
        nn.Linear(second, n_out),
    )
    for parameter in layers.parameters():
        parameter.data.numpy()[:] = rng.normal(0.01, 0.08, parameter.shape)
    return layers.double()


def sleep(
    model: str = "lif",
    duration: int = 1000,
    directory: str | Path | None = None,
    snapshot_every: int | None = None,
    resume: bool = False,
    **arguments: object,
) -> bs.Night:
    """Sleep, in the exact mode; where there is a directory, the night is saved there."""
    if directory is not None:
        arguments["save"] = bs.Save(directory, snapshot_every=snapshot_every, resume=resume)
    return bs.sleep(
        network(),
        np.full(100, 0.05),
        duration=duration,
        dtype="float64",
        progress=False,
        **MODELS[model],
        **arguments,
    )


def assert_same(first: bs.Night, second: bs.Night) -> None:
    """Assert that two nights are the same, spike for spike and bit for bit."""
    assert first.n_steps == second.n_steps
    assert list(first.spikes) == list(second.spikes)
    for population, train in first.spikes.items():
        assert len(train) > 0
        assert np.array_equal(train.i, second.spikes[population].i)
        assert np.array_equal(train.t, second.spikes[population].t)
    for name, weights in first.weights_after.items():
        assert np.array_equal(weights, second.weights_after[name])


@pytest.fixture(scope="module", params=MODELS)
def plain(request: pytest.FixtureRequest) -> tuple[str, bs.Night]:
    """Return a night that stays in memory, and the name of its model."""
    return request.param, sleep(request.param)


def test_night_on_disk_is_the_same_night(plain: tuple[str, bs.Night], tmp_path: Path) -> None:
    model, night = plain
    streamed = sleep(model, directory=tmp_path / "night")
    assert_same(night, streamed)
    loaded = bs.Night.load(tmp_path / "night", network())
    assert_same(night, loaded)
    assert np.array_equal(loaded.ann[0].weight.detach().numpy(), night.weights_after["0.weight"])
    assert isinstance(loaded.spikes["input"].i, np.memmap)
    assert loaded.spikes["0"].counts.sum() == len(night.spikes["0"])
    assert len(loaded.spikes["0"].counts) == 1000
    loaded.save(tmp_path / "copy")
    assert_same(night, bs.Night.load(tmp_path / "copy"))


def test_snapshots_are_the_nights_that_end_there(tmp_path: Path) -> None:
    sleep(directory=tmp_path / "night", snapshot_every=400)
    assert snapshots(tmp_path / "night") == [400, 800]
    for n_steps in (400, 800):
        shorter = sleep(duration=n_steps)
        found = snapshot_weights(tmp_path / "night", n_steps)
        assert list(found) == list(shorter.weights_after)
        for name, weights in shorter.weights_after.items():
            assert np.array_equal(found[name], weights)
    with pytest.raises(ParameterError, match="no snapshot after 500"):
        snapshot_weights(tmp_path / "night", 500)


KILLED = """
import sys
sys.path[:0] = {folders!r}
import test_streaming
test_streaming.sleep({model!r}, 2_000_000, directory={directory!r}, snapshot_every=500)
"""


def test_killed_night_goes_on_to_the_same_weights(
    plain: tuple[str, bs.Night], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = plain
    directory = tmp_path / "night"
    folders = [str(folder) for folder in Path(__file__).parents[:2]]
    code = KILLED.format(folders=folders, model=model, directory=str(directory))
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    try:
        _wait(lambda: (directory / "stream").exists() and len(snapshots(directory)) >= 3)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not (directory / "night.json").exists()
    with pytest.raises(DirectoryError, match="no saved night"):
        bs.Night.load(directory)
    with directory_lock(directory, 30):  # the simulation has ended
        _shorten(directory, 3000)
    behind = snapshots(directory)[-1]
    resumed = sleep(model, 3000, directory=directory, snapshot_every=500, resume=True)
    assert 0 < behind < 3000
    assert_same(sleep(model, 3000), resumed)
    again = sleep(model, 3000, directory=directory, snapshot_every=500, resume=True)
    assert_same(resumed, again)  # the night is finished, and read back


def _wait(ready: object, seconds: float = 120) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not ready():  # type: ignore[operator]
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def _shorten(directory: Path, n_steps: int) -> None:
    """Make it look as if a shorter night had been requested, and killed before its end."""
    request = read_json(directory / "request.json")
    request["asked"]["duration in steps"] = n_steps
    write_json(directory / "request.json", request)
    for step in snapshots(directory):
        if step >= n_steps - 400:
            (directory / "stream" / f"snapshot-{step}.state").unlink()


def test_night_killed_before_its_first_snapshot_starts_again(tmp_path: Path) -> None:
    directory = tmp_path / "night"
    sleep(directory=directory)
    (directory / "night.json").unlink()
    assert_same(sleep(), sleep(directory=directory, resume=True))


def test_what_was_half_written_when_a_night_was_killed_is_removed(tmp_path: Path) -> None:
    directory = tmp_path / "night"
    sleep(directory=directory, snapshot_every=500)
    (directory / "night.json").unlink()
    (directory / ".night.json.0123456789abcdef.partial").write_text("{")
    sleep(directory=directory, snapshot_every=500, resume=True)
    assert not list(directory.rglob("*.partial"))


def test_night_killed_after_its_last_step_is_written_out(tmp_path: Path) -> None:
    directory = tmp_path / "night"
    sleep(directory=directory, snapshot_every=500)
    (directory / "night.json").unlink()
    assert snapshots(directory) == [500, 1000]
    assert_same(sleep(), sleep(directory=directory, snapshot_every=500, resume=True))


def test_half_written_snapshot_is_not_one(tmp_path: Path) -> None:
    directory = tmp_path / "night"
    sleep(directory=directory, snapshot_every=400)
    (directory / "night.json").unlink()
    state = directory / "stream" / "snapshot-800.state"
    state.rename(state.with_suffix(".partial"))
    assert snapshots(directory) == [400]
    assert_same(sleep(), sleep(directory=directory, snapshot_every=400, resume=True))


@pytest.mark.parametrize("where", ["memory", "disk"])
def test_stopped_night_has_what_it_has(where: str, tmp_path: Path) -> None:
    asked = []

    def should_stop() -> bool:
        asked.append(1)
        return len(asked) > 10

    place = {"directory": tmp_path / "night"} if where == "disk" else {}
    with pytest.warns(UserWarning, match="stopped after 320 of 1000 steps"):
        night = sleep(should_stop=should_stop, **place)
    assert night.stopped
    assert night.n_steps == 320
    assert_same(sleep(duration=320), night)
    if where == "disk":
        assert bs.Night.load(tmp_path / "night").stopped
        assert_same(sleep(), sleep(directory=tmp_path / "night", resume=True))


def test_interrupt_ends_a_night_with_what_it_has() -> None:
    class Interrupted(bs.stimuli.ConstantProbabilities):
        def chunks(self, n_steps, dt, seed):
            for number, chunk in enumerate(super().chunks(n_steps, dt, seed)):
                if number == 2:
                    raise KeyboardInterrupt  # the same as Ctrl-C
                yield chunk

    with pytest.warns(UserWarning, match="stopped after 512 of 1000 steps"):
        night = bs.sleep(
            network(),
            Interrupted(np.full(100, 0.05)),
            duration=1000,
            dtype="float64",
            progress=False,
            **MODELS["lif"],
        )
    assert_same(sleep(duration=512), night)


def test_other_requests_do_not_go_on(tmp_path: Path) -> None:
    directory = tmp_path / "night"
    sleep(directory=directory, snapshot_every=400)
    before = (directory / "night.json").read_bytes()
    with pytest.raises(DirectoryError, match="exists already"):
        sleep(directory=directory)
    with pytest.raises(DirectoryError, match=r"What differs: seed \(0 there, 1 here\)\."):
        sleep(seed=1, directory=directory, resume=True)  # finished, but with other arguments
    (directory / "night.json").unlink()
    steps = r"What differs: duration in steps \(1000 there, 2000 here\)\."
    with pytest.raises(DirectoryError, match=steps):
        sleep(duration=2000, directory=directory, resume=True)
    with pytest.raises(DirectoryError, match="neuron \\('LIF' there, 'Heaviside' here\\); "):
        sleep("heaviside", directory=directory, resume=True)
    assert snapshots(directory) == [400, 800]
    assert before


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="directory"):
        bs.Save(snapshot_every=10)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="directory"):
        bs.Save(resume=True)  # type: ignore[call-arg]
    with pytest.raises(UnitsError, match="save: directory must be a path, not None"):
        bs.Save(None, resume=True)  # type: ignore[arg-type]
    with pytest.raises(UnitsError, match=r"save must be a directory or a bs\.Save, not 7"):
        sleep(save=7)
    with pytest.raises(ParameterError, match="snapshot_every"):
        sleep(directory=tmp_path / "night", snapshot_every=0)
    with pytest.raises(UnitsError, match="snapshot_every"):
        sleep(directory=tmp_path / "night", snapshot_every=1.5)
    with pytest.raises(ParameterError, match="runtime"):
        sleep(directory=tmp_path / "night", device=Runtime("numpy"))
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryError, match="cannot write"):
        sleep(directory=tmp_path / "file" / "night")
    assert not (tmp_path / "night").exists()


@pytest.mark.slow
@pytest.mark.slow
def test_long_nights_take_no_more_memory(tmp_path: Path) -> None:
    short, long = (
        sleep("heaviside", n_steps, directory=tmp_path / str(n_steps), record="4").timings
        for n_steps in (1_000, 2_000_000)
    )
    assert long["steps"] == 2_000_000
    assert long["peak_memory"] < short["peak_memory"] + 500_000


def test_rates_of_a_night_on_disk(tmp_path: Path) -> None:
    night = sleep("heaviside", directory=tmp_path / "n", record=bs.Record("2", rates="all"))
    whole = sleep("heaviside")
    assert list(night.spikes) == ["2"]
    assert not (tmp_path / "n" / "stream" / "spikes1.i").exists()
    for found in (night, bs.Night.load(tmp_path / "n")):
        assert list(found.rates) == ["input", "0", "2", "4"]
        for name, rate in found.rates.items():
            assert isinstance(rate.counts, np.memmap)
            np.testing.assert_array_equal(rate.counts, whole.rates[name].counts)
