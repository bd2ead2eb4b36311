"""A night as an NWB file: spikes, rates, states, weights, stages and parameters.

NWB is made for experiments, and demands some of what a simulation does not have: see `NOTES`.
"""

from __future__ import annotations

import io
import os
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.units import Hz, second

from ... import __version__
from ...errors import DirectoryError
from ...support.files import make_parents, write_atomically
from ...support.names import read_path
from ...support.optional_packages import import_optional
from ..describing.up_down_states import intervals_by_table
from .recorded_parts import NeuronSpikes, RecordedNight, description, unit_name

if TYPE_CHECKING:
    import pynwb

    from ..files.recorded_state import RecordedState, RecordedWeights

#: What stands in every file about what NWB demands and a simulation lacks.
NOTES = (
    "A simulation by brainsleep: there is no animal, no electrode, no device and no experimenter. "
    "session_start_time, which NWB demands, is when this file was written; times count from the "
    "beginning of the simulated night. The subject, which NWB's tools demand, is the artificial "
    "neural network; it has no species, and is of age 0, as simulated time begins with the night. "
    "Units are model neurons, not sorted from recordings; silent ones are there, too."
)


def write_nwb(night: RecordedNight, path: str | os.PathLike[str]) -> None:
    """Write a night to an NWB file; see `Night.to_nwb`.

    Raises
    ------
    MissingPackageError
        If pynwb is not installed.
    DirectoryError
        If the file cannot be written, or values on disk were damaged.
    """
    target = read_path(path, "path")
    if target.is_dir():
        raise DirectoryError(f"cannot write {target}: it is a directory; give the name of a file.")
    pynwb, h5py = _pynwb("pynwb"), _pynwb("h5py")
    content = io.BytesIO()  # HDF5 ends the process where a disk gets full
    with (
        h5py.File(content, "w") as file,
        pynwb.NWBHDF5IO(file=file, mode="w") as stream,
    ):
        stream.write(nwb_file(night))
    make_parents(target)
    write_atomically(target, content.getvalue())


def nwb_file(night: RecordedNight) -> pynwb.NWBFile:
    """Return a night as pynwb holds it, to be added to before it is written."""
    about = description(night)
    seconds = float(night.duration / second)
    file = _pynwb("pynwb").NWBFile(
        session_description=f"simulated sleep of an artificial neural network, {seconds:g} s",
        identifier=str(uuid.uuid4()),
        session_start_time=datetime.now().astimezone(),
        experiment_description=f"neurons: {about.get('neuron')}; rule: {about.get('plasticity')}",
        notes=NOTES,
        stimulus_notes=str(about["stimulus"]),
        was_generated_by=[["brainsleep", __version__]],
        subject=_pynwb("pynwb.file").Subject(
            subject_id="artificial-neural-network",
            description="no animal, but a simulated network; see the notes of this file",
            age="P0D",
            sex="U",
        ),
    )
    if night.spikes:
        file.units = _units(night)
    _add_rates(file, night)
    _add_states(file, night)
    _add_network(file, night, about)
    _add_stages(file, night)
    return file


def _pynwb(module: str) -> Any:
    """Return a module that comes with pynwb."""
    return import_optional(module, "NWB files", "neuro")


def _column(table: dict[str, tuple[str, Any]]) -> list[Any]:
    """Return columns of a table, from descriptions and values by name."""
    make = _pynwb("pynwb.core").VectorData
    return [make(name=name, description=text, data=data) for name, (text, data) in table.items()]


def _units(night: RecordedNight) -> Any:
    """Return the table of all neurons, population after population, with their spike times."""
    dt = float(night.dt / second)
    trains = [NeuronSpikes.of(train, dt) for train in night.spikes.values()]
    sizes = [len(one.ends) for one in trains]
    starts = np.cumsum([0, *(len(one.steps) for one in trains)])
    times, observed, population, neuron = _column(
        {
            "spike_times": (
                "start of the time step of each spike, in seconds",
                np.concatenate([one.steps for one in trains]) * dt,
            ),
            "obs_intervals": (
                "all of the night, in seconds",
                np.tile([0.0, float(night.duration / second)], (sum(sizes), 1)),
            ),
            "population": (
                "layer of the network, by the name of its torch module; input: what drives it",
                np.repeat(list(night.spikes), sizes).tolist(),
            ),
            "neuron": (
                "number of the neuron in its population",
                np.concatenate([np.arange(size) for size in sizes]),
            ),
        }
    )
    make_index = _pynwb("pynwb.core").VectorIndex
    ends = [one.ends + start for one, start in zip(trains, starts[:-1], strict=True)]
    index = make_index(name="spike_times_index", target=times, data=np.concatenate(ends))
    observed_index = make_index(
        name="obs_intervals_index", target=observed, data=np.arange(1, sum(sizes) + 1)
    )
    return _pynwb("pynwb.misc").Units(
        name="units",
        description="all model neurons of the night whose spikes were recorded",
        columns=[times, index, observed, observed_index, population, neuron],
        colnames=["spike_times", "obs_intervals", "population", "neuron"],
        resolution=dt,
        id=np.arange(sum(sizes)),
    )


def _series(name: str, values: np.ndarray, unit: str, text: str, **when: Any) -> Any:
    """Return values in time."""
    return _pynwb("pynwb").TimeSeries(
        name=_plain(name), data=values, unit=unit, description=text, **when
    )


def _add_rates(file: Any, night: RecordedNight) -> None:
    """Add how much each population fired; the input, as what was presented."""
    rate = 1 / float(night.dt / second)
    for name, one in night.rates.items():
        series = _series(
            f"rate of {name}",
            np.asarray(one.rate / Hz),
            "Hz",
            f"mean firing rate of the {one.n_neurons} neurons of population {name} in each step",
            starting_time=0.0,
            rate=rate,
        )
        if name == "input":
            file.add_stimulus(series)
        else:
            _module(file, "activity").add(series)


def _add_states(file: Any, night: RecordedNight) -> None:
    """Add what was recorded of neurons and synapses."""
    for name, state in night.states.items():
        for variable in state.variables:
            neurons = f"columns are neurons {_listed(state.neurons)}"
            series = _series(
                f"{variable} of {name}",
                np.asarray(state[variable]).T,
                unit_name(state.dimensions[variable]),
                f"{variable} of population {name} at the end of time steps; {neurons}",
                **_sampling(state),
            )
            _module(file, "activity").add(series)
    for name, trace in night.weight_traces.items():
        where = _listed(trace.index.tolist())
        text = f"weights {name} at the end of time steps; columns lie in the weight at {where}"
        series = _series(f"course of {name}", trace.w.T, "1", text, **_sampling(trace))
        _module(file, "activity").add(series)


def _listed(values: Any) -> str:
    """Return numbers as text."""
    return str(np.asarray(values).tolist())


def _sampling(kept: RecordedState | RecordedWeights) -> dict[str, float]:
    """Return when values were kept."""
    return {"starting_time": 0.0, "rate": 1 / (kept.every * float(kept.dt / second))}


def _add_network(file: Any, night: RecordedNight, about: dict[str, Any]) -> None:
    """Add populations, parameters, and the weights before and after."""
    table, module = _pynwb("pynwb.core").DynamicTable, _module(file, "network")
    names = list(night.sizes)
    columns = {
        "population": ("its name", names),
        "n_neurons": ("number of neurons", [night.sizes[name] for name in names]),
        "gain": ("factor on summed weights", [night.gains.get(name, np.nan) for name in names]),
        "threshold": (
            "where it fires, in the neuron model's unit",
            [night.thresholds.get(name, np.nan) for name in names],
        ),
    }
    text = "populations, from input to output; nan where there is no such constant"
    module.add(table(name="populations", description=text, columns=_column(columns)))
    columns = {
        "parameter": ("its name", list(about)),
        "value": ("as text", [str(value) for value in about.values()]),
    }
    text = "what the night was asked to be"
    module.add(table(name="parameters", description=text, columns=_column(columns)))
    for name, after in night.weights_after.items():
        before, rows = night.weights_before[name], (len(after), -1)
        columns = {
            "before": ("weights before the night", before.reshape(rows)),
            "after": ("weights after the night", after.reshape(rows)),
        }
        text = f"a row for each postsynaptic neuron or channel; shape in the network: {after.shape}"
        module.add(
            table(name=_plain(f"weights {name}"), description=text, columns=_column(columns))
        )


def _add_stages(file: Any, night: RecordedNight) -> None:
    """Add stages of sleep, and up and down states, as intervals, where there are any."""
    columns = {
        "sleep_stages": ("stage", "stages of sleep, from a simulated patch of cortex"),
        "up_down_states": (
            "state",
            "up and down states of the simulated patch of cortex that gated input and learning",
        ),
    }
    for name, intervals in intervals_by_table(night).items():
        if not intervals:
            continue
        column, text = columns[name]
        table = _pynwb("pynwb.epoch").TimeIntervals(name=name, description=text)
        table.add_column(column, "its name")
        for one in intervals:
            table.add_interval(start_time=one.start, stop_time=one.stop, **{column: one.name})
        file.add_time_intervals(table)


def _module(file: Any, name: str) -> Any:
    """Return a processing module, made when it is first needed."""
    texts = {
        "activity": "rates of populations, and what was recorded of neurons and synapses",
        "network": "what slept: populations, parameters, weights before and after",
    }
    if name in file.processing:
        return file.processing[name]
    return file.create_processing_module(name=name, description=texts[name])


def _plain(name: str) -> str:
    """Return a name without what NWB forbids in names."""
    return name.replace("/", "_").replace(":", "_")
