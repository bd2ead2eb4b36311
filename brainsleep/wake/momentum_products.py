"""Gradients of fully connected layers, added to the momentum by the product that makes them.

The gradient of such a layer's weights is a product of two matrices. Otherwise it is written to
memory of its own, and read again by the step that adds it to the momentum: at the usual sizes that
takes as long as a fifth of the products. This is done where the numbers are the same bit by bit.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(eq=False)
class _Layer:
    """A layer whose gradient is never written.

    Attributes
    ----------
    module : torch.nn.Linear
        The layer.
    weight : torch.nn.Parameter
        Its weights.
    lr, momentum : float
        Of the weights.
    state : dict
        What the optimizer keeps of them.
    n_seen : int
        How often the layer has been passed with a gradient since the last step.
    is_added : bool
        Whether the gradient has been added to the momentum since the last step.
    """

    module: nn.Linear
    weight: nn.Parameter
    lr: float
    momentum: float
    state: dict[str, Any]
    n_seen: int = 0
    is_added: bool = False

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass the layer."""
        module = self.module
        is_plain = (
            module._parameters.get("weight") is self.weight  # not put in its place for a while
            and self.weight.requires_grad
            and torch.is_grad_enabled()
            and not torch.is_autocast_enabled("cpu")
            and type(x) is torch.Tensor
            and x.ndim == 2
            and x.dtype is self.weight.dtype
        )
        if not is_plain:
            return nn.functional.linear(x, module.weight, module.bias)
        self.n_seen += 1
        out: torch.Tensor = _Product.apply(x, self.weight, module.bias, self)
        return out

    def add(self, out: torch.Tensor, x: torch.Tensor) -> None:
        """Add the gradient to the momentum: out.T @ x, with the gradient of the outputs."""
        if "momentum_buffer" not in self.state:
            self.state["momentum_buffer"] = torch.zeros_like(self.weight)
        kept = 1.0 if self.is_added else self.momentum
        self.state["momentum_buffer"].addmm_(out.t(), x, beta=kept)
        self.is_added = True

    def step(self) -> None:
        """Take a step along the momentum, if there was a gradient."""
        if self.is_added:
            self.weight.add_(self.state["momentum_buffer"], alpha=-self.lr)
        self.n_seen, self.is_added = 0, False


class _Product(torch.autograd.Function):
    """What `torch.nn.functional.linear` does, but for where the gradient of the weights goes."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, layer: _Layer
    ) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        ctx.layer = layer
        return nn.functional.linear(x, weight, bias)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, out: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        wants_x, wants_weight, wants_bias, _ = ctx.needs_input_grad
        of_weight = None
        if wants_weight and ctx.layer.n_seen > 1:  # summed up before the momentum is touched
            of_weight = out.t() @ x
        elif wants_weight:
            ctx.layer.add(out, x)
        of_x = out @ weight if wants_x else None
        return of_x, of_weight, out.sum(0) if wants_bias else None, None


@contextmanager
def momentum_products(
    network: nn.Module, optimizer: torch.optim.SGD
) -> Iterator[Callable[[], None]]:
    """Add gradients of fully connected layers to the momentum as they are made, for a while.

    This is for a loss whose gradients nobody else reads: these parameters have none. All other
    parameters have theirs, and so have layers that a step passes more than once.

    Parameters
    ----------
    network : torch.nn.Module
        What is trained.
    optimizer : torch.optim.SGD
        As `brainsleep.wake.descent.sgd` returns it; it keeps the momentum, as otherwise.

    Yields
    ------
    callable
        Takes a step, in place of the optimizer's.
    """
    layers = list(_layers(network, optimizer))
    for one in layers:
        vars(one.module)["forward"] = one.forward

    def step() -> None:
        optimizer.step()
        with torch.no_grad():
            for one in layers:
                one.step()

    try:
        yield step
    finally:
        for one in layers:
            del vars(one.module)["forward"]


def _layers(network: nn.Module, optimizer: torch.optim.SGD) -> Iterator[_Layer]:
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
        if momentum and _rounds_alike(weight.dtype, momentum):
            yield _Layer(module, weight, group["lr"], momentum, optimizer.state[weight])


@functools.cache
def _rounds_alike(dtype: torch.dtype, momentum: float) -> bool:
    """Tell whether a product rounds before it is added to something, as one that is written does.

    That is up to the library and the processor; a small product tells.
    """
    random = torch.Generator().manual_seed(0)
    draw = functools.partial(torch.randn, generator=random, dtype=dtype, device="cpu")
    out, x, moving = draw(25, 48), draw(25, 160), draw(48, 160)
    expected = moving * momentum + out.t() @ x
    return torch.equal(torch.addmm(moving, out.t(), x, beta=momentum), expected)
