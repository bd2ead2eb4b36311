"""Model files of dendrites: neurons answer as counting says, and zones do what points cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from brainsleep.errors import BrainsleepError
from brainsleep.experiments.kinds.dendrites_kind import DENDRITES, ROWS
from brainsleep.experiments.model_files.dendrites_modelfile import DendritesSection
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.prepared_runs.dendrites_run import draw
from brainsleep.experiments.prepared_runs.sparse_patterns import dealt_synapses
from brainsleep.experiments.report.run_page import run_page
from brainsleep.experiments.run import run_experiment

SECTION = DendritesSection(n_patterns=4, n_neurons=12, n_shown=60, steps=30)


def changes(section: DendritesSection) -> dict[str, object]:
    return {f"dendrites.{name}": value for name, value in section.model_dump().items()}


def test_what_is_drawn_is_what_is_asked_for() -> None:
    shown = draw(SECTION, np.random.default_rng(0))
    assert shown.patterns.shape == (3, 60, 400)
    assert (shown.patterns.sum(axis=2) == 40).all()
    assert (shown.weights.sum(axis=2) == 20).all()
    overlap = np.einsum("pc,znc->pzn", shown.patterns[0].astype(int), shown.weights)
    own = overlap[np.arange(60), np.arange(60) % 4]  # a changed pattern of each, in turn
    assert own.mean() == pytest.approx(12, abs=0.3)  # 24 of 40 cells kept
    assert overlap.mean() == pytest.approx((12 + 3 * 2) / 4, abs=0.3)


def test_synapses_are_dealt_out_among_the_zones_of_their_neuron() -> None:
    weights = draw(SECTION, np.random.default_rng(0)).weights
    dealt = dealt_synapses(weights, np.random.default_rng(1))
    np.testing.assert_array_equal(dealt.sum(axis=0), weights.sum(axis=0))
    assert (dealt.sum(axis=2) == 20).all()
    assert (dealt != weights).any(axis=(1, 2)).all()


def test_a_run_gives_what_counting_gives(tmp_path: Path) -> None:
    run = run_experiment(
        "dendrites", out=tmp_path / "run", overrides=Overrides(changes=changes(SECTION)), seed=3,
        progress=False,
    )  # fmt: skip
    found, answers = run.metrics["accuracy"], run.metrics["answers"]
    assert set(ROWS) < set(found)
    shown = draw(SECTION, np.random.default_rng([3, 0]))
    weights = {
        "final": shown.weights,
        "dealt_out": shown.dealt,
        "point": shown.weights.sum(axis=0, keepdims=True),
    }
    for name, own in weights.items():
        counts = np.einsum("spc,znc->szpn", shown.patterns.astype(float), own).max(axis=1)
        shares = (counts >= answers[name]["threshold"]).mean(axis=(1, 2))
        measured = [answers[name][sort] for sort in ("stored", "others", "mixtures")]
        np.testing.assert_allclose(measured, shares, atol=1e-12)
    assert found["final"] > found["point"] + 0.01
    assert found["final"] > found["dealt_out"] + 0.05
    assert found["final"] == pytest.approx(found["by_counting"], abs=0.02)
    assert "mixtures" in "\n".join(DENDRITES.below(run.metrics))
    page = run_page(run).html
    assert "mixtures" in page
    assert "minus sleep" not in page


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("n_synapses", 41, "n_synapses must be at most n_active, 40, but is 41"),
        ("n_active", 400, "n_active must be at most n_cells - 1, 399"),
        ("n_kept", 0, "n_kept"),
        ("n_patterns", 1, "n_patterns"),
        ("n_zones", 3, "n_zones"),
    ],
)
def test_numbers_that_do_not_fit_are_refused(tmp_path: Path, key: str, value: int, words) -> None:
    with pytest.raises(BrainsleepError, match=words):
        run_experiment(
            "dendrites",
            out=tmp_path / "run",
            overrides=Overrides(changes={f"dendrites.{key}": value}),
            progress=False,
        )
    assert not (tmp_path / "run").exists()
