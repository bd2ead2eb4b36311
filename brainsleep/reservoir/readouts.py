"""Linear readouts of states: ridge regression whose penalty is chosen on validation data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError
from ..support.array_values import check_shape, numbers, read_array
from ..support.calls import public

#: Penalties that are tried, for states of variance 1.
PENALTIES = tuple(float(10.0**k) for k in range(-3, 5))
#: Part of the largest standard deviation below which states are not scaled up to variance 1.
CONSTANT, RARE = 1e-6, 0.1


@public
@dataclass(frozen=True)
class Part:
    """States, and what a readout should make of them.

    Parameters
    ----------
    states : array_like, shape (n, n_features)
        One row per example.
    targets : array_like, shape (n,)
        Labels, or numbers.

    Raises
    ------
    KindError, ParameterError
        If states are no finite numbers, or do not fit the targets.
    """

    states: NDArray[np.float64]
    targets: NDArray[Any]

    def __post_init__(self) -> None:
        states = numbers(self.states, "part: states", shape=(None, None))
        targets = read_array(self.targets, "part: targets")
        check_shape(targets, "part: targets", (len(states),))
        object.__setattr__(self, "states", states)  # the class is frozen
        object.__setattr__(self, "targets", targets)


@dataclass(frozen=True)
class ReadoutResult:
    """What a readout reached.

    Attributes
    ----------
    validation, test : float
        Accuracy in [0, 1]; or the root of the mean squared error, divided by the standard deviation
        of the targets (NRMSE).
    penalty : float
        That was best on validation data.
    """

    validation: float
    test: float
    penalty: float


@public
def classify(
    train: Part, validation: Part, test: Part, penalties: Sequence[float] = PENALTIES
) -> ReadoutResult:
    """Fit a ridge classifier, choose its penalty on validation data, and measure on test data.

    The same as `sklearn.linear_model.RidgeClassifier`, with one decomposition for all penalties.

    Parameters
    ----------
    train, validation, test : Part
        States and labels.
    penalties : sequence of float
        That are tried; of equal ones the first.

    Returns
    -------
    ReadoutResult
        Accuracies.

    Raises
    ------
    KindError, ParameterError
        If penalties are none, or the parts have other numbers of features.
    """
    classes = np.unique(train.targets)
    wanted = np.where(train.targets[:, None] == classes, 1.0, -1.0)

    def accuracy(answers: NDArray[np.float64], labels: NDArray[Any]) -> float:
        return float(np.mean(classes[answers.argmax(axis=1)] == labels))

    mean, spread = _moments(train)
    spread[spread <= CONSTANT * spread.max()] = 1.0
    return _best(train, validation, test, wanted, accuracy, penalties, (mean, spread))


@public
def regress(
    train: Part, validation: Part, test: Part, penalties: Sequence[float] = PENALTIES
) -> ReadoutResult:
    """Fit a ridge regression, choose its penalty on validation data, and measure on test data.

    The same as `sklearn.linear_model.Ridge`. Features whose standard deviation is less than a tenth
    of the largest are divided by that tenth: what hardly ever happened in training would
    otherwise be large, without bounds, when it does happen.

    Parameters
    ----------
    train, validation, test : Part
        States and numbers.
    penalties : sequence of float
        That are tried; of equal ones the first.

    Returns
    -------
    ReadoutResult
        Normalised root mean squared errors.

    Raises
    ------
    KindError, ParameterError
        As `classify`; and for targets that are no numbers, or all the same.
    """

    def less_error(answers: NDArray[np.float64], targets: NDArray[Any]) -> float:
        return -nrmse(answers[:, 0], targets)

    for part in (train, validation, test):
        numbers(part.targets, "part: targets")
        if np.ptp(part.targets) == 0:
            raise ParameterError(
                "part: targets are all the same, so that errors have no standard deviation to be "
                "divided by."
            )
    wanted = np.asarray(train.targets, dtype=np.float64)[:, None]
    mean, spread = _moments(train)
    scale = mean, np.maximum(spread, RARE * spread.max() or 1.0)
    found = _best(train, validation, test, wanted, less_error, penalties, scale)
    return ReadoutResult(-found.validation, -found.test, found.penalty)


def nrmse(answers: NDArray[np.float64], targets: NDArray[Any]) -> float:
    """Return the root of the mean squared error, divided by the standard deviation of targets."""
    return float(np.sqrt(np.mean((answers - targets) ** 2)) / np.std(targets))


def _moments(part: Part) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return means and standard deviations of the features."""
    return part.states.mean(axis=0), part.states.std(axis=0)


def _best(
    train: Part,
    validation: Part,
    test: Part,
    wanted: NDArray[np.float64],
    score: Callable[[NDArray[np.float64], NDArray[Any]], float],
    penalties: Sequence[float],
    scale: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> ReadoutResult:
    """Return what the penalty reaches that is best on validation data."""
    tried = numbers(penalties, "penalties", shape=(None,), minimum=0)
    n_features = train.states.shape[1]
    for part in (validation, test):
        check_shape(part.states, "part: states", (None, n_features))
    mean, spread = scale
    states = [(part.states - mean) / spread for part in (train, validation, test)]
    middle = wanted.mean(axis=0)
    solve = _ridge(states[0], wanted - middle)
    found = []
    for penalty in tried:
        weights = solve(float(penalty))
        answers = [one @ weights + middle for one in states[1:]]
        on_validation = score(answers[0], validation.targets)
        on_test = score(answers[1], test.targets)
        found.append(ReadoutResult(on_validation, on_test, float(penalty)))
    return max(found, key=lambda one: one.validation)  # of equal ones the first


def _ridge(
    states: NDArray[np.float64], wanted: NDArray[np.float64]
) -> Callable[[float], NDArray[np.float64]]:
    """Return what solves ridge regression for a penalty, by products of features or of examples."""
    n_examples, n_features = states.shape
    if n_features <= n_examples:
        values, vectors = np.linalg.eigh(states.T @ states)
        seen = vectors.T @ (states.T @ wanted)
        return lambda penalty: vectors @ (seen / (values + penalty)[:, None])
    values, vectors = np.linalg.eigh(states @ states.T)
    seen = vectors.T @ wanted
    return lambda penalty: states.T @ (vectors @ (seen / (values + penalty)[:, None]))
