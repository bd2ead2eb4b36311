"""Pictures of sleep over time: what is in the artists, and what they refuse."""

import math
from types import SimpleNamespace

import matplotlib
import numpy as np
import pytest
from brian2 import Hz, ms, second
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

matplotlib.use("Agg")

from brainsleep import figures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import BrainsleepError, ParameterError, UnitsError
from brainsleep.measures import binned_rate, up_states

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")

ROWS = {"NREM": 0, "REM": 1, "Wake": 2}


def segment(name, start, duration):
    return SimpleNamespace(name=name, start=start * second, duration=duration * second)


def plan(*parts):
    """Stages one after the other, (name, seconds)."""
    start, segments = 0.0, []
    for name, duration in parts:
        segments.append(segment(name, start, duration))
        start += duration
    return SimpleNamespace(segments=segments)


SHORT = plan(("Wake", 1), ("NREM", 5), ("REM", 2), ("NREM", 2))


def population(n_neurons, high, low, n_steps=3000, seed=0):
    """Spikes of neurons that are up in the second half of every second."""
    up = np.arange(n_steps) % 1000 >= 500
    p = np.where(up, high, low) * 1e-3
    raster = np.random.default_rng(seed).random((n_steps, n_neurons)) < p[:, None]
    steps, neurons = np.nonzero(raster)
    return Spikes(neurons.astype(np.int32), steps * ms, n_neurons)


@pytest.fixture(scope="module")
def excitatory():
    return population(160, 15, 0.2)


@pytest.fixture(scope="module")
def inhibitory():
    return population(40, 30, 0.2, seed=1)


# Hypnograms


def test_the_staircase_goes_through_all_stages(tmp_path):
    ax = figures.plot_hypnogram(SHORT)
    staircase, rem = ax.lines
    assert_allclose(staircase.get_xdata(), [0, 1, 1, 6, 6, 8, 8, 10])
    assert_allclose(staircase.get_ydata(), [2, 2, 0, 0, 1, 1, 0, 0])
    assert_allclose(rem.get_xdata(), [6, 8])
    assert_allclose(rem.get_ydata(), [1, 1])
    assert rem.get_linewidth() > 2 * staircase.get_linewidth()
    assert to_rgb(rem.get_color()) != to_rgb(staircase.get_color())
    assert [label.get_text() for label in ax.get_yticklabels()] == ["NREM", "REM", "Wake"]
    assert ax.get_xlim() == (0, 10)
    assert figures.save_figure(ax, tmp_path / "hypnogram.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("seconds", "unit", "end"), [(1, "ms", 1000), (50, "s", 50), (600, "min", 10), (9000, "h", 2.5)]
)
def test_time_is_written_in_the_unit_that_fits(seconds, unit, end):
    ax = figures.plot_hypnogram(plan(("NREM", seconds / 2), ("Wake", seconds / 2)))
    assert ax.get_xlabel() == f"Time ({unit})"
    assert ax.get_xlim()[1] == pytest.approx(end)


def test_a_gap_lifts_the_pen():
    stages = SimpleNamespace(segments=[segment("NREM", 3, 2), segment("REM", 6, 1)])
    ax = figures.plot_hypnogram(stages)
    assert_allclose(ax.lines[0].get_xdata(), [3, 5, math.nan, 6, 7])
    assert_allclose(ax.lines[0].get_ydata(), [0, 0, math.nan, 1, 1])
    assert ax.get_xlim() == (3, 7)


def test_given_axes_are_drawn_into():
    ax = Figure().subplots()
    assert figures.plot_hypnogram(SHORT, ax) is ax
    assert len(ax.lines) == 2


@given(
    parts=st.lists(
        st.tuples(st.sampled_from(sorted(ROWS)), st.floats(1e-3, 1e4)), min_size=1, max_size=12
    )
)
@settings(max_examples=20)
def test_any_night_can_be_drawn(parts):
    ax = figures.plot_hypnogram(plan(*parts))
    rows = [ROWS[name] for name, _ in parts]
    assert ax.lines[0].get_ydata().tolist() == np.repeat(rows, 2).tolist()
    assert len(ax.lines) == 1 + rows.count(1)
    assert (np.diff(ax.lines[0].get_xdata()) >= -1e-9).all()


@pytest.mark.parametrize(
    ("stages", "error", "words"),
    [
        (None, UnitsError, "must have a sequence of segments"),
        (SimpleNamespace(segments=3), UnitsError, "must have a sequence of segments"),
        (plan(), ParameterError, "no segments"),
        (plan(("NRM", 1)), ParameterError, "segment 0 is called 'NRM'. Did you mean 'NREM'?"),
        (plan(("NREM", 1), ("N4", 1)), ParameterError, "segment 1 is called 'N4'."),
        (plan(("NREM", 0)), ParameterError, "duration of segment 0 must be greater than 0"),
        (
            SimpleNamespace(segments=[SimpleNamespace(name="REM", start=0, duration=5)]),
            UnitsError,
            "start of segment 0 needs units",
        ),
        (
            SimpleNamespace(segments=[SimpleNamespace(name="REM", start=0 * ms)]),
            UnitsError,
            "duration of segment 0 needs units",
        ),
        (
            SimpleNamespace(segments=[segment("NREM", 0, 2), segment("REM", 1, 2)]),
            ParameterError,
            "segment 1 starts at 1 s, before the last one ends at 2 s",
        ),
    ],
)
def test_bad_stages(stages, error, words):
    with pytest.raises(error) as raised:
        figures.plot_hypnogram(stages)
    assert words in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)


# The slow oscillation


def shades(ax):
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches]


def test_up_states_are_shaded_and_rates_drawn(excitatory, inhibitory, tmp_path):
    panels = figures.plot_slow_oscillation(excitatory, inhibitory, 3 * second)
    found = up_states(binned_rate(excitatory, 3 * second, 10 * ms))
    expected = np.stack([found.starts / second, found.ends / second], axis=1)
    assert len(expected) == 3
    for ax in panels:
        assert_allclose(shades(ax), expected)
    for line, train in zip(panels[1].lines, (excitatory, inhibitory), strict=True):
        rate = binned_rate(train, 3 * second, 10 * ms)
        assert_allclose(line.get_ydata(), np.asarray(rate.rate / Hz))
        assert_allclose(line.get_xdata(), np.asarray(rate.t / second) + 0.005)
    labels = [text.get_text() for text in panels[0].get_legend().get_texts()]
    assert labels == ["excitatory", "inhibitory", "up state"]
    assert figures.save_figure(panels, tmp_path / "so.png").stat().st_size > 0


def test_the_raster_shows_some_neurons_of_each_population(excitatory, inhibitory):
    panels = figures.plot_slow_oscillation(excitatory, inhibitory, 2.5 * second, max_neurons=50)
    dots = panels[0].lines
    for line, train, shown, height in zip(
        dots, (excitatory, inhibitory), (40, 10), (0, 40), strict=True
    ):
        chosen = np.linspace(0, train.n_neurons - 1, shown).round()
        seen = np.isin(train.i, chosen) & (np.asarray(train.t / second) < 2.5)
        assert_allclose(line.get_xdata(), np.asarray(train.t / second)[seen])
        assert_allclose(line.get_ydata(), np.searchsorted(chosen, train.i[seen]) + height)
    labels = [label.get_text() for label in panels[0].get_yticklabels()]
    assert labels == ["excitatory\n(40 of 160)", "inhibitory\n(10 of 40)"]


def test_all_neurons_are_shown_where_they_are_few(excitatory, inhibitory):
    panels = figures.plot_slow_oscillation(excitatory, inhibitory, "3 s", max_neurons=1000)
    assert len(panels[0].lines[0].get_xdata()) == len(excitatory)


def test_silent_and_empty_populations_can_be_drawn(tmp_path):
    nobody = Spikes(np.array([], np.int32), [] * second, 0)
    silent = Spikes(np.array([], np.int32), [] * second, 5)
    panels = figures.plot_slow_oscillation(silent, nobody, 1 * second)
    assert shades(panels[0]) == []
    figures.save_figure(panels, tmp_path / "silence.png")


def test_given_panels_are_drawn_into(excitatory, inhibitory):
    given_axes = Figure().subplots(1, 2)
    panels = figures.plot_slow_oscillation(excitatory, inhibitory, 3 * second, given_axes)
    assert list(panels) == list(given_axes)
    assert panels[0].get_xlabel() == "Time (s)"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"duration": 3}, UnitsError, "duration needs units"),
        ({"duration": 5 * ms}, ParameterError, "bin_size: 10 ms is longer"),
        ({"max_neurons": 1}, ParameterError, "max_neurons must be at least 2"),
        ({"axes": Figure().subplots()}, ParameterError, "1 given, but there are 2 panels"),
        ({"spikes_inhibitory": np.zeros((5, 2), bool)}, UnitsError, "those of one population"),
    ],
)
def test_bad_slow_oscillations(excitatory, inhibitory, change, error, words):
    arguments = {
        "spikes_excitatory": excitatory,
        "spikes_inhibitory": inhibitory,
        "duration": 3 * second,
    } | change
    with pytest.raises(error) as raised:
        figures.plot_slow_oscillation(**arguments)
    assert words in str(raised.value)
