"""Spikes by neuron, of some time, of some neurons, as a table: compared with Brian2 and NumPy."""

import subprocess
import sys

import brian2
import numpy as np
import pytest
from brian2 import Quantity, ms, mV, second
from hypothesis import given
from hypothesis import strategies as st

import brainsleep as bs
from brainsleep.devices.activity import Spikes
from brainsleep.errors import KindError, MissingPackageError, ParameterError, UnitsError

N_NEURONS, N_STEPS = 7, 40


@st.composite
def spikes(draw):
    """Draw spikes in time order, several in a step or none, and the step of each."""
    dt = draw(st.sampled_from([0.1, 0.3, 1, 7])) * ms
    drawn = st.tuples(st.integers(0, N_STEPS - 1), st.integers(0, N_NEURONS - 1))
    events = sorted(draw(st.lists(drawn, max_size=60, unique=True)))
    steps = np.array([step for step, _ in events], dtype=np.int64)
    neurons = np.array([neuron for _, neuron in events], dtype=np.int32)
    return Spikes(neurons, steps * dt, N_NEURONS), steps, dt


@pytest.fixture
def few():
    return Spikes(np.array([2, 0, 2], np.int32), [0, 5, 9] * ms, n_neurons=4)


@pytest.mark.parametrize("dt", [0.1, 1])
def test_trains_are_those_of_brian2(dt):
    rng = np.random.default_rng(0)
    steps, neurons = np.nonzero(rng.random((200, 12)) < 0.1 * (np.arange(12) % 3))
    network = brian2.Network()
    source = brian2.SpikeGeneratorGroup(
        12, neurons, steps * dt * ms, dt=dt * ms, codeobj_class=None
    )
    monitor = brian2.SpikeMonitor(source)
    network.add(source, monitor)
    network.run(200 * dt * ms, namespace={})
    expected = monitor.spike_trains()
    found = Spikes(np.array(monitor.i), monitor.t[:], 12).trains()
    assert list(found) == list(expected) == list(range(12))
    assert {len(train) == 0 for train in found.values()} == {True, False}
    for neuron, train in expected.items():
        assert isinstance(found[neuron], Quantity)
        assert found[neuron].dim == train.dim
        assert found[neuron].dtype == train.dtype
        assert np.array_equal(found[neuron] / second, train / second)


def test_trains_of_a_night_are_its_spikes(few):
    assert [list(train / ms) for train in few.trains().values()] == [[5], [], [0, 9], []]
    silent = Spikes(np.zeros(0, np.int32), np.zeros(0) * ms, 2).trains()
    assert [len(train) for train in silent.values()] == [0, 0]
    assert silent[1].dim == second.dim
    assert Spikes(np.zeros(0, np.int32), np.zeros(0) * ms, 0).trains() == {}


@pytest.mark.parametrize("neuron", [-1, 4])
def test_trains_of_a_neuron_that_there_is_not(neuron):
    with pytest.raises(ParameterError, match="i must lie between 0 and 3"):
        Spikes(np.array([0, neuron]), [0, 1] * ms, 4).trains()


@given(spikes(), st.integers(0, N_STEPS), st.integers(0, 2 * N_STEPS))
def test_some_time_is_that_of_a_mask_of_steps(drawn, start, length):
    train, steps, dt = drawn
    mask = (start <= steps) & (steps < start + length)
    # the same time, but for rounding
    for first, last in [
        (start * dt, (start + length) * dt),
        (start * float(dt / ms) * ms, float(dt / ms) * (start + length) * ms),
    ]:
        part = train.between(first, last)
        assert_those_of(train, mask, part)
        pieces = list(train.pieces(first, last))
        assert_those_of(train, mask, Spikes(*joined(pieces), N_NEURONS) if pieces else part)


@given(spikes(), st.floats(0, 300), st.floats(0, 300))
def test_some_time_between_steps(drawn, start, length):
    train, _, dt = drawn
    milliseconds = train.t / ms
    ends = np.array([start, start + length])
    on_a_step = np.isclose(ends / float(dt / ms), np.rint(ends / float(dt / ms)), rtol=1e-9)
    if on_a_step[ends > 0].any():
        return  # the test above has these
    mask = (start <= milliseconds) & (milliseconds < start + length)
    assert_those_of(train, mask, train.between(start * ms, (start + length) * ms))


@given(spikes(), st.lists(st.integers(0, N_NEURONS - 1)), st.data())
def test_some_neurons_are_those_of_a_mask(drawn, neurons, data):
    train = drawn[0]
    mask = np.array([neuron in neurons for neuron in train.i], dtype=bool)
    chosen = np.isin(np.arange(N_NEURONS), neurons)
    for given_as in (neurons, np.array(neurons, np.uint8), chosen, chosen.tolist()):
        assert_those_of(train, mask, train.of(given_as))
    one = data.draw(st.integers(0, N_NEURONS - 1))
    assert_those_of(train, train.i == one, train.of(one))
    assert np.array_equal(train.of(one).trains()[one] / ms, train.trains()[one] / ms)
    assert_those_of(train, train.i < one, train.of(range(one)))


def joined(pieces):
    """Return neurons and times of several pieces."""
    seconds = np.concatenate([piece.t / second for piece in pieces])
    return np.concatenate([piece.i for piece in pieces]), seconds * second


def assert_those_of(train, mask, part):
    assert isinstance(part, Spikes)
    assert part.n_neurons == train.n_neurons
    assert len(part) == mask.sum()
    assert part.i.dtype == train.i.dtype
    assert np.array_equal(part.i, train.i[mask])
    assert np.array_equal(part.t / second, train.t[mask] / second)
    assert part.t.dim == second.dim


def test_a_part_is_a_copy(few):
    for part in (few.between("0 ms", "1 s"), few.of([0, 1, 2, 3])):
        part.i[:] = 3
    assert few.i.tolist() == [2, 0, 2]


@pytest.mark.parametrize(
    ("start", "stop", "error", "words"),
    [
        (0, 5 * ms, UnitsError, "start needs units"),
        (0 * ms, 5, UnitsError, "stop needs units"),
        (0 * mV, 5 * ms, UnitsError, "start must be in ms"),
        (0 * ms, None, UnitsError, "stop needs units"),
        (-1 * ms, 5 * ms, ParameterError, "start must be at least 0 ms, but is -1 ms"),
        (5 * ms, "3 ms", ParameterError, "stop must not be before start, but '3 ms' is before"),
        (0 * ms, np.inf * ms, ParameterError, "stop must be finite"),
        ([0, 1] * ms, 5 * ms, KindError, "start must be a single quantity"),
    ],
)
def test_what_is_no_time_is_refused(few, start, stop, error, words):
    with pytest.raises(error, match=words):
        few.between(start, stop)


@pytest.mark.parametrize(
    ("neurons", "error", "words"),
    [
        (4, ParameterError, "neurons must lie between 0 and 3, not 4"),
        ([0, -1], ParameterError, "neurons must lie between 0 and 3"),
        (np.uint64(2**64 - 1), ParameterError, "neurons must lie between 0 and 3"),
        ([True, False], ParameterError, r"neurons must have shape \(4,\), not \(2,\)"),
        (True, ParameterError, r"neurons must have shape \(4,\)"),
        (0.0, KindError, "neurons must be a whole number"),
        ([[0, 1]], KindError, "neurons must be a whole number"),
        ("0", KindError, "neurons must be a whole number"),
        (None, KindError, "neurons must be a whole number"),
        (slice(0, 2), KindError, "neurons must be a whole number"),
        (3 * ms, UnitsError, "neurons must be numbers without units"),
    ],
)
def test_what_is_no_neuron_is_refused(few, neurons, error, words):
    with pytest.raises(error, match=words):
        few.of(neurons)


def test_measures_take_a_part():
    rng = np.random.default_rng(0)
    steps, neurons = np.nonzero(rng.random((500, 6)) < 0.1)
    train = Spikes(neurons.astype(np.int32), steps * ms, 6)
    part = train.between(100 * ms, 300 * ms).of([1, 2])
    n_spikes = int(((steps >= 100) & (steps < 300) & np.isin(neurons, [1, 2])).sum())
    rates = bs.measures.mean_rates({"0": part}, 200 * ms)
    assert np.isclose(rates["0"], n_spikes / (6 * 0.2))
    counts = bs.measures.binned_rate(part, 300 * ms, bin_size=100 * ms).counts
    assert counts.tolist() == [0, *np.histogram(part.t / ms, [100, 200, 300])[0]]
    assert np.isfinite(bs.measures.cv_isi(part).by_neuron).sum() == 2


def test_a_table_has_a_row_for_each_spike(few):
    table = few.to_pandas()
    assert table.columns.tolist() == ["neuron", "time_s"]
    assert table.neuron.tolist() == [2, 0, 2]
    assert table.time_s.tolist() == (few.t / second).tolist()
    assert table.dtypes.astype(str).tolist() == ["int32", "float64"]
    assert few.between(1 * ms, 2 * ms).to_pandas().shape == (0, 2)


def test_without_pandas_a_table_says_how_to_get_it(few, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingPackageError, match="pip install pandas"):
        few.to_pandas()
    assert len(few.trains()) == 4


def test_pandas_is_imported_for_a_table_only():
    code = (
        "import sys, brainsleep; from brainsleep.devices.activity import Spikes;"
        "print('pandas' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert answer.stdout.strip() == "False", answer.stderr
