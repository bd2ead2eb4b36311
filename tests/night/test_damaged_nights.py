"""Directories of nights of which something was damaged: found, named, and never believed."""

from __future__ import annotations

import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from old_nights import as_old
from torch import nn

import brainsleep as bs
from brainsleep.devices import Runtime
from brainsleep.errors import DirectoryError, ParameterError
from brainsleep.night.resuming import night_directory
from brainsleep.night.resuming.night_directory import snapshot_weights
from brainsleep.support.directory_lock import directory_lock
from brainsleep.support.json_files import read_json

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def sleep(seed: int = 0, **arguments: Any) -> bs.Night:
    """Sleep for 600 steps with some synapses absent."""
    torch.manual_seed(0)
    ann = nn.Sequential(nn.Linear(16, 6), nn.ReLU(), nn.Linear(6, 3))
    return bs.sleep(
        ann,
        np.full(16, 0.3),
        duration=600,
        seed=seed,
        neuron=bs.LIF(gain=1, threshold=[0.25, 25]),  # layer 2 is silent, which is found
        plasticity=bs.SRC(1e-3, 1e-3),
        masks={"0": np.random.default_rng(1).random((6, 16)) < 0.7},
        record=bs.Record(
            ["input", "0"], rates="2", states={"0": "v"}, weights={"0.weight": 3}, every=7
        ),
        progress=False,
        **arguments,
    )


@pytest.fixture(scope="module", params=["saved", "streamed"])
def intact(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the directory of a night that was saved when it had ended, or while it ran."""
    directory = tmp_path_factory.mktemp(request.param) / "night"
    if request.param == "saved":
        sleep(device=Runtime("numpy")).save(directory)
    else:
        sleep(save=bs.Save(directory, snapshot_every=200))
    return directory


@pytest.fixture
def damaged(intact: Path, tmp_path: Path) -> Path:
    """Return a copy, to be damaged."""
    return shutil.copytree(intact, tmp_path / "night")


def content(directory: Path) -> tuple[object, ...]:
    """Return all that a night says."""
    night = bs.Night.load(directory)
    arrays = [night.weights_before, night.weights_after, night.masks, night.under_masks]
    values = [{name: (a.dtype, a.tobytes()) for name, a in each.items()} for each in arrays]
    spikes = {
        name: (np.asarray(one.i).tobytes(), one.t.tobytes()) for name, one in night.spikes.items()
    }
    rates = {name: np.asarray(one.counts).tobytes() for name, one in night.rates.items()}
    kept = [(one.v.tobytes(), one.neurons.tobytes()) for one in night.states.values()]
    kept += [(one.w.tobytes(), one.index.tobytes()) for one in night.weight_traces.values()]
    rest = (night.n_steps, night.dt, night.gains, night.thresholds, night.sizes, night.settings)
    models = (repr(night.neuron), repr(night.plasticity), repr(night.translation))
    drive = night.setup.stimulus.draw(50, night.dt).tobytes()
    return (*values, spikes, rates, *rest, night.timings, night.findings, *models, drive, kept)


def old_content(directory: Path) -> tuple[object, ...]:
    """Return all that a night of an earlier version says."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("neuron", "plasticity", "translation", "setup"):
            patch.setattr(bs.Night, name, Silent())
        return content(directory)[:14]


class Silent:
    """Stands for what old nights do not say."""

    def draw(self, *arguments: object) -> np.ndarray:
        return np.zeros(0)

    @property
    def stimulus(self) -> Silent:
        return self


def array_file(directory: Path, kind: str) -> Path:
    """Return the file of the first array of a kind."""
    first = next(iter(read_json(directory / "night.json")["arrays"][kind].values()))
    return directory / "arrays" / f"{first.get('values', first)['array']}.npz"


def files(directory: Path) -> list[Path]:
    """Return the files by which a night is read."""
    streams = [*directory.glob("stream/spikes*"), *directory.glob("stream/*.*.state*")]
    return [*directory.rglob("*.npz"), directory / "night.json", *streams]


def damage(whole: bytes, chance: random.Random) -> bytes:
    """Damage the content of a file in one of many ways."""
    changed, at = bytearray(whole), chance.randrange(len(whole))
    kind = chance.randrange(6)
    if kind == 0:
        del changed[at:]
    elif kind == 1:
        changed[at : at + 64] = bytes(len(changed[at : at + 64]))
    elif kind == 2:
        changed[at:at] = chance.randbytes(chance.randrange(1, 20))
    elif kind == 3:
        changed[at] = chance.randrange(256)
    else:
        changed[at] ^= 1 << chance.randrange(8)
    return bytes(changed)


def attempt(call: Callable[..., Any], *arguments: Any, **options: Any) -> tuple[Any, str]:
    """Return what a call returns, or the message of a DirectoryError."""
    try:
        return call(*arguments, **options), ""
    except DirectoryError as error:
        return None, str(error)


#: How often each file is damaged.
N_DAMAGES = 8


def test_no_damage_is_believed(intact: Path, damaged: Path) -> None:
    chance, wanted = random.Random(0), content(intact)
    believed, n_found = [], 0
    for file in files(damaged):
        whole = file.read_bytes()
        for _ in range(N_DAMAGES if whole else 0):
            changed = damage(whole, chance)
            file.write_bytes(changed)
            found, problem = attempt(content, damaged)
            n_found += found is None
            if found is None:
                assert str(damaged) in problem
                assert "\n" not in problem
            elif found != wanted:
                believed.append((file.name, changed))
        file.write_bytes(whole)
    assert not believed
    assert n_found > 4 * N_DAMAGES
    assert content(damaged) == wanted


def test_files_that_are_missing_or_of_another_night(intact: Path, damaged: Path) -> None:
    for file in files(damaged):
        whole = file.read_bytes()
        file.unlink()
        with pytest.raises(DirectoryError, match=file.name):
            content(damaged)
        file.mkdir()
        with pytest.raises(DirectoryError, match=file.name):
            content(damaged)
        file.rmdir()
        file.write_bytes(whole)
    before, after = array_file(damaged, "weights_before"), array_file(damaged, "weights_after")
    after.write_bytes(before.read_bytes())
    with pytest.raises(DirectoryError, match=f"{after.name}: is damaged: it does not fit"):
        content(damaged)


@pytest.mark.parametrize(
    ("kind", "words"),
    [("weights_before", "weights before the night of "), ("counts", "spikes by step of '")],
)
def test_the_array_that_is_damaged_is_named(damaged: Path, kind: str, words: str) -> None:
    if kind not in read_json(damaged / "night.json")["arrays"]:
        return  # spikes that were written while the night ran have files of their own
    file = array_file(damaged, kind)
    file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(DirectoryError, match=f"^{words}.*cannot be read .*{file.name}"):
        content(damaged)
    file.unlink()
    with pytest.raises(DirectoryError, match=f"^{words}.*{file.name} is missing"):
        content(damaged)


def test_what_can_still_be_had_is_said(damaged: Path) -> None:
    file = array_file(damaged, "weights_after")
    file.write_bytes(b"")
    with pytest.raises(DirectoryError) as caught:
        content(damaged)
    if not (damaged / "request.json").exists():
        assert "numpy.load reads what is intact of the arrays in arrays" in str(caught.value)
        return
    assert "delete night.json there, and bs.sleep with" in str(caught.value)
    with pytest.raises(DirectoryError, match=rf"{file.name}: is damaged"):
        sleep(save=bs.Save(damaged, resume=True))
    (damaged / "night.json").unlink()
    night = sleep(save=bs.Save(damaged, snapshot_every=200, resume=True))
    assert_same(night, sleep())


def test_findings_come_back(intact: Path) -> None:
    assert bs.Night.load(intact).findings == sleep().findings != ()


def assert_same(one: bs.Night, other: bs.Night) -> None:
    """Assert that two nights have the same weights and spikes."""
    for name, weights in one.weights_after.items():
        assert np.array_equal(weights, other.weights_after[name])
    for name, train in one.spikes.items():
        assert np.array_equal(train.i, other.spikes[name].i)


# Nights of the first format, without digests


@pytest.mark.parametrize("version", [1, 2])
def test_old_nights_are_read(version: int, intact: Path, damaged: Path) -> None:
    as_old(damaged, version)
    assert old_content(damaged) == content(intact)[:14]
    night = bs.Night.load(damaged)
    for ask in (lambda: night.neuron, lambda: night.translation, night.again):
        with pytest.raises(ParameterError, match="saved by an earlier version of brainsleep"):
            ask()
    night.save(damaged / "again")  # without models, as it came
    assert old_content(damaged / "again") == old_content(damaged)


def test_damage_to_an_old_night_is_no_traceback(damaged: Path) -> None:
    as_old(damaged, 1)
    chance = random.Random(1)
    for file in [*damaged.glob("*.npz"), damaged / "night.json"]:
        whole = file.read_bytes()
        for _ in range(2 * N_DAMAGES):
            file.write_bytes(damage(whole, chance))
            found, problem = attempt(old_content, damaged)
            assert found is not None or str(damaged) in problem
        file.write_bytes(whole)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_steps", "600"),
        ("n_steps", -1),
        ("n_steps", None),
        ("n_steps", 10**30),
        ("dt_seconds", 0.0),
        ("dt_seconds", float("nan")),
        ("dt_seconds", [1]),
        ("sizes", {}),
        ("sizes", {"input": -1, "0": 6, "2": 3}),
        ("sizes", 3),
        ("recorded", ["nobody"]),
        ("recorded", "input"),
        ("counted", [3]),
        ("streamed", [99]),
        ("streamed", [-1, 0]),
        ("settings", []),
        ("timings", None),
        ("findings", [{"layer": "0"}]),
        ("findings", [3]),
        ("format", "1"),
        ("format", None),
        ("format", 1.5),
        ("format", True),
    ],
    ids=range(23),
)
def test_an_old_description_of_another_form(name: str, value: object, damaged: Path) -> None:
    as_old(damaged, 1)
    description = json.loads((damaged / "night.json").read_text())
    (damaged / "night.json").write_text(json.dumps({**description, name: value}))
    with pytest.raises(DirectoryError, match=str(damaged)):
        old_content(damaged)


def write_npz(file: Path, **arrays: object) -> None:
    """Write an npz file in place of another."""
    np.savez(file, **arrays)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["spikes", "weights_before", "weights_after", "masks"])
def test_old_arrays_of_another_form(name: str, damaged: Path) -> None:
    as_old(damaged, 1)
    file = damaged / f"{name}.npz"
    if not file.exists():
        pytest.skip("its spikes are in streams")
    with np.load(file) as found:
        arrays = dict(found)
    key = next(iter(arrays))
    wrong = [np.array([{}], dtype=object), np.array(["a"]), np.zeros(3, complex), np.zeros((7, 7))]
    for values in wrong:
        if name == "masks" and values.dtype == float:
            continue
        write_npz(file, **{**arrays, key: values})
        with pytest.raises(DirectoryError, match=r"\.npz is damaged"):
            old_content(damaged)
    write_npz(file)
    if name != "masks":
        with pytest.raises(DirectoryError, match=r"\.npz is damaged"):
            old_content(damaged)
    promise = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10000000000000,), }"
    header = b"\x93NUMPY\x01\x00v\x00" + promise.ljust(117) + b"\n"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{key}.npy", header)
    with pytest.raises(DirectoryError, match=r"\.npz is damaged"):
        old_content(damaged)


# Nights that were killed


def test_a_night_that_was_killed_before_its_request_begins_anew(tmp_path: Path) -> None:
    wanted = sleep()
    for number, left in enumerate([[], ["stream/"], [".request.json.ab.partial", "stream/"]]):
        directory = tmp_path / str(number)
        for name in [*left, ".lock"]:
            if name.endswith("/"):
                (directory / name).mkdir(parents=True)
            else:
                directory.mkdir(exist_ok=True)
                (directory / name).write_text("17 elsewhere\n")
        if left:
            before = sorted(os.listdir(directory))
            with pytest.raises(DirectoryError, match=r"had not begun .* resume=True"):
                sleep(save=directory)
            assert sorted({*os.listdir(directory), ".lock"}) == before
        assert_same(sleep(save=bs.Save(directory, resume=True)), wanted)
        assert not [name for name in os.listdir(directory) if name.startswith(".")]


def test_every_place_of_a_kill_while_a_night_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object, **__: object) -> None:
        raise Killed

    wanted = sleep()
    for place in ("shutil.rmtree", "pathlib.Path.mkdir"):
        directory = tmp_path / place
        sleep(save=directory)
        (directory / "night.json").unlink()  # without a snapshot
        with monkeypatch.context() as patch:
            if place == "shutil.rmtree":
                patch.setattr(night_directory.shutil, "rmtree", killed)
            else:
                patch.setattr(Path, "mkdir", killed)
            with pytest.raises(Killed):
                sleep(save=bs.Save(directory, resume=True))
        assert_same(sleep(save=bs.Save(directory, resume=True)), wanted)


def test_other_directories_are_left_alone(tmp_path: Path) -> None:
    for name in ("stream", "stream/spikes0.i", "precious.txt", ".request.json"):
        directory = tmp_path / name.replace("/", "-")
        (directory / name).parent.mkdir(parents=True)
        (directory / name).write_text("mine")
        before = {file: file.is_file() and file.read_text() for file in directory.rglob("*")}
        for resume in (False, True):
            with pytest.raises(DirectoryError, match="exists already, and holds no night"):
                sleep(save=bs.Save(directory, resume=resume))
        assert before == {f: f.is_file() and f.read_text() for f in directory.rglob("*")}


def test_a_night_that_was_saved_does_not_go_on(intact: Path, damaged: Path) -> None:
    (damaged / "request.json").unlink(missing_ok=True)
    with pytest.raises(DirectoryError, match=r"read it by bs\.Night\.load"):
        sleep(save=bs.Save(damaged, resume=True))
    assert content(damaged) == content(intact)


def test_a_damaged_request_is_told(tmp_path: Path) -> None:
    directory, chance = tmp_path / "night", random.Random(2)
    sleep(save=bs.Save(directory, snapshot_every=200))
    request, night = directory / "request.json", directory / "night.json"
    whole, n_found = request.read_bytes(), 0
    wanted = content(directory)
    for number in range(N_DAMAGES):
        request.write_bytes(damage(whole, chance))
        if number % 2:
            night.unlink(missing_ok=True)
        found, problem = attempt(sleep, save=bs.Save(directory, resume=True))
        if found is None:
            n_found += 1
            assert "request.json is damaged" in problem
            assert ("bs.Night.load reads it" if night.exists() else "to sleep anew") in problem
            with pytest.raises(DirectoryError, match=r"request\.json is damaged"):
                snapshot_weights(directory, 200)
    assert n_found > N_DAMAGES // 2
    request.write_bytes(whole)
    sleep(save=bs.Save(directory, resume=True))
    assert content(directory)[:2] == wanted[:2]


def test_a_damaged_description_is_told_when_a_night_is_to_go_on(tmp_path: Path) -> None:
    directory = tmp_path / "night"
    sleep(save=directory)
    (directory / "night.json").write_text("{")
    with pytest.raises(DirectoryError, match=r"night\.json is damaged .* delete night\.json"):
        sleep(save=bs.Save(directory, resume=True))


def test_one_writer_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(night_directory, "PATIENCE", 0.1)
    directory = tmp_path / "night"
    directory.mkdir()
    with directory_lock(directory):
        for resume in (False, True):
            with pytest.raises(DirectoryError, match=f"in use by process {os.getpid()} on "):
                sleep(save=bs.Save(directory, resume=resume))
    sleep(save=directory)
    with directory_lock(directory):  # a finished night is written by nobody
        sleep(save=bs.Save(directory, resume=True))


def test_an_unfinished_night_is_called_that(tmp_path: Path) -> None:
    directory = tmp_path / "night"
    sleep(save=directory)
    (directory / "night.json").unlink()
    with pytest.raises(DirectoryError, match=r"night\.json is missing; .* resume=True"):
        bs.Night.load(directory)


def test_plain_save_says_what_is_there(tmp_path: Path) -> None:
    directory = tmp_path / "night"

    def there() -> str:
        return attempt(sleep, save=directory)[1]

    asked = iter(range(1000))
    arguments = {"save": bs.Save(directory, snapshot_every=200)}
    sleep(**arguments, should_stop=lambda: next(asked) * 32 > 400)
    assert "it holds a night stopped after 416 steps, and nothing was overwritten" in there()
    (directory / "night.json").write_text("{")
    assert "it holds a night whose night.json is damaged, and" in there()
    (directory / "night.json").unlink()
    assert "it holds a night that has not ended (400 steps in a snapshot), and" in there()
    sleep(save=bs.Save(directory, resume=True))
    assert "it holds a night finished after 600 steps, and" in there()
    for snapshot in directory.glob("stream/snapshot-*"):
        snapshot.unlink()
    (directory / "night.json").unlink()
    assert "it holds a night that has not ended (nothing in a snapshot), and" in there()
