"""What accuracy matrices say, and means over seeds, against numbers worked out by hand."""

import copy
import math

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from brainsleep import measures
from brainsleep.errors import ParameterError
from brainsleep.measures.accuracy_matrix import accuracy_array

# The accuracies of three tasks, after each of them was learned.
BEFORE = [[0.9, None, None], [0.1, 0.8, None], [0.0, 0.2, 1.0]]
AFTER = [[0.8, None, None], [0.5, 0.9, None], [0.3, 0.4, 0.7]]


def test_final_accuracy():
    assert measures.final_accuracy(AFTER) == pytest.approx((0.3 + 0.4 + 0.7) / 3)


def test_forgetting():
    # best before the last row: 0.8 and 0.9; at the end: 0.3 and 0.4
    assert measures.forgetting(AFTER) == pytest.approx((0.5 + 0.5) / 2)
    assert measures.forgetting(BEFORE) == pytest.approx((0.9 + 0.6) / 2)


def test_forgetting_is_negative_if_tasks_became_better():
    assert measures.forgetting([[0.5, None], [0.75, 1.0]]) == -0.25


def test_recovered():
    # second night: 0.1 -> 0.5; third: 0 -> 0.3 and 0.2 -> 0.4. The task just learned is left out.
    assert measures.recovered(BEFORE, AFTER) == pytest.approx((0.4 + (0.3 + 0.2) / 2) / 2)
    assert measures.recovered(BEFORE, BEFORE) == 0


def test_one_task_has_nothing_to_forget_or_recover():
    assert measures.final_accuracy([[0.9]]) == 0.9
    assert measures.forgetting([[0.9]]) == 0
    assert measures.recovered([[0.9]], [[0.8]]) == 0


def test_accuracy_matrices_are_left_as_they_were():
    before, after = copy.deepcopy(BEFORE), copy.deepcopy(AFTER)
    measures.final_accuracy(after)
    measures.forgetting(after)
    measures.recovered(before, after)
    assert (before, after) == (BEFORE, AFTER)


def test_arrays_are_accuracy_matrices_too():
    complete = np.array([[0.5, 0.0], [0.25, 0.75]])
    kept = complete.copy()
    assert measures.final_accuracy(complete) == 0.5
    assert measures.forgetting(complete) == 0.25
    assert_array_equal(complete, kept)


def test_an_unfinished_run_has_no_final_accuracy():
    for measure in (measures.final_accuracy, measures.forgetting):
        with pytest.raises(ParameterError, match=r"task 1 .*unfinished"):
            measure([[0.9, None], [0.9, None]])


def test_forgetting_needs_an_earlier_accuracy():
    with pytest.raises(ParameterError, match="task 0 was not seen"):
        measures.forgetting([[None, None], [0.5, 0.5]])


def test_recovered_wants_matching_matrices():
    with pytest.raises(ParameterError, match="3 rows of 3 tasks, but after has 1 of 3"):
        measures.recovered(BEFORE, AFTER[:1])
    with pytest.raises(ParameterError, match="task 0 was learned before task 1"):
        measures.recovered([[1.0, None], [None, 1.0]], [[1.0, None], [0.5, 1.0]])


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ([], "must be a matrix"),
        (0.5, "must be a matrix"),
        ({0: [0.5]}, "must be a matrix"),
        ([[0.5], 0.6], "every row must be a list"),
        ([[0.5, 0.6], [0.5]], "the rows have 2, 1"),
        ([[]], "the rows have 0"),
        ([[1.2]], r"must be at most 1, but is 1\.2"),
        ([[-0.1]], r"must be at least 0, but is -0\.1"),
        ([[math.nan]], "task 0 has no accuracy in the last row"),
        ([[math.inf]], "must be finite, but is inf"),
        ([["0.5"]], "'0.5'"),
        ([[True]], "True"),
    ],
)
def test_what_is_no_accuracy_matrix(matrix, message):
    for measure in (measures.final_accuracy, measures.forgetting):
        with pytest.raises(ParameterError, match=message):
            measure(matrix)


def test_rows_of_the_tasks_seen_so_far_are_a_matrix():
    complete = [[0.9, None, None], [0.1, 0.8, None], [0.0, 0.2, 1.0]]
    growing = [[0.9], [0.1, 0.8], [0.0, 0.2, 1.0]]
    filled = np.array([[0.9, np.nan, np.nan], [0.1, 0.8, np.nan], [0.0, 0.2, 1.0]])
    for same in (growing, filled, accuracy_array(complete), [tuple(row) for row in growing]):
        assert_array_equal(accuracy_array(same), accuracy_array(complete))
        assert measures.forgetting(same) == measures.forgetting(complete)
        assert measures.recovered(same, same) == 0


def test_one_row_is_a_matrix_of_one_row():
    for row in ([0.2, 1.0], np.array([0.2, 1.0])):
        assert_array_equal(accuracy_array(row), [[0.2, 1.0]])
        assert measures.final_accuracy(row) == 0.6
        with pytest.raises(ParameterError, match="one row says nothing of forgetting"):
            measures.forgetting(row)
    assert_array_equal(accuracy_array([0.2, None]), [[0.2, np.nan]])
    assert measures.forgetting([0.9]) == 0


def test_summarise():
    summary = measures.summarise([0.6, 0.7, 0.8, 0.7])
    assert summary.mean == pytest.approx(0.7)
    assert summary.sd == pytest.approx(math.sqrt(0.02 / 3))
    assert summary.n == 4
    assert str(summary) == "0.700 ± 0.082 (n = 4)"


def test_summarise_a_single_seed():
    summary = measures.summarise(iter([0.5]))
    assert (summary.mean, summary.n) == (0.5, 1)
    assert math.isnan(summary.sd)
    assert str(summary) == "0.500 (n = 1)"


@pytest.mark.parametrize("values", [[], [0.5, math.nan], [math.inf]])
def test_summarise_refuses(values):
    with pytest.raises(ParameterError, match="values"):
        measures.summarise(values)
