"""Tasks and scenarios."""

import pytest

from brainsleep import wake
from brainsleep.errors import DataError, ParameterError


def test_tasks_hold_their_classes_and_no_others(split, tasks):
    assert [task.index for task in tasks] == [0, 1, 2]
    assert [task.classes for task in tasks] == [(0, 1), (2, 3), (4, 5)]
    for task in tasks:
        assert task.train.classes == task.classes
        assert task.test.classes == task.classes
    assert sum(len(task.train) for task in tasks) == len(split.train)


@pytest.mark.parametrize(
    ("classes", "error", "message"),
    [
        ([], DataError, "no tasks"),
        ([[0, 1], []], DataError, "task 1"),
        ([[0, 1], [2, 9]], DataError, "task 1 .*class 9"),
        ([[0, 1], [1, 2]], ParameterError, "class 1 .*task 0 .*task 1"),
        ([[0, 0]], ParameterError, "class 0"),
        ([0, 1], ParameterError, "task 0"),
        (3, ParameterError, "classes"),
        ([[0, 1.5]], ParameterError, "task 0"),
        ([[0, True]], ParameterError, "task 0"),
        (["01"], ParameterError, "task 0"),
        ([[-1]], ParameterError, "task 0"),
    ],
)
def test_bad_tasks(split, classes, error, message):
    with pytest.raises(error, match=message):
        wake.class_incremental(split, classes)


def test_task_without_test_images(split):
    lame = wake.Split(split.train, split.test.of_classes([0, 1, 2]))
    with pytest.raises(DataError, match=r"task 1 .*test images of class 3"):
        wake.class_incremental(lame, [(0, 1), (2, 3)])


def test_scenarios_are_entries_of_a_table(split):
    classes = [(0, 1), (2, 3)]
    expected = wake.class_incremental(split, classes)
    tasks = wake.SCENARIOS["class-incremental"](split, classes)
    assert [task.classes for task in tasks] == [task.classes for task in expected]
