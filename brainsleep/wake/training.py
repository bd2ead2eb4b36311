"""Training: plain stochastic gradient descent, the same on every run with the same seed."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..errors import DataError, ParameterError
from ..support.calls import public
from ..support.checks import known_name, number, whole_number
from ..support.names import text
from ..support.progress import progress_bar
from .checkpoints import Checkpoints, TrainingState, network_digest
from .contexts import mode_of, seeded
from .descent import no_gradients_at_rest, sgd
from .dropout_draws import dropout_draws
from .given_data import LabelledImages, as_dataset
from .interface import as_network_input, count_outputs
from .learning_rates import parameter_groups, read_rates
from .momentum_products import Descent, momentum_products
from .objective import Objective, PlainObjective, open_outputs
from .seeds_and_classes import checked_seed

#: Losses by name; see :class:`Training`.
LOSSES = ("cross_entropy", "mse")


@public
@dataclass(frozen=True)
class Training:
    """How a network learns while awake.

    The defaults are those of the model file ``split_mnist_heaviside``.

    Parameters
    ----------
    lr : float or sequence of float, optional
        Learning rate, more than 0. See Notes for ``"mse"``. A sequence has one for each module
        that has parameters of its own, in the order of the network's modules: 0 leaves a module
        as it is, as long as one of them learns.
    momentum : float, optional
        In [0, 1). Each call of :func:`train` starts from rest.
    batch_size : int, optional
        Number of images per batch; the last batch of an epoch may be smaller.
    epochs : int, optional
        Passes over the data.
    loss : {"cross_entropy", "mse"}, optional
        ``"cross_entropy"``: of the softmax over all outputs. ``"mse"``: squared error against
        one-hot targets, averaged over images and outputs.

    Raises
    ------
    ParameterError
        If a field makes no sense; the message names it.

    Notes
    -----
    The MATLAB code of Tadros et al. 2022 takes half the squared error *summed* over outputs.
    Its gradient is n_outputs / 2 times the gradient of the mean used here: with ten outputs,
    its learning rate 0.1 corresponds to ``lr=0.5``.
    """

    lr: float | Sequence[float] = 0.05
    momentum: float = 0.5
    batch_size: int = 25
    epochs: int = 4
    loss: str = "cross_entropy"

    def __post_init__(self) -> None:
        """Check every field."""
        object.__setattr__(self, "lr", read_rates(self.lr))
        number(self.momentum, "momentum", minimum=0, maximum=1, exclusive_maximum=True)
        whole_number(self.batch_size, "batch_size", minimum=1)
        whole_number(self.epochs, "epochs", minimum=1)
        known_name(self.loss, "loss", LOSSES)


@public
def training_seed(seed: int, task_index: int, purpose: str = "wake") -> int:
    """Derive the seed of one training run from the seed of the whole experiment.

    A run's seed depends on nothing that came before it, so an experiment resumed at task k
    continues exactly as if it had never stopped.

    Parameters
    ----------
    seed : int
        Seed of the experiment, 0 or more.
    task_index : int
        Which task, from 0.
    purpose : str, optional
        What is drawn. Methods that are compared with each other share ``"wake"``: they
        then see the same batches in the same order.

    Returns
    -------
    int
        In [0, 2**63); different for each combination.

    Raises
    ------
    ParameterError
        If `seed` or `task_index` is not a whole number, 0 or more.
    """
    # crc32, unlike hash(), is the same everywhere
    words = (
        whole_number(task_index, "task_index"),
        zlib.crc32(text(purpose, "purpose").encode(errors="surrogatepass")),
    )
    sequence = np.random.SeedSequence(checked_seed(seed), spawn_key=words)
    return int(sequence.generate_state(1, np.uint64)[0] >> 1)


@public
def train(
    network: nn.Module,
    dataset: LabelledImages,
    training: Training | None = None,
    *,
    seed: int,
    classes: Iterable[int] | None = None,
    objective: Objective | None = None,
    progress: bool = True,
    description: str = "training",
    checkpoints: Checkpoints | None = None,
) -> list[float]:
    """Train a network **in place** with stochastic gradient descent.

    The optimizer is new in every call. Images are shuffled anew in every epoch.

    Parameters
    ----------
    network : torch.nn.Module
        Takes images of shape (n, n_pixels), gives outputs of shape (n, n_outputs). Its weights
        change; its modes and its device stay, and gradients are cleared.
    dataset : Dataset or pair of arrays
        What to learn: also images and labels, or a torch Dataset of such pairs.
    training : Training, optional
        How to learn. Default: ``Training()``.
    seed : int
        Fixes the order of images and the neurons that Dropout silences; on the same machine
        with the same number of torch threads, weights come out bit by bit the same. Torch's
        global random state is left as it was.
    classes : iterable of int, optional
        Mask: only the outputs of these classes enter the loss. Others are out of the softmax
        (or add no squared error), so their output weights do not change.
    objective : brainsleep.wake.objective.Objective, optional
        What to minimise in place of ``training.loss``; then there are no `classes` to give.
    progress : bool, optional
        Show a progress bar.
    description : str, optional
        Words before the bar.
    checkpoints : brainsleep.wake.checkpoints.Checkpoints, optional
        Where the state after epochs is kept, so that training that was cut off goes on there.

    Returns
    -------
    list of float
        The mean loss per image of each epoch, taken while training.

    Raises
    ------
    DataError
        If there are no images.
    ParameterError
        If network and data do not fit, a label has no output or is masked, nothing can be
        trained, or the loss stops being finite.
    """
    dataset = as_dataset(dataset)
    training = Training() if training is None else training
    seed, description = checked_seed(seed), text(description, "description")
    if len(dataset) == 0:
        raise DataError(f"{dataset.name} has no images to train on.")
    parameters = [p for p in network.parameters() if p.requires_grad]
    if not parameters:
        raise ParameterError(
            "the network has no parameters that require a gradient: nothing to train."
        )

    device = parameters[0].device
    images = as_network_input(network, dataset.images)
    labels = torch.tensor(dataset.labels, device=device)
    n_outputs = count_outputs(network, dataset)
    if objective is None:
        is_open = open_outputs(classes, n_outputs, dataset.classes, dataset.name)
        is_open = None if is_open is None else is_open.to(device)
        objective = PlainObjective(network, training.loss, is_open)
    elif classes is not None:
        raise ParameterError("classes mask the loss of training; an objective has its own.")

    def loss_of(batch: torch.Tensor) -> torch.Tensor:
        with torch.enable_grad():
            return objective.loss(images[batch], labels[batch])

    groups = parameter_groups(network, training.lr)
    optimizer = sgd(network, groups, float(training.momentum))
    shuffle = torch.Generator().manual_seed(seed)
    batch_size, n_images = int(training.batch_size), len(dataset)
    n_batches = -(-n_images // batch_size)
    losses: list[float] = []
    state = TrainingState(network, optimizer, shuffle, losses, objective)
    kept = None
    if checkpoints is not None:
        what = (training, seed, dataset.name, n_images)
        kept = checkpoints.next_training(lambda: (*what, objective.key, network_digest(network)))
    with (
        seeded(seed, network),
        mode_of(network, training=True),
        no_gradients_at_rest(groups),
        dropout_draws(network),
        _stepping(network, optimizer, objective, images) as descent,
        progress_bar(
            training.epochs * n_batches, description, enabled=progress, unit="batch"
        ) as bar,
    ):
        if kept is not None and (arrays := kept.read()) is not None:
            state.take(arrays)
            bar.update(len(losses) * n_batches)
        for epoch in range(len(losses), training.epochs):
            order = torch.randperm(n_images, generator=shuffle, device="cpu").to(device)
            batches = order.split(batch_size)
            total = _train_epoch(
                optimizer, descent.step, batches, loss_of, objective.after_step, bar.update
            )
            losses.append(total / n_images)
            if not math.isfinite(losses[-1]):
                raise ParameterError(
                    f"training diverged: the loss of epoch {epoch + 1} is {losses[-1]}; "
                    f"try less than lr={training.lr!r}."
                )
            if kept is not None:
                kept.keep(descent.settled(state.arrays), is_last=epoch + 1 == training.epochs)
    optimizer.zero_grad()
    return losses


def _stepping(
    network: nn.Module, optimizer: torch.optim.SGD, objective: Objective, images: torch.Tensor
) -> AbstractContextManager[Descent]:
    """Return what yields the steps of gradient descent, the fastest that give the same numbers."""
    if objective.reads_gradients:
        return nullcontext(Descent(optimizer.step, lambda: None))
    return momentum_products(network, optimizer, images)


def _train_epoch(
    optimizer: torch.optim.Optimizer,
    step: Callable[[], object],
    batches: Sequence[torch.Tensor],
    loss_of: Callable[[torch.Tensor], torch.Tensor],
    after_step: Callable[[], object],
    report: Callable[[int], object],
) -> float:
    """Take one step per batch of image numbers; return the sum of all images' losses."""
    total = torch.zeros((), dtype=torch.float64, device=batches[0].device)
    for batch in batches:
        loss = loss_of(batch)
        optimizer.zero_grad()
        loss.backward()
        step()
        after_step()
        total += loss.detach() * len(batch)
        report(1)
    return total.item()
