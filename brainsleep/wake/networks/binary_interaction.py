"""Binary-interaction nets: shallow convolutional networks that spike, and their ReLU twin."""

from __future__ import annotations

import math
from collections.abc import Callable

from torch import nn

from ...support.array_values import check_memory
from ...support.calls import public
from ...support.checks import known_name, number, whole_number
from ..contexts import seeded
from ..seeds_and_classes import checked_seed
from ..spiking import Spiking, SpikingActivation
from ..surrogate import SpikeFunction
from .image_rows import AsImages

#: Channels of the binary-interaction net's convolutions at fs = 1, and M where it pools:
#: [64 fs, 64 fs, M, 128 fs, M, 256 fs, 512 fs, M, FC].
_LAYOUT = (64, 64, "M", 128, "M", 256, 512, "M")
_POOLING = 2 ** _LAYOUT.count("M")  # how many times smaller images come out

#: What the output layer of `bitnet` gives at each step.
BITNET_OUTPUTS = ("spikes", "current")

# With this spread about a tenth of the neurons of every layer spike before training; with 1.5
# activity fades on its way through the layers, with 2.5 it grows. This value and the default decay
# were chosen on training digits only (docs/how_to/spiking_training.md).
_SPIKING_GAIN = 2.0
_RELU_GAIN = math.sqrt(2)  # He, Zhang, Ren, Sun 2015


@public
def bitnet(
    fs: float,
    n_classes: int,
    *,
    in_channels: int = 1,
    image_size: int = 28,
    steps: int = 8,
    threshold: float = 1.0,
    decay: float = 0.5,
    reset: str = "subtract",
    surrogate: str | SpikeFunction = "fast_sigmoid",
    coding: str = "direct",
    output: str = "spikes",
    bias: bool = True,
    seed: int = 0,
) -> Spiking:
    r"""Build a binary-interaction net: a shallow convolutional network that spikes, untrained.

    The architecture is that of P. Reddy's "BITnet6",

    .. math:: [64 f, 64 f, M, 128 f, M, 256 f, 512 f, M, FC]

    with the feature scale :math:`f` = `fs`: a number is a convolution of 3 x 3, stride 1,
    padding 1 with that many channels (rounded, at least 1), M the maximum over 2 x 2, stride 2
    (of binary spikes: a logical or), FC a fully connected layer. A
    :class:`~brainsleep.wake.spiking.SpikingActivation` follows each of the six layers with
    weights, before the pooling.

    **What is not Reddy's.** The source (see References) names the activation of these nets,
    "bddi", but gives neither its formula nor its gradient, nor initial weights, loss, optimiser or
    input coding. In its place are leaky integrate-and-fire neurons,

    .. math:: v_t = \lambda u_{t-1} + I_t, \quad s_t = [v_t \ge \theta], \quad
              u_t = v_t - \theta s_t

    trained through a surrogate gradient, from initial weights of the normal distribution with
    mean 0 and variance :math:`(2\theta)^2 / n_{in}`. None of the accuracies or sparsities that the
    source reports (CIFAR-10, CIFAR-100, Tiny-ImageNet) is claimed for this network, which has
    not been trained on those data. What was measured, on digits and clothes, is in
    ``docs/how_to/spiking_training.md``. (It has nothing to do with language models of the same
    name.)

    Parameters
    ----------
    fs : float
        Feature scale, above 0; 4 and 5 in the original, 0.125 (8, 8, 16, 32 and 64 channels) for
        a small machine.
    n_classes : int
        Number of outputs.
    in_channels, image_size : int, optional
        Images are (in_channels, image_size, image_size); `image_size` is 8 or more. They may come
        flat, as :class:`~brainsleep.wake.Dataset` holds them.
    steps : int, optional
        Time steps for which an image is shown (50 in the original). Time and, in training, memory
        grow with it.
    threshold : float, optional
        :math:`\theta > 0` of all layers, in units of the weights.
    decay : float, optional
        :math:`\lambda` in [0, 1]. Without leak (1), potentials drift over the steps: with 8
        steps and spiking outputs, digits were not learned at all.
    reset, surrogate : optional
        See :class:`~brainsleep.wake.spiking.SpikingActivation`.
    coding : {"direct", "poisson"}, optional
        See :class:`~brainsleep.wake.spiking.Spiking`. With ``"direct"`` the first layer's inputs
        are intensities; all others are binary.
    output : {"spikes", "current"}, optional
        ``"spikes"``: the output layer spikes as well, and an output is the number of its spikes in
        all steps, from 0 to `steps`. Its gradient grows with `steps`, so let the learning rate fall
        as 1/`steps`; of equal counts, that of the lower class wins. ``"current"``: the output layer
        does not spike, and an output is its mean input current; learns faster.
    bias : bool, optional
        Give every layer a bias, 0 at first. With biases, and fs 4 or 5, the network has the
        numbers of parameters that Reddy's table gives; without, two of the four fall short.
    seed : int, optional
        Fixes the weights, and the noise of Poisson coding in evaluation. Torch's global random
        state is left as it was.

    Returns
    -------
    Spiking
        In training mode, float32, on the CPU; images (n, in_channels * image_size**2) or
        (n, in_channels, image_size, image_size) in, (n, n_classes) out.

    Raises
    ------
    ParameterError
        If a value makes no sense; the message names it.

    References
    ----------
    P. Reddy, "Buddhi (bddi) activation for training accurate spiking networks", README.

    Examples
    --------
    >>> network = bitnet(0.125, 10, steps=4)
    >>> network(torch.rand(2, 784)).shape
    torch.Size([2, 10])
    """
    known_name(output, "output", BITNET_OUTPUTS)
    seed = checked_seed(seed)

    def neurons() -> nn.Module:
        return SpikingActivation(threshold, decay=decay, reset=reset, surrogate=surrogate)

    neurons()  # raises what is wrong with their parameters, the threshold among them
    layers = _layers(
        fs,
        n_classes,
        in_channels,
        image_size,
        activation=neurons,
        activation_name="spikes",
        gain=_SPIKING_GAIN * float(threshold),
        bias=bias,
        seed=seed,
    )
    if output == "spikes":
        layers.add_module("spikes6", neurons())
    aggregate = "sum" if output == "spikes" else "mean"
    return Spiking(layers, steps, coding=coding, aggregate=aggregate, seed=seed)


@public
def bitnet_relu(
    fs: float,
    n_classes: int,
    *,
    in_channels: int = 1,
    image_size: int = 28,
    bias: bool = True,
    seed: int = 0,
) -> nn.Sequential:
    """Build the ReLU network with the architecture of :func:`bitnet`, to compare the two.

    ReLUs stand where the other spikes; the output layer has none, and there are no time steps.
    Weights begin with a variance of 2 / n_in (He, Zhang, Ren, Sun 2015, ICCV). There is no batch
    normalisation.

    Parameters
    ----------
    fs, n_classes, in_channels, image_size, bias, seed : optional
        As for :func:`bitnet`.

    Returns
    -------
    torch.nn.Sequential
        In training mode, float32, on the CPU; takes and gives what :func:`bitnet` does.

    Raises
    ------
    ParameterError
        If a value makes no sense; the message names it.
    """
    return _layers(
        fs,
        n_classes,
        in_channels,
        image_size,
        activation=nn.ReLU,
        activation_name="relu",
        gain=_RELU_GAIN,
        bias=bias,
        seed=checked_seed(seed),
    )


def _layers(
    fs: float,
    n_classes: int,
    in_channels: int,
    image_size: int,
    *,
    activation: Callable[[], nn.Module],
    activation_name: str,
    gain: float,
    bias: bool,
    seed: int,
) -> nn.Sequential:
    """Build the layers of a binary-interaction net, up to the currents of its outputs.

    Weights are normal with mean 0 and variance gain**2 / n_in.
    """
    fs = number(fs, "fs", minimum=0, maximum=1000, exclusive_minimum=True)
    n_classes = whole_number(n_classes, "n_classes", minimum=1)
    n_channels = whole_number(in_channels, "in_channels", minimum=1)
    image_size = whole_number(image_size, "image_size", minimum=_POOLING)

    layers = nn.Sequential()
    layers.add_module("images", AsImages((n_channels, image_size, image_size)))
    n_convolutions = n_pools = 0
    with seeded(seed):
        for entry in _LAYOUT:
            if isinstance(entry, str):
                n_pools += 1
                layers.add_module(f"pool{n_pools}", nn.MaxPool2d(2, 2))
                continue
            n_convolutions += 1
            n_out = max(1, round(entry * fs))
            check_memory(9 * n_channels * n_out, "fs", bytes_each=4)
            convolution = nn.Conv2d(n_channels, n_out, 3, stride=1, padding=1, bias=bias)
            layers.add_module(f"conv{n_convolutions}", _initialised(convolution, gain))
            layers.add_module(f"{activation_name}{n_convolutions}", activation())
            n_channels = n_out
        layers.add_module("flatten", nn.Flatten())
        n_inputs = n_channels * (image_size // _POOLING) ** 2
        check_memory(n_inputs * n_classes, "image_size", bytes_each=4)
        layers.add_module("fc", _initialised(nn.Linear(n_inputs, n_classes, bias=bias), gain))
    return layers


def _initialised(layer: nn.Conv2d | nn.Linear, gain: float) -> nn.Conv2d | nn.Linear:
    """Draw a layer's weights anew, with variance gain**2 / n_in; its bias becomes 0."""
    n_in = layer.weight[0].numel()
    nn.init.normal_(layer.weight, 0.0, gain / math.sqrt(n_in))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer
