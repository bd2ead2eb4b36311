"""A night of an LSNN: noise at its inputs, and its recurrent synapses learn without any error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..circuit import INPUT, Circuit, Population, Projection
from ..devices import Device
from ..plasticity import Plasticity
from ..support.calls import public
from ..support.quantities import Time
from .lsnn import CELLS, LSNN
from .lsnn_weights import LINKS, LSNNWeights


@public
def sleep_lsnn(
    network: LSNN,
    weights: LSNNWeights,
    plasticity: Plasticity,
    duration: Time | int,
    *,
    probability: float = 0.05,
    seed: int = 0,
    device: str | Device = "cpp",
) -> LSNNWeights:
    """Let an LSNN sleep, and return the weights with which it wakes up.

    All inputs fire at random, and the rule changes the synapses between recurrent neurons; those
    from inputs and to readouts stay as they are.

    Parameters
    ----------
    network : LSNN
        The network.
    weights : LSNNWeights
        What it knows; not modified.
    plasticity : plasticity rule
        Of the recurrent synapses, such as `bs.SRC`.
    duration : Quantity, str or int
        Simulated time, or a number of time steps.
    probability : float
        Probability of a spike of each input in each step.
    seed : int
        Seed of the input spikes.
    device : str or device
        As in `brainsleep.sleep`.

    Returns
    -------
    LSNNWeights
        No neuron is joined to itself.

    Raises
    ------
    ParameterError, UnitsError
        Naming the argument.
    """
    asleep = Circuit(
        network.n_inputs,
        {CELLS: Population(network.n_cells, network.neuron())},
        [
            Projection(INPUT, CELLS, weights.input),
            Projection(CELLS, CELLS, weights.recurrent, plasticity=plasticity),
        ],
    )
    run = asleep.run(
        np.full(network.n_inputs, probability),
        duration,
        seed=seed,
        device=device,
        dtype="float64",
        dt=network.dt,
        parameters={CELLS: {"beta": network.betas()}},
        progress=False,
    )
    recurrent = np.array(run.weights[LINKS["recurrent"]])
    np.fill_diagonal(recurrent, 0)
    return replace(weights, recurrent=recurrent)
