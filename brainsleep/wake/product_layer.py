"""A fully connected layer whose gradient is added to the momentum by the product that makes it.

See `brainsleep.wake.momentum_products`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from .active_inputs import ActiveInputs, product

#: Bytes of weights that are changed at a time.
BLOCK_BYTES = 2**21


@dataclass(frozen=True)
class _Way:
    """How batches of one size are learned.

    Attributes
    ----------
    is_short : bool
        Whether momentum and weights are changed by the product; else it is written as otherwise.
    bounds : list of int or None
        Blocks of active inputs, if these alone give the same numbers.
    """

    is_short: bool
    bounds: list[int] | None = None


@dataclass(eq=False)
class ProductLayer:
    """A layer whose gradient is not written.

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
    inputs : ActiveInputs or None
        Those that are not always zero, if it may be the images that the layer takes.
    ways : dict of int to _Way
        By sizes of batches.
    tried : tuple or None
        Since the last step: size of a batch, and the gradient of its one product.
    n_seen : int
        How often the layer has been passed with a gradient since the last step.
    is_changed : bool
        Whether momentum and weights have been changed since the last step.
    """

    module: nn.Linear
    weight: nn.Parameter
    lr: float
    momentum: float
    state: dict[str, Any]
    inputs: ActiveInputs | None = None
    ways: dict[int, _Way] = field(default_factory=dict)
    tried: tuple[int, torch.Tensor] | None = None
    n_seen: int = 0
    is_changed: bool = False

    @property
    def buffer(self) -> torch.Tensor:
        """The momentum of the whole layer."""
        if "momentum_buffer" not in self.state:
            self.state["momentum_buffer"] = torch.zeros_like(self.weight)
        kept: torch.Tensor = self.state["momentum_buffer"]
        return kept

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pass the layer."""
        module = self.module
        self.n_seen += torch.is_grad_enabled()
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
            self.take_all_inputs()
            return nn.functional.linear(x, module.weight, module.bias)
        out: torch.Tensor = _Product.apply(x, self.weight, module.bias, self, self._active(x))
        return out

    def _active(self, x: torch.Tensor) -> torch.Tensor | None:
        """Return the inputs that are not always zero; None if the whole layer is passed."""
        way = self.ways.get(len(x))
        if self.inputs is None or way is None or way.bounds is None:
            self.close()
            return None
        active = None if x.requires_grad else self.inputs.values_in(x)
        if active is None or not self.inputs.open(self.weight, self.buffer):
            self.take_all_inputs()  # other images than those that are learned
            return None
        return active

    def out(self, x: torch.Tensor, active: torch.Tensor | None) -> torch.Tensor:
        """Return what the layer gives."""
        bias = self.module.bias
        if active is None or self.inputs is None or self.inputs.weight is None:
            return nn.functional.linear(x, self.weight, bias)
        bounds = self.ways[len(x)].bounds
        assert bounds is not None
        return product(active, self.inputs.weight, bias, bounds)

    def learn(
        self, out: torch.Tensor, x: torch.Tensor, active: torch.Tensor | None
    ) -> torch.Tensor | None:
        """Change momentum and weights by a gradient of the outputs, or return that of the weights.

        Parameters
        ----------
        out : torch.Tensor, shape (n, n_outputs)
            The gradient of the outputs.
        x, active : torch.Tensor
            As the layer was passed.
        """
        n, way = len(x), self.ways.get(len(x))
        if way is None or not way.is_short or self.n_seen > 1 or self.is_changed:
            gradient = out.t() @ x
            if way is None and self.n_seen == 1:
                self.tried = n, gradient
            return gradient
        self.is_changed = True
        inputs = self.inputs
        if active is None or inputs is None or inputs.weight is None or inputs.momentum is None:
            self._descend(self.weight, self.buffer, out.t(), x)
        else:
            self._descend(inputs.weight, inputs.momentum, out.t(), active)
        return None

    def _descend(
        self, weight: torch.Tensor, momentum: torch.Tensor, out: torch.Tensor, x: torch.Tensor
    ) -> None:
        """Add the gradient ``out @ x`` to the momentum, and take the step along it."""
        for rows in _blocks(weight):
            moving = momentum[rows].addmm_(out[rows], x, beta=self.momentum)
            weight[rows].add_(moving, alpha=-self.lr)

    def _way_of(self, n: int) -> _Way:
        """Return how batches of a size may be learned with the same numbers."""
        dtype, shape = self.weight.dtype, (self.weight.shape[0], self.weight.shape[1])
        if not _rounds_alike(dtype, self.momentum, n):
            return _Way(is_short=False)
        if self.inputs is None:
            return _Way(_is_same_in_rows(n, shape, dtype))
        x = _drawn(n, shape[1], dtype) * self.inputs.is_active
        bounds = None
        if _is_same_in_blocks(_drawn(shape[0], n, dtype), self.inputs.values_of(x)):
            bias = self.module.bias is not None
            bounds = self.inputs.bounds(x, _drawn(*shape, dtype), bias=bias)
        return _Way(_is_same_in_rows(n, shape, dtype), bounds)

    def before_step(self) -> None:
        """Note how a batch may be learned; take the gradient that has come another way."""
        gradient = self.weight.grad
        if self.tried is not None:
            n, of_product = self.tried
            is_all = gradient is not None and torch.equal(gradient, of_product)
            if not is_all or of_product.any():  # zeros tell nothing
                self.ways[n] = self._way_of(n) if is_all else _Way(is_short=False)
        elif gradient is not None:
            self.take_all_inputs()
        if gradient is not None and self.is_changed:
            self.buffer.add_(gradient)
            self.weight.add_(gradient, alpha=-self.lr)
            self.weight.grad = None
        self.tried, self.n_seen, self.is_changed = None, 0, False

    def close(self) -> None:
        """Put weights and momenta of active inputs back into those of the whole layer."""
        if self.inputs is not None and self.inputs.weight is not None:
            with torch.no_grad():
                self.inputs.close(self.weight, self.buffer)

    def take_all_inputs(self) -> None:
        """Leave out no inputs from now on."""
        self.close()
        self.inputs = None


def _drawn(n_rows: int, n_columns: int, dtype: torch.dtype) -> torch.Tensor:
    """Return random numbers between -0.5 and 0.5."""
    random = torch.Generator().manual_seed(n_columns)
    drawn = torch.rand(n_rows, n_columns, generator=random, dtype=dtype, device="cpu")
    return drawn.sub_(0.5)


@functools.cache
def _is_same_in_rows(n: int, shape: tuple[int, int], dtype: torch.dtype) -> bool:
    """Tell whether gradients of weights of a shape are the same, some rows each."""
    return _is_same_in_blocks(_drawn(shape[0], n, dtype), _drawn(n, shape[1], dtype))


def _is_same_in_blocks(out: torch.Tensor, x: torch.Tensor) -> bool:
    """Tell whether a gradient ``out @ x`` is the same, some rows each."""
    gradient = out @ x
    return all(torch.equal(out[rows] @ x, gradient[rows]) for rows in _blocks(gradient))


def _blocks(weight: torch.Tensor) -> list[slice]:
    """Return the rows that are changed at a time."""
    n_rows = max(1, BLOCK_BYTES // (weight.shape[1] * weight.element_size()))
    return [slice(start, start + n_rows) for start in range(0, len(weight), n_rows)]


class _Product(torch.autograd.Function):
    """What `torch.nn.functional.linear` does, but for where the gradient of the weights goes."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        layer: ProductLayer,
        active: torch.Tensor | None,
    ) -> torch.Tensor:
        ctx.save_for_backward(x, weight, active)
        ctx.layer = layer
        return layer.out(x, active)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, out: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        x, weight, active = ctx.saved_tensors
        wants_x, wants_weight, wants_bias, *_ = ctx.needs_input_grad
        of_x = out @ weight if wants_x else None  # before the weights are changed
        of_weight = ctx.layer.learn(out, x, active) if wants_weight else None
        return of_x, of_weight, out.sum(0) if wants_bias else None, None, None


@functools.cache
def _rounds_alike(dtype: torch.dtype, momentum: float, n: int) -> bool:
    """Tell whether a product rounds before it is added to something, as one that is written does.

    That is up to the library, the processor and the size of a batch; a small product tells.
    """
    random = torch.Generator().manual_seed(0)
    draw = functools.partial(torch.randn, generator=random, dtype=dtype, device="cpu")
    out, x, moving = draw(n, 48), draw(n, 160), draw(48, 160)
    expected = moving * momentum + out.t() @ x
    return torch.equal(torch.addmm(moving, out.t(), x, beta=momentum), expected)
