"""Forgetting, transfer and intransigence, by hand and against the sums of their definitions."""

import itertools
import math

import numpy as np
import pytest

from brainsleep import measures
from brainsleep.errors import KindError, ParameterError

#: Three tasks; the first becomes better after it was learned, then worse.
R = [[0.6, None, None], [0.8, 0.9, None], [0.3, 0.4, 1.0]]
#: The same, with accuracies of tasks still to come.
FULL = [[0.6, 0.1, 0.2], [0.8, 0.9, 0.3], [0.3, 0.4, 1.0]]


def test_by_hand():
    assert measures.final_accuracy(R) == pytest.approx(1.7 / 3)
    assert measures.average_incremental_accuracy(R) == pytest.approx((0.6 + 0.85 + 1.7 / 3) / 3)
    assert measures.forgetting(R) == pytest.approx((0.5 + 0.5) / 2)
    assert measures.forgetting_since_learned(R) == pytest.approx((0.3 + 0.5) / 2)
    assert measures.backward_transfer(R) == pytest.approx(-(0.3 + 0.5) / 2)
    assert measures.forward_transfer(FULL, [0.5, 0.2, 0.1]) == pytest.approx((-0.1 + 0.2) / 2)
    assert measures.intransigence(R, [0.9, 0.9, 0.9]) == pytest.approx((0.3 + 0 - 0.1) / 3)


def test_against_the_sums_of_the_definitions():
    rng = np.random.default_rng(0)
    for n in range(2, 7):
        full, untrained, joint = rng.random((n, n)), rng.random(n), rng.random(n)
        known = [[full[k, j] if j <= k else None for j in range(n)] for k in range(n)]
        last = n - 1
        bwt = sum(full[last, j] - full[j, j] for j in range(last)) / last
        fwt = sum(full[j - 1, j] - untrained[j] for j in range(1, n)) / last
        best = sum(max(full[k, j] for k in range(j, last)) - full[last, j] for j in range(last))
        incremental = sum(sum(full[k, : k + 1]) / (k + 1) for k in range(n)) / n
        refused = sum(joint[j] - full[j, j] for j in range(n)) / n
        expected = {
            "final_accuracy": sum(full[last]) / n,
            "average_incremental_accuracy": incremental,
            "forgetting": best / last,
            "forgetting_since_learned": -bwt,
            "backward_transfer": bwt,
            "forward_transfer": fwt,
            "intransigence": refused,
        }
        for matrix in (full, known, full.tolist()):  # what is to come counts in none of them
            found = measures.continual_measures(
                matrix, ahead=full, untrained=untrained, joint=joint
            )
            assert found == pytest.approx(expected)


def test_forgetting_since_learned_is_never_more_than_from_the_best():
    rng = np.random.default_rng(1)
    for n in (2, 3, 5):
        matrix = rng.random((n, n))
        assert measures.forgetting_since_learned(matrix) <= measures.forgetting(matrix)


def test_one_task_forgets_and_transfers_nothing():
    assert measures.continual_measures([[0.75]], ahead=[0.5], untrained=[0.5], joint=[1.0]) == {
        "final_accuracy": 0.75,
        "average_incremental_accuracy": 0.75,
        "forgetting": 0.0,
        "forgetting_since_learned": 0.0,
        "backward_transfer": 0.0,
        "forward_transfer": 0.0,
        "intransigence": 0.25,
    }
    assert math.copysign(1, measures.forgetting_since_learned([[0.75]])) == 1, "not minus zero"


def test_what_learns_everything_at_once_has_its_accuracy_alone():
    at_once = [[None, None], [0.5, 1.0]]
    assert measures.continual_measures(at_once, ahead=[0, 0], untrained=[0, 0], joint=[1, 1]) == {
        "final_accuracy": 0.75
    }
    assert measures.continual_measures([[0.5, 1.0]]) == {"final_accuracy": 0.75}
    for measure in (measures.backward_transfer, measures.average_incremental_accuracy):
        with pytest.raises(ParameterError, match=r"task 0 has no .* row 0|row 0 lacks"):
            measure(at_once)


def test_rows_that_are_not_one_per_task():
    """Tasks are learned where they first have an accuracy: here two before the first row."""
    some = [[0.9, 0.8, None], [0.5, 0.4, 1.0]]
    assert measures.backward_transfer(some) == pytest.approx(-0.4)
    assert measures.forgetting(some) == pytest.approx(0.4)
    assert measures.average_incremental_accuracy(some) == pytest.approx((0.85 + 1.9 / 3) / 2)
    assert measures.intransigence(some, [1, 1, 1]) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: measures.backward_transfer([0.5, 0.6]), "one row says nothing of transfer"),
        (lambda: measures.backward_transfer([[None, None], [0.5, 0.5]]), "task 0 .* in row 0"),
        (lambda: measures.backward_transfer([[0.5, None], [0.5, None]]), "task 1 .*unfinished"),
        (lambda: measures.average_incremental_accuracy([[0.5], [None, 0.5]]), "task 0"),
        (
            lambda: measures.average_incremental_accuracy(
                [[0.5, None, None], [None, 0.5, None], [0.5, 0.5, 0.5]]
            ),
            "row 1 lacks",
        ),
        (lambda: measures.forward_transfer(R, [0, 0, 0]), "task 1 has no accuracy from before"),
        (lambda: measures.forward_transfer(FULL, [0, 0]), "3 tasks, but untrained 2"),
        (lambda: measures.forward_transfer(FULL[:2], [0, 0, 0]), "not 2 of 3 tasks"),
        (lambda: measures.forward_transfer([0.5, 0.5], [0.5, None]), "untrained: task 1"),
        (lambda: measures.intransigence(R, [0.5, 0.5]), "3 tasks, but joint 2"),
        (lambda: measures.intransigence(R, [0.5, None, 0.5]), "joint: task 1"),
    ],
)
def test_what_is_missing_is_named(call, message):
    with pytest.raises(ParameterError, match=message):
        call()


def test_definitions_are_there_for_all_measures_of_a_run():
    found = measures.continual_measures(FULL, ahead=FULL, untrained=R[-1], joint=R[-1])
    assert set(found) <= set(measures.DEFINITIONS)
    lines = measures.definition_lines([*found, *found])
    assert len(lines) == len(found), "each once"
    assert lines[0].startswith("average accuracy, %: mean over tasks")
    assert all("\n" not in line and len(line) < 250 for line in lines)
    labels = [one.label for one in measures.DEFINITIONS.values()]
    assert len(set(labels)) == len(labels)
    with pytest.raises(ParameterError, match="Did you mean 'forgetting'"):
        measures.definition_lines(["forgeting"])


def test_bytes():
    kept = {"a": np.zeros((3, 4), np.uint8), "b": np.zeros(5, np.float32), "c": [1.0, 2.0]}
    assert measures.stored_bytes(kept) == 12 + 20 + 16
    assert measures.stored_bytes({}) == 0
    with pytest.raises(KindError, match="kept"):
        measures.stored_bytes([np.zeros(3)])


def test_all_orders_of_small_matrices_are_bounded():
    values = (0.0, 0.5, 1.0)
    for a, b, c in itertools.product(values, repeat=3):
        found = measures.continual_measures([[a, None], [b, c]], joint=[1, 1])
        assert all(-1 <= value <= 1 for value in found.values())
