"""Neurons that spike while awake: a binary activation with state, and a network run over time.

A :class:`SpikingActivation` stands where a ReLU would, and remembers its membrane potentials from
one call to the next: each call is one time step. :class:`Spiking` shows an image for several
steps and adds up the network's outputs, so that to the rest of the package it is a network like
any other: it takes images and returns one output per class.

Time is counted in steps and has no unit here; potentials are in units of the weights.
"""

from __future__ import annotations

import torch
from torch import nn

from ..errors import ParameterError
from ..support.calls import public
from ..support.checks import known_name, number, whole_number
from .seeds_and_classes import checked_seed
from .surrogate import SpikeFunction, spike_function

#: What a spike may do to the potential.
RESETS = ("subtract", "zero")
#: How an image may be shown.
CODINGS = ("direct", "poisson")
#: How outputs over time may be put together.
AGGREGATES = ("mean", "sum")


@public
class SpikingActivation(nn.Module):
    r"""Integrate-and-fire neurons, one for each element of the input; outputs are 0s and 1s.

    Each call is one time step t with input current :math:`I_t`:

    .. math::

        v_t &= \lambda u_{t-1} + I_t \\
        s_t &= \Theta(v_t - \theta) \\
        u_t &= v_t - \theta s_t \quad\text{(reset by subtraction), or}\quad
        u_t = v_t (1 - s_t) \quad\text{(to zero)}

    with :math:`u_{-1} = 0`. In the backward pass :math:`\Theta` has the gradient of its surrogate.
    :math:`\lambda = 1` is an integrate-and-fire neuron without leak, whose spike count under
    constant input and reset by subtraction is a rounded, clipped ReLU; :math:`\lambda = 0`
    forgets everything between steps. With reset to zero these are the equations of
    ``brainsleep.Heaviside``, the neuron of the nights.

    Potentials are not part of the state dict. They last until :func:`reset_states`, and so does
    the graph of the backward pass: reset between batches (:class:`Spiking` does).

    Parameters
    ----------
    threshold : float, optional
        :math:`\theta > 0`, in units of the input.
    decay : float, optional
        :math:`\lambda` in [0, 1], the part of a potential left after one step.
    reset : {"subtract", "zero"}, optional
        What a spike does to the potential.
    surrogate : {"fast_sigmoid", "arctan", "smooth_threshold"} or callable, optional
        The spike function, see :mod:`brainsleep.wake.surrogate`. Spikes are binary unless it is
        smooth.
    detach_reset : bool, optional
        Leave the reset out of the backward pass, as most simulations of Zenke & Vogels 2021 do.
        Through the reset, the surrogate's error would be passed on from step to step.

    Raises
    ------
    ParameterError
        If a value makes no sense; the message names it.

    References
    ----------
    Neftci, Mostafa, Zenke 2019, IEEE Signal Processing Magazine 36(6):51-63.
    Zenke, Vogels 2021, Neural Computation 33:899-925.

    Examples
    --------
    >>> neuron = SpikingActivation(threshold=1.0)
    >>> [neuron(torch.tensor([0.4])).item() for step in range(5)]
    [0.0, 0.0, 1.0, 0.0, 1.0]
    """

    def __init__(
        self,
        threshold: float = 1.0,
        *,
        decay: float = 1.0,
        reset: str = "subtract",
        surrogate: str | SpikeFunction = "fast_sigmoid",
        detach_reset: bool = True,
    ) -> None:
        super().__init__()
        self.threshold = number(threshold, "threshold", minimum=0, exclusive_minimum=True)
        self.decay = number(decay, "decay", minimum=0, maximum=1)
        self.reset = known_name(reset, "reset", RESETS)
        self.spike_function = spike_function(surrogate)
        self.detach_reset = bool(detach_reset)
        #: Potentials after the reset, u; ``None`` stands for all 0.
        self.potential: torch.Tensor | None = None

    def forward(self, current: torch.Tensor) -> torch.Tensor:
        """Take one time step.

        Parameters
        ----------
        current : torch.Tensor, any shape
            Input of this step; the same shape until the next :func:`reset_states`.

        Returns
        -------
        torch.Tensor
            Spikes, of the shape and type of `current`.

        Raises
        ------
        ParameterError
            If the shape differs from that of the step before.
        """
        v = current
        if self.potential is not None:
            if self.potential.shape != current.shape:
                raise ParameterError(
                    f"current has the shape {tuple(current.shape)}, but the potentials have "
                    f"{tuple(self.potential.shape)}: call reset_states between batches."
                )
            v = self.decay * self.potential + current
        spikes = self.spike_function(v - self.threshold)
        reset_by = spikes.detach() if self.detach_reset else spikes
        if self.reset == "subtract":
            self.potential = v - self.threshold * reset_by
        else:
            self.potential = v * (1 - reset_by)
        return spikes

    def extra_repr(self) -> str:
        """Return the parameters, for ``print(network)``."""
        return (
            f"threshold={self.threshold:g}, decay={self.decay:g}, reset={self.reset!r}, "
            f"surrogate={self.spike_function!r}"
        )


@public
class Spiking(nn.Module):
    r"""Show each image to a network for several time steps, and average or add its outputs.

    .. math:: y = \frac{1}{T} \sum_{t=0}^{T-1} f_t(x_t) \quad\text{(or the sum alone)}

    where :math:`f_t` is the network with the state that steps 0 to t - 1 left in it and
    :math:`x_t` the coded image. All potentials are 0 before and after, so no image or batch
    affects another.

    Parameters
    ----------
    network : torch.nn.Module
        Works on one time step; its :class:`SpikingActivation` modules keep the state.
    steps : int, optional
        :math:`T`, for how many steps an image is shown. The attribute of that name may be changed
        in a trained network.
    coding : {"direct", "poisson"}, optional
        ``"direct"``: the image itself at every step, a constant input current; the first layer
        then works on intensities, not on spikes. ``"poisson"``: at each step, each pixel is 1 with
        a probability of its intensity, else 0 (a Bernoulli process, Poisson in the limit of small
        rates). Intensities must lie in [0, 1].
    aggregate : {"mean", "sum"}, optional
        Mean or sum over the steps. Both choose the same class; as inputs of a softmax, spike counts
        separate classes better than rates, which are at most 1.
    seed : int, optional
        Fixes the random numbers of Poisson coding in evaluation mode. They are the same for each
        image, so its outputs depend neither on the rest of its batch nor on torch's global random
        state. In training mode they are drawn from the latter, like those of Dropout.

    Raises
    ------
    ParameterError
        If a value makes no sense; the message names it.

    Examples
    --------
    >>> network = Spiking(nn.Sequential(nn.Linear(784, 10), SpikingActivation()), steps=8)
    >>> network(torch.rand(5, 784)).shape
    torch.Size([5, 10])
    """

    def __init__(
        self,
        network: nn.Module,
        steps: int = 8,
        *,
        coding: str = "direct",
        aggregate: str = "mean",
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.network = network
        self.steps = whole_number(steps, "steps", minimum=1)
        self.coding = known_name(coding, "coding", CODINGS)
        self.aggregate = known_name(aggregate, "aggregate", AGGREGATES)
        self.seed = checked_seed(seed)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Run the network for `steps` time steps.

        Parameters
        ----------
        images : torch.Tensor, shape (n, ...)
            Whatever the network takes.

        Returns
        -------
        torch.Tensor
            The network's outputs, averaged or summed over time.

        Raises
        ------
        ParameterError
            If the attribute `steps` is no longer a whole number, 1 or more; or if, with Poisson
            coding, an intensity is outside [0, 1].
        """
        steps = whole_number(self.steps, "steps", minimum=1)
        noise = self._noise(images)
        reset_states(self.network)
        try:
            total = self.network(self._coded(images, noise))
            for _ in range(steps - 1):
                total = total + self.network(self._coded(images, noise))
        finally:
            reset_states(self.network)  # the graph of this batch is freed with the potentials
        return total / steps if self.aggregate == "mean" else total

    def extra_repr(self) -> str:
        """Return the parameters, for ``print(network)``."""
        return f"steps={self.steps}, coding={self.coding!r}, aggregate={self.aggregate!r}"

    def _noise(self, images: torch.Tensor) -> torch.Generator | None:
        """Check the images and return the generator of evaluation mode, if coding needs one."""
        if self.coding == "direct":
            return None
        # One comparison rejects NaN as well.
        if not bool(((images >= 0) & (images <= 1)).all()):
            raise ParameterError("images: Poisson coding needs intensities in [0, 1].")
        # Drawn on the CPU for all devices, so that the spikes are the same on all.
        return None if self.training else torch.Generator().manual_seed(self.seed)

    def _coded(self, images: torch.Tensor, noise: torch.Generator | None) -> torch.Tensor:
        """Return the input of one time step."""
        if self.coding == "direct":
            return images
        if noise is None:
            draws = torch.rand_like(images)
        else:
            shape, dtype = images.shape[1:], images.dtype
            draws = torch.rand(shape, generator=noise, dtype=dtype, device="cpu")
            draws = draws.to(images.device)
        return (draws < images).to(images.dtype)


def reset_states(module: nn.Module) -> None:
    """Set all potentials of a module's :class:`SpikingActivation` neurons to 0.

    Parameters
    ----------
    module : torch.nn.Module
        The module itself and all modules in it are changed in place. Without spiking neurons
        nothing happens.
    """
    for activation in spiking_activations(module):
        activation.potential = None


def spiking_activations(module: nn.Module) -> list[SpikingActivation]:
    """Return the spiking activations of a module, in its order.

    Parameters
    ----------
    module : torch.nn.Module
        Searched with all modules in it.

    Returns
    -------
    list of SpikingActivation
        Each once.
    """
    return [part for part in module.modules() if isinstance(part, SpikingActivation)]


@public
def set_spike_function(module: nn.Module, surrogate: str | SpikeFunction) -> None:
    """Give all spiking neurons of a module another spike function, **in place**.

    To anneal a smooth threshold, call this between epochs with growing steepness, and at the end
    with ``"fast_sigmoid"`` or ``"arctan"``: in the forward pass they are the exact step.

    Parameters
    ----------
    module : torch.nn.Module
        Is or holds at least one :class:`SpikingActivation`.
    surrogate : {"fast_sigmoid", "arctan", "smooth_threshold"} or callable
        See :func:`brainsleep.wake.surrogate.spike_function`.

    Raises
    ------
    ParameterError
        If the name is unknown, or the module has no :class:`SpikingActivation`.
    """
    chosen = spike_function(surrogate)
    activations = spiking_activations(module)
    if not activations:
        raise ParameterError("module has no SpikingActivation whose spike function could be set.")
    for activation in activations:
        activation.spike_function = chosen
