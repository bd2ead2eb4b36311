"""Gradients of fully connected layers, added to the momentum by the product that makes them.

The gradient of such a layer's weights is a product of two matrices. Otherwise it is written to
memory of its own, and read again by the step that adds it to the momentum, which the change of
weights reads once more: at the usual sizes that takes as long as a third of the products. Here some
rows of the momentum get their gradient, and then the weights of these rows are changed while both
are near the processor. Inputs that are zero in all images are left out.

This is done where the numbers are the same bit by bit: the first batch of each size is learned as
otherwise, and tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

from .active_inputs import ActiveInputs
from .checkpoints import Arrays
from .product_layer import ProductLayer


@dataclass(frozen=True)
class Descent:
    """What takes the steps of a training.

    Attributes
    ----------
    step : callable
        Takes a step, in place of the optimizer's.
    settle : callable
        Puts weights and momenta where others look for them; steps may go on.
    """

    step: Callable[[], object]
    settle: Callable[[], object]

    def settled(self, read: Callable[[], Arrays]) -> Callable[[], Arrays]:
        """Return what reads weights and momenta when all is settled."""

        def read_settled() -> Arrays:
            self.settle()
            return read()

        return read_settled


@contextmanager
def momentum_products(
    network: nn.Module, optimizer: torch.optim.SGD, images: torch.Tensor | None = None
) -> Iterator[Descent]:
    """Add gradients of fully connected layers to the momentum as they are made, for a while.

    This is for a loss whose gradients nobody else reads, nor weights on the way: these parameters
    have none, and change while gradients are computed. All other parameters have theirs, and so
    have layers that a step passes more than once.

    Parameters
    ----------
    network : torch.nn.Module
        What is trained.
    optimizer : torch.optim.SGD
        As `brainsleep.wake.descent.sgd` returns it; it keeps the momentum, as otherwise.
    images : torch.Tensor, shape (n_images, ...), optional
        What is learned; inputs of the first layer that are zero in all are left out. Others may be
        shown, too.

    Yields
    ------
    Descent
        What takes the steps. Afterwards all is settled.
    """
    layers = list(_layers(network, optimizer))
    if layers and images is not None:
        inputs = ActiveInputs.of_images(images)
        if inputs is not None and layers[0].module.in_features == len(inputs.is_active):
            layers[0].inputs = inputs
    for one in layers:
        vars(one.module)["forward"] = one.forward

    def step() -> None:
        with torch.no_grad():
            for one in layers:
                one.before_step()
        optimizer.step()

    def settle() -> None:
        for one in layers:
            one.close()

    try:
        yield Descent(step, settle)
    finally:
        for one in layers:
            del vars(one.module)["forward"]
        settle()


def _layers(network: nn.Module, optimizer: torch.optim.SGD) -> Iterator[ProductLayer]:
    """Yield the layers that nothing but their own forward pass has to do with."""
    modules = list(network.modules())
    owners = [id(one) for module in modules for one in module._parameters.values()]
    groups = {
        id(parameter): group for group in optimizer.param_groups for parameter in group["params"]
    }
    for module in modules:
        weight = module._parameters.get("weight")
        if type(module) is not nn.Linear or weight is None or "forward" in vars(module):
            continue
        group = groups.get(id(weight), {})
        hooks = weight._backward_hooks or getattr(weight, "_post_accumulate_grad_hooks", None)
        if not group.get("fused") or owners.count(id(weight)) > 1 or hooks:
            continue
        momentum = float(group["momentum"])
        if momentum:
            yield ProductLayer(module, weight, group["lr"], momentum, optimizer.state[weight])
