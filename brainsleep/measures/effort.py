"""What learning and sleeping take: spikes, synaptic operations, stored bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..errors import KindError, ParameterError, brief, suggest
from ..support.array_values import read_array
from ..support.calls import public
from ..support.names import table
from .rates import SpikesByPopulation
from .trains import read_trains

if TYPE_CHECKING:
    from ..translation import Translation


@public
def n_spikes(spikes: SpikesByPopulation) -> dict[str, int]:
    r"""Count the spikes of each population.

    .. math:: n = \sum_i n_i

    over its neurons :math:`i`.

    Parameters
    ----------
    spikes : mapping of str to Spikes
        By population, as `Night.spikes`. Not changed.

    Returns
    -------
    dict of str to int
        By population; the input's are spikes of the stimulus.

    Raises
    ------
    ParameterError, KindError
        If there is no population, or something is no spikes.

    Examples
    --------
    >>> import numpy as np
    >>> from brian2 import ms
    >>> from brainsleep.devices.activity import Spikes
    >>> n_spikes({"0": Spikes(i=np.array([0, 1, 0]), t=[1, 1, 5] * ms, n_neurons=2)})
    {'0': 3}
    """
    return {name: len(neurons) for name, (neurons, _, _) in read_trains(spikes).items()}


@public
def synaptic_operations(spikes: SpikesByPopulation, network: Translation) -> dict[str, int]:
    r"""Count the synaptic operations of a night: one per spike and synapse that it passes.

    .. math:: \mathrm{SynOps}_l = \sum_{c \to l} \sum_i n_i \, f_{c,i}

    over the connections :math:`c` that lead to layer :math:`l`, where :math:`n_i` is the number of
    spikes of neuron :math:`i` of the connection's source, and :math:`f_{c,i}` the number of
    synapses that lead from it through the connection.

    Counted are the synapses that pass a spike on: of dense layers and convolutions (each place of a
    kernel that a neuron reaches is a synapse; the padding is none), of pooling and of residual
    additions, whose synapses have no weights. Not counted are synapses that a mask leaves out,
    those of inhibition put beside layers (``lateral=``), inputs of biases, and what plasticity and
    neurons compute.

    Parameters
    ----------
    spikes : mapping of str to Spikes
        By population, as `Night.spikes`, all that have outgoing connections. Not changed.
    network : Translation
        Its layers, as `Night.translation` or what `bs.translate` returns.

    Returns
    -------
    dict of str to int
        By the layer at which the operations arrive.

    Raises
    ------
    ParameterError
        If the spikes of a population are missing, or are those of another number of neurons.
    KindError
        If something is no spikes, or not a translated network.

    References
    ----------
    Merolla et al. 2014, Science 345:668 (synaptic operations as a measure of work).

    Examples
    --------
    >>> night = bs.sleep(ann, stimulus)  # doctest: +SKIP
    >>> synaptic_operations(night.spikes, night.translation)  # doctest: +SKIP
    {'0': 20384000, '2': 9120000, '4': 52310}

    Two spikes of an input that leads to three neurons:

    >>> import brainsleep as bs, numpy as np
    >>> from brian2 import ms
    >>> from torch import nn
    >>> network = bs.translate(nn.Linear(2, 3, bias=False))
    >>> spikes = bs.devices.activity.Spikes(i=np.array([0, 1]), t=[1, 2] * ms, n_neurons=2)
    >>> list(synaptic_operations({"input": spikes}, network).values())
    [6]
    """
    # here, as loading torch takes a second that other measures need not wait for
    from ..translation import Translation

    if not isinstance(network, Translation):
        raise KindError(
            f"network must be night.translation, or what bs.translate returns, not "
            f"{brief(network)}."
        )
    trains = read_trains(spikes)
    operations = dict.fromkeys((layer.name for layer in network.layers), 0)
    for layer in network.layers:
        for link in layer.connections:
            if link.source not in trains:
                raise ParameterError(
                    f"spikes of {link.source!r} are missing, which leads to {layer.name!r}; record "
                    f"all populations.{suggest(link.source, trains)}"
                )
            neurons, _, n_neurons = trains[link.source]
            if n_neurons != link.n_in:
                raise ParameterError(
                    f"spikes of {link.source!r} are those of {n_neurons} neurons, but the network "
                    f"has {link.n_in} there."
                )
            operations[layer.name] += int(np.bincount(neurons, minlength=n_neurons) @ link.fan_out)
    return operations


@public
def stored_bytes(kept: Mapping[str, npt.ArrayLike]) -> int:
    r"""Return how many bytes some arrays take, such as what a method keeps between tasks.

    .. math:: B = \sum_a s_a b_a

    over the arrays :math:`a` of :math:`s_a` values with :math:`b_a` bytes each.

    Parameters
    ----------
    kept : mapping of str to array_like or Tensor
        By name, in the types in which they are kept. Not changed.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    KindError
        If something is no array.

    Examples
    --------
    A hundred images of 784 pixels, kept as whole numbers:

    >>> import numpy as np
    >>> stored_bytes({"images": np.zeros((100, 784), np.uint8), "labels": np.zeros(100, np.int64)})
    79200
    """
    arrays = table(kept, "kept", "arrays by name").items()
    return sum(int(read_array(values, f"kept: {name}").nbytes) for name, values in arrays)
