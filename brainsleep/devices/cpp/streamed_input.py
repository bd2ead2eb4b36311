"""How a program takes its input from its standard input: one row of bytes for each time step.

A row holds the input spikes of the step, eight to a byte, and then the signals, such as the
modulation of learning. There are three ways to take it in:

- :func:`feed_neurons`: Brian2's loop asks for each input neuron whether it spikes.
- :func:`feed_rows`: Brian2's loop goes through the spikes of a whole row at once.
- :func:`feed_blocks`: a loop of our own has read the rows of a block of steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from brian2 import Function, NeuronGroup
from brian2.devices.device import get_device

from ...network.plan import INPUT_SLOT
from ..dense import take_spikes_from_row
from ..rendering import render


@dataclass(frozen=True)
class StreamedInput:
    """What a row of a program's input holds.

    Attributes
    ----------
    n_inputs : int
        Number of input neurons, with one bit each.
    n_signals : int
        Number of float64 values after the bits.
    """

    n_inputs: int
    n_signals: int


def feed_neurons(group: NeuronGroup, signals: Mapping[str, Sequence[NeuronGroup]]) -> None:
    """Let each neuron of the input population ask whether it spikes in this step.

    Parameters
    ----------
    group : NeuronGroup
        The input population.
    signals : mapping of str to sequence of NeuronGroup
        Populations that get a signal, by signal, in the order of the row.
    """
    get_device().streamed_input = StreamedInput(group.N, len(signals))
    group.namespace["input_spike"] = _program_function("input_spike", 2, "boolean")
    group.run_regularly(
        "spiking = input_spike(i, t_in_timesteps)",
        when=INPUT_SLOT,
        clock=group.clock,
        name="input_feed",
    )
    _signal(signals)


def feed_rows(group: NeuronGroup, signals: Mapping[str, Sequence[NeuronGroup]]) -> None:
    """Let the input population take the spikes of a whole row; silent neurons cost no time.

    Parameters
    ----------
    group, signals
        As in :func:`feed_neurons`.
    """
    get_device().streamed_input = StreamedInput(group.N, len(signals))
    take_spikes_from_row(group)
    _signal(signals)


def feed_blocks(group: NeuronGroup, signals: Mapping[str, Sequence[NeuronGroup]]) -> None:
    """Let the input population take spikes from rows that a loop of our own has read.

    Parameters
    ----------
    group, signals
        As in :func:`feed_neurons`; the loop sets the signals.
    """
    get_device().streamed_input = StreamedInput(group.N, len(signals))
    take_spikes_from_row(group)


def _signal(signals: Mapping[str, Sequence[NeuronGroup]]) -> None:
    """Let populations take the signals of each step from the row."""
    for place, (name, populations) in enumerate(signals.items()):
        for population in populations:
            population.namespace["step_signal"] = _program_function("step_signal", 2, "float")
            population.run_regularly(
                f"{name} = step_signal({place}, t_in_timesteps)",
                when="start",
                clock=population.clock,
                name=f"{population.name}_signal{place}",
            )


def _program_function(name: str, n_arguments: int, return_type: str) -> Function:
    """Return the Brian2 function that calls a C++ function of the program."""

    def unavailable(*_: int) -> bool:
        raise NotImplementedError(f"{name} exists in C++ standalone code only")

    function = Function(
        unavailable,
        arg_units=[1] * n_arguments,
        return_unit=1,
        arg_types=["integer"] * n_arguments,
        return_type=return_type,
        stateless=False,
    )
    function.implementations.add_implementation("cpp", render(f"templates/program/{name}.cpp"))
    return function
