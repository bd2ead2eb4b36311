"""Sequences of patterns, drawn from a seed, and a recurrent network that learns what comes next.

The same items occur in all sequences, in other orders, so that only what came before tells which
item is next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from ..errors import ParameterError, brief, reason
from ..support.calls import public
from ..support.checks import number, read_seed, whole_number

#: How many orders are drawn of which one is taken.
N_TRIES = 1000


@public
@dataclass(frozen=True, eq=False)
class PatternSequences:
    """Sequences of items, and the pattern that stands for each item.

    Attributes
    ----------
    items : ndarray of int64, shape (n_sequences, length)
        Which item is when.
    patterns : ndarray of float32, shape (n_items, n_inputs)
        0 or 1 for each input.
    """

    items: NDArray[np.int64]
    patterns: NDArray[np.float32]

    @property
    def images(self) -> NDArray[np.float32]:
        """The sequences as patterns, shape (n_sequences, length, n_inputs)."""
        return self.patterns[self.items]

    def transitions(self) -> NDArray[np.bool_]:
        """Return which item follows which in a sequence, shape (n_items, n_items).

        Row i is of the items that come after item i.
        """
        found = np.zeros((len(self.patterns),) * 2, bool)
        found[self.items[:, :-1], self.items[:, 1:]] = True
        return found


@public
def pattern_sequences(
    n_tasks: int,
    *,
    n_sequences: int = 2,
    length: int = 8,
    n_inputs: int = 60,
    n_active: int = 6,
    seed: int = 0,
) -> list[PatternSequences]:
    """Draw tasks, each of which is some sequences of the same items in other orders.

    Parameters
    ----------
    n_tasks : int
        How many tasks.
    n_sequences : int
        Sequences of each.
    length : int
        Items of a sequence, each of which comes once; it is the number of items, too. No item
        follows the same item in two sequences, as long as there are other items.
    n_inputs, n_active : int
        Inputs, and how many of them are 1 in each pattern.
    seed : int
        Of patterns and orders.

    Returns
    -------
    list of PatternSequences
        One per task, with the same patterns.

    Raises
    ------
    ParameterError
        If a number is out of range.
    """
    n_tasks = whole_number(n_tasks, "n_tasks", minimum=1)
    n_sequences = whole_number(n_sequences, "n_sequences", minimum=1)
    length = whole_number(length, "length", minimum=3)
    n_inputs = whole_number(n_inputs, "n_inputs", minimum=1)
    n_active = whole_number(n_active, "n_active", minimum=1)
    if n_active > n_inputs:
        raise ParameterError(f"n_active is {n_active}, but there are {n_inputs} inputs.")
    rng = np.random.default_rng(read_seed(seed))
    patterns = np.zeros((length, n_inputs), np.float32)
    for pattern in patterns:
        pattern[rng.choice(n_inputs, n_active, replace=False)] = 1
    taken = np.zeros((length, length), bool)
    orders = [_order(rng, taken) for _ in range(n_tasks * n_sequences)]
    return [
        PatternSequences(np.stack(orders[first : first + n_sequences]), patterns)
        for first in range(0, len(orders), n_sequences)
    ]


def _order(rng: np.random.Generator, taken: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Draw an order that shares the fewest transitions with those before, of many."""
    tries = [rng.permutation(len(taken)) for _ in range(N_TRIES)]
    shared = [int(taken[order[:-1], order[1:]].sum()) for order in tries]
    best = tries[int(np.argmin(shared))]
    taken[best[:-1], best[1:]] = True
    return best


@public
class ElmanNet(nn.Module):
    """A recurrent layer of ReLU neurons and an output that names the next item, without biases.

    Parameters
    ----------
    n_inputs, n_hidden, n_outputs : int
        Sizes of the layers.
    seed : int
        Of the first weights; torch's own random numbers stay as they are.

    Raises
    ------
    KindError, ParameterError
        Naming the size that is none.
    """

    def __init__(self, n_inputs: int, n_hidden: int, n_outputs: int, *, seed: int = 0) -> None:
        super().__init__()
        sizes = {"n_inputs": n_inputs, "n_hidden": n_hidden, "n_outputs": n_outputs}
        for name, size in sizes.items():
            whole_number(size, name, minimum=1)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(read_seed(seed))
            self.rnn = nn.RNN(n_inputs, n_hidden, nonlinearity="relu", batch_first=True, bias=False)
            self.fc = nn.Linear(n_hidden, n_outputs, bias=False)

    def forward(self, sequences: torch.Tensor) -> torch.Tensor:
        """Return a score for each item to be the next, after each step."""
        output: torch.Tensor = self.fc(self.rnn(sequences)[0])
        return output


@public
def learn_sequences(
    network: nn.Module,
    task: PatternSequences,
    *,
    n_updates: int = 300,
    learning_rate: float = 1e-3,
    noise: float = 0.05,
    seed: int = 0,
    until: Callable[[], bool] | None = None,
) -> float:
    """Train a network, in place, to name the next item of each sequence; return the last loss.

    Parameters
    ----------
    network : torch.nn.Module
        Takes (n, n_steps, n_inputs) and returns a score per item after each step. It is changed.
    task : PatternSequences
        What it learns.
    n_updates : int
        How many, each with all sequences.
    learning_rate : float
        Of Adam.
    noise : float
        Probability that an input is flipped, drawn anew in each update; in [0, 0.5].
    seed : int
        Of the noise.
    until : callable, optional
        Asked after every tenth update; when it returns True, learning ends.

    Raises
    ------
    ParameterError
        If a number is out of range, or the network does not fit the task.
    """
    n_updates = whole_number(n_updates, "n_updates", minimum=1)
    rate = number(learning_rate, "learning_rate", minimum=0, exclusive_minimum=True)
    optimiser = torch.optim.Adam(network.parameters(), lr=rate)
    rng = np.random.default_rng([read_seed(seed), 1])
    following = torch.from_numpy(task.items[:, 1:]).flatten()
    loss = torch.zeros(())
    for update in range(n_updates):
        if until is not None and update > 0 and update % 10 == 0 and until():
            break
        shown = torch.from_numpy(_flipped(task.images, noise, rng))[:, :-1]
        loss = functional.cross_entropy(_scores(network, shown, task).flatten(0, 1), following)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return float(loss.detach())


@public
def next_item_accuracy(
    network: nn.Module,
    task: PatternSequences,
    *,
    noise: float = 0.05,
    n_presentations: int = 50,
    seed: int = 0,
) -> float:
    """Return how often a network names the next item, over all steps but the last of each sequence.

    Parameters
    ----------
    network, task, noise
        As in `learn_sequences`; the network stays as it is.
    n_presentations : int
        How often each sequence is shown, with noise of its own.
    seed : int
        Of the noise, other than that of training.
    """
    n_shown = whole_number(n_presentations, "n_presentations", minimum=1)
    rng = np.random.default_rng([read_seed(seed), 2])
    images = np.repeat(task.images, n_shown, axis=0)
    with torch.no_grad():
        scores = _scores(network, torch.from_numpy(_flipped(images, noise, rng))[:, :-1], task)
    following = np.repeat(task.items[:, 1:], n_shown, axis=0)
    return float((scores.argmax(dim=-1).numpy() == following).mean())


def _scores(network: nn.Module, shown: torch.Tensor, task: PatternSequences) -> torch.Tensor:
    """Return the scores of items that a network gives; a ParameterError if they are none."""
    try:
        scores: torch.Tensor = network(shown)
    except (RuntimeError, ValueError) as error:
        raise ParameterError(
            f"network: cannot take sequences of {task.patterns.shape[1]} inputs, shape "
            f"{tuple(shown.shape)} ({reason(error)})."
        ) from None
    n_items = len(task.patterns)
    wanted = (*shown.shape[:2], n_items)
    if not isinstance(scores, torch.Tensor) or scores.shape != wanted:
        found = tuple(scores.shape) if isinstance(scores, torch.Tensor) else brief(scores)
        raise ParameterError(
            f"network: must return a score for each of {n_items} items after each step, shape "
            f"{wanted}, not {found}."
        )
    return scores


def _flipped(
    images: NDArray[np.float32], noise: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return 0/1 patterns of which each value is flipped with a probability."""
    probability = number(noise, "noise", minimum=0, maximum=0.5)
    return np.abs(images - (rng.random(images.shape) < probability)).astype(np.float32)
