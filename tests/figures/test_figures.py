"""Figures: what is in the artists, whose axes they are, and what they refuse."""

import copy
import importlib
import json
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from brian2 import ms
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

matplotlib.use("Agg")

from brainsleep import figures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import BrainsleepError, DirectoryError, ParameterError, UnitsError
from brainsleep.night.result import Night

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep")

ROOT = Path(__file__).parents[2]
BEFORE = [[0.9, None], [0.1, 0.8]]
AFTER = [[0.8, None], [0.5, 0.9]]


def make_night(seed=0, silent=False, n_neurons=(30, 20, 0), n_steps=200):
    """A night of made-up spikes; the last population has no neurons at all."""
    rng = np.random.default_rng(seed)
    names = ["input", "0", "2"]
    spikes = {}
    for name, size in zip(names, n_neurons, strict=True):
        n_spikes = 0 if silent or size == 0 else 5 * size
        i = rng.integers(0, max(size, 1), n_spikes).astype(np.int32)
        spikes[name] = Spikes(i, np.sort(rng.integers(0, n_steps, n_spikes)) * ms, size)
    before = {"0.weight": rng.normal(size=(20, 30)), "2.weight": rng.normal(size=(1, 20))}
    after = {name: weights.copy() for name, weights in before.items()}
    after["0.weight"][:4] += 0.1  # 120 of 600 go up,
    after["0.weight"][4] -= 0.3  # 30 go down; the other layer stays as it is
    return Night(
        ann=None,
        spikes=spikes,
        weights_before=before,
        weights_after=after,
        timings={"run": 1.0, "build": 0.5, "total": 2.0},
        gains={"0": 1.0, "2": 1.0},
        thresholds={"0": 1.0, "2": 1.0},
        sizes=dict(zip(names, n_neurons, strict=True)),
        n_steps=n_steps,
        dt=1 * ms,
    )


@pytest.fixture
def night():
    return make_night()


def given_axes(n):
    return Figure().subplots(1, n, squeeze=False)[0]


def picture(tmp_path, drawn):
    """Save, so that everything is really drawn."""
    return figures.save_figure(drawn, tmp_path / "figure.png")


# -- new figures ---------------------------------------------------------------------------------


def test_pyplot_knows_nothing_of_our_figures(night, tmp_path):
    from matplotlib import pyplot

    pyplot.close("all")
    settings = dict(matplotlib.rcParams)
    picture(tmp_path, figures.plot_raster(night))
    picture(tmp_path, figures.plot_accuracy_matrix(AFTER))
    picture(tmp_path, figures.plot_weight_histograms(night))
    assert pyplot.get_fignums() == []
    assert dict(matplotlib.rcParams) == settings


# -- raster --------------------------------------------------------------------------------------


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


# -- accuracy ------------------------------------------------------------------------------------


def test_accuracy_matrix(tmp_path):
    kept = copy.deepcopy(AFTER)
    ax = figures.plot_accuracy_matrix(AFTER, title="After", task_names=["0, 1", "2, 3"])
    (image,) = ax.images
    shown = image.get_array()
    assert_array_equal(shown.mask, [[False, True], [False, False]])
    assert_allclose(shown.compressed(), [0.8, 0.5, 0.9])
    assert image.get_clim() == (0, 1)
    numbers = {text.get_position(): text.get_text() for text in ax.texts}
    assert numbers == {(0, 0): "0.80", (0, 1): "0.50", (1, 1): "0.90"}
    assert ax.get_xlabel() == "Task"
    assert ax.get_ylabel() == "Tasks learned"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0, 1", "2, 3"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "2"]
    assert ax.get_title() == "After"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first task is on top
    assert kept == AFTER
    picture(tmp_path, ax)


@pytest.mark.parametrize("value", np.linspace(0, 1, 11))
def test_numbers_can_be_read_on_their_colour(value):
    """Contrast of at least 4; guidelines for the web ask for 3 (large text) or 4.5 (small)."""
    ax = figures.plot_accuracy_matrix([[value]])
    cell = ax.images[0].to_rgba(ax.images[0].get_array())[0, 0, :3]

    def luminance(rgb):
        rgb = np.asarray(rgb)
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    light, dark = sorted([luminance(cell), luminance(to_rgb(ax.texts[0].get_color()))])[::-1]
    assert (light + 0.05) / (dark + 0.05) >= 4


def test_accuracy_matrix_in_given_axes():
    mine = Figure().subplots()
    assert figures.plot_accuracy_matrix(AFTER, ax=mine, colorbar=False) is mine
    assert len(mine.figure.axes) == 1
    assert figures.plot_accuracy_matrix(AFTER).figure.axes[1].get_ylabel() == "Test accuracy"


def test_accuracy_before_and_after_share_a_colour_bar(tmp_path):
    axes = figures.plot_accuracy_before_after(BEFORE, AFTER)
    assert [ax.get_title() for ax in axes] == ["Before sleep", "After sleep"]
    assert_allclose(axes[0].images[0].get_array().compressed(), [0.9, 0.1, 0.8])
    assert_allclose(axes[1].images[0].get_array().compressed(), [0.8, 0.5, 0.9])
    assert len(axes[0].figure.axes) == 3
    picture(tmp_path, axes)
    mine = given_axes(2)
    assert list(figures.plot_accuracy_before_after(BEFORE, AFTER, axes=mine)) == list(mine)


def test_accuracy_figures_refuse():
    with pytest.raises(ParameterError, match=r"one is 1\.5"):
        figures.plot_accuracy_matrix([[1.5]])
    with pytest.raises(ParameterError, match="task_names"):
        figures.plot_accuracy_matrix(AFTER, task_names=["one"])
    with pytest.raises(ParameterError, match="ax must be"):
        figures.plot_accuracy_matrix(AFTER, ax="here")
    with pytest.raises(ParameterError, match="shape"):
        figures.plot_accuracy_before_after(BEFORE, AFTER[:1])


# -- weights -------------------------------------------------------------------------------------


def counts(ax):
    return [patch.get_data().values for patch in ax.patches]


def test_weight_histograms(night, tmp_path):
    kept = copy.deepcopy(night.weights_after)
    axes = figures.plot_weight_histograms(night)
    assert axes.shape == (2, 2)
    before, after = counts(axes[0, 0])
    assert before.sum() == after.sum() == 600
    edges = axes[0, 0].patches[0].get_data().edges
    assert_array_equal(after, np.histogram(night.weights_after["0.weight"], edges)[0])
    assert axes[0, 0].get_yscale() == "log"
    assert [text.get_text() for text in axes[0, 0].get_legend().get_texts()] == ["before", "after"]
    assert axes[0, 0].get_title(loc="left") == "0.weight"
    change = axes[0, 1].patches[0].get_data()
    assert change.values.sum() == 150
    assert change.values[change.edges[:-1] >= 0].sum() == 120
    assert change.values[change.edges[1:] <= 0].sum() == 30
    assert axes[0, 1].get_title(loc="left") == "0.weight: 20% up, 5% down"
    assert axes[1, 0].get_xlabel() == "Weight"
    assert axes[1, 1].get_xlabel().startswith("Change of weight")
    for name, weights in kept.items():
        assert_array_equal(night.weights_after[name], weights)
    picture(tmp_path, axes)


@pytest.mark.parametrize("seed", range(20))
def test_no_changed_weight_falls_out_of_the_histogram(night, seed):
    rng = np.random.default_rng(seed)
    scale = 10.0 ** rng.integers(-8, 3)
    night.weights_after["0.weight"] = night.weights_before["0.weight"] - scale * rng.random(
        (20, 30)
    )
    axes = figures.plot_weight_histograms(night)
    assert counts(axes[0, 1])[0].sum() == 600
    assert counts(axes[0, 0])[1].sum() == 600


@pytest.mark.parametrize("value", [0.0, -2.0, 1e-12, 1e6])
def test_weight_histograms_of_a_night_without_change(night, value, tmp_path):
    same = {"0.weight": np.full((3, 4), value)}
    night.weights_before, night.weights_after = same, same
    axes = figures.plot_weight_histograms(night)
    assert [c.sum() for c in counts(axes[0, 0])] == [12, 12]
    assert counts(axes[0, 1])[0].sum() == 0
    assert axes[0, 1].get_title(loc="left") == "0.weight: 0% up, 0% down"
    picture(tmp_path, axes)


def test_weight_histograms_in_given_axes(night):
    mine = given_axes(4)
    assert list(figures.plot_weight_histograms(night, axes=mine).ravel()) == list(mine)
    with pytest.raises(ParameterError, match="3 given, but there are 4 panels"):
        figures.plot_weight_histograms(night, axes=given_axes(3))
    night.weights_before, night.weights_after = {}, {}
    with pytest.raises(ParameterError, match="no weights"):
        figures.plot_weight_histograms(night)


# -- comparison ----------------------------------------------------------------------------------


def make_run(rates=(10.0, 30.0)):
    return {
        "before_sleep": BEFORE,
        "after_sleep": AFTER,
        "rates": [{"input": rate, "0": 2 * rate} for rate in rates],
        "weight_change": [{"0.weight": 0.1}, {"0.weight": 0.3}],
        "timings": [
            {"build": 5.0, "run": 1.0, "total": 8.0, "steps": 300},
            {"build": 0.0, "run": 2.0, "total": 3.0, "steps": 300},
        ],
    }


def test_comparison(tmp_path):
    runs = {"A": make_run(), "B": make_run(rates=(4.0,))}
    kept = copy.deepcopy(runs)
    axes = figures.plot_comparison(runs)
    assert axes.shape == (2, 2)
    accuracy, rates, weights, seconds = axes.ravel()
    lines = {line.get_label(): line.get_ydata() for line in accuracy.lines}
    assert list(lines) == ["A, before sleep", "A, after sleep", "B, before sleep", "B, after sleep"]
    assert_allclose(lines["A, before sleep"], [0.9, 0.45])
    assert_allclose(lines["A, after sleep"], [0.8, 0.7])
    assert [bar.get_height() for bar in rates.patches] == pytest.approx([20, 40, 4, 8])
    assert [label.get_text() for label in rates.get_xticklabels()] == ["input", "0"]
    assert "Hz" in rates.get_ylabel()
    assert [bar.get_height() for bar in weights.patches] == pytest.approx([0.2, 0.2])
    # build, run and the rest, for A and B each
    assert [bar.get_width() for bar in seconds.patches] == pytest.approx([5, 5, 3, 3, 3, 3])
    assert [text.get_text() for text in seconds.texts] == ["A", "B"]
    assert [text.get_text() for text in axes[0, 0].figure.legends[0].get_texts()] == ["A", "B"]
    assert runs == kept
    picture(tmp_path, axes)


def test_comparison_of_networks_with_other_layers(tmp_path):
    deep = make_run()
    deep["rates"] = [{"input": 1.0, "0": 2.0, "2": 3.0}]
    axes = figures.plot_comparison({"A": make_run(), "deep": deep})
    rates = axes[0, 1]
    assert [label.get_text() for label in rates.get_xticklabels()] == ["input", "0", "2"]
    assert [bar.get_height() for bar in rates.patches] == pytest.approx([20, 40, 0, 1, 2, 3])
    picture(tmp_path, axes)


@pytest.mark.parametrize("n_runs", [1, 4, 9])
def test_comparison_gives_every_run_a_colour_of_its_own(n_runs, tmp_path):
    axes = figures.plot_comparison({f"run {number}": make_run() for number in range(n_runs)})
    bars = axes[0, 1].containers
    colours = {bar.patches[0].get_facecolor() for bar in bars if hasattr(bar, "patches")}
    assert len(colours) == n_runs
    assert len(axes[1, 1].texts) == n_runs
    picture(tmp_path, axes)


def test_comparison_in_given_axes():
    mine = given_axes(4)
    axes = figures.plot_comparison({"A": make_run()}, axes=mine)
    assert list(axes.ravel()) == list(mine)
    assert mine[1].get_legend() is not None
    assert mine[0].figure.legends == []


def test_comparison_refuses():
    with pytest.raises(ParameterError, match="none to draw"):
        figures.plot_comparison({})
    misspelt = make_run()
    misspelt["rate"] = misspelt.pop("rates")
    with pytest.raises(ParameterError, match=r"A: no 'rates'.*Did you mean 'rate'"):
        figures.plot_comparison({"A": misspelt})


# -- files ---------------------------------------------------------------------------------------


def test_save_figure(night, tmp_path):
    axes = figures.plot_raster(night)
    for drawn in (axes, axes[0], axes[0].figure):
        path = figures.save_figure(drawn, tmp_path / "new" / "raster.png")
        assert path.read_bytes().startswith(b"\x89PNG")
        assert [file.name for file in path.parent.iterdir()] == ["raster.png"]
        path.unlink()


def test_save_figure_replaces_whole_files_only(tmp_path, monkeypatch):
    path = tmp_path / "figure.png"
    path.write_text("old")

    def half(self, file, **options):
        Path(file).write_text("half")
        raise OSError(28, "No space left on device")

    ax = figures.plot_accuracy_matrix(AFTER)
    with monkeypatch.context() as patch:
        patch.setattr(Figure, "savefig", half)
        with pytest.raises(DirectoryError, match=r"figure\.png: No space left"):
            figures.save_figure(ax, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    figures.save_figure(ax, path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_save_figure_refuses(tmp_path):
    ax = figures.plot_accuracy_matrix(AFTER)
    with pytest.raises(ParameterError, match=r"'pgn'.*Did you mean 'png'"):
        figures.save_figure(ax, tmp_path / "figure.pgn")
    with pytest.raises(ParameterError, match="only a figure"):
        figures.save_figure("figure", tmp_path / "figure.png")
    (tmp_path / "file").write_text("")
    with pytest.raises(DirectoryError, match="cannot write"):
        figures.save_figure(ax, tmp_path / "file" / "figure.png")


# -- analyses ------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    directory = tmp_path / "runs" / "small"
    for number in (0, 1, 10):  # 10 comes after 1, not before
        make_night(seed=number).save(directory / "nights" / str(number))
    accuracy = {"before_sleep": BEFORE, "after_sleep": AFTER}
    (directory / "metrics.json").write_text(json.dumps({"accuracy": accuracy}))
    return directory


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "analyses")
    names = ("raster", "accuracy", "weights", "rundir")
    yield lambda name: importlib.import_module(name).main
    for name in names:
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["raster", "accuracy", "weights"])
def test_analyses_draw_into_the_run_or_elsewhere(run, script, name, tmp_path):
    main = script(name)
    assert main([str(run)]) == run / "figures" / f"{name}.png"
    assert (run / "figures" / f"{name}.png").stat().st_size > 1000
    assert main([str(run), "--out", str(tmp_path / "my.pdf")]) == tmp_path / "my.pdf"
    assert (tmp_path / "my.pdf").read_bytes().startswith(b"%PDF")


def test_analyses_take_the_last_night_unless_told(run, script, monkeypatch):
    main = script("raster")
    loaded = []
    load = Night.load
    monkeypatch.setattr(Night, "load", lambda path: loaded.append(path.name) or load(path))
    main([str(run)])
    main([str(run), "--night", "0"])
    assert loaded == ["10", "0"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("raster", ["nowhere"], "nowhere is no directory"),
        ("weights", ["."], "no run directory with nights"),
        ("accuracy", ["."], "no finished run"),
        ("raster", ["RUN", "--night", "7"], "no night 7; there are 0, 1, 10"),
        ("raster", ["RUN", "--populations", "inptu"], "Did you mean 'input'"),
        ("raster", ["RUN", "--out", "raster.jgp"], "Did you mean 'jpg'"),
    ],
)
def test_analyses_refuse(run, script, tmp_path, monkeypatch, name, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BrainsleepError, match=message):
        script(name)([str(run) if word == "RUN" else word for word in arguments])


@pytest.mark.parametrize("text", ["{}", '{"accuracy": null}', "[]", "{"])
def test_accuracy_script_refuses_other_metrics(run, script, text):
    (run / "metrics.json").write_text(text)
    with pytest.raises(BrainsleepError, match=r"metrics\.json"):
        script("accuracy")([str(run)])


def test_a_wrong_directory_gives_one_line():
    command = [sys.executable, str(ROOT / "analyses" / "accuracy.py"), "no/such/run"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: no/such/run")
    assert done.stderr.count("\n") == 1
