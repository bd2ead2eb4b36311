"""A reservoir beside an echo state network of equal size, and beside what it could do without."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from brian2.units import Quantity, ms
from numpy.typing import NDArray

from ..devices import Device
from ..errors import ParameterError, brief
from ..support.calls import public
from ..support.checks import whole_number
from ..support.quantities import Time, quantity
from .echo_state import EchoState
from .liquid_run import LiquidRun, filtered_input, liquid_states
from .readouts import Part, ReadoutResult, classify
from .spike_tasks import SpikeTask
from .spiking_reservoir import LIQUID, Reservoir

#: What is tried of an echo state network: spectral radius, leak, scale of the input.
ECHO_STATES = tuple(itertools.product((0.7, 0.9, 1.1), (0.1, 0.3, 0.6), (0.1, 0.3)))
#: Time constants of filters that are tried.
TAUS: tuple[Time, ...] = ("30 ms", "60 ms", "120 ms")

Measure = Callable[[NDArray[np.float64]], ReadoutResult]


@dataclass(frozen=True)
class SideBySide:
    """What readouts of several kinds of states reached on the same sequences.

    Attributes
    ----------
    liquid : ReadoutResult
        Of the reservoir.
    echo_state : ReadoutResult
        Of an echo state network with as many units, driven by the filtered input.
    unconnected : ReadoutResult
        Of the reservoir without synapses among its neurons.
    input_alone : ReadoutResult
        Of the filtered input, without any reservoir.
    rate : float
        Mean firing rate of the reservoir, in Hz.
    chosen : dict of str to str
        What was best on validation data, by the names above, in words.
    """

    liquid: ReadoutResult
    echo_state: ReadoutResult
    unconnected: ReadoutResult
    input_alone: ReadoutResult
    rate: float
    chosen: dict[str, str]


@public
def compare_on_task(
    reservoir: Reservoir,
    task: SpikeTask,
    *,
    n_train: int,
    n_validation: int,
    n_samples: int = 5,
    taus: Sequence[Time] = TAUS,
    echo_step: Time = 20 * ms,
    device: str | Device = "cpp",
    dtype: str = "float32",
    progress: bool = True,
) -> SideBySide:
    """Classify sequences of spikes by a reservoir, and by what it is compared with.

    Everything that has a choice (penalties of readouts, time constants of filters, spectral radius,
    leak and input scale of the echo state network) is chosen on the validation sequences.

    Parameters
    ----------
    reservoir : Reservoir
        The liquid.
    task : SpikeTask
        Sequences in steps of 1 ms: first those to train on, then those for validation; the others
        are those to test on.
    n_train, n_validation : int
        How many.
    n_samples : int
        Samples of the states that a readout sees, evenly over the sequence, the last at its end.
    taus : sequence of Quantity or str
        Time constants of the filters that are tried.
    echo_step : Quantity or str
        Time from one step of the echo state network to the next.
    device, dtype, progress
        As in `brainsleep.sleep`.

    Returns
    -------
    SideBySide
        Of accuracies.

    Raises
    ------
    ParameterError
        If there are too few sequences, or samples do not come at whole steps.
    """
    n, n_steps, _ = task.spikes.shape
    every = equal_parts(n_steps, n_samples, "n_samples")
    echo_every = round(quantity(echo_step, ms, "echo_step", minimum=1) * 1e3)
    if every % echo_every:
        raise ParameterError(
            f"echo_step ({echo_every} ms) must divide the {every} ms from one sample to the next."
        )
    check_counts(n_train, n_validation, taus)
    if not n_train + n_validation < n:
        raise ParameterError(
            f"n_train ({n_train}) and n_validation ({n_validation}) leave none of {n} sequences to "
            "test on."
        )
    bounds = [slice(n_train), slice(n_train, n_train + n_validation)]
    bounds.append(slice(n_train + n_validation, n))

    def measure(states: NDArray[np.float64]) -> ReadoutResult:
        flat = states.reshape(n, -1)
        train, validation, test = (Part(flat[one], task.labels[one]) for one in bounds)
        return classify(train, validation, test)

    between = every // echo_every  # steps of the echo state network from sample to sample
    return _side_by_side(
        reservoir,
        task.spikes,
        [np.arange(every, n_steps + 1, every), np.arange(echo_every, n_steps + 1, echo_every)],
        lambda states: states[:, between - 1 :: between],
        measure,
        _Options(taus, device, dtype, progress),
    )


def check_counts(n_train: int, n_validation: int, taus: Sequence[Time], name: str = "taus") -> None:
    """Refuse counts that are none, and time constants that are not several, or not positive."""
    whole_number(n_train, "n_train", minimum=1)
    whole_number(n_validation, "n_validation", minimum=1)
    if isinstance(taus, (str, Quantity)) or not len(taus):
        raise ParameterError(f"{name} must be a list of times, as ['30 ms'], not {brief(taus)}.")
    for tau in taus:
        quantity(tau, ms, name, minimum=0, exclusive_minimum=True)


@dataclass(frozen=True)
class _Options:
    """How reservoirs run, and which filters are tried."""

    taus: Sequence[Time]
    device: str | Device
    dtype: str
    progress: bool


def echo_states_beside(
    reservoir: Reservoir, choices: Iterable[tuple[float, float, float]]
) -> Iterator[tuple[str, EchoState]]:
    """Yield echo state networks of a reservoir's size and seed, each after its choice in words.

    Parameters
    ----------
    reservoir : Reservoir
        What they are compared with.
    choices : iterable of tuple
        Spectral radius, leak and scale of the input.
    """
    for radius, leak, scale in choices:
        network = EchoState(
            reservoir.n_inputs,
            reservoir.n,
            spectral_radius=radius,
            leak=leak,
            input_scale=scale,
            seed=reservoir.seed,
        )
        yield f"spectral radius {radius}, leak {leak}, input scale {scale}", network


def _side_by_side(
    reservoir: Reservoir,
    spikes: NDArray[np.bool_],
    samples: Sequence[NDArray[np.int64]],
    seen: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    measure: Measure,
    options: _Options,
) -> SideBySide:
    """Measure all kinds of states; `samples` are those of readouts, and of the echo states."""

    def run(one: Reservoir) -> LiquidRun:
        return one.run(
            spikes,
            sample_every=int(samples[0][0]) * ms,
            device=options.device,
            dtype=options.dtype,
            progress=options.progress,
        )

    def of_filters(
        states: Callable[[float], NDArray[np.float64]],
    ) -> Iterator[tuple[str, ReadoutResult]]:
        for tau in options.taus:
            yield f"filter of {tau}", measure(states(quantity(tau, ms, "taus")))

    def of_liquid(found: LiquidRun) -> Iterator[tuple[str, ReadoutResult]]:
        n, n_steps = spikes.shape[:2]
        train = found.run.spikes[LIQUID]
        return of_filters(lambda tau: liquid_states(train, n, n_steps, samples[0], 1e-3, tau))

    def of_echo_states() -> Iterator[tuple[str, ReadoutResult]]:
        driven = filtered_input(spikes, samples[1], 30e-3)
        for words, network in echo_states_beside(reservoir, ECHO_STATES):
            yield words, measure(seen(network.run(driven)))

    whole = run(reservoir)
    results = {
        "liquid": of_liquid(whole),
        "echo_state": of_echo_states(),
        "unconnected": of_liquid(run(replace(reservoir, recurrent=False))),
        "input_alone": of_filters(lambda tau: filtered_input(spikes, samples[0], tau)),
    }
    chosen = {
        name: max(found, key=lambda one: one[1].validation) for name, found in results.items()
    }
    return SideBySide(
        **{name: found for name, (_, found) in chosen.items()},
        rate=whole.rate,
        chosen={name: words for name, (words, _) in chosen.items()},
    )


def equal_parts(whole: int, n: int, name: str) -> int:
    """Return how many of some steps each of `n` equal parts has; `name` names it in messages."""
    if whole_number(n, name) < 1 or whole % n:
        raise ParameterError(f"{name}: {whole} steps cannot be cut into {n} equal parts.")
    return whole // n
