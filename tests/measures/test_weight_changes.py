"""Changes of weights against numbers worked out by hand."""

import copy
import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from brainsleep import measures
from brainsleep.errors import ParameterError


def test_weight_change():
    before = np.array([[3.0, 4.0], [0.0, 0.0]])
    after = np.array([[3.0, 2.0], [-1.0, 6.0]])
    assert measures.weight_change(before, after) == measures.WeightChange(
        n_up=1,
        n_down=2,
        n_unchanged=1,
        mean_change=(-2 - 1 + 6) / 4,
        mean_absolute_change=(2 + 1 + 6) / 4,
        max_absolute_change=6.0,
        norm_before=5.0,
        norm_after=math.sqrt(9 + 4 + 1 + 36),
        norm_of_change=math.sqrt(4 + 1 + 36),
    )
    assert measures.weight_change(before, after).n_weights == 4


def test_weight_change_sees_the_last_bit_of_float32():
    before = np.ones(3, dtype=np.float32)
    after = before.copy()
    after[0] = np.nextafter(np.float32(1), np.float32(2))
    change = measures.weight_change(before, after)
    assert (change.n_up, change.n_down, change.n_unchanged) == (1, 0, 2)
    assert change.mean_change == pytest.approx(2**-23 / 3, rel=1e-12)


def test_weight_change_of_nothing():
    change = measures.weight_change(np.zeros((0, 4)), np.zeros((0, 4)))
    assert change == measures.WeightChange(0, 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_weight_change_refuses_other_shapes_and_wild_numbers():
    with pytest.raises(ParameterError, match=r"\(3,\) before, but \(4,\) after"):
        measures.weight_change(np.zeros(3), np.zeros(4))
    with pytest.raises(ParameterError, match="weights after: holds NaN"):
        measures.weight_change([1.0], [math.nan])
    with pytest.raises(ParameterError, match=r"before: .*inf"):
        measures.weight_change([math.inf], [1.0])


def test_weight_changes_by_layer():
    before = {"0.weight": np.array([[1.0, 2.0]]), "2.weight": np.array([[0.5]])}
    after = {"0.weight": np.array([[1.5, 2.0]]), "2.weight": np.array([[0.25]])}
    kept = copy.deepcopy((before, after))
    changes = measures.weight_changes(before, after)
    assert list(changes) == ["0.weight", "2.weight"]
    assert changes["0.weight"].n_up == 1
    assert changes["2.weight"].mean_change == -0.25
    for name in before:
        assert_array_equal(before[name], kept[0][name])
        assert_array_equal(after[name], kept[1][name])


def test_weight_changes_wants_the_same_layers():
    with pytest.raises(ParameterError, match=r"only one of them has '0\.bias', '2\.weight'"):
        measures.weight_changes(
            {"0.weight": [1.0], "2.weight": [1.0]}, {"0.weight": [1.0], "0.bias": [1.0]}
        )


def test_weight_change_by_sign():
    rng = np.random.default_rng(0)
    before = rng.normal(size=(40, 30)) * (rng.random((40, 30)) < 0.9)
    after = before + rng.normal(size=before.shape) * (rng.random(before.shape) < 0.5)
    found = measures.weight_change_by_sign(before, after)
    for part, chosen in (
        (found.positive, before > 0), (found.negative, before < 0), (found.zero, before == 0)
    ):  # fmt: skip
        change = (after - before)[chosen]
        assert part.n_weights == chosen.sum() > 50
        assert (part.n_up, part.n_down) == ((change > 0).sum(), (change < 0).sum())
        assert part.mean_change == pytest.approx(change.mean())
    whole = measures.weight_change(before, after)
    assert found.positive.n_up + found.negative.n_up + found.zero.n_up == whole.n_up
    with pytest.raises(ParameterError, match=r"\(3,\) before, but \(4,\) after"):
        measures.weight_change_by_sign(np.zeros(3), np.zeros(4))
