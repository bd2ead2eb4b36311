"""Trials in which something must be kept in mind: store and recall, and delayed exclusive or."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, brief
from ..support.array_values import check_shape, numbers, read_array
from ..support.calls import public
from ..support.checks import read_seed, whole_number
from ..support.parameters import check_parameters, parameter

#: Groups of inputs: the two values, the cue to store, the cue to answer, and one for each task.
GROUPS = ("value 0", "value 1", "store", "recall", "task 0", "task 1")

#: Steps at the end of a trial without input or question, in which the last error is learned from.
REST = 2


@public
@dataclass(frozen=True, eq=False)
class Trials:
    """Trials, one after the other.

    Parameters
    ----------
    spikes : array_like of bool, shape (n_trials, n_steps, n_inputs)
        Input spikes: all 0 or 1.
    targets : array_like of int, shape (n_trials, n_steps)
        Number of the readout that should be on in each step; -1 where nothing is asked, as in the
        last two steps of each trial, in which the last error reaches the synapses.

    Raises
    ------
    KindError, ParameterError
        If they are something else.
    """

    spikes: npt.NDArray[np.bool_]
    targets: npt.NDArray[np.int_]

    def __post_init__(self) -> None:
        spikes = read_array(self.spikes, "trials: spikes")
        if spikes.dtype != bool:
            numbers(spikes, "trials: spikes", minimum=0, maximum=1)
            if (spikes % 1 != 0).any():
                raise ParameterError("trials: spikes must all be 0 or 1; probabilities are not.")
            spikes = spikes.astype(bool)
        check_shape(spikes, "trials: spikes", (None, None, None))
        targets = numbers(self.targets, "trials: targets", shape=spikes.shape[:2])
        if (targets % 1 != 0).any():
            raise ParameterError("trials: targets must be whole numbers, those of readouts or -1.")
        if (targets[:, -REST:] >= 0).any():
            raise ParameterError(
                f"trials: targets must be -1 in the last {REST} steps of a trial, in which its "
                "last error reaches the synapses; add steps without a question."
            )
        object.__setattr__(self, "spikes", spikes)  # the class is frozen
        object.__setattr__(self, "targets", targets.astype(int))

    def __len__(self) -> int:
        """Return the number of trials."""
        return len(self.spikes)

    @property
    def answers(self) -> npt.NDArray[np.int_]:
        """The readout that should be on when it is asked for, one per trial."""
        return self.targets.max(axis=1)

    @property
    def n_asked(self) -> int:
        """In how many steps of all trials something is asked."""
        return int((self.targets >= 0).sum())


class Task(Protocol):
    """What a network can learn: anything that draws trials."""

    def draw(self, n_trials: int, seed: object) -> Trials:
        """Return random trials, the same for the same seed.

        Parameters
        ----------
        n_trials : int
            How many.
        seed : sequence of int
            As `numpy.random.default_rng` takes it.
        """
        ...


def drawn(task: Task, n_trials: int, seed: list[int]) -> Trials:
    """Return trials of a task.

    Raises
    ------
    KindError
        If what is given draws none.
    """
    draw = None if isinstance(task, type) else getattr(task, "draw", None)
    if draw is None:
        raise KindError(
            "task must be a task like StoreRecall(), or an object with a method "
            f"draw(n_trials, seed), not {brief(task)}."
        )
    trials = draw(n_trials, seed)
    if not isinstance(trials, Trials):
        raise KindError(
            f"task: draw must return bs.eprop.Trials(spikes, targets), not {brief(trials)}."
        )
    return trials


@public
@dataclass(frozen=True)
class DelayedTask:
    """A task in which values must be kept in mind until a cue asks for the answer.

    A trial is a row of intervals. In each of them, groups of inputs fire at random: one of the two
    values, a cue, and the task's own group throughout. `StoreRecall` and `DelayedXor`, which derive
    from this class, say when.

    Parameters
    ----------
    n_intervals : int
        Number of intervals in a trial.
    steps : int
        Number of steps of an interval.
    group_size : int
        Number of inputs in each group.
    probability : float
        Probability of a spike of each input of an active group in each step.
    first_output : int
        Number of the readout for the answer 0; the next is for 1.

    Raises
    ------
    ParameterError
        Naming the parameter.
    """

    n_intervals: int = 10
    steps: int = 50
    group_size: int = 20
    _: KW_ONLY
    probability: float = parameter(0.1, minimum=0, maximum=1, by_layer=False)
    first_output: int = 0

    #: Which of the groups of tasks fires.
    number: ClassVar[int] = 0

    def __post_init__(self) -> None:
        whole_number(self.n_intervals, "task: n_intervals", minimum=6)
        for name in ("steps", "group_size"):
            whole_number(getattr(self, name), f"task: {name}", minimum=1)
        whole_number(self.first_output, "task: first_output", minimum=0)
        check_parameters(self, "task")

    @property
    def n_inputs(self) -> int:
        """Number of inputs."""
        return len(GROUPS) * self.group_size

    @property
    def n_steps(self) -> int:
        """Number of steps of a trial."""
        return self.n_intervals * self.steps + REST

    @public
    def draw(self, n_trials: int, seed: object) -> Trials:
        """Return random trials.

        Parameters
        ----------
        n_trials : int
            How many.
        seed : int or sequence of int
            Seed of what is shown and of the input spikes.
        """
        rng = np.random.default_rng(_seed(seed))
        n = whole_number(n_trials, "n_trials", minimum=1)
        active = np.zeros((n, self.n_intervals, len(GROUPS)), dtype=bool)
        active[:, :, GROUPS.index("task 0") + self.number] = True
        targets = np.full((n, self.n_steps), -1)
        for trial in range(n):
            asked, answer = self._show(active[trial], rng)
            first = asked * self.steps
            targets[trial, first : first + self.steps] = self.first_output + answer
        probability = self.probability * np.repeat(active, self.group_size, axis=2)
        spikes = np.zeros((n, self.n_steps, self.n_inputs), dtype=bool)
        shown = np.repeat(probability, self.steps, axis=1)
        spikes[:, : -REST or None] = rng.random(shown.shape) < shown
        return Trials(spikes, targets)

    def _show(self, active: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[int, int]:
        """Fill in which groups fire; return the interval of the question and the answer."""
        raise ParameterError(
            "DelayedTask has no trials of its own; take StoreRecall or DelayedXor."
        )


@public
@dataclass(frozen=True)
class StoreRecall(DelayedTask):
    """A value is shown in each interval; the one shown with the cue to store is to be recalled.

    It is stored in the first or second interval and recalled in a later one, at least two on, in
    which no value is shown. The answer is the value.
    """

    def _show(self, active: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[int, int]:
        stored = int(rng.integers(2))
        asked = int(rng.integers(stored + 2, self.n_intervals))
        values = rng.integers(2, size=self.n_intervals)
        active[np.arange(self.n_intervals), values] = True
        active[asked, :2] = False
        active[stored, 2] = active[asked, 3] = True
        return asked, int(values[stored])


@public
@dataclass(frozen=True)
class DelayedXor(DelayedTask):
    """Two values with silence between them and before the question: do they differ.

    The first is shown in the first interval, the second in the third or a later one.
    """

    number: ClassVar[int] = 1

    def _show(self, active: npt.NDArray[np.bool_], rng: np.random.Generator) -> tuple[int, int]:
        second = int(rng.integers(2, self.n_intervals - 2))
        asked = int(rng.integers(second + 1, self.n_intervals))
        values = rng.integers(2, size=2)
        for interval, value in zip((0, second), values, strict=True):
            active[interval, [value, 2]] = True
        active[asked, 3] = True
        return asked, int(values[0] ^ values[1])


def _seed(seed: object) -> list[int]:
    """Return a seed, or several together, as whole numbers."""
    if isinstance(seed, (list, tuple)):
        return [read_seed(one) for one in seed]
    return [read_seed(seed)]
