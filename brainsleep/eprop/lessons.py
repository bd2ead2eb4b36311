"""Learning by e-prop: gradients of one batch of trials after the other, followed by Adam."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import KW_ONLY, dataclass, replace

import numpy as np
import numpy.typing as npt
from brian2.units import Hz

from ..errors import KindError, ParameterError, brief
from ..support.calls import public
from ..support.checks import read_seed, whole_number
from ..support.parameters import check_parameters, parameter
from ..support.progress import progress_bar
from ..support.quantities import quantity
from .lsnn_weights import LINKS, LSNNWeights
from .prepared_lsnn import PreparedLSNN
from .trials import Task, drawn

#: What feedback may be called.
FEEDBACK = ("symmetric", "random", "shuffled")


@dataclass(frozen=True, eq=False)
class Learned:
    """What learning led to.

    Attributes
    ----------
    weights : LSNNWeights
        The weights at the end.
    accuracy : ndarray, shape (n_batches,)
        Share of right answers in each batch, before its gradient was followed.
    rates : ndarray, shape (n_batches,)
        Mean firing rate of the recurrent neurons in each batch, in Hz.
    """

    weights: LSNNWeights
    accuracy: npt.NDArray[np.float64]
    rates: npt.NDArray[np.float64]


@public
@dataclass(frozen=True)
class Lessons:
    """How an LSNN learns a task.

    Parameters
    ----------
    n_batches, batch_size : int
        Number of batches, and of trials in each.
    learning_rate : float
        That of Adam (Kingma, Ba 2015; moments fade by 0.9 and 0.999).
    feedback : str
        ``"symmetric"``: errors come back through the readouts' weights. ``"random"``: through
        random weights that stay the same. ``"shuffled"``, a control: through the readouts' weights,
        dealt out to other neurons anew in each batch.
    learns : collection of str
        Which weights learn: any of ``"input"``, ``"recurrent"``, ``"output"``.
    target_rate : Quantity or str
        Firing rate towards which each neuron is regulated.
    rate_strength : float
        How strongly; 0: not at all. Rates are those of the batch before that had the same task.

    Raises
    ------
    ParameterError, UnitsError
        Naming the parameter.
    """

    n_batches: int = 100
    batch_size: int = 32
    _: KW_ONLY
    learning_rate: float = parameter(3e-3, minimum=0, by_layer=False)
    feedback: str = parameter("symmetric", choices=FEEDBACK, by_layer=False)
    learns: Collection[str] = tuple(LINKS)
    target_rate: object = parameter(10 * Hz, Hz, minimum=0, by_layer=False)
    rate_strength: float = parameter(10.0, minimum=0, by_layer=False)

    def __post_init__(self) -> None:
        whole_number(self.n_batches, "lessons: n_batches", minimum=0)
        whole_number(self.batch_size, "lessons: batch_size", minimum=1)
        check_parameters(self, "lessons")
        given = self.learns
        is_many = isinstance(given, Collection) and not isinstance(given, str)
        if not is_many or any(one not in tuple(LINKS) for one in given):
            raise KindError(
                f"lessons: learns must be names out of {tuple(LINKS)}, not {brief(given)}."
            )

    @public
    def learn(
        self,
        network: PreparedLSNN,
        weights: LSNNWeights,
        task: Task | Sequence[Task],
        *,
        seed: int = 0,
        progress: bool = True,
    ) -> Learned:
        """Let a network learn a task, or several in turns.

        Parameters
        ----------
        network : PreparedLSNN
            The compiled network.
        weights : LSNNWeights
            What it knows already; not modified.
        task : task or sequence of tasks
            What it learns: `StoreRecall`, `DelayedXor`, or any object with a method
            ``draw(n_trials, seed)`` that returns `Trials`. Of several tasks, each batch has trials
            of the next; after the last comes the first again, and one that stands there twice is
            learned twice as often.
        seed : int
            Seed of the trials, and of random feedback.
        progress : bool
            Show a progress bar where there is a terminal or a notebook.

        Returns
        -------
        Learned
        """
        rng = np.random.default_rng([read_seed(seed), 3])
        fixed = rng.standard_normal(weights.output.shape) / np.sqrt(weights.output.shape[1])
        target = quantity(self.target_rate, Hz, "lessons: target_rate") * network.prepared.plan.dt
        # what the filter of the readouts makes of a constant signal is taken out of it again
        strength = self.rate_strength * (1 - network.kappa)
        tasks = list(task) if isinstance(task, Sequence) else [task]
        if not tasks:
            raise ParameterError("lessons: task is empty; give a task, or a list of tasks.")
        # one per task: else a neuron that fires in one task alone is pushed the wrong way
        rate_errors = {id(one): np.zeros(weights.recurrent.shape[0]) for one in tasks}
        adam = Adam.start(weights)
        accuracy, rates = [], []
        with progress_bar(self.n_batches, "learn", progress, unit="batch") as bar:
            for batch in range(self.n_batches):
                current = tasks[batch % len(tasks)]
                trials = drawn(current, self.batch_size, [seed, 4, batch])
                feedback = {
                    "symmetric": weights.output,
                    "random": fixed,
                    "shuffled": rng.permutation(weights.output, axis=1),
                }[self.feedback]
                found = network.run(
                    trials, weights, feedback=feedback, rate_error=rate_errors[id(current)]
                )
                adam, weights = adam.step(weights, found.gradient, self.learning_rate, self.learns)
                # steps of a trial in which something is asked, since gradients are means over them
                n_asked = trials.n_asked / len(trials)
                regulated = strength * n_asked / trials.spikes.shape[1]
                rate_errors[id(current)] = regulated * (found.rates - target)
                accuracy.append(found.n_correct(trials) / len(trials))
                rates.append(found.rates.mean() / network.prepared.plan.dt)
                bar.update(1)
        return Learned(weights, np.array(accuracy), np.array(rates))


@dataclass(frozen=True, eq=False)
class Adam:
    """The moments of gradients that Adam keeps.

    Attributes
    ----------
    mean, square : dict of str to ndarray
        By the names of `LSNNWeights`: fading means of gradients and of their squares.
    n_steps : int
        How many gradients there were.
    """

    mean: dict[str, npt.NDArray[np.float64]]
    square: dict[str, npt.NDArray[np.float64]]
    n_steps: int = 0

    @classmethod
    def start(cls, weights: LSNNWeights) -> Adam:
        """Return the moments before the first gradient."""
        zeros = {name: np.zeros_like(getattr(weights, name)) for name in LINKS}
        return cls(zeros, dict(zeros))

    def step(
        self,
        weights: LSNNWeights,
        gradient: LSNNWeights,
        learning_rate: float,
        learns: Collection[str],
    ) -> tuple[Adam, LSNNWeights]:
        """Return the moments after one more gradient, and the weights that have followed it."""
        n = self.n_steps + 1
        mean, square, changed = {}, {}, {}
        for name in LINKS:
            g = getattr(gradient, name)
            mean[name] = 0.9 * self.mean[name] + 0.1 * g
            square[name] = 0.999 * self.square[name] + 0.001 * g**2
            if name in learns:
                size = np.sqrt(square[name] / (1 - 0.999**n)) + 1e-8
                step = learning_rate * mean[name] / (1 - 0.9**n) / size
                changed[name] = getattr(weights, name) - step
        return Adam(mean, square, n), replace(weights, **changed)


@public
def answers_right(
    network: PreparedLSNN, weights: LSNNWeights, task: Task, n_trials: int, *, seed: int
) -> float:
    """Return the share of right answers in trials that were not learned from.

    Parameters
    ----------
    network, weights, task
        As for `Lessons.learn`.
    n_trials : int
        Number of trials.
    seed : int
        Their seed; trials of this function are never those of `Lessons.learn`.
    """
    whole_number(n_trials, "n_trials", minimum=1)
    trials = drawn(task, n_trials, [read_seed(seed), 5])
    return network.run(trials, weights, learns=False).n_correct(trials) / n_trials
