"""Rasters: which spikes are drawn, in whose axes, and what is refused."""

import copy

import numpy as np
import pytest
from brian2 import ms
from made_up import given_axes, make_night, picture
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from brainsleep import figures
from brainsleep.errors import ParameterError, UnitsError

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


def test_raster_has_one_panel_per_population_with_its_spikes(night, tmp_path):
    axes = figures.plot_raster(night)
    assert axes.shape == (3,)
    for ax, (name, train) in zip(axes, night.spikes.items(), strict=True):
        assert isinstance(ax, Axes)
        assert ax.get_xlabel() == "Time (ms)"
        assert ax.get_ylabel() == "Neuron index"
        assert ax.get_xlim() == (0, 200)
        (dots,) = ax.lines
        assert_allclose(dots.get_xdata(), train.t / ms)
        assert_array_equal(dots.get_ydata(), train.i)
        assert dots.get_linestyle() == "None"
        assert dots.get_markersize() <= 4
        assert ax.get_title(loc="left").startswith(f"{name} (")
    assert axes[0].get_title(loc="left") == "input (30 neurons, 25 Hz)"
    assert axes[2].get_title(loc="left") == "2 (0 neurons, 0 Hz)"
    assert axes[1].get_ylim() == (-0.5, 19.5)
    picture(tmp_path, axes)


def test_raster_of_a_silent_night(tmp_path):
    axes = figures.plot_raster(make_night(silent=True))
    assert [len(ax.lines[0].get_xdata()) for ax in axes] == [0, 0, 0]
    picture(tmp_path, axes)


def test_raster_thins_out_and_says_so(night):
    axes = figures.plot_raster(night, populations="input", max_spikes=40)
    (dots,) = axes[0].lines
    drawn = list(zip(dots.get_xdata(), dots.get_ydata(), strict=True))
    train = night.spikes["input"]
    assert len(drawn) == 40
    assert set(drawn) <= set(zip(np.asarray(train.t / ms), train.i, strict=True))
    assert "25 Hz, 40 of 150 spikes drawn" in axes[0].get_title(loc="left")
    again = figures.plot_raster(night, populations="input", max_spikes=40)
    assert_array_equal(again[0].lines[0].get_xdata(), dots.get_xdata())


def test_raster_draws_into_given_axes_in_the_given_order(night):
    mine = given_axes(2)
    axes = figures.plot_raster(night, axes=mine, populations=["0", "input"])
    assert list(axes) == list(mine)
    assert mine[0].get_title(loc="left").startswith("0 (20")
    single = Figure().subplots()
    assert list(figures.plot_raster(night, axes=single, populations=["0"])) == [single]


def test_night_plot_raster_is_the_same(night):
    axes = night.plot_raster(populations=["0"])
    assert axes.shape == (1,)
    assert len(axes[0].lines[0].get_xdata()) == 100


def test_raster_leaves_the_night_as_it_was(night):
    kept = copy.deepcopy(night.spikes)
    figures.plot_raster(night, max_spikes=10)
    for name, train in kept.items():
        assert_array_equal(night.spikes[name].i, train.i)
        assert_array_equal(np.asarray(night.spikes[name].t), np.asarray(train.t))


def test_raster_refuses(night):
    with pytest.raises(ParameterError, match=r"'inputs'.*Did you mean 'input'"):
        figures.plot_raster(night, populations=["inputs"])
    with pytest.raises(ParameterError, match="populations"):
        figures.plot_raster(night, populations=[])
    with pytest.raises(ParameterError, match="2 given, but there are 3 panels"):
        figures.plot_raster(night, axes=given_axes(2))
    with pytest.raises(ParameterError, match="must be matplotlib Axes, not 'x'"):
        figures.plot_raster(night, axes=["x", "y", "z"])
    with pytest.raises(ParameterError, match="max_spikes"):
        figures.plot_raster(night, max_spikes=0)
    with pytest.raises(UnitsError, match="max_spikes"):
        figures.plot_raster(night, max_spikes=1.5)
    del night.spikes["0"]
    with pytest.raises(ParameterError, match=r"'0' was not recorded; name it in record="):
        figures.plot_raster(night, populations=["input", "0"])
    night.spikes = {}
    with pytest.raises(ParameterError, match="recorded no spikes"):
        figures.plot_raster(night)
