"""A series predicted by a reservoir, beside an echo state network and the input alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from brian2.units import ms
from numpy.typing import NDArray

from ..devices import Device
from ..errors import ParameterError
from ..support.calls import public
from ..support.quantities import Time, quantity
from .liquid_run import LiquidRun, filtered_input, liquid_states
from .narma import Narma
from .readouts import Part, ReadoutResult, regress
from .side_by_side_readouts import SideBySide, check_counts, echo_states_beside
from .spiking_reservoir import LIQUID, Reservoir

#: Steps at the beginning of a series that nothing is measured on.
WASH_OUT = 200
#: Time constants of filters of a reservoir's spikes, all of which a readout sees.
FILTERS: tuple[Time, ...] = ("20 ms", "60 ms")
#: Time constants of filters of the input, all of which every readout sees besides.
INPUT_FILTERS: tuple[Time, ...] = ("10 ms", "20 ms", "60 ms", "120 ms", "240 ms")
#: What is tried of an echo state network: spectral radius, leak, scale of the input.
SERIES_ECHO_STATES = tuple(
    itertools.product((0.8, 0.95, 1.05), (0.6, 1.0), (0.003, 0.01, 0.03, 0.1))
)


@public
def compare_on_series(
    reservoir: Reservoir,
    series: Narma,
    *,
    n_train: int,
    n_validation: int,
    coding: str = "rate",
    steps: int = 20,
    max_probability: float = 0.6,
    filters: Sequence[Time] = FILTERS,
    input_filters: Sequence[Time] = INPUT_FILTERS,
    device: str | Device = "cpp",
    dtype: str = "float32",
    progress: bool = True,
) -> SideBySide:
    """Predict a series by a reservoir, and by what it is compared with.

    Every readout sees the filtered input, and all but one the states of a network besides. The
    echo state network is driven by the input filtered with the time that a value lasts, and makes
    a step with each value. Penalties of readouts, and its spectral radius, leak and input scale
    are chosen on the values for validation. The first 200 values are left out everywhere.

    Parameters
    ----------
    reservoir : Reservoir
        The liquid; as many channels stand for the input as it has inputs.
    series : Narma
        What is predicted.
    n_train, n_validation : int
        Values to train on, and to choose by; those that follow are those to test on.
    coding, steps, max_probability
        As in `Narma.spikes`; steps of 1 ms.
    filters, input_filters : sequence of Quantity or str
        Time constants of filters of the reservoir's spikes, and of the input's: all at once.
    device, dtype, progress
        As in `brainsleep.sleep`.

    Returns
    -------
    SideBySide
        Of normalised root mean squared errors.

    Raises
    ------
    ParameterError
        If there are too few values.
    """
    for name, times in (("filters", filters), ("input_filters", input_filters)):
        check_counts(n_train, n_validation, times, name)
    measure = _measure(series, n_train, n_validation)
    spikes = series.spikes(reservoir.n_inputs, steps, max_probability, coding)[None]
    n_steps = spikes.shape[1]
    samples = np.arange(steps, n_steps + 1, steps)
    taus = [quantity(tau, ms, "filters") for tau in filters]
    traces = [quantity(tau, ms, "input_filters") for tau in input_filters]
    seen = np.hstack([filtered_input(spikes, samples, tau)[0] for tau in traces])

    def run(one: Reservoir) -> LiquidRun:
        every = steps * ms
        return one.run(spikes, sample_every=every, device=device, dtype=dtype, progress=progress)

    def of_liquid(found: LiquidRun) -> ReadoutResult:
        train = found.run.spikes[LIQUID]
        states = [liquid_states(train, 1, n_steps, samples, 1e-3, tau)[0] for tau in taus]
        return measure(np.hstack([*states, seen]))

    driven = filtered_input(spikes, samples, steps * 1e-3)
    tried = {
        words: measure(np.hstack([network.run(driven)[0], seen]))
        for words, network in echo_states_beside(reservoir, SERIES_ECHO_STATES)
    }
    chosen = min(tried, key=lambda words: tried[words].validation)
    whole = run(reservoir)
    return SideBySide(
        liquid=of_liquid(whole),
        echo_state=tried[chosen],
        unconnected=of_liquid(run(replace(reservoir, recurrent=False))),
        input_alone=measure(seen),
        rate=whole.rate,
        chosen={"echo_state": chosen},
    )


def _measure(
    series: Narma, n_train: int, n_validation: int
) -> Callable[[NDArray[np.float64]], ReadoutResult]:
    """Return what measures the states of all values."""
    n, first = len(series.inputs), WASH_OUT + n_train
    if not first + n_validation < n:
        raise ParameterError(
            f"n_train ({n_train}) and n_validation ({n_validation}) leave none of {n} values to "
            f"test on, of which the first {WASH_OUT} are left out."
        )
    bounds = [slice(WASH_OUT, first), slice(first, first + n_validation)]
    bounds.append(slice(first + n_validation, n))

    def measure(states: NDArray[np.float64]) -> ReadoutResult:
        train, validation, test = (Part(states[one], series.targets[one]) for one in bounds)
        return regress(train, validation, test)

    return measure
