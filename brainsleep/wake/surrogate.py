r"""Spike functions: a hard step whose gradient is replaced by a smooth one, and a smooth step.

A spike is :math:`s = \Theta(x)` with :math:`x = v - \theta`, membrane potential minus threshold.
The derivative of the step :math:`\Theta` is 0 everywhere but at the threshold, so nothing could
be learned through it. *Surrogate gradients* (:class:`FastSigmoid`, :class:`Arctan`) keep the
exact step in the forward pass and put another derivative in its place in the backward pass; the
function that is optimised is then not quite the function that is evaluated. The *smooth
threshold* (:class:`SmoothThreshold`) replaces the step itself: its gradient is exact, but its
outputs are graded, not spikes, until it is steep enough.

All take and return tensors of any floating-point type, on any device, and work element by
element (:math:`x` has the units of the weights). They keep no state, so one object can serve any
number of layers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.autograd.function import FunctionCtx

from ..errors import KindError, brief
from ..support.calls import public
from ..support.checks import known_name, number

#: Takes x = v - threshold, membrane potentials minus threshold, and returns spikes.
SpikeFunction = Callable[[torch.Tensor], torch.Tensor]


@public
@dataclass(frozen=True)
class FastSigmoid:
    r"""The hard step, with the derivative of the fast sigmoid in the backward pass.

    .. math::

        s = \Theta(x) = [x \ge 0], \qquad
        \frac{\partial s}{\partial x} := \frac{1}{(1 + k |x|)^2}

    which is the derivative of the fast sigmoid :math:`x / (1 + k|x|)`.

    Parameters
    ----------
    steepness : float, optional
        :math:`k > 0`, per unit of x. The surrogate is 1 at the threshold whatever k is, and
        1/4 at a distance of 1/k; the area under it is 2/k. So a steeper one passes on less of the
        gradient.

    Raises
    ------
    ParameterError
        If `steepness` is not a number above 0.

    References
    ----------
    Zenke, Ganguli 2018, Neural Computation 30:1514-1541 (SuperSpike; :math:`\beta` there is
    :math:`k` here).

    Examples
    --------
    >>> x = torch.tensor([-0.1, 0.0, 0.1], requires_grad=True)
    >>> spikes = FastSigmoid(steepness=10)(x)
    >>> spikes.detach()
    tensor([0., 1., 1.])
    >>> spikes.sum().backward()
    >>> x.grad
    tensor([0.2500, 1.0000, 0.2500])
    """

    steepness: float = 1.0

    def __post_init__(self) -> None:
        """Check the steepness."""
        object.__setattr__(self, "steepness", _steepness(self.steepness))

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return 1 where `x` is 0 or more, else 0, with the surrogate gradient."""
        return _step(x, self.derivative)

    def derivative(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the backward pass takes for ds/dx."""
        return (1 + self.steepness * x.abs()).square().reciprocal()


@public
@dataclass(frozen=True)
class Arctan:
    r"""The hard step, with the derivative of an arctan in the backward pass.

    .. math::

        s = \Theta(x) = [x \ge 0], \qquad
        \frac{\partial s}{\partial x} := \frac{k / 2}{1 + (\pi k x / 2)^2}

    which is the derivative of :math:`\arctan(\pi k x / 2) / \pi + 1/2`, a smooth step from 0
    to 1. Its tails fall as :math:`1/x^2`, like those of :class:`FastSigmoid`; but the area
    under it is 1, so a steeper one is higher.

    Parameters
    ----------
    steepness : float, optional
        :math:`k > 0`, per unit of x. The surrogate is k/2 at the threshold. The default 2 gives
        the paper's :math:`1 / (1 + (\pi x)^2)`.

    Raises
    ------
    ParameterError
        If `steepness` is not a number above 0.

    References
    ----------
    Fang, Yu, Chen, Masquelier, Huang, Tian 2021, ICCV, 2661-2671 (learnable membrane time
    constants).
    """

    steepness: float = 2.0

    def __post_init__(self) -> None:
        """Check the steepness."""
        object.__setattr__(self, "steepness", _steepness(self.steepness))

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return 1 where `x` is 0 or more, else 0, with the surrogate gradient."""
        return _step(x, self.derivative)

    def derivative(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the backward pass takes for ds/dx."""
        scaled = (math.pi / 2 * self.steepness) * x
        return (self.steepness / 2) / (1 + scaled.square())


@public
@dataclass(frozen=True)
class SmoothThreshold:
    r"""A sigmoid in place of the step, in the forward pass as well.

    .. math::

        s = \sigma(k x) = \frac{1}{1 + e^{-k x}}, \qquad
        \frac{\partial s}{\partial x} = k\,s\,(1 - s)

    Outputs lie between 0 and 1, so they are graded, not binary. For :math:`k \to \infty`
    (temperature :math:`1/k \to 0`) they tend to :math:`\Theta(x)` wherever :math:`x \ne 0`: at a
    distance d from the threshold the difference is less than :math:`e^{-kd}`. To anneal, train
    with growing steepness (:func:`brainsleep.wake.spiking.set_spike_function` changes it in a
    network) and evaluate with a hard step.

    Parameters
    ----------
    steepness : float, optional
        :math:`k > 0`, per unit of x.

    Raises
    ------
    ParameterError
        If `steepness` is not a number above 0.

    References
    ----------
    Huh, Sejnowski 2018, NeurIPS 31 train spiking networks by a smoothed threshold. The sigmoid
    is the usual choice for it, not the gate function of that paper.
    """

    steepness: float = 5.0

    def __post_init__(self) -> None:
        """Check the steepness."""
        object.__setattr__(self, "steepness", _steepness(self.steepness))

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """Return numbers between 0 and 1 with their exact gradient."""
        return torch.sigmoid(self.steepness * _floating(x))

    def derivative(self, x: torch.Tensor) -> torch.Tensor:
        """Return ds/dx."""
        s = self(x)
        return self.steepness * s * (1 - s)


#: Spike functions by name.
SPIKE_FUNCTIONS: dict[str, type[FastSigmoid] | type[Arctan] | type[SmoothThreshold]] = {
    "fast_sigmoid": FastSigmoid,
    "arctan": Arctan,
    "smooth_threshold": SmoothThreshold,
}


@public
def spike_function(surrogate: str | SpikeFunction) -> SpikeFunction:
    """Return a spike function, given by name or ready-made.

    Parameters
    ----------
    surrogate : {"fast_sigmoid", "arctan", "smooth_threshold"} or callable
        A name stands for the function with its default steepness. A callable of your own takes
        x = v - threshold and returns spikes of the same shape.

    Returns
    -------
    callable
        Takes x, returns spikes.

    Raises
    ------
    ParameterError
        If the name is unknown, or what was given is neither a name nor callable.

    Examples
    --------
    >>> spike_function("arctan")
    Arctan(steepness=2.0)
    """
    if isinstance(surrogate, str):
        return SPIKE_FUNCTIONS[known_name(surrogate, "surrogate", SPIKE_FUNCTIONS)]()
    if isinstance(surrogate, type) or not callable(surrogate):
        raise KindError(
            "surrogate must be a name or a spike function, as in 'arctan' or "
            f"Arctan(steepness=2), not {brief(surrogate)}."
        )
    return surrogate


class _Context(FunctionCtx):
    """What the forward pass leaves for the backward pass."""

    saved_tensors: tuple[torch.Tensor, ...]
    derivative: SpikeFunction


class _Step(torch.autograd.Function):
    """The hard step; the backward pass multiplies by another function's derivative."""

    @staticmethod
    def forward(ctx: _Context, x: torch.Tensor, derivative: SpikeFunction) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.derivative = derivative
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: _Context, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        (x,) = ctx.saved_tensors
        return gradients[0] * ctx.derivative(x), None


def _step(x: torch.Tensor, derivative: SpikeFunction) -> torch.Tensor:
    """Return the hard step of `x`, with `derivative` for its gradient."""
    spikes: torch.Tensor = _Step.apply(_floating(x), derivative)
    return spikes


def _floating(x: torch.Tensor) -> torch.Tensor:
    """Return `x` if it is a tensor that can have a gradient."""
    if not isinstance(x, torch.Tensor) or not x.is_floating_point():
        kind = x.dtype if isinstance(x, torch.Tensor) else type(x).__name__
        raise KindError(f"x must be a tensor of floating-point numbers, not {kind}.")
    return x


def _steepness(value: float) -> float:
    """Read a steepness."""
    return number(value, "steepness", minimum=0, exclusive_minimum=True)
