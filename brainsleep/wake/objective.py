"""What training minimises: the loss of a batch of images, over all outputs or some of them."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable

import torch
from torch import nn

from ..errors import ParameterError
from .checkpoints import Arrays
from .seeds_and_classes import class_numbers


class Objective:
    """What :func:`brainsleep.wake.train` minimises, batch by batch."""

    @property
    def key(self) -> str:
        """What else decides how training goes, for checkpoints: another key, another training."""
        return ""

    @property
    def reads_gradients(self) -> bool:
        """Whether gradients of the loss are looked at by anything but the step."""
        return True

    def loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch.

        Parameters
        ----------
        images : torch.Tensor, shape (n_images, ...)
            What the network takes.
        labels : torch.Tensor of int64, shape (n_images,)
            The class of each.

        Returns
        -------
        torch.Tensor, shape ()
            With a gradient.
        """
        raise NotImplementedError

    def after_step(self) -> None:
        """Look at a step that was taken; parameters still have the gradients of its loss."""

    def state(self) -> Arrays:
        """Return a copy of all that changes while training, beside network and optimizer."""
        return {}

    def restore(self, arrays: Arrays) -> None:
        """Go back to what :meth:`state` returned."""


class PlainObjective(Objective):
    """The loss of a network's outputs.

    Parameters
    ----------
    network : torch.nn.Module
        What is trained.
    kind : {"cross_entropy", "mse"}
        As in :class:`brainsleep.wake.Training`.
    is_open : torch.Tensor or None
        As in :func:`loss_of`.
    """

    def __init__(self, network: nn.Module, kind: str, is_open: torch.Tensor | None) -> None:
        self.network, self.kind, self.is_open = network, kind, is_open

    @property
    def key(self) -> str:
        """Which outputs enter the loss."""
        return "" if self.is_open is None else str(self.is_open.tolist())

    @property
    def reads_gradients(self) -> bool:
        """Whether this is another class, which may look at gradients after a step."""
        return type(self) is not PlainObjective

    def loss(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the mean loss of a batch."""
        return loss_of(self.network(images), labels, self.kind, self.is_open)


def open_outputs(
    classes: Iterable[int] | None, n_outputs: int, shown: Collection[int], name: str
) -> torch.Tensor | None:
    """Return for each output whether it enters the loss; None if all do.

    Parameters
    ----------
    classes : iterable of int or None
        Those whose outputs do; None: all.
    n_outputs : int
        Of the network.
    shown : collection of int
        The classes of the images that are learned.
    name : str
        What messages call these.

    Returns
    -------
    torch.Tensor of bool, shape (n_outputs,), or None

    Raises
    ------
    ParameterError
        If a class has no output, or a class that is learned would be left out.
    """
    if classes is None:
        return None
    labels = sorted(set(class_numbers(classes, "classes")))
    if not labels or labels[-1] >= n_outputs:
        raise ParameterError(
            f"classes must be class numbers from 0 to {n_outputs - 1}, at least one, not {labels}."
        )
    masked = sorted(set(shown) - set(labels))
    if masked:
        raise ParameterError(f"classes={labels!r} mask the classes {masked} of {name}'s images.")
    is_open = torch.zeros(n_outputs, dtype=torch.bool, device="cpu")
    is_open[labels] = True
    return is_open


def loss_of(
    outputs: torch.Tensor, labels: torch.Tensor, kind: str, is_open: torch.Tensor | None = None
) -> torch.Tensor:
    """Return the mean loss of a batch, over all outputs or the open ones.

    Parameters
    ----------
    outputs : torch.Tensor, shape (n_images, n_outputs)
        What the network gave.
    labels : torch.Tensor of int64, shape (n_images,)
        The class of each image.
    kind : {"cross_entropy", "mse"}
        As in :class:`brainsleep.wake.Training`.
    is_open : torch.Tensor of bool, shape (n_outputs,) or (n_images, n_outputs), optional
        Whether an output enters the loss: of all images, or of each.

    Returns
    -------
    torch.Tensor, shape ()
    """
    if kind == "cross_entropy":
        if is_open is not None:
            outputs = outputs.masked_fill(~is_open, -math.inf)
        return nn.functional.cross_entropy(outputs, labels)
    difference = outputs - nn.functional.one_hot(labels, outputs.shape[1])
    if is_open is not None:
        difference = difference * is_open
    return difference.square().mean()
