"""Nights of dreams on disk: what is saved is read back, and damage is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import mlp
from torch import nn

import brainsleep as bs
from brainsleep.dreams.dream_files import DREAMS
from brainsleep.errors import DirectoryError
from brainsleep.experiments.report.reporting import write_report
from brainsleep.support.array_store import ARRAYS
from brainsleep.support.json_files import write_json

SIZES = (12, 9, 8, 4)


def network() -> nn.Sequential:
    return mlp(SIZES)


@pytest.fixture(scope="module")
def night() -> bs.DreamNight:
    """Return a night with the spikes of some populations."""
    images = np.random.default_rng(3).random((7, SIZES[0]))
    recipe = bs.DayResidue(nrem_presentations=3, rem_dreams=4, rem_learning_rate=40)
    options = {"device": bs.devices.Runtime("numpy"), "progress": False}
    return bs.dream(
        network(),
        images,
        today=[1, 3],
        learned=[0],
        recipe=recipe,
        record=["0", "4"],
        **options,
    )


def test_a_night_is_read_as_it_was(night: bs.DreamNight, tmp_path: Path) -> None:
    night.save(tmp_path / "night")
    read = bs.DreamNight.load(tmp_path / "night", network())
    assert read.recipe == night.recipe
    assert read.timings == night.timings
    assert read.neuron == night.neuron == repr(bs.IntegrateAndFire())
    assert read.stages == night.stages == {}
    assert read.memory.thresholds == night.memory.thresholds
    assert read.memory.learned == night.memory.learned == (0, 1, 3)
    np.testing.assert_array_equal(read.memory.feedback, night.memory.feedback)
    np.testing.assert_array_equal(read.cues, night.cues)
    for when in ("weights_before", "weights_after"):
        own, kept = getattr(night, when), getattr(read, when)
        assert list(own) == list(kept)
        for name, weights in own.items():
            np.testing.assert_array_equal(kept[name], weights)
    assert not np.array_equal(read.weights_before["4.weight"], read.weights_after["4.weight"])
    for stage, trains in night.spikes.items():
        assert list(read.spikes[stage]) == list(trains)
        for name, train in trains.items():
            assert len(train) > 0
            np.testing.assert_array_equal(read.spikes[stage][name].i, train.i)
            np.testing.assert_allclose(read.spikes[stage][name].t, train.t)
            assert read.spikes[stage][name].n_neurons == train.n_neurons
    assert read.n_spikes == night.n_spikes
    assert read.ann is not None
    assert night.ann is not None
    for one, other in zip(read.ann.parameters(), night.ann.parameters(), strict=True):
        np.testing.assert_array_equal(one.detach(), other.detach())
    assert bs.DreamNight.load(tmp_path / "night").ann is None


class Open:
    """A gate of a user, always open."""

    def gate(self, n_steps: int, dt: float, seed: int) -> bs.stages.Gate:
        return bs.stages.Gate(np.ones(n_steps), np.ones(n_steps))


class Unsaid(Open):
    """One whose repr fails."""

    def __repr__(self) -> str:
        raise RuntimeError("no words")


def test_a_night_says_which_cells_and_stages_it_had(tmp_path: Path) -> None:
    neuron = bs.LIF(threshold=15, gain=[9.0, 8.0])
    night = bs.dream(
        network(),
        np.random.default_rng(3).random((7, SIZES[0])),
        today=[1],
        learned=[],
        recipe=bs.DayResidue(nrem_presentations=2, rem_dreams=2),
        neuron=neuron,
        stages={"nrem": Open(), "rem": Unsaid()},
        device=bs.devices.Runtime("numpy"),
        progress=False,
    )
    night.save(tmp_path / "night")
    read = bs.DreamNight.load(tmp_path / "night")
    assert read.neuron == repr(neuron)
    assert read.stages == {"nrem": "Open", "rem": "Unsaid"}
    page = write_report(tmp_path / "night").read_text()
    for words in ("hidden cells", "gain=[9.0, 8.0]", "rem gated by"):
        assert words in page, words


def test_a_night_that_was_saved_before_cells_were_kept(
    night: bs.DreamNight, tmp_path: Path
) -> None:
    night.save(tmp_path / "night")
    resealed(lambda content: [content.pop(key) for key in ("neuron", "stages")])(tmp_path / "night")
    read = bs.DreamNight.load(tmp_path / "night")
    assert (read.neuron, read.stages) == (None, None)
    assert read.recipe == night.recipe
    assert "hidden cells" not in write_report(tmp_path / "night").read_text()


def test_a_directory_that_is_taken_or_empty(night: bs.DreamNight, tmp_path: Path) -> None:
    night.save(tmp_path / "night")
    with pytest.raises(DirectoryError, match="exists already"):
        night.save(tmp_path / "night")
    with pytest.raises(DirectoryError, match=f"holds no saved night with dreams: {DREAMS}"):
        bs.DreamNight.load(tmp_path)


def without_an_array(folder: Path) -> None:
    next((folder / ARRAYS).iterdir()).unlink()


def with_other_numbers(folder: Path) -> None:
    file = next((folder / ARRAYS).iterdir())
    file.write_bytes(file.read_bytes()[:-20] + bytes(20))


def cut(folder: Path) -> None:
    file = folder / DREAMS
    file.write_bytes(file.read_bytes()[:100])


def resealed(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    """Return what changes the description and seals it anew."""

    def damage(folder: Path) -> None:
        content = json.loads((folder / DREAMS).read_text())
        content.pop("sha256")
        change(content)
        write_json(folder / DREAMS, content)

    return damage


DAMAGES = {
    "an array is missing": without_an_array,
    "an array has other bytes": with_other_numbers,
    "the description is cut": cut,
    "another format": resealed(lambda content: content.update(format=99)),
    "no recipe": resealed(lambda content: content.pop("recipe")),
    "an unknown constant": resealed(lambda content: content["recipe"].update(more=1)),  # type: ignore[attr-defined]
    "a stage that there is not": resealed(lambda content: content.update(stages={"wake": ""})),
    "cells that are no text": resealed(lambda content: content.update(neuron=3)),
    "no memory": resealed(lambda content: content["arrays"].pop("memory")),  # type: ignore[attr-defined]
    "sizes of a stage that there was not": resealed(
        lambda content: content["sizes"].update(wake={"input": 3})  # type: ignore[attr-defined]
    ),
    "a size that is none": resealed(
        lambda content: content["sizes"]["rem"].update(input=-1)  # type: ignore[index]
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_told_in_one_line(
    night: bs.DreamNight, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    night.save(tmp_path / "night")
    damage(tmp_path / "night")
    with pytest.raises(DirectoryError) as raised:
        bs.DreamNight.load(tmp_path / "night", network())
    assert "\n" not in str(raised.value)
    assert str(tmp_path) in str(raised.value)
