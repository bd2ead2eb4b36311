"""docs/results/dreams.md shows the numbers that were measured; methods beside dreams are right."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from brainsleep.experiments.model_files.modelfile import load_model_file
from brainsleep.experiments.model_files.overrides import Overrides
from brainsleep.experiments.model_files.shipped import shipped_models
from brainsleep.wake import (
    Dataset,
    Split,
    accuracy,
    build_strategy,
    class_incremental,
    concatenate,
    mlp,
    train_strategy,
)

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "results" / "dreams.md"
#: Bytes that dreams keep: feedback weights of 10 outputs to 1,200 neurons, and less than 500 more.
ALLOWED = {48_000: 48_500, 96_000: 96_500}


@pytest.fixture(scope="module")
def scripts(script) -> SimpleNamespace:
    """The modules in benchmarks, which are scripts and no package."""
    return SimpleNamespace(
        dreams=script("dreams"), cases=script("dreams_cases"), bytes=script("equal_bytes")
    )


@pytest.fixture(scope="module")
def blobs() -> Split:
    """Three clouds of points, longer in some directions than in others, in five dimensions."""
    rng = np.random.default_rng(0)
    stretch = np.array([[0.3, 0.2, 0, 0, 0], [0, 0.1, 0, 0, 0.1]])
    parts = []
    for n_each in (40, 60):
        labels = np.repeat([0, 1, 2, 3], n_each)
        centres = np.eye(5)[:4][labels] * 0.12 + 0.4
        noise = rng.normal(size=(len(labels), 2)) @ stretch + 0.03 * rng.normal(
            size=(len(labels), 5)
        )
        parts.append(Dataset("blobs", np.clip(centres + 0.3 * noise, 0, 1), labels, (5,)))
    return Split(*parts)


def test_the_page_shows_what_is_kept_and_nothing_else(scripts: SimpleNamespace) -> None:
    dreams = scripts.dreams.tables(json.loads(scripts.dreams.KEPT.read_text()))
    equal = scripts.bytes.table(json.loads(scripts.bytes.KEPT.read_text()))
    shown = {line for line in PAGE.read_text().splitlines() if line.startswith("|")}
    assert shown == {line for line in (*dreams, *equal) if line}


def test_each_case_is_a_change_that_its_model_takes(scripts: SimpleNamespace) -> None:
    for case in scripts.cases.CASES.values():
        Overrides(changes=case.changes).apply(load_model_file(shipped_models()[case.model]))


def test_methods_called_equal_store_no_more_than_dreams(scripts: SimpleNamespace) -> None:
    kept = json.loads(scripts.bytes.KEPT.read_text())
    for rows in kept.values():
        for name, row in rows.items():
            group = scripts.bytes.ROWS[name].group
            assert row["bytes"] <= ALLOWED.get(group, np.inf), name


def learned(strategy, split: Split) -> tuple[torch.nn.Module, float]:
    """Return the classifier, and its accuracy, of two tasks."""
    tasks = class_incremental(split)
    network = mlp((5, 4, 4), dropout=0.0, seed=0)
    found = train_strategy(strategy, network, tasks, seed=0, progress=False)
    return found, accuracy(found, concatenate([task.test for task in tasks]))


def test_all_directions_kept_is_linear_discriminant_analysis(
    scripts: SimpleNamespace, blobs: Split
) -> None:
    whole, score = learned(build_strategy("streaming_lda", layer="pixels", shrinkage=1e-9), blobs)
    for diagonal in (False, True):
        kept = scripts.bytes.LowRankLDA(rank=5, diagonal=diagonal, shrinkage=1e-9)
        found, same = learned(kept, blobs)
        assert same == score
        torch.testing.assert_close(found.weights, whole.weights, rtol=1e-3, atol=1e-3)


def test_directions_say_what_means_do_not(scripts: SimpleNamespace, blobs: Split) -> None:
    scores = [learned(scripts.bytes.LowRankLDA(rank=rank), blobs)[1] for rank in (0, 2, 5)]
    means = learned(build_strategy("nearest_class_mean"), blobs)[1]
    assert scores[0] == means  # one variance for all directions
    assert scores[2] >= scores[1] > scores[0] + 0.05


def test_half_of_a_symmetric_covariance_is_counted(scripts: SimpleNamespace, blobs: Split) -> None:
    strategy = build_strategy("streaming_lda", layer="pixels")
    learned(strategy, blobs)
    means, halves, counts = 4 * 5 * 4, 5 * 6 // 2 * 4, 4 * 8
    assert scripts.bytes.covariance_bytes(strategy) == means + halves + counts
