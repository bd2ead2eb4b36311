"""Scenarios that cut a data set by class: which tasks they make, and what competes in them."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from toy_tasks import QUICK, Reads, assert_same_weights, random_dataset, weights, with_predictions

from brainsleep import wake
from brainsleep.errors import DataError, ParameterError
from brainsleep.experiments.model_files.task_sections import TasksSection
from brainsleep.wake.tasks import highest_label

#: Scenarios whose tasks are groups of classes.
BY_CLASS = ("class-incremental", "task-incremental", "domain-incremental")


def labels_of(tasks):
    return [task.classes for task in tasks]


@given(n_classes=st.integers(1, 9), data=st.data())
def test_groups_of_all_classes(n_classes, data):
    """Every class is in one task, sizes differ by one at most, larger ones come first."""
    one = random_dataset(2, n_classes)
    split = wake.Split(one, one)
    n_tasks = data.draw(st.none() | st.integers(1, n_classes))
    order = data.draw(st.none() | st.just("seed") | st.permutations(range(n_classes)))
    seed = data.draw(st.integers(0, 2**63 - 1))
    tasks = wake.class_incremental(split, n_tasks=n_tasks, class_order=order, seed=seed)
    sizes = [len(task.classes) for task in tasks]
    assert len(tasks) == (n_tasks or max(1, n_classes // 2))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] - sizes[-1] <= 1
    together = list(chain(*labels_of(tasks)))
    assert sorted(together) == list(range(n_classes))
    if order != "seed":
        assert together == list(range(n_classes) if order is None else order)
    again = wake.class_incremental(split, n_tasks=n_tasks, class_order=order, seed=seed)
    assert labels_of(again) == labels_of(tasks)
    for task in tasks:
        assert task.train.classes == tuple(sorted(task.classes))
        assert len(task.train) == 2 * len(task.classes)


def test_the_seed_exchanges_classes_and_keeps_the_sizes_of_groups(split):
    groups = [[0], [1, 2, 3], [4, 5]]
    orders = {
        tuple(labels_of(wake.class_incremental(split, groups, class_order="seed", seed=seed)))
        for seed in range(20)
    }
    assert len(orders) > 10
    for order in orders:
        assert list(map(len, order)) == [1, 3, 2]
        assert sorted(chain(*order)) == list(range(6))


@pytest.mark.parametrize("name", BY_CLASS)
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"classes": [[0, 1]], "n_tasks": 1}, ParameterError, "classes and n_tasks both"),
        ({"classes": [[0]], "class_order": [0]}, ParameterError, "classes and class_order both"),
        ({"n_tasks": 7}, ParameterError, "n_tasks is 7, but there are 6 classes"),
        ({"n_tasks": 0}, ParameterError, "n_tasks must be at least 1"),
        ({"class_order": "random"}, ParameterError, "'seed' or a list of class numbers"),
        ({"class_order": [0, 0]}, ParameterError, "class 0 is named twice"),
        ({"class_order": [0, 9]}, DataError, "no training images of class 9"),
        ({"class_order": []}, ParameterError, "there are 0 classes"),
        ({"class_order": "seed", "seed": -1}, ParameterError, "seed must be at least 0"),
        ({"classes": []}, DataError, "there are no tasks"),
    ],
)
def test_options_that_make_no_sense(split, name, options, error, message):
    with pytest.raises(error, match=message):
        wake.SCENARIOS[name](split, **options)


def test_domains_are_labelled_by_the_place_of_a_class_in_its_group(split):
    tasks = wake.domain_incremental(split, [[5, 0, 2], [4, 3, 1]])
    assert labels_of(tasks) == [(0, 1, 2)] * 2
    assert highest_label(tasks) == 2
    originals = wake.class_incremental(split, [[5, 0, 2], [4, 3, 1]])
    for task, original in zip(tasks, originals, strict=True):
        assert task.name == original.name
        for one, other in ((task.train, original.train), (task.test, original.test)):
            assert np.array_equal(one.images, other.images)
            assert [original.classes[label] for label in one.labels] == other.labels.tolist()
    with pytest.raises(ParameterError, match=r"task 0 has 2 classes, task 1 1"):
        wake.domain_incremental(split, [[0, 1], [2]])


def test_right_within_each_task_and_wrong_across_them():
    """All outputs that are too large belong to the other task."""
    images = np.array([[3, 1, 9, 8], [1, 3, 8, 9], [9, 8, 3, 1], [8, 9, 1, 3]]) / 9
    one = wake.Dataset("made up", images, [0, 1, 2, 3], (4,))
    split = wake.Split(one, one)
    apart, told = wake.class_incremental(split), wake.task_incremental(split)
    assert wake.task_accuracies(Reads(), apart) == [0, 0]
    assert wake.final_accuracy_of(Reads(), apart) == 0
    assert wake.task_accuracies(Reads(), told) == [1, 1]
    assert wake.final_accuracy_of(Reads(), told) == 1
    assert np.array_equal(wake.confusion_of(Reads(), told), np.eye(4))
    assert wake.confusion_of(Reads(), apart).trace() == 0
    assert wake.predict(Reads(), images, candidates=[3, 0]).tolist() == [3, 3, 0, 0]
    assert wake.class_accuracies(Reads(), one, [0], candidates=[0, 1]).tolist() == [1]


def test_accuracy_over_tasks_that_share_labels_is_the_mean_over_tasks():
    """Class 0 of the first task: 2 of 2; class 0 of the second: 0 of 1; class 1 of it: 1 of 1."""
    sets = [
        with_predictions([0, 0], [0, 0], 2),
        with_predictions([0, 1], [1, 1], 2),
    ]
    tasks = [wake.Task(k, one.classes, one, one) for k, one in enumerate(sets)]
    assert wake.final_accuracy_of(Reads(), tasks) == 0.75
    # one by one the classes have 2/3 and 1
    assert wake.accuracy(Reads(), wake.concatenate(sets)) == pytest.approx(5 / 6)


def test_classes_may_be_named_where_they_have_names(split: wake.Split) -> None:
    names = ("ant", "bee", "cow", "dog", "eel", "fox")
    named = replace(split, class_names=names)
    for scenario in (wake.class_incremental, wake.task_incremental, wake.domain_incremental):
        found = scenario(named, classes=[["cow", "ant"], ["dog", 1]])
        by_number = scenario(split, classes=[[2, 0], [3, 1]])
        assert [one.classes for one in found] == [one.classes for one in by_number]
        for one, other in zip(found, by_number, strict=True):
            assert np.array_equal(one.train.labels, other.train.labels)
    order = ["fox", "cow", 0, "bee", 3, "eel"]
    assert wake.class_incremental(named, class_order=order)[0].classes == (5, 2)
    section = TasksSection(classes=[["ant", "bee"], ["cow", "dog"]])
    assert [one.classes for one in section.tasks(named, 0)] == [(0, 1), (2, 3)]
    section = TasksSection(class_order=order)
    assert section.tasks(named, 0)[0].classes == (5, 2)
    with pytest.raises(ParameterError, match=r"classes of task 1: no .* 'cat'\. .* mean 'ant'\?"):
        wake.class_incremental(named, [["ant"], ["cat"]])
    with pytest.raises(ParameterError, match=r"'ant' is a name, but the classes of \w+ have none"):
        wake.class_incremental(split, class_order=["ant"])


def test_candidates_are_checked(split, network):
    task = wake.class_incremental(split)[0]
    assert replace(task, candidates=[3, 1, 0, 1]).candidates == (0, 1, 3)
    for candidates in ([0], [], "01", [-1, 0, 1], [0, 1.5]):
        with pytest.raises(ParameterError, match="candidates"):
            replace(task, candidates=candidates)
    for candidates in ([], [6], [-1]):
        with pytest.raises(ParameterError, match="candidates"):
            wake.predict(network, split.test.images, candidates=candidates)
    for measure in (wake.final_accuracy_of, wake.confusion_of):
        with pytest.raises(DataError, match="no tasks"):
            measure(network, [])


def test_training_leaves_the_outputs_of_other_tasks_alone(split, network):
    told = wake.task_incremental(split)
    trained = wake.train_strategy("sequential", network, told[:1], QUICK, progress=False)
    before, after = (list(one.parameters())[-1].detach().numpy() for one in (network, trained))
    assert np.array_equal(before[2:], after[2:])
    assert not np.array_equal(before[:2], after[:2])
    masked = wake.train_strategy("sequential_masked", network, told, QUICK, progress=False)
    plain = wake.train_strategy("sequential", network, told, QUICK, progress=False)
    assert_same_weights(weights(masked), weights(plain))


def test_being_told_the_task_prevents_forgetting(split, network):
    training = wake.Training(lr=0.2, momentum=0.5, batch_size=10, epochs=20)
    scores = {}
    for scenario in ("class-incremental", "task-incremental"):
        tasks = wake.SCENARIOS[scenario](split)
        for name in ("sequential", "joint"):
            trained = wake.train_strategy(name, network, tasks, training, progress=False)
            scores[scenario, name] = wake.final_accuracy_of(trained, tasks)
    assert scores["class-incremental", "sequential"] < 0.5
    assert scores["task-incremental", "sequential"] > 0.9
    assert scores["task-incremental", "joint"] == scores["class-incremental", "joint"] == 1


def test_joint_training_knows_the_task_of_each_image(split, network):
    """The softmax is over the two outputs of the image's own task, whatever its batch."""
    told = wake.task_incremental(split, [[0, 5], [1, 2], [3, 4]])
    partners = torch.tensor([5, 2, 1, 4, 3, 0])
    union = wake.concatenate([task.train for task in told])
    learner = wake.Learner(network, told, 2, QUICK, seed=0)
    outputs = network.eval()(torch.tensor(union.images))
    labels = torch.tensor(union.labels)
    own, other = (outputs.gather(1, one[:, None]) for one in (labels, partners[labels]))
    expected = nn.functional.softplus(other - own).mean()
    loss = wake.STRATEGIES["joint"]().batch(learner, torch.tensor(union.images), labels)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
