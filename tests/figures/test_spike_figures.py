"""Pictures of how neurons fire: what is in the artists, and what they refuse."""

import numpy as np
import pytest
from brian2 import Hz, ms, second
from made_up import given_axes, picture
from matplotlib.colors import to_hex
from numpy.testing import assert_allclose

from brainsleep import figures, measures
from brainsleep.devices.activity import Spikes
from brainsleep.errors import BrainsleepError, KindError, ParameterError
from brainsleep.figures.style import COLOURS

pytestmark = pytest.mark.filterwarnings("error:::matplotlib", "error:::brainsleep", "error:::numpy")

N_STEPS = 1000
CLOCK = {"n_steps": N_STEPS, "dt": 1 * ms}


def population(n_neurons, rate, seed):
    up = np.arange(N_STEPS)[:, None] % 200 < 100
    raster = np.random.default_rng(seed).random((N_STEPS, n_neurons)) < rate * np.where(up, 1, 0.2)
    steps, neurons = np.nonzero(raster)
    return Spikes(neurons.astype(np.int32), steps * ms, n_neurons)


SPIKES = {
    "input": population(30, 0.05, 0),
    "hidden 1 (0)": population(8, 0.1, 1),
    "silent": Spikes(np.array([], np.int32), [] * ms, 4),
    "nobody": Spikes(np.array([], np.int32), [] * ms, 0),
}


def of_all(measure, **options):
    return {label: measure(train, **options) for label, train in SPIKES.items()}


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_rates_are_shares_of_neurons(tmp_path):
    rates = measures.firing_rates(SPIKES, N_STEPS * ms)
    ax = figures.plot_firing_rates(rates)
    for steps, (_label, one) in zip(ax.patches, rates.items(), strict=True):
        heights, edges, _ = steps.get_data()
        fired = one[one > 0]
        assert heights.sum() == pytest.approx(100 * len(fired) / max(len(one), 1))
        assert_allclose(heights * len(one) / 100, np.histogram(fired, edges)[0])
    assert ax.get_xlabel() == "Firing rate (Hz)"
    assert legend(ax)[2:] == ["silent: 0 Hz, 100% silent", "nobody: no neurons"]
    picture(tmp_path, ax)


def test_intervals_add_up_to_all(tmp_path):
    found = of_all(measures.interspike_intervals)
    ax = figures.plot_intervals(found)
    for steps, one in zip(ax.patches, found.values(), strict=True):
        density, edges, _ = steps.get_data()
        total = np.nansum(density * np.diff(edges))
        assert total == pytest.approx(100 if len(one) else 0)
        assert_allclose(edges % 1, 0.5)  # between the possible intervals, of whole steps
    assert legend(ax)[2] == "silent: no intervals"
    picture(tmp_path, ax)


def test_boxes_stand_for_neurons(tmp_path):
    found = of_all(measures.local_variation)
    ax = figures.plot_variation(found, name="LV")
    for row, label in ((3, "input"), (2, "hidden 1 (0)")):
        values = found[label].by_neuron
        drawn = [line.get_xdata()[0] for line in ax.lines if abs(line.get_ydata()[0] - row) < 0.4]
        for expected in (np.median(values), *np.quantile(values, [0.25, 0.75])):
            assert np.abs(np.array(drawn) - expected).min() < 1e-9
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "input\n(30 of 30 neurons)",
        "hidden 1 (0)\n(8 of 8 neurons)",
        "silent\n(0 of 4 neurons)",
        "nobody\n(0 of 0 neurons)",
    ]
    assert ax.get_xlabel() == "LV (1: Poisson process)"
    picture(tmp_path, ax)


def test_fano_factors_lie_over_their_windows(tmp_path):
    found = {
        label: [measures.fano_factor(train, bin_size=b * ms, **CLOCK) for b in (50, 10)]
        for label, train in SPIKES.items()
    }
    ax = figures.plot_fano_factor(found)
    lines = {line.get_label(): line for line in ax.lines}
    assert_allclose(lines["input"].get_xdata(), [10, 50])
    assert_allclose(lines["input"].get_ydata(), [one.mean for one in found["input"][::-1]])
    of_population = ax.lines[ax.lines.index(lines["input"]) + 1]
    expected = [one.of_population for one in found["input"][::-1]]
    assert_allclose(of_population.get_ydata(), expected)
    assert to_hex(of_population.get_color()) == COLOURS[0].lower()
    picture(tmp_path, ax)
    assert figures.plot_fano_factor(found["input"][0]).lines


def test_the_diagonal_and_silent_neurons_are_left_out(tmp_path):
    train = Spikes(SPIKES["input"].i, SPIKES["input"].t, 33)  # three more, silent
    matrix = measures.sttc(train, **CLOCK)
    before = matrix.copy()
    ax = figures.plot_sttc(matrix)
    shown = ax.images[0].get_array()
    assert shown.shape == (30, 30)
    assert np.ma.getmaskarray(shown).sum() == 30
    off = matrix[:30, :30][~np.eye(30, dtype=bool)]
    bound = np.quantile(np.abs(off), 0.99)
    assert ax.images[0].get_clim() == pytest.approx((-bound, bound))
    assert ax.get_title("left") == f"mean {off.mean():.3g}; 3 silent neurons left out"
    assert_allclose(matrix, before)
    picture(tmp_path, ax)
    two = measures.sttc(SPIKES["input"], SPIKES["hidden 1 (0)"], **CLOCK)
    assert figures.plot_sttc(two).images[0].get_array().shape == (30, 8)
    picture(tmp_path, figures.plot_sttc(np.full((3, 3), np.nan)))


def test_correlograms_are_drawn_over_lags(tmp_path):
    pairs = measures.cross_correlation(
        SPIKES["input"], SPIKES["hidden 1 (0)"], max_lag=20 * ms, **CLOCK
    )
    ax = figures.plot_cross_correlation({"input → hidden": pairs, "same": pairs})
    assert_allclose(ax.lines[2].get_xdata(), np.arange(-20, 21))
    assert_allclose(ax.lines[2].get_ydata(), pairs.coefficients)
    assert legend(ax) == ["input → hidden", "same"]
    assert figures.plot_cross_correlation(pairs).get_legend() is None
    picture(tmp_path, ax)


def test_synchrony_is_held_against_independence(tmp_path):
    found = of_all(measures.synchrony, window=200 * ms, **CLOCK)
    ax = figures.plot_synchrony(found)
    assert_allclose(ax.lines[0].get_xdata(), [100, 300, 500, 700, 900])
    assert_allclose(ax.lines[0].get_ydata(), found["input"].chi)
    assert_allclose(ax.lines[1].get_ydata(), found["input"].n_active ** -0.5)
    assert ax.get_xlabel() == "Time (ms)"
    picture(tmp_path, ax)


def test_one_window_has_its_null_too(tmp_path):
    found = measures.synchrony(SPIKES["input"], **CLOCK)
    ax = figures.plot_synchrony(found)
    assert ax.lines[0].get_xdata() == [500]
    assert_allclose(ax.lines[1].get_xdata(), [0, N_STEPS])
    assert_allclose(ax.lines[1].get_ydata(), found.n_active[0] ** -0.5)
    picture(tmp_path, ax)
    picture(tmp_path, figures.plot_synchrony(measures.synchrony(SPIKES["silent"], **CLOCK)))


def test_one_window_has_its_quartiles_too(tmp_path):
    found = measures.fano_factor(SPIKES["input"], **CLOCK)
    ax = figures.plot_fano_factor(found)
    (bar,) = ax.collections[0].get_segments()
    quartiles = np.quantile(found.by_neuron, [0.25, 0.75])
    assert_allclose(bar, [[50, quartiles[0]], [50, quartiles[1]]])
    picture(tmp_path, ax)
    picture(tmp_path, figures.plot_fano_factor(measures.fano_factor(SPIKES["silent"], **CLOCK)))


def test_spectra_leave_out_the_mean(tmp_path):
    rate = measures.binned_rate(SPIKES["input"], N_STEPS * ms, 10 * ms)
    found = measures.spectrum(rate, segment=0.5 * second)
    ax = figures.plot_spectrum({"input": found})
    assert_allclose(ax.lines[0].get_xdata(), np.asarray(found.frequencies / Hz)[1:])
    assert_allclose(ax.lines[0].get_ydata(), found.power[1:])
    picture(tmp_path, ax)


def test_orders_stand_beside_their_null(tmp_path):
    starts = np.arange(0, 1000, 200)
    windows = (starts * ms, (starts + 100) * ms)
    order = measures.rank_order(SPIKES["input"], windows, n_shuffles=30)
    left, right = figures.plot_rank_order(order)
    drawn = np.concatenate([line.get_ydata() for line in left.lines[:2]])
    assert_allclose(np.sort(drawn), np.sort(order.correlation))
    assert sum(bar.get_height() for bar in right.patches) == 30
    assert right.lines[0].get_xdata()[0] == order.mean
    picture(tmp_path, left)
    silent = measures.rank_order(SPIKES["silent"], windows, n_shuffles=3)
    picture(tmp_path, figures.plot_rank_order(silent))


def test_given_axes_are_drawn_into():
    ax, *two = given_axes(3)
    assert figures.plot_variation(measures.cv2(SPIKES["input"]), ax) is ax
    order = measures.rank_order(SPIKES["input"], ([0, 100] * ms, [50, 150] * ms), n_shuffles=2)
    assert list(figures.plot_rank_order(order, two)) == two


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: figures.plot_intervals({}), ParameterError, "intervals: there is none to draw"),
        (
            lambda: figures.plot_intervals(3),
            KindError,
            "must be Intervals, or several by label",
        ),
        (
            lambda: figures.plot_variation({"input": 3}),
            KindError,
            "variation of 'input' must be IntervalVariation, not 3",
        ),
        (lambda: figures.plot_firing_rates({}), ParameterError, "there is none to draw"),
        (lambda: figures.plot_firing_rates({"a": [-1]}), ParameterError, "rates of 'a' must be"),
        (lambda: figures.plot_fano_factor({"a": []}), ParameterError, "factors of 'a'"),
        (lambda: figures.plot_fano_factor({}), ParameterError, "there is none to draw"),
        (lambda: figures.plot_sttc([1, 0]), ParameterError, "must have shape (n, n)"),
        (lambda: figures.plot_sttc([[3.0]]), ParameterError, "coefficients must lie in [-1, 1]"),
        (lambda: figures.plot_rank_order(3), KindError, "RankOrder"),
    ],
)
def test_what_cannot_be_drawn(make, error, words):
    with pytest.raises(error) as raised:
        make()
    assert words in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)
