"""Rasters: which spikes are drawn, in whose axes, and what is refused."""

import copy
import importlib
import itertools
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import ms
from made_up import assert_no_ticks_overlap, given_axes, make_night, picture
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal
from torch import nn

import brainsleep as bs
from brainsleep import figures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import ParameterError, UnitsError
from brainsleep.figures.gathered_spikes import gather
from brainsleep.figures.spike_windows import TimeWindow
from brainsleep.measures import population_rate

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")


def test_raster_has_one_panel_per_population_with_its_spikes(night, tmp_path):
    axes = figures.plot_raster(night)
    assert axes.shape == (3,)
    for ax, train in zip(axes, night.spikes.values(), strict=True):
        assert isinstance(ax, Axes)
        assert ax.get_xlabel() == "Time (ms)"
        assert ax.get_ylabel() == "Neuron"
        assert ax.get_xlim() == (0, 200)
        (dots,) = ax.lines
        assert_allclose(dots.get_xdata(), train.t / ms)
        assert_array_equal(dots.get_ydata(), train.i)
        assert dots.get_linestyle() == "None"
        assert dots.get_markersize() <= 4
    assert axes[0].get_title(loc="left") == "input: 30 neurons, 25 Hz"
    assert axes[2].get_title(loc="left") == "2: 0 neurons, 0 Hz"
    assert axes[1].get_ylim() == (-0.5, 19.5)
    picture(tmp_path, axes)


def test_raster_of_a_silent_night(tmp_path):
    axes = figures.plot_raster(make_night(silent=True))
    assert [len(ax.lines[0].get_xdata()) for ax in axes] == [0, 0, 0]
    picture(tmp_path, axes)


def test_raster_shows_a_density_where_dots_would_merge(tmp_path):
    night = make_night(n_neurons=(300, 20, 0))
    rng = np.random.default_rng(1)
    i = rng.integers(0, 300, 60_000).astype(np.int32)
    t = np.sort(rng.integers(0, 200, 60_000)) * ms
    night.spikes["input"] = Spikes(i, t, 300)
    axes = figures.plot_raster(night)
    dense, sparse, _ = axes
    assert [len(ax.lines) for ax in axes] == [0, 1, 1]
    (image,) = dense.images
    rows, columns = image.get_array().shape
    assert (rows, columns) == (120, 200)  # one column per step
    counts, *_ = np.histogram2d(i * rows // 300, t / ms, (range(rows + 1), range(columns + 1)))
    n_of_row = np.bincount(np.arange(300) * rows // 300)
    assert_allclose(image.get_array(), counts / (n_of_row[:, None] * 0.001))
    title = dense.get_title(loc="left")
    assert re.search(r"1e\+03 Hz, density \(dots up to \d+(\.\d+)? Hz\)$", title)
    assert "density" not in sparse.get_title(loc="left")
    (bar,) = dense.child_axes
    assert bar.get_ylabel() == "Hz"
    picture(tmp_path, axes)


@pytest.mark.parametrize("figure", [Figure((8, 3)), Figure((2, 1))])
def test_no_panel_of_dots_is_covered_by_them(figure, tmp_path):
    """The area of the dots, at most 3 in 10 of the panel, whatever its size."""
    night, ax = make_night(n_neurons=(30, 20, 0)), figure.subplots()
    for n_spikes in (200, 2_000, 20_000):
        ax.clear()
        steps = np.sort(np.random.default_rng(0).integers(0, 200, n_spikes))
        night.spikes["0"] = Spikes(np.arange(n_spikes, dtype=np.int32) % 20, steps * ms, 20)
        figures.plot_raster(night, ax, populations="0")
        box = ax.get_window_extent()
        covered = sum(len(dots.get_xdata()) * dots.get_markersize() ** 2 for dots in ax.lines)
        share = covered / (box.width * box.height * (72 / figure.dpi) ** 2)
        assert share <= 0.3
        assert len(ax.lines) + len(ax.images) == 1
    assert ax.images


def test_raster_of_some_neurons_says_so(night):
    axes = figures.plot_raster(
        night, populations="input", max_spikes=40, when_dense="neurons", rates=False
    )
    (dots,) = axes[0].lines
    train = night.spikes["input"]
    chosen = np.linspace(0, 29, 8).round().astype(int)  # 40 of 150 spikes: 8 of 30 neurons
    shown = np.isin(train.i, chosen)
    assert_array_equal(dots.get_ydata(), train.i[shown])
    assert_allclose(dots.get_xdata(), np.asarray(train.t / ms)[shown])
    assert axes[0].get_title(loc="left").endswith("8 neurons drawn (all up to 6.67 Hz)")


def test_the_rate_of_each_population_is_below_its_spikes(night):
    axes = figures.plot_raster(night)
    assert len(axes[0].figure.axes) == 6
    for ax, below, train in zip(
        axes, axes[0].figure.axes[1::2], night.spikes.values(), strict=True
    ):
        (steps,) = below.patches
        _, expected = population_rate(train, n_steps=200, dt=1 * ms, bin_size=2 * ms)
        assert_allclose(steps.get_data().values, expected)
        assert_allclose(steps.get_data().edges, np.arange(0, 201, 2))
        assert below.get_ylabel() == "Hz"
        assert below.get_xlabel() == "Time (ms); rates in bins of 2 ms"
        assert ax.get_shared_x_axes().joined(ax, below)
    assert len(figures.plot_raster(night, rates=False)[0].figure.axes) == 3
    mine = given_axes(6)
    assert list(figures.plot_raster(night, mine)) == list(mine[::2])
    assert mine[1].patches


def test_raster_of_a_part_of_the_night(night):
    axes = figures.plot_raster(night, start=50 * ms, stop="120 ms", populations="input")
    train = night.spikes["input"].between(50 * ms, 120 * ms)
    (dots,) = axes[0].lines
    assert_allclose(dots.get_xdata(), train.t / ms)
    assert axes[0].get_xlim() == (50, 120)
    hertz = len(train) / (30 * 0.07)
    assert axes[0].get_title(loc="left") == f"input: 30 neurons, {hertz:.3g} Hz"
    for wrong, words in [
        ({"start": 200 * ms}, "start: .*200.* is after the end of the night, which lasts 0.2 s"),
        ({"start": 20 * ms, "stop": 20 * ms}, "stop must be after start, but 20"),
    ]:
        with pytest.raises(ParameterError, match=words):
            figures.plot_raster(night, **wrong)
    with pytest.raises(UnitsError, match="stop needs units"):
        figures.plot_raster(night, stop=20)


def test_nights_of_other_lengths_are_drawn_on_one_scale(night, tmp_path):
    short = make_night(seed=1, n_steps=80)
    axes = figures.plot_rasters({"long": night, "short": short}, populations=["input", "0"])
    assert axes.shape == (2, 2)
    for ax in axes.ravel():
        assert ax.get_xlim() == (0, 200)
    assert not axes[0, 0].patches
    (rest,) = axes[0, 1].patches
    assert (rest.get_x(), rest.get_x() + rest.get_width()) == pytest.approx((80, 200))
    hertz = 150 / (30 * 0.08)
    assert axes[0, 1].get_title(loc="left") == f"short\ninput: 30 neurons, {hertz:.3g} Hz"
    assert len(axes[1, 1].lines[0].get_xdata()) == 100
    widths = {round(ax.get_position().width, 6) for ax in axes.ravel()}
    assert len(widths) == 1
    picture(tmp_path, axes)
    mine = Figure().subplots(2, 2)
    mine_drawn = figures.plot_rasters({"a": night, "b": short}, mine, populations=["input", "0"])
    assert list(mine_drawn.ravel()) == list(mine.ravel())
    with pytest.raises(ParameterError, match="none to draw"):
        figures.plot_rasters({})


def test_channels_of_a_convolution_are_parted(night, tmp_path):
    network = bs.translate(nn.Sequential(nn.Conv2d(1, 4, 2), nn.ReLU()), (1, 4, 4))
    night.source = SimpleNamespace(setup=network)
    night.sizes = {"input": 16, "0": 36}
    silent = make_night(silent=True).spikes["0"]
    night.spikes = {name: replace(silent, n_neurons=n) for name, n in night.sizes.items()}
    image, convolution = figures.plot_raster(night)
    assert convolution.get_title(loc="left") == (
        "output (0): 36 neurons (4 channels of 3 × 3), 0 Hz"
    )
    borders = [line.get_ydata()[0] for line in convolution.lines[1:]]
    assert borders == [8.5, 17.5, 26.5]
    assert len(image.lines) == 1
    many = replace(silent, n_neurons=36)
    night.spikes["0"] = many
    flat = Figure((5, 0.1)).add_axes((0, 0, 1, 1))  # too low for lines
    figures.plot_raster(night, flat, populations="0")
    assert len(flat.lines) == 1


def test_rows_of_a_density_end_where_channels_end():
    for n_neurons, n_channels in [(4608, 8), (300, 3), (36, 4), (1600, 16), (500, 500), (7, 1)]:
        train = Spikes(np.zeros(0, np.int32), np.zeros(0) * ms, n_neurons)
        window = TimeWindow(0, 1, 1, 1e-3)
        seen = gather(train, window, most=1, n_channels=n_channels)
        n_rows = len(seen.density)
        assert n_rows <= 120
        if n_channels <= 120:
            assert n_rows % n_channels == 0


def test_spikes_are_read_a_few_at_a_time(night, monkeypatch):
    train, window = night.spikes["input"], TimeWindow(0.05, 0.15, 0.15, 1e-3)
    whole = gather(train, window, most=1000, n_channels=1)
    monkeypatch.setattr("brainsleep.devices.activity.AT_A_TIME", 7)
    assert len(list(train.pieces(50 * ms, 150 * ms))) == 22
    parts = gather(train, window, most=1000, n_channels=1)
    for field in ("n_spikes", "neurons", "seconds", "density", "rates"):
        assert_array_equal(getattr(whole, field), getattr(parts, field))
    assert len(gather(train, window, most=20, n_channels=1).neurons) == 0


@pytest.mark.parametrize("in_memory", [True, False])
def test_the_benchmark_draws_as_many_spikes_as_it_says(tmp_path, in_memory, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    benchmark = importlib.import_module("raster_of_many_spikes")
    benchmark.write_spikes(tmp_path, 200_000)
    found = benchmark.draw(tmp_path, in_memory)
    assert found["spikes"] == 200_000
    assert (tmp_path / "raster.png").stat().st_size > 10_000


def test_labels_of_panels_do_not_overlap(monkeypatch):
    """Of very many layers a figure has low panels; here of a few, to be quick."""
    monkeypatch.setattr("brainsleep.figures.raster._MOST_HEIGHT", 8.0)
    night = make_night()
    sizes = [784, *[60] * 3, 10]
    silent = make_night(silent=True).spikes["0"]
    night.spikes = {f"{number}": replace(silent, n_neurons=n) for number, n in enumerate(sizes)}
    axes = figures.plot_raster(night)
    axes[0].figure.draw_without_rendering()
    labels = [ax.yaxis.label.get_window_extent() for ax in axes[0].figure.axes]
    titles = [ax._left_title.get_window_extent() for ax in axes]
    for boxes in (labels, titles):
        for one, other in itertools.pairwise(boxes):
            assert not one.overlaps(other)
    assert_no_ticks_overlap(axes[0].figure)


def test_raster_draws_into_given_axes_in_the_given_order(night):
    mine = given_axes(2)
    axes = figures.plot_raster(night, axes=mine, populations=["0", "input"])
    assert list(axes) == list(mine)
    assert mine[0].get_title(loc="left").startswith("0: 20")
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
    with pytest.raises(ParameterError, match=r"'densty'.*Did you mean 'density'"):
        figures.plot_raster(night, when_dense="densty")
    del night.spikes["0"]
    with pytest.raises(ParameterError, match=r"'0' was not recorded; name it in record="):
        figures.plot_raster(night, populations=["input", "0"])
    night.spikes = {}
    with pytest.raises(ParameterError, match="recorded no spikes"):
        figures.plot_raster(night)


@pytest.mark.parametrize("n_neurons", [(30, 20, 0), (300, 20, 0)])
def test_up_states_are_shaded_behind_the_spikes(n_neurons, tmp_path):
    night = replace(make_night(n_neurons=n_neurons), up_steps=np.array([[10, 40], [90, 200]]))
    axes = figures.plot_raster(night, start=20 * ms, stop=150 * ms)
    for ax in axes[0].figure.axes:
        if ax.get_ylabel() in ("Neuron", "Hz") and ax.get_xlabel():
            (shade,) = [one for one in ax.collections if one.get_label() == "up state"]
            spans = [path.get_extents() for path in shade.get_paths()]
            assert_allclose([(one.x0, one.x1) for one in spans], [(20, 40), (90, 150)])
            assert all(shade.get_zorder() < dots.get_zorder() for dots in ax.lines)
    picture(tmp_path, axes)
    both = figures.plot_rasters({"staged": night, "not": replace(night, up_steps=None)})
    shaded = [[len(ax.collections) for ax in row] for row in both]
    assert [row[0] > row[1] for row in shaded] == [True] * 3
    for off in (figures.plot_raster(night, up_states=False), make_night().plot_raster()):
        assert not any(one.get_label() == "up state" for ax in off for one in ax.collections)
