"""What `task_accuracies` returns goes into measures and figures as it is, for every scenario."""

import math

import numpy as np
import pandas
import pytest
from matplotlib import pyplot
from numpy.testing import assert_allclose

from brainsleep import figures, measures, wake

N_CLASSES, N_PIXELS = 6, 16


def images(n_per_class, seed):
    """Classes that can be told apart: each has its own bright pixels."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(N_CLASSES), n_per_class))
    pixels = rng.random((len(labels), N_PIXELS)) * 0.8
    pixels[np.arange(len(labels)), labels] = 1.0
    return wake.Dataset("made up", pixels.astype(np.float32), labels, (4, 4))


SPLIT, OTHER = wake.Split(images(12, 0), images(7, 1)), wake.Split(images(9, 2), images(6, 3))
#: Every scenario there is, with tasks of unequal size where there may be.
SCENARIOS = {
    "class-incremental": lambda: wake.class_incremental(SPLIT, [[0, 1], [2, 3], [4, 5]]),
    "class-incremental, unequal": lambda: wake.class_incremental(SPLIT, [[0, 1, 2], [3], [4, 5]]),
    "task-incremental": lambda: wake.task_incremental(SPLIT, [[0, 1], [2, 3], [4, 5]]),
    "domain-incremental": lambda: wake.domain_incremental(SPLIT, [[0, 1], [2, 3], [4, 5]]),
    "permuted": lambda: wake.SCENARIOS["permuted"](SPLIT, n_tasks=3),
    "rotated": lambda: wake.SCENARIOS["rotated"](SPLIT, [0, 90, 180]),
    "noise": lambda: wake.SCENARIOS["noise"](SPLIT, ["clean", "gaussian", "clean"]),
    "cross-modal": lambda: wake.SCENARIOS["cross-modal"](SPLIT, OTHER),
    "cross-modal, shared outputs": lambda: wake.SCENARIOS["cross-modal"](
        SPLIT, OTHER, shared_outputs=True
    ),
}


def test_every_scenario_is_here():
    assert {name.partition(",")[0] for name in SCENARIOS} >= set(wake.SCENARIOS)


@pytest.fixture(params=SCENARIOS, scope="module")
def learned(request):
    """Return tasks, the network that has learned them, and all rows on the way."""
    tasks = SCENARIOS[request.param]()
    network = wake.mlp((N_PIXELS, 20, 2 * N_CLASSES), seed=1)
    untrained, ahead, full = wake.task_accuracies(network, tasks), [], []
    training = wake.Training(lr=0.1, momentum=0.5, batch_size=10, epochs=2)
    for task in tasks:
        ahead.append(wake.task_accuracies(network, tasks)[task.index])
        wake.train(network, task.train, training, seed=task.index, progress=False)
        full.append(wake.task_accuracies(network, tasks))
    return tasks, network, {"untrained": untrained, "ahead": ahead}, full


def shapes(full):
    """Return the same rows in all the shapes that they may have, tasks to come left out or not."""
    seen = [[*row[: k + 1], *[None] * (len(row) - k - 1)] for k, row in enumerate(full)]
    return {
        "full": full,
        "full array": np.array(full),
        "None": seen,
        "NaN": np.array(seen, dtype=float),
        "growing": [row[: k + 1] for k, row in enumerate(full)],
        "tuples": tuple(map(tuple, seen)),
    }


def test_rows_as_they_are_go_into_every_measure_and_figure(learned):
    _, _, given, full = learned
    expected = measures.continual_measures(full, **given, joint=full[-1])
    assert set(expected) == {
        "final_accuracy",
        "average_incremental_accuracy",
        "forgetting",
        "forgetting_since_learned",
        "backward_transfer",
        "forward_transfer",
        "intransigence",
    }
    assert all(math.isfinite(value) for value in expected.values())
    forms = shapes(full)
    for name, R in forms.items():
        assert measures.continual_measures(R, **given, joint=R) == pytest.approx(expected), name
        assert measures.recovered(R, R) == pytest.approx(0, abs=1e-12)
    figures.plot_accuracy_matrix(forms["None"])
    figures.plot_accuracy_before_after(forms["growing"], forms["NaN"])
    pyplot.close("all")


def test_one_row_goes_into_measures_and_figures(learned):
    tasks, network, _, full = learned
    row = wake.task_accuracies(network, tasks)
    assert row == full[-1]
    assert measures.final_accuracy(row) == pytest.approx(np.mean(row))
    assert measures.intransigence(full, row) == measures.intransigence(full, full)
    figures.plot_accuracy_matrix(wake.task_accuracies(network, tasks, 1))
    pyplot.close("all")


def test_confusion_accuracies_and_outputs_agree_with_the_rows(learned):
    """Each with the outputs that compete in its task, which are told to it in some scenarios."""
    tasks, network, _, full = learned
    outputs = []
    for task, expected in zip(tasks, full[-1], strict=True):
        confusion = wake.confusion_matrix(network, task.test, candidates=task.candidates)
        by_class = measures.per_class_accuracy(confusion)
        assert np.nanmean(by_class) == pytest.approx(expected)
        outputs.append(wake.network_outputs(network, task.test.images, candidates=task.candidates))
        found = measures.reliability(outputs[-1], task.test.labels)
        right = np.trace(confusion) / confusion.sum()
        assert np.nansum(found.accuracy * found.counts) / found.counts.sum() == pytest.approx(right)
    labels = np.concatenate([task.test.labels for task in tasks])
    assert 0 <= measures.calibration_error(np.concatenate(outputs), labels) <= 1
    total = wake.confusion_of(network, tasks)
    assert_allclose(np.trace(total) / total.sum(), _share_right(np.concatenate(outputs), labels))
    if len({len(set(task.test.labels)) for task in tasks}) == 1:
        assert wake.final_accuracy_of(network, tasks) == pytest.approx(
            measures.final_accuracy(full)
        )


def _share_right(outputs, labels):
    return np.mean(outputs.argmax(axis=1) == labels)


def test_a_data_frame_is_taken_as_its_values():
    """As `Run.after_sleep` is one; iterating over it gives the names of its columns."""
    R = [[0.9, math.nan], [0.5, 0.75]]
    frame = pandas.DataFrame(R, ["after task 1", "after task 2"], ["task 1", "task 2"])
    for measure in (measures.forgetting, measures.final_accuracy, measures.backward_transfer):
        assert measure(frame) == measure(R)
    shown, expected = (figures.plot_accuracy_matrix(one).images[0] for one in (frame, R))
    assert_allclose(shown.get_array(), expected.get_array())
    pyplot.close("all")
