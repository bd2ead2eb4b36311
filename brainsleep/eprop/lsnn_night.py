"""A night of an LSNN: noise at its inputs, and its synapses learn without any error."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ..circuit import INPUT, Circuit, Population, Projection
from ..devices import Device
from ..errors import KindError, brief
from ..plasticity import Plasticity
from ..stimuli import StimulusLike
from ..support.calls import public
from ..support.checks import number
from ..support.quantities import Time
from .lsnn import LSNN
from .lsnn_weights import LINKS, LSNNWeights
from .prepared_lsnn import CELLS

#: What may change in a night; readouts have no part in it.
ASLEEP = ("input", "recurrent")


@public
def sleep_lsnn(
    network: LSNN,
    weights: LSNNWeights,
    plasticity: Plasticity,
    duration: Time | int,
    *,
    probability: float = 0.05,
    stimulus: StimulusLike | None = None,
    learns: Collection[str] = ("recurrent",),
    seed: int = 0,
    device: str | Device = "cpp",
) -> LSNNWeights:
    """Let an LSNN sleep, and return the weights with which it wakes up.

    Inputs fire at random, and the rule changes the synapses between recurrent neurons, or those
    from inputs, too; those to readouts stay as they are.

    Parameters
    ----------
    network : LSNN
        The network.
    weights : LSNNWeights
        What it knows; not modified.
    plasticity : plasticity rule
        Of the synapses that change, such as `bs.SRC`.
    duration : Quantity, str or int
        Simulated time, or a number of time steps.
    probability : float
        Probability of a spike of each input in each step.
    stimulus : bs.stimuli object or array_like, optional
        What drives the inputs instead, as in `brainsleep.sleep`: probabilities, one per input, or
        spikes, such as those of trials.
    learns : collection of str
        Which weights change: any of ``"input"`` and ``"recurrent"``.
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
    KindError, ParameterError, UnitsError
        Naming the argument.
    """
    if plasticity is None:
        raise KindError(
            "plasticity must be a rule like bs.SRC(); without one, a night does nothing."
        )
    rules = {name: plasticity if name in _which(learns) else None for name in ASLEEP}
    spiking = number(probability, "probability", minimum=0, maximum=1)
    asleep = Circuit(
        network.n_inputs,
        {CELLS: Population(network.n_cells, network.neuron())},
        [
            Projection(INPUT, CELLS, weights.input, plasticity=rules["input"]),
            Projection(CELLS, CELLS, weights.recurrent, plasticity=rules["recurrent"]),
        ],
    )
    run = asleep.run(
        np.full(network.n_inputs, spiking) if stimulus is None else stimulus,
        duration,
        seed=seed,
        device=device,
        dtype="float64",
        dt=network.dt,
        parameters={CELLS: {"beta": network.betas()}},
        progress=False,
    )
    changed = {name: np.array(run.weights[LINKS[name]]) for name in ASLEEP if rules[name]}
    if "recurrent" in changed:
        np.fill_diagonal(changed["recurrent"], 0)
    return replace(weights, **changed)


def _which(learns: Collection[str]) -> Collection[str]:
    if isinstance(learns, str) or not learns or set(learns) - set(ASLEEP):
        raise KindError(
            f"sleep_lsnn: learns must be names out of {ASLEEP}, at least one, not {brief(learns)}."
        )
    return learns
