"""What a network says of tasks: each image passes it once, and all numbers are those of others."""

import numpy as np
import pytest
import torch
from toy_tasks import Reads, random_dataset, with_predictions

from brainsleep import wake
from brainsleep.errors import DataError, ParameterError
from brainsleep.wake.evaluation import network_outputs
from brainsleep.wake.task_answers import TaskAnswers


class Counting(Reads):
    """Counts the images that pass it."""

    n_images = 0

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.n_images += len(images)
        return super().forward(images)


def tasks_of() -> tuple[wake.Task, ...]:
    dataset = with_predictions([0, 1, 2, 3, 3], [2, 1, 2, 3, 0], 4)
    return wake.class_incremental(wake.Split(dataset, dataset), [(0, 1), (2, 3)])


def test_each_image_passes_once_and_when_it_is_needed() -> None:
    network, tasks = Counting(), tasks_of()
    answers = TaskAnswers(network, tasks)
    assert network.n_images == 0
    assert answers.row(1) == wake.task_accuracies(Reads(), tasks, 1)
    assert answers.accuracy_on(0) == answers.accuracies[0]
    assert network.n_images == 5
    assert answers.row(2) == answers.accuracies == wake.task_accuracies(Reads(), tasks)
    assert answers.final_accuracy == wake.final_accuracy_of(Reads(), tasks)
    np.testing.assert_array_equal(answers.confusion, wake.confusion_of(Reads(), tasks))
    expected = [network_outputs(Reads(), one.test.images) for one in tasks]
    np.testing.assert_array_equal(answers.outputs, np.concatenate(expected))
    assert network.n_images == 5


def test_what_cannot_be_asked() -> None:
    with pytest.raises(DataError, match="there are no tasks"):
        TaskAnswers(Reads(), [])
    (task,) = wake.class_incremental(wake.Split(random_dataset(), random_dataset()), [(0, 5)])
    with pytest.raises(ParameterError, match="has the label 5, but the network has only 3 outputs"):
        TaskAnswers(wake.mlp((16, 3)), [task]).accuracy_on(0)
    with pytest.raises(ParameterError, match="not list"):
        TaskAnswers(Listing(), [task]).accuracy_on(0)


class Listing(torch.nn.Module):
    """Gives no tensor."""

    def forward(self, images: torch.Tensor) -> list[float]:
        return [0.0] * len(images)
