"""Series compared pair by pair, held against published numbers."""

import math

import pytest

from brainsleep.errors import ParameterError
from brainsleep.measures import paired_difference

#: Extra hours of sleep of ten patients with two drugs: Student 1908, Biometrika 6:1.
STUDENT = (
    [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
)


def test_students_own_example() -> None:
    """R: t.test(extra ~ group, data = sleep, paired = TRUE), with the sign turned."""
    found = paired_difference(*STUDENT)
    assert found.n == 10
    assert found.mean == pytest.approx(1.58)
    assert found.t == pytest.approx(4.0621, abs=5e-5)
    assert found.p == pytest.approx(0.002833, abs=5e-7)
    assert (found.low, found.high) == pytest.approx((0.7001142, 2.4598858), abs=5e-8)


def test_the_signed_rank_test_where_it_can_be_counted() -> None:
    """Of 2 ** 6 ways to sign six ranks, two are as far from the middle as all of one sign."""
    found = paired_difference([0.0] * 6, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    assert found.p_ranks == pytest.approx(2 / 2**6)
    assert "Wilcoxon signed-rank test: p = 0.031" in str(found)


def test_with_few_pairs_ranks_say_nothing() -> None:
    found = paired_difference([0.5, 0.6, 0.7, 0.6, 0.5], [0.6, 0.8, 0.8, 0.7, 0.9])
    assert math.isnan(found.p_ranks)
    assert "Wilcoxon" not in str(found)
    assert str(found).startswith("+0.180, 95 % CI +0.018 to +0.342; paired t-test: t(4) = ")


@pytest.mark.parametrize(("shift", "words"), [(0.0, "+0.0 points in each"), (0.1, "+10.0 points")])
def test_where_all_differences_are_the_same_nothing_is_tested(shift: float, words: str) -> None:
    first = [0.1, 0.2, 0.3, 0.7]
    found = paired_difference(first, [value + shift for value in first])
    assert math.isnan(found.p)
    assert found.text(100, "points", 1).startswith(words)
    assert "nothing to test" in str(found)
    assert "nan" not in str(found)


@pytest.mark.parametrize(("first", "second"), [([], []), ([1], [2]), ([1, 2], [1, 2, 3])])
def test_series_that_are_no_pairs(first: list[float], second: list[float]) -> None:
    with pytest.raises(ParameterError, match="two or more values each, in pairs"):
        paired_difference(first, second)
