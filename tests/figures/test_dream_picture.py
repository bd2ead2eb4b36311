"""The picture of dreams from the day's residue."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import brainsleep as bs
from brainsleep import wake

pytestmark = pytest.mark.filterwarnings("error:::matplotlib")

#: Short; nothing is learned well in it.
RECIPE = bs.DayResidue(
    hidden_activity=0.3,
    code_activity=0.3,
    nrem_presentations=4,
    rem_dreams=60,
    today_share=0.3,
)


@pytest.fixture
def picture(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "analyses")
    yield importlib.import_module("dream_picture")
    for name in ("dream_picture", "dream_rasters", "dream_sketch", "rundir"):
        sys.modules.pop(name, None)


def test_dreams_are_counted_and_drawn(picture, tmp_path, monkeypatch):
    monkeypatch.setattr(picture, "PAIRS", [(0, 1), (2, 3)])
    last = picture.live(
        0,
        sizes=(784, 60, 40, 10),
        images=wake.load_split("digits", train_per_class=3),
        recipe=RECIPE,
        device=bs.devices.Runtime("numpy"),
    )
    counted = picture.counts_of(last)
    for mine, theirs in zip(counted, count_one_by_one(last.night), strict=True):
        np.testing.assert_allclose(mine, theirs)
    path = tmp_path / "dreams.png"
    bs.figures.save_figure(picture.draw(last, picture.likeness(last)), path)
    assert path.stat().st_size > 50_000


def count_one_by_one(night):
    """Count spikes of steps 2 to 5 and 8 to 15 of each dream, spike by spike; read its tag."""
    before, within = np.zeros((2, 60, 40))
    tags = np.zeros(60)
    code, tagged = night.spikes["rem"]["2"], night.spikes["rem"]["tagged"]
    dt = night.rates["rem"]["2"].dt
    for step, neuron in zip(code.t / dt, code.i, strict=True):
        dream, at = divmod(round(float(step)), 16)
        if dream < 60 and 2 <= at < 6:
            before[dream, neuron] += 1 / 4
        if dream < 60 and at >= 8:
            within[dream, neuron] += 1 / 8
    for step, output in zip(tagged.t / dt, tagged.i, strict=True):
        if round(float(step)) < 960:
            tags[round(float(step)) // 16] = output
    return before, within, tags


def test_likeness_is_to_what_a_class_has_beside_the_others(picture):
    means = np.random.default_rng(0).random((4, 30))
    found = picture.alike(3 * means, means)  # the size of all activity is of no account
    np.testing.assert_allclose(np.diag(found), 1)
    assert found[~np.eye(4, dtype=bool)].mean() < 0  # what all have in common is taken away
