"""Nights in the formats of others: the same spikes, values and units, read by their own tools."""

import gc
import logging
import sys
from dataclasses import replace
from importlib import import_module

import brian2
import elephant.conversion
import elephant.spike_train_correlation
import elephant.statistics
import neo
import numpy as np
import pynwb
import pytest
import quantities as pq
from brian2 import amp, kelvin, ms, mV, nS, ohm, pA, second, siemens, volt
from brian2.units.fundamentalunits import get_dimensions
from helpers import SMALL, assert_same_nights, heaviside, mlp, raster
from nwbinspector import Importance, inspect_nwbfile

import brainsleep as bs
from brainsleep.errors import DirectoryError, MissingPackageError, ParameterError
from brainsleep.night.exports.neo_blocks import _unit

N_STEPS = 120
NAMES = ["input", "0", "2", "4"]

#: Steps in which stages let input and learning through.
UP = [(0, 15), (40, 62), (70, N_STEPS)]
STATES = [("up", 0, 15), ("down", 15, 40), ("up", 40, 62), ("down", 62, 70), ("up", 70, N_STEPS)]


class TwoStages:
    """Stages without a patch of cortex, with segments as a hypnogram has them."""

    def __init__(self):
        stage = bs.stages.Hypnogram(
            [(bs.stages.NREM(), 80 * ms), (bs.stages.REM(), (N_STEPS - 80) * ms)]
        )
        self.segments = stage.segments

    def gate(self, n_steps, dt, seed):
        from brainsleep.night.gating import Gate

        up = np.zeros(n_steps)
        for start, stop in UP:
            up[start:stop] = 1
        return Gate(up, up)


@pytest.fixture(scope="module")
def night():
    return bs.sleep(
        mlp(SMALL, scale=1.5),
        np.full(SMALL[0], 0.3),
        duration=N_STEPS,
        neuron=bs.LIF(gain=10, threshold=5),
        plasticity=bs.SRC(increase=0.01, decrease=0.001),
        stages=TwoStages(),
        device=bs.devices.Runtime("numpy"),
        record=bs.Record(
            states={"0": "v"}, neurons={"0": [1, 3]}, weights={"2.weight": [0, 2]}, every=5
        ),
    )


@pytest.fixture(scope="module")
def nwb(night, tmp_path_factory):
    path = tmp_path_factory.mktemp("nwb") / "night.nwb"
    night.to_nwb(path)
    return path


def spikes_of_units(units, name, dt):
    """Return the spikes of a population in a table of units as an array of bool."""
    rows = units[units["population"] == name].sort_values("neuron")
    found = np.zeros((N_STEPS, len(rows)), bool)
    for neuron, times in zip(rows["neuron"], rows["spike_times"], strict=True):
        steps = np.rint(np.asarray(times) / dt).astype(int)
        assert len(set(steps)) == len(steps)
        found[steps, neuron] = True
    return found


def test_nwb_gives_back_every_spike_state_and_weight(night, nwb):
    with pynwb.NWBHDF5IO(nwb, "r") as stream:
        file = stream.read()
        units = file.units.to_dataframe()
        for name in NAMES:
            np.testing.assert_array_equal(
                spikes_of_units(units, name, 0.001), raster(night, name), err_msg=name
            )
        states = file.processing["activity"]["v of 0"]
        np.testing.assert_array_equal(states.data[:], np.asarray(night.states["0"].v).T)
        assert (states.unit, states.rate) == ("V", 200)
        course = file.processing["activity"]["course of 2.weight"]
        np.testing.assert_array_equal(course.data[:].T, night.weight_traces["2.weight"].w)
        for name, after in night.weights_after.items():
            table = file.processing["network"][f"weights {name}"]
            np.testing.assert_array_equal(table["after"][:], after)
            np.testing.assert_array_equal(table["before"][:], night.weights_before[name])
        assert (night.weights_after["0.weight"] != night.weights_before["0.weight"]).any()


def test_nwb_says_what_the_night_was_and_what_a_simulation_lacks(night, nwb):
    with pynwb.NWBHDF5IO(nwb, "r") as stream:
        file = stream.read()
        about = file.processing["network"]["parameters"].to_dataframe()
        about = dict(zip(about["parameter"], about["value"], strict=True))
        assert about["seed"] == "0"
        assert about["learning_rates.increase.0"] == "0.01"
        layers = file.processing["network"]["populations"].to_dataframe()
        assert dict(zip(layers["population"], layers["n_neurons"], strict=True)) == night.sizes
        assert layers["threshold"].iloc[1] == night.thresholds["0"]
        assert np.isnan(layers["threshold"].iloc[0])
        stages = file.intervals["sleep_stages"].to_dataframe()
        assert stages["stage"].tolist() == ["NREM", "REM"]
        np.testing.assert_allclose(stages["stop_time"], [0.08, 0.12])
        states = file.intervals["up_down_states"].to_dataframe()
        assert states["state"].tolist() == [name for name, _, _ in STATES]
        np.testing.assert_allclose(states["start_time"] * 1000, [start for _, start, _ in STATES])
        np.testing.assert_allclose(states["stop_time"] * 1000, [stop for _, _, stop in STATES])
        assert "ConstantProbabilities" in file.stimulus_notes
        assert "no animal" in file.notes
        assert "when this file was written" in file.notes
        assert "network" in file.subject.description
        assert list(file.stimulus) == ["rate of input"]


def test_neo_reads_the_nwb_file(night, nwb):
    reader = neo.io.NWBIO(str(nwb), "r")
    (block,) = reader.read_all_blocks()
    trains = iter(block.segments[0].spiketrains)
    for name in NAMES:
        of_neurons = night.spikes[name].trains()
        for neuron in range(night.sizes[name]):
            train = next(trains)
            np.testing.assert_allclose(train.magnitude, of_neurons[neuron] / second)
            assert (train.t_start, train.t_stop) == (0 * pq.s, N_STEPS * pq.ms)
    assert next(trains, None) is None
    reader.close()


def test_nwb_inspector_finds_nothing_critical(nwb):
    found = list(inspect_nwbfile(nwbfile_path=str(nwb)))
    serious = [
        one for one in found if one.importance.value > Importance.BEST_PRACTICE_VIOLATION.value
    ]
    assert serious == []
    violations = {
        one.check_function_name
        for one in found
        if one.importance is Importance.BEST_PRACTICE_VIOLATION
    }
    assert violations <= {"check_subject_species_exists"}, "which a network does not have"


def test_neo_has_a_train_for_each_neuron_and_signals_with_units(night):
    block = night.to_neo()
    segment = block.segments[0]
    assert [group.name for group in block.groups] == NAMES
    assert len(segment.spiketrains) == sum(SMALL)
    hidden = block.groups[1].spiketrains
    for neuron, times in night.spikes["0"].trains().items():
        assert hidden[neuron].annotations == {"population": "0", "neuron": neuron}
        np.testing.assert_allclose(hidden[neuron].rescale("s").magnitude, times / second)
        assert hidden[neuron].t_stop == N_STEPS * pq.ms
    potential = next(one for one in segment.analogsignals if one.name == "0.v")
    np.testing.assert_allclose(
        potential.rescale("mV").magnitude.T, np.asarray(night.states["0"].v / mV), rtol=1e-6
    )
    assert potential.array_annotations["neuron"].tolist() == [1, 3]
    assert potential.sampling_period == 5 * pq.ms
    stages, states = segment.epochs
    assert (stages.name, stages.labels.tolist()) == ("sleep_stages", ["NREM", "REM"])
    assert (states.name, states.labels.tolist()) == (
        "up_down_states",
        [name for name, _, _ in STATES],
    )
    np.testing.assert_allclose(states.rescale("ms").magnitude, [start for _, start, _ in STATES])
    np.testing.assert_allclose(
        (states.times + states.durations).rescale("ms").magnitude,
        [stop for _, _, stop in STATES],
    )
    one = night.to_neo(populations="2")
    assert len(one.segments[0].spiketrains) == SMALL[2]
    assert [signal.name for signal in one.segments[0].analogsignals] == ["rates"]
    with pytest.raises(ParameterError, match="no recorded population is called '3'"):
        night.to_neo(populations="3")


def test_elephant_takes_neo_trains(night):
    trains = night.to_neo(populations="0").segments[0].spiketrains
    binned = elephant.conversion.BinnedSpikeTrain(trains, bin_size=1 * pq.ms)
    np.testing.assert_array_equal(binned.to_bool_array().T, raster(night, "0"))
    rates = [elephant.statistics.mean_firing_rate(train).rescale("Hz") for train in trains]
    assert np.mean(rates) == pytest.approx(float(night.rates["0"].mean))
    busy = [train for train in trains if len(train) > 2]
    cv = elephant.statistics.cv(elephant.statistics.isi(busy[0]))
    assert cv == pytest.approx(np.std(np.diff(busy[0])) / np.mean(np.diff(busy[0])))
    correlation = elephant.spike_train_correlation.correlation_coefficient(
        elephant.conversion.BinnedSpikeTrain(busy[:2], bin_size=1 * pq.ms)
    )
    first, second_ = (np.isin(np.arange(N_STEPS), np.rint(one)) for one in busy[:2])
    assert correlation[0, 1] == pytest.approx(np.corrcoef(first, second_)[0, 1])
    kernel = elephant.kernels.GaussianKernel(5 * pq.ms)
    smooth = elephant.statistics.instantaneous_rate(list(trains), 1 * pq.ms, kernel)
    assert isinstance(smooth, neo.AnalogSignal)
    assert smooth.shape == (N_STEPS, SMALL[1])


@pytest.mark.parametrize("unit", [volt, amp, siemens, ohm, volt / second, nS / pA, kelvin * mV])
def test_units_of_states_are_those_of_quantities(unit):
    dimension = get_dimensions(unit)
    base = pq.dimensionless
    for name, si in {"m": pq.m, "kg": pq.kg, "s": pq.s, "A": pq.A, "K": pq.K}.items():
        base = base * si ** dimension.get_dimension(name)
    assert float(pq.Quantity(3, _unit(dimension)).rescale(base)) == pytest.approx(3)


def test_monitors_of_brian2_hold_the_night_and_stay_out_of_networks(night, caplog, monkeypatch):
    spikes, rates, states = night.to_brian()
    for name in NAMES:
        monitor, train = spikes[name], night.spikes[name]
        assert isinstance(monitor, brian2.SpikeMonitor)
        assert monitor.num_spikes == len(train)
        np.testing.assert_array_equal(monitor.i[:], train.i)
        np.testing.assert_array_equal(monitor.t[:], train.t)
        for neuron, times in train.trains().items():
            np.testing.assert_array_equal(monitor.spike_trains()[neuron], times)
            assert monitor.count[neuron] == len(times)
        assert isinstance(rates[name], brian2.PopulationRateMonitor)
        np.testing.assert_array_equal(rates[name].rate[:], night.rates[name].rate)
        assert len(rates[name].smooth_rate(width=3 * ms)) == N_STEPS
    potential = states["0"]["v"]
    assert isinstance(potential, brian2.StateMonitor)
    assert potential.record_variables == ["v"]
    np.testing.assert_array_equal(potential.v, night.states["0"].v)
    np.testing.assert_array_equal(potential[3].v, night.states["0"].v[1])
    np.testing.assert_array_equal(potential.t[:], night.states["0"].t)

    monkeypatch.setitem(brian2.prefs, "codegen.target", "numpy")
    mine = brian2.NeuronGroup(1, "dv/dt = 1/second : 1", method="euler")
    brian2.run(2 * ms)  # takes all Brian2 objects that are visible here
    assert mine.v[0] == pytest.approx(0.002)
    with pytest.raises(RuntimeError, match="already been simulated"):
        brian2.Network(mine, potential).run(1 * ms)
    del monitor, potential, spikes, rates, states
    gc.collect()
    assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


def test_tables_hold_every_spike_and_rate(night):
    spikes, rates = night.to_pandas()
    assert len(spikes) == sum(map(len, night.spikes.values()))
    for name in NAMES:
        part = spikes[spikes["population"] == name]
        np.testing.assert_array_equal(part["neuron"], night.spikes[name].i)
        np.testing.assert_array_equal(part["time_s"], night.spikes[name].t / second)
        np.testing.assert_array_equal(rates[name], np.asarray(night.rates[name].rate))
    assert rates.index.name == "time_s"
    assert rates.attrs["units"] == "Hz"


def test_arrays_have_axes_and_units(night):
    data = night.to_xarray()
    assert data["0.v"].dims == ("0.neuron", "time")
    assert data["0.v"].attrs["units"] == "V"
    one = data["0.v"].sel({"0.neuron": 3, "time": 0.01}, method="nearest")
    assert float(one) == float(np.asarray(night.states["0"].v)[1, 2])
    change = data["2.weight"].sel(when="after") - data["2.weight"].sel(when="before")
    np.testing.assert_array_equal(
        change, night.weights_after["2.weight"] - night.weights_before["2.weight"]
    )
    trace = data["2.weight.trace"]
    assert set(trace["2.weight.synapse_index_0"].values) == {0, 2}
    np.testing.assert_array_equal(trace, night.weight_traces["2.weight"].w)
    assert data.attrs["dt_s"] == 0.001


def test_a_night_of_kernels_without_models_or_spikes_travels_too(night, tmp_path):
    kernel = np.arange(2 * 3 * 2 * 2.0).reshape(2, 3, 2, 2)
    old = replace(
        night, spikes={}, counts={}, source=None, states={}, weight_traces={},
        weights_before={"conv/0:weight": kernel}, weights_after={"conv/0:weight": kernel + 1},
    )  # fmt: skip
    old.to_nwb(tmp_path / "old.nwb")
    with pynwb.NWBHDF5IO(tmp_path / "old.nwb", "r") as stream:
        file = stream.read()
        after = file.processing["network"]["weights conv_0_weight"]["after"][:]
        np.testing.assert_array_equal(after.reshape(kernel.shape), kernel + 1)
        assert file.units is None
        assert file.stimulus_notes == "not known"
    assert old.to_xarray()["conv/0:weight"].shape == (2, 2, 3, 2, 2)
    assert len(old.to_neo().segments[0].spiketrains) == 0
    assert len(old.to_pandas().spikes) == 0


def test_a_night_from_disk_travels_as_it_did(night, tmp_path):
    streamed = bs.sleep(
        mlp(SMALL, scale=1.5), np.full(SMALL[0], 0.3), duration=N_STEPS, neuron=heaviside(),
        plasticity=bs.SRC(increase=0.01, decrease=0.001), save=tmp_path / "streamed",
    )  # fmt: skip
    night.save(tmp_path / "saved")
    for slept, folder in ((night, "saved"), (streamed, "streamed")):
        loaded = bs.Night.load(tmp_path / folder)
        assert_same_nights(slept, loaded)
        one, other = slept.to_neo(), loaded.to_neo()
        for train, same in zip(
            one.segments[0].spiketrains, other.segments[0].spiketrains, strict=True
        ):
            np.testing.assert_array_equal(train, same)
        for table, same in zip(slept.to_pandas(), loaded.to_pandas(), strict=True):
            assert table.equals(same)
        assert slept.to_xarray().equals(loaded.to_xarray())
        np.testing.assert_array_equal(slept.up_steps, loaded.up_steps)
        loaded.to_nwb(tmp_path / f"{folder}.nwb")
        with pynwb.NWBHDF5IO(tmp_path / f"{folder}.nwb", "r") as stream:
            units = stream.read().units.to_dataframe()
            np.testing.assert_array_equal(spikes_of_units(units, "0", 0.001), raster(slept, "0"))


@pytest.mark.parametrize("package", ["neo", "pynwb", "xarray"])
def test_a_package_that_is_missing_is_named(night, tmp_path, monkeypatch, package):
    call = {"neo": night.to_neo, "pynwb": lambda: night.to_nwb(tmp_path / "n"),
            "xarray": night.to_xarray}[package]  # fmt: skip
    import_module(package)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"{package}: pip install 'brainsleep\[neuro\]'"):
        call()


def test_nwb_files_that_cannot_be_are_refused(night, tmp_path):
    with pytest.raises(DirectoryError, match="is a directory"):
        night.to_nwb(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(DirectoryError, match="cannot write"):
        night.to_nwb(tmp_path / "file" / "night.nwb")


def test_files_are_replaced_and_missing_directories_made(night, tmp_path):
    """One rule for all that write a file which the user names."""
    writers = {
        "a.nwb": night.to_nwb,
        "a.png": lambda path: bs.figures.save_figure(night.plot_raster(), path),
    }
    for name, write in writers.items():
        file = tmp_path / "not" / "there" / name
        write(file)
        whole = file.stat().st_size
        file.write_text("another")
        write(file)
        assert file.stat().st_size == pytest.approx(whole, rel=0.05)
