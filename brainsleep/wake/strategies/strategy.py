"""What all strategies have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from ..datasets import Dataset
from ..learner import Learner
from ..tasks import Task
from .options import declared_options


@dataclass(frozen=True, eq=False)
class Strategy:
    """A way to learn several tasks; this one learns each as if there were no other.

    A strategy of one's own derives from this class and overrides what it does otherwise. Its
    parameters are fields, declared with :func:`brainsleep.wake.strategies.options.option`. What
    it remembers lies in ``kept``, and nowhere else: then training that is cut off goes on,
    and bytes are counted.

    Attributes
    ----------
    kind : str
        Its name in model files and in :data:`brainsleep.wake.STRATEGIES`.
    label : str
        What tables of results call it.
    description : str
        What it does, in one line.
    source : str
        Where it comes from.
    is_control : bool
        Whether it stands for another explanation of what sleep does, rather than for a method.
    once : bool
        Whether it learns nothing until the last task has come, and then all of them.
    has_chance : bool
        Whether anything is drawn, as the network's first weights: else all seeds may give the same.
    reads_gradients : bool
        Whether its methods look at gradients while a task is learned. Where they do not, layers
        need not have any, which is faster; not inherited, as a class derived may look at them.
    kept : dict of str to torch.Tensor
        What it remembers between tasks, and within one.
    """

    kind: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]
    source: ClassVar[str]
    is_control: ClassVar[bool] = False
    once: ClassVar[bool] = False
    has_chance: ClassVar[bool] = True
    reads_gradients: ClassVar[bool] = True

    kept: dict[str, torch.Tensor] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the parameters."""
        for name, declared in declared_options(self).items():
            declared.check(getattr(self, name), name)

    def parameters(self) -> dict[str, Any]:
        """Return the parameters by name."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.init}

    def before_task(self, learner: Learner, task: Task) -> None:
        """Get ready for a task."""

    def trains(self, learner: Learner, task: Task) -> bool:
        """Tell whether the network is trained on a task."""
        return True

    def data(self, learner: Learner, task: Task) -> Dataset:
        """Return the images that training goes over."""
        return task.train

    def batch(self, learner: Learner, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of a batch, as :meth:`brainsleep.wake.objective.Objective.loss`."""
        return learner.loss(learner.network(images), labels)

    def after_step(self, learner: Learner) -> None:
        """Look at a step of training; parameters still have the gradients of its loss."""

    def after_task(self, learner: Learner, task: Task) -> None:
        """Do what is to be done when a task has been learned."""

    def readout(self, network: nn.Module) -> nn.Module:
        """Return what classifies.

        Parameters
        ----------
        network : torch.nn.Module
            As it is after some task, or after a night.

        Returns
        -------
        torch.nn.Module
            The network itself, or a module around it with outputs (n_images, n_classes); the
            largest is the answer.
        """
        return network

    @property
    def stored_bytes(self) -> int:
        """Bytes that are kept between tasks, beside the network."""
        return sum(one.numel() * one.element_size() for one in self.kept.values())

    def state(self) -> dict[str, np.ndarray]:
        """Return a copy of all that decides how the strategy goes on."""
        return {name: one.to("cpu", copy=True).numpy() for name, one in self.kept.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go back to what :meth:`state` returned."""
        self.kept.clear()
        self.kept.update({name: torch.tensor(one, device="cpu") for name, one in state.items()})

    def move(self, device: torch.device) -> None:
        """Move what is kept to where the network is."""
        self.kept.update({name: one.to(device) for name, one in self.kept.items()})


def keepable(tensor: torch.Tensor) -> torch.Tensor:
    """Return a copy without gradient, in a type that NumPy knows too (so not in bfloat16)."""
    kind = torch.float32 if tensor.dtype is torch.bfloat16 else tensor.dtype
    return tensor.detach().to(kind, copy=True)
