"""Evaluation: predictions and accuracies."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn
from toy_tasks import Reads, random_dataset, with_predictions

from brainsleep import figures, measures, wake
from brainsleep.errors import DataError, ParameterError
from brainsleep.wake.evaluation import chance_level


def test_accuracy_is_the_unweighted_mean_over_classes():
    # Class 0: 4 of 4 right; class 1: 1 of 2; class 2: 0 of 1. Of all images 5/7 are right.
    dataset = with_predictions([0, 0, 0, 0, 1, 1, 2], [0, 0, 0, 0, 1, 2, 0], 4)
    assert wake.class_accuracies(Reads(), dataset).tolist() == [1.0, 0.5, 0.0]
    assert wake.class_accuracies(Reads(), dataset, [2, 1]).tolist() == [0.0, 0.5]
    assert wake.accuracy(Reads(), dataset) == pytest.approx(0.5)
    expected = [[4, 0, 0, 0], [0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    assert wake.confusion_matrix(Reads(), dataset).tolist() == expected


def test_all_classes_compete():
    """An image taken for another task's class is wrong, though right within its own task."""
    split = wake.Split(
        with_predictions([0, 1, 2, 3], [0, 1, 2, 3], 4),
        with_predictions([0, 1, 2, 3, 3], [2, 1, 2, 3, 3], 4),
    )
    tasks = wake.class_incremental(split, [(0, 1), (2, 3)])
    assert wake.task_accuracies(Reads(), tasks) == [0.5, 1.0]
    assert wake.task_accuracies(Reads(), tasks, 1) == [0.5, None]
    assert wake.task_accuracies(Reads(), tasks, 0) == [None, None]
    for n_seen in (-1, 3, 1.0, True):
        with pytest.raises(ParameterError, match="n_seen"):
            wake.task_accuracies(Reads(), tasks, n_seen)

    # as measures and figures take them
    everything = wake.task_accuracies(Reads(), tasks)
    for rows in (
        [wake.task_accuracies(Reads(), tasks, n_seen) for n_seen in (1, 2)],
        [wake.task_accuracies(Reads(), tasks[:n_seen]) for n_seen in (1, 2)],
        [everything, everything],
    ):
        assert measures.final_accuracy(rows) == 0.75
        assert measures.forgetting(rows) == 0
        assert len(figures.plot_accuracy_matrix(rows).get_yticks()) == 2
    assert measures.final_accuracy(everything) == 0.75
    assert len(figures.plot_accuracy_matrix(everything).get_yticks()) == 1


def test_predict_evaluates(network, split):
    """Dropout is off, batches do not matter, nothing is left behind."""
    dataset = random_dataset(n_per_class=400)  # more than one batch
    modes = [module.training for module in network.modules()]
    predictions = wake.predict(network, dataset.images)
    assert predictions.dtype == np.int64
    assert [module.training for module in network.modules()] == modes
    assert all(p.grad is None for p in network.parameters())
    twin = copy.deepcopy(network).eval()
    with torch.no_grad():
        expected = twin(torch.tensor(dataset.images)).argmax(1).numpy()
    assert np.array_equal(predictions, expected)
    assert wake.predict(network, dataset.images[:0]).tolist() == []
    assert wake.predict(network, dataset.images[:3].tolist()).shape == (3,)


def test_predict_spares_the_images():
    images = np.full((2, 3), -1.0, dtype=np.float32)
    wake.predict(nn.Sequential(nn.ReLU(inplace=True)), images)
    assert (images == -1).all()


def test_ties_go_to_the_lower_class():
    assert wake.predict(Reads(), np.ones((2, 5))).tolist() == [0, 0]


def test_evaluation_refuses(network, split):
    with pytest.raises(DataError, match="class 9"):
        wake.class_accuracies(network, split.test, [0, 9])
    nothing = split.test.subset([])
    for measure in (wake.accuracy, wake.class_accuracies, wake.confusion_matrix):
        with pytest.raises(DataError):
            measure(network, nothing)
    with pytest.raises(ParameterError, match=r"\(2, 17\)"):
        wake.predict(network, np.zeros((2, 17)))
    with pytest.raises(ParameterError, match="n_outputs"):
        wake.predict(nn.Flatten(0), np.zeros((2, 17)))
    with pytest.raises(ParameterError, match="label 5"):
        wake.confusion_matrix(wake.mlp((16, 3)), split.test)
    with torch.no_grad():
        network[0].weight[0, 0] = math.nan
    with pytest.raises(ParameterError, match="NaN"):
        wake.accuracy(network, split.test)
    assert network.training


def test_the_level_of_chance_is_that_of_the_classes_that_compete():
    data = with_predictions([0, 1, 2, 3], [0, 1, 2, 3], 4)
    split = wake.Split(data, data)
    tasks = wake.class_incremental(split, [(0, 1), (2, 3)])
    assert chance_level(tasks) == 0.25
    assert chance_level(wake.task_incremental(split, [(0, 1), (2, 3)])) == 0.5
    assert chance_level(wake.task_incremental(split, [(0, 1, 2), (3,)])) is None
