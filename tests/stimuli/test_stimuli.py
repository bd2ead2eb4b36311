"""Stimuli: rates, masks, seeds, and what they refuse."""

import math

import numpy as np
import pytest
import torch
from brian2 import Hz, kHz, ms, mV
from helpers import SMALL, mlp
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import brainsleep as bs
from brainsleep import stimuli
from brainsleep.errors import BrainsleepError, KindError, ParameterError, UnitsError

DT = 1 * ms
WINDOW = stimuli.RandomWindow(3)


def images(n=6, shape=(8, 8), seed=0):
    return np.random.default_rng(seed).random((n, *shape)).astype(np.float32)


def assert_rates(spikes, probability):
    """Each input's spike count lies within five standard deviations of the binomial's mean."""
    n = len(spikes)
    probability = np.broadcast_to(probability, spikes.shape[1:])
    bound = 5 * np.sqrt(n * probability * (1 - probability)) + 1e-9
    assert (np.abs(spikes.sum(axis=0) - n * probability) <= bound).all()


# Rates


@pytest.mark.parametrize("max_rate", [20 * Hz, 200 * Hz, "100 Hz", 0.3 * kHz])
def test_mean_image_fires_at_the_rate_of_its_pixels(max_rate):
    pixels = images()
    stimulus = stimuli.MeanImage(pixels, max_rate)
    rate = {"100 Hz": 100.0}.get(max_rate) if isinstance(max_rate, str) else float(max_rate / Hz)
    spikes = stimulus.draw(4000, DT)
    expected = np.minimum(1, 1e-3 * rate * pixels.mean(axis=0).ravel())
    assert 0.001 < expected.mean() < 0.6
    assert_rates(spikes, expected)


def test_rates_saturate_at_one_spike_a_step():
    white = np.ones((2, 3, 3))
    assert stimuli.MeanImage(white, 1000 * Hz).draw(50, DT).all()
    assert stimuli.MeanImage(white, 5000 * Hz).draw(50, DT).all()
    assert not stimuli.MeanImage(0 * white, 5000 * Hz).draw(50, DT).any()
    assert not stimuli.MeanImage(white, 0 * Hz).draw(50, DT).any()


def test_rates_scale_with_the_time_step():
    pixels = np.full((1, 4, 4), 0.5)
    assert_rates(stimuli.MeanImage(pixels, 200 * Hz).draw(4000, 0.5 * ms), 0.05)
    assert_rates(stimuli.MeanImage(pixels, 200 * Hz).draw(4000, 4 * ms), 0.4)


def test_constant_rates_have_no_factor_two():
    stimulus = stimuli.ConstantRates([0, 50, 400, 2000] * Hz)
    spikes = stimulus.draw(4000, DT)
    assert_rates(spikes, [0, 0.05, 0.4, 1])
    assert not spikes[:, 0].any()
    assert spikes[:, 3].all()


def test_constant_probabilities():
    assert_rates(
        stimuli.ConstantProbabilities([[0, 0.2], [0.7, 1]]).draw(4000, DT), [0, 0.2, 0.7, 1]
    )


def test_spikes_are_independent_over_time_and_inputs():
    spikes = stimuli.ConstantProbabilities(np.full(50, 0.3)).draw(4000, DT).astype(float)
    correlation = np.corrcoef(spikes.T) - np.eye(50)
    assert np.abs(correlation).max() < 6 / math.sqrt(4000)
    following = [np.corrcoef(x[1:], x[:-1])[0, 1] for x in spikes.T]
    assert np.abs(following).max() < 6 / math.sqrt(4000)


# Masks


def test_random_pixels_are_kept_with_their_probability():
    stimulus = stimuli.MeanImage(
        np.full((1, 8, 8), 0.5), 1000 * Hz, mask=stimuli.RandomPixels(0.25)
    )
    assert_rates(stimulus.draw(4000, DT), 0.5 * 0.25)
    everything = stimuli.MeanImage(np.ones((1, 8, 8)), 1000 * Hz, mask=stimuli.RandomPixels(1.0))
    assert everything.draw(30, DT).all()
    nothing = stimuli.MeanImage(np.ones((1, 8, 8)), 1000 * Hz, mask=stimuli.RandomPixels(0))
    assert not nothing.draw(30, DT).any()


def test_pixel_mask_is_new_each_step():
    stimulus = stimuli.MeanImage(np.ones((1, 20, 20)), 1000 * Hz, mask=stimuli.RandomPixels(0.5))
    spikes = stimulus.draw(600, DT)
    assert len(np.unique(spikes, axis=0)) == 600


@pytest.mark.parametrize(
    ("shape", "size"), [((8, 8), 3), ((5, 9), 5), ((3, 7, 6), 2), ((6, 6), 6), ((64,), 3)]
)
def test_window_lies_in_the_image_and_has_its_area(shape, size):
    stimulus = stimuli.MeanImage(np.ones((2, *shape)), 1000 * Hz, mask=stimuli.RandomWindow(size))
    height, width = shape[-2:] if len(shape) > 1 else (8, 8)
    seen = stimulus.draw(700, DT).reshape(700, -1, height, width)
    corners = set()
    for step in seen:
        assert (step == step[0]).all(), "the same window in all channels"
        rows, columns = np.nonzero(step[0])
        assert len(rows) == size**2
        assert np.ptp(rows) == np.ptp(columns) == size - 1
        corners.add((rows.min(), columns.min()))
    assert len(corners) == (height - size + 1) * (width - size + 1), "every place is reached"


def test_windows_are_placed_evenly():
    stimulus = stimuli.MeanImage(np.ones((1, 6, 6)), 1000 * Hz, mask=stimuli.RandomWindow(5))
    spikes = stimulus.draw(4000, DT).reshape(-1, 6, 6)
    assert_rates(spikes[:, 0, 0][:, None], 0.25)
    assert_rates(spikes[:, 0, 3][:, None], 0.5)


@pytest.mark.parametrize(
    "make",
    [
        lambda mask: stimuli.MeanImage(images(), mask=mask),
        lambda mask: stimuli.MeanOfRandomImages(images(), mask=mask),
        lambda mask: stimuli.ClassMeans(images(), [0, 0, 1, 1, 2, 2], mask=mask),
        lambda mask: stimuli.MeanImage(images(shape=(64,)), mask=mask),
        lambda mask: stimuli.MeanImage(images(shape=(64,)), mask=mask, image_shape=(4, 16)),
    ],
)
@pytest.mark.parametrize("size", [5, 9])
def test_a_window_that_does_not_fit_is_found_when_the_stimulus_is_made(make, size):
    mask = stimuli.RandomWindow(size)
    if size == 9:
        with pytest.raises(ParameterError, match="window of size 9 does not fit"):
            make(mask)
    elif getattr(make(None), "image_shape", None) != (4, 16):
        assert make(mask).draw(3, DT).shape == (3, 64)


# Images


def test_class_means_show_one_class_at_a_time():
    pixels = np.zeros((6, 4, 4), dtype=np.float32)
    labels = np.array([7, 3, 7, 3, 9, 9])
    for k, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        image[{7: 0, 3: 1, 9: 2}[label]] = 1 if k % 2 == 0 or label == 3 else 0.5
    stimulus = stimuli.ClassMeans(pixels, labels, max_rate=1000 * Hz)
    assert stimulus.images.shape == (3, 16)
    np.testing.assert_allclose(stimulus.images[1].reshape(4, 4)[0], 1.0)  # class 7
    np.testing.assert_allclose(stimulus.images[2].reshape(4, 4)[2], 0.75)  # class 9
    spikes = stimulus.draw(3000, DT).reshape(3000, 4, 4)
    rows = spikes.any(axis=2)
    assert (rows[:, :3].sum(axis=1) <= 1).all(), "never two classes in one step"
    assert_rates(rows[:, 1][:, None], 1 / 3)  # class 3, always seen when shown
    assert not rows[:, 3].any()


def test_mean_of_random_images():
    pixels = np.zeros((4, 4), dtype=np.float32)
    pixels[np.arange(4), np.arange(4)] = 1
    one = stimuli.MeanOfRandomImages(pixels, 1, max_rate=1000 * Hz).draw(2000, DT)
    assert (one.sum(axis=1) == 1).all()
    assert_rates(one, 0.25)
    probabilities = stimuli.MeanOfRandomImages(pixels, 3, max_rate=1000 * Hz).probabilities(
        np.random.default_rng(0), 500, 1e-3
    )
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(probabilities * 3, np.rint(probabilities * 3), atol=1e-12)
    assert len(np.unique(probabilities.round(6), axis=0)) > 5, "new images each step"
    assert_rates(stimuli.MeanOfRandomImages(pixels, 10, max_rate=1000 * Hz).draw(4000, DT), 0.25)


def test_images_from_torch_and_of_any_shape():
    flat = stimuli.MeanImage(images().reshape(6, -1))
    for same in (images(), torch.from_numpy(images()), images()[:, None], images().tolist()):
        np.testing.assert_array_equal(flat.draw(20, DT), stimuli.MeanImage(same).draw(20, DT))


def test_images_given_are_not_changed():
    pixels = images()
    before = pixels.copy()
    stimuli.MeanImage(pixels, mask=stimuli.RandomPixels()).draw(10, DT)
    stimuli.MeanOfRandomImages(pixels).draw(10, DT)
    np.testing.assert_array_equal(pixels, before)


def test_shuffled_pixels_permute_and_keep_the_statistics():
    mean = stimuli.MeanImage(images(), mask=stimuli.RandomWindow(3))
    shuffled = stimuli.ShuffledPixels(mean, seed=5)
    plain, moved = mean.draw(400, DT, seed=3), shuffled.draw(400, DT, seed=3)
    assert sorted(shuffled.permutation) == list(range(64))
    np.testing.assert_array_equal(moved, plain[:, shuffled.permutation])
    assert not np.array_equal(moved, plain)
    assert (moved.sum(axis=1) == plain.sum(axis=1)).all()
    again = stimuli.ShuffledPixels(mean, seed=5).permutation
    other = stimuli.ShuffledPixels(mean, seed=6).permutation
    assert np.array_equal(again, shuffled.permutation)
    assert not np.array_equal(other, shuffled.permutation)
    rng = np.random.default_rng(0)
    assert shuffled.probabilities(rng, 7, 1e-3).shape == (7, 64)


def test_shuffled_explicit_spikes_keep_their_length():
    table = np.random.default_rng(0).random((30, 9)) < 0.2
    shuffled = stimuli.ShuffledPixels(stimuli.ExplicitSpikes(table))
    assert shuffled.n_steps == 30
    np.testing.assert_array_equal(shuffled.draw(30, DT), table[:, shuffled.permutation])


def test_white_noise_has_the_rate_and_nothing_else():
    window = stimuli.MeanOfRandomImages(images(), 3, mask=stimuli.RandomWindow(3))
    noise = stimuli.WhiteNoise(window)
    wanted = window.draw(20_000, DT, seed=1).mean()
    spikes = noise.draw(20_000, DT, seed=2)
    assert spikes.mean() == pytest.approx(wanted, rel=0.05)
    by_input, by_step = spikes.mean(axis=0), spikes.sum(axis=1)
    assert by_input.std() < 1.3 * np.sqrt(wanted / 20_000), "inputs are alike"
    assert by_step.var() == pytest.approx(64 * wanted * (1 - wanted), rel=0.1), "and so are steps"
    assert window.draw(2000, DT).mean(axis=0).std() > 5 * by_input.std()
    probabilities = noise.probabilities(np.random.default_rng(0), 7, 1e-3)
    assert np.ptp(probabilities) == 0
    shorter = noise.probabilities(np.random.default_rng(0), 7, 5e-4)
    assert shorter[0, 0] == pytest.approx(probabilities[0, 0] / 2, rel=0.05)


def test_white_noise_of_explicit_spikes_has_their_rate_and_length():
    table = np.random.default_rng(0).random((30, 9)) < 0.2
    noise = stimuli.WhiteNoise(stimuli.ExplicitSpikes(table))
    assert noise.n_steps == 30
    assert noise.probabilities(np.random.default_rng(0), 1, 1e-3)[0, 0] == table.mean()


# Seeds

DRAWN = {
    "mean": lambda: stimuli.MeanImage(images()),
    "pixels": lambda: stimuli.MeanImage(images(), mask=stimuli.RandomPixels()),
    "window": lambda: stimuli.MeanImage(images(), mask=stimuli.RandomWindow(4)),
    "classes": lambda: stimuli.ClassMeans(images(), [0, 0, 1, 1, 2, 2]),
    "random": lambda: stimuli.MeanOfRandomImages(images(), 3),
    "rates": lambda: stimuli.ConstantRates(np.arange(64) * Hz),
    "probabilities": lambda: stimuli.ConstantProbabilities(np.linspace(0, 1, 64)),
    "shuffled": lambda: stimuli.ShuffledPixels(stimuli.MeanImage(images())),
    "noise": lambda: stimuli.WhiteNoise(stimuli.MeanImage(images())),
}


@pytest.mark.parametrize("kind", DRAWN)
def test_seed_fixes_the_spikes(kind):
    make = DRAWN[kind]
    spikes = make().draw(300, DT, seed=11)
    assert spikes.dtype == bool
    assert spikes.shape == (300, 64)
    assert 0 < spikes.mean() < 1
    np.testing.assert_array_equal(spikes, make().draw(300, DT, seed=11))
    assert not np.array_equal(spikes, make().draw(300, DT, seed=12))


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("n_steps", [1, 255, 256, 257, 600])
def test_longer_nights_begin_like_shorter_ones(kind, n_steps):
    stimulus = DRAWN[kind]()
    np.testing.assert_array_equal(stimulus.draw(800, DT)[:n_steps], stimulus.draw(n_steps, DT))


def test_drawing_leaves_global_randomness_alone():
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    DRAWN["window"]().draw(300, DT)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


# Explicit spikes, and what users pass to sleep


@given(hnp.arrays(bool, st.tuples(st.integers(1, 700), st.integers(1, 5))), st.integers(0, 3))
def test_explicit_spikes_come_back_as_given(table, seed):
    stimulus = stimuli.as_stimulus(table, table.shape[1])
    assert stimulus.n_steps == len(table)
    np.testing.assert_array_equal(stimulus.draw(len(table), DT, seed), table)


RASTER = np.random.default_rng(1).random((6, 4)) < 0.4


@pytest.mark.parametrize(
    "given_as",
    [
        *[RASTER.astype(kind) for kind in "bBhHiIlLqQefdg"],
        RASTER.astype(int).tolist(),
        RASTER[:, None].astype(np.uint8),  # a batch of one
        RASTER.reshape(6, 2, 2).astype(float),
        np.asfortranarray(RASTER.astype(np.float32)),
        *[
            torch.from_numpy(RASTER).to(kind)
            for kind in (torch.bool, torch.uint8, torch.int64, torch.float32, torch.bfloat16)
        ],
        torch.from_numpy(RASTER).double().requires_grad_(),
    ],
)
def test_a_raster_of_any_type_is_a_raster(given_as):
    for stimulus in (stimuli.as_stimulus(given_as, 4), stimuli.ExplicitSpikes(given_as)):
        assert isinstance(stimulus, stimuli.ExplicitSpikes)
        assert stimulus.spikes.dtype == bool
        np.testing.assert_array_equal(stimulus.spikes, RASTER)


def test_as_many_steps_as_inputs_are_a_raster():
    square = np.eye(5, dtype=np.uint8)
    np.testing.assert_array_equal(stimuli.as_stimulus(square, 5).spikes, np.eye(5, dtype=bool))
    with pytest.raises(ParameterError, match=r"spikes of 5 steps.* from 0 to 0.5"):
        stimuli.as_stimulus(square * 0.5, 5)


@pytest.mark.parametrize("kind", [np.uint8, float, bool])
def test_an_array_in_the_shape_of_the_input(kind):
    """Numbers are probabilities, truth values spikes."""
    pattern = np.eye(3).reshape(1, 3, 3).astype(kind)
    stimulus = stimuli.as_stimulus(pattern, 9, input_shape=(1, 3, 3))
    expected = stimuli.ExplicitSpikes if kind is bool else stimuli.ConstantProbabilities
    assert type(stimulus) is expected
    flat = np.eye(3).astype(kind)
    if kind is bool:
        with pytest.raises(ParameterError, match="3 inputs, but the network's first layer has 9"):
            stimuli.as_stimulus(flat, 9, input_shape=(1, 3, 3))
    else:
        same = stimuli.as_stimulus(flat, 9, input_shape=(1, 3, 3))
        np.testing.assert_array_equal(same.probability, stimulus.probability)


def test_one_row_is_probabilities_or_refused():
    row = np.array([[0.0, 0.5, 1.0]])
    np.testing.assert_array_equal(stimuli.as_stimulus(row, 3).probability, row[0])
    for ambiguous in (np.array([[0, 1, 1]]), np.zeros((1, 3)), torch.ones(1, 1, 3)):
        with pytest.raises(ParameterError, match=r"could be the spikes of one step or spike prob"):
            stimuli.as_stimulus(ambiguous, 3)
    assert stimuli.as_stimulus(np.array([[0, 1, 1]], dtype=bool), 3).n_steps == 1
    assert stimuli.as_stimulus(np.array([0, 1, 1]), 3).n_steps is None


@pytest.mark.parametrize(
    ("given_as", "words"),
    [
        (
            RASTER * 0.25,
            "would be the spikes of 6 steps, all 0 or 1, but it holds other values",
        ),
        (
            RASTER * 2,
            "from 0 to 2. Spike probabilities are one per input, of shape (4,)",
        ),
        (RASTER.astype(np.uint8) * 255, "from 0 to 255"),
        (-RASTER.astype(int), "from -1 to 0"),
        (np.where(RASTER, np.nan, 0), "holds NaN"),
        (np.zeros((6, 5, 4)), "6 x 5 rows of 4 inputs; a night takes one sample of a batch"),
        (np.zeros((1, 6, 4)), "1 x 6 rows of 4 inputs"),
        (np.zeros((6, 3), np.uint8), "(4,) are spike probabilities and (n_steps, 4) spikes"),
        (np.array([[3, 0], [7, 2], [9, 1]]), "has 6 inputs"),  # events: step and input
        (np.zeros(0), "is empty"),
        (np.zeros((0, 4), np.uint8), "is empty"),
        (np.zeros((0, 4), bool), "at least one step"),
    ],
)
def test_arrays_that_are_neither_probabilities_nor_spikes(given_as, words):
    with pytest.raises(ParameterError) as raised:
        stimuli.as_stimulus(given_as, 4)
    assert words in str(raised.value)


def test_what_newcomers_pass_is_answered_with_what_to_do():
    table = np.random.default_rng(0).normal(5, 3, (6, 4))
    with pytest.raises(KindError, match=r"a pair, as of images and labels.* images alone"):
        stimuli.as_stimulus((table, np.zeros(6)), 4)
    with pytest.raises(ParameterError, match=r"Scale each input, as by \(x - min\) / "):
        stimuli.MeanOfRandomImages(table)


def test_rasters_of_snntorch():
    spikegen = pytest.importorskip("snntorch.spikegen")
    torch.manual_seed(0)
    sample = torch.rand(9)
    for raster in (
        spikegen.rate(sample, num_steps=20),
        spikegen.rate(sample[None], num_steps=20),
        spikegen.latency(sample, num_steps=20),
    ):
        stimulus = stimuli.as_stimulus(raster, 9)
        assert stimulus.n_steps == 20
        np.testing.assert_array_equal(stimulus.spikes, raster.reshape(20, 9).numpy() == 1)
    with pytest.raises(ParameterError, match="20 x 5 rows of 9 inputs"):
        stimuli.as_stimulus(spikegen.rate(sample.expand(5, 9), num_steps=20), 9)
    with pytest.raises(ParameterError, match="other values, from -1 to"):
        stimuli.as_stimulus(spikegen.delta(sample.reshape(3, 3) - 0.5, off_spike=True), 3)


@settings(max_examples=60)
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=1, max_dims=3, max_side=4),
        elements=st.floats(0, 1, width=32),
    )
)
def test_any_array_of_probabilities(values):
    stimulus = stimuli.as_stimulus(values, values.size, input_shape=values.shape)
    spikes = stimulus.draw(5, DT)
    assert spikes.shape == (5, values.size)
    assert not spikes[:, values.ravel() == 0].any()
    assert spikes[:, values.ravel() == 1].all()


@settings(max_examples=60)
@given(
    hnp.arrays(np.float64, st.integers(1, 6), elements=st.floats(0, 1)),
    st.integers(0, 5),
    st.sampled_from([math.nan, math.inf, -math.inf, -1e-9, 1.0001, 255.0]),
)
def test_one_bad_probability_is_enough(values, place, bad):
    values = values.copy()
    values[place % len(values)] = bad
    with pytest.raises(ParameterError, match=r"stimulus(: holds NaN| must lie in \[0, 1\])"):
        stimuli.as_stimulus(values, len(values))


@settings(max_examples=60)
@given(
    hnp.arrays(np.float32, hnp.array_shapes(min_dims=2, max_dims=4, max_side=4), fill=st.just(0.5)),
    st.sampled_from([math.nan, math.inf, -0.1, 1.5]),
)
def test_one_bad_pixel_is_enough(pixels, bad):
    pixels = np.full_like(pixels, 0.5)
    assert stimuli.MeanImage(pixels).n_inputs == pixels[0].size
    pixels[(-1,) * pixels.ndim] = bad
    with pytest.raises(ParameterError, match="stimulus: images"):
        stimuli.MeanImage(pixels)


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: stimuli.MeanImage(np.zeros((0, 4, 4))), ParameterError, "images: is empty"),
        (lambda: stimuli.MeanImage(np.zeros(16)), ParameterError, "shape (n, ...)"),
        (lambda: stimuli.MeanImage(np.zeros((3, 0))), ParameterError, "is empty"),
        (lambda: stimuli.MeanImage(images() * 255), ParameterError, "range from"),
        (lambda: stimuli.MeanImage(images() * Hz), UnitsError, "without units"),
        (lambda: stimuli.MeanImage(images(), 200), UnitsError, "max_rate needs units"),
        (lambda: stimuli.MeanImage(images(), 5 * ms), UnitsError, "max_rate must be in Hz"),
        (lambda: stimuli.MeanImage(images(), -5 * Hz), ParameterError, "max_rate must be at least"),
        (
            lambda: stimuli.MeanImage(images(), math.nan * Hz),
            ParameterError,
            "max_rate",
        ),
        (lambda: stimuli.MeanImage(images(), mask="window"), UnitsError, "mask must be"),
        (lambda: stimuli.MeanImage(images(), image_shape=(5, 5)), ParameterError, "(5, 5)"),
        (
            lambda: stimuli.MeanImage(
                images(shape=(64,)), mask=stimuli.RandomWindow(3), image_shape=(64,)
            ),
            ParameterError,
            "rows and columns",
        ),
        (
            lambda: stimuli.MeanImage(images(shape=(60,)), mask=WINDOW),
            ParameterError,
            "not a square",
        ),
        (lambda: stimuli.RandomPixels(1.5), ParameterError, "keep must be at most 1"),
        (lambda: stimuli.RandomPixels(-0.5), ParameterError, "keep must be at least 0"),
        (lambda: stimuli.RandomWindow(0), ParameterError, "window size must be at least 1"),
        (lambda: stimuli.RandomWindow(2.5), UnitsError, "window size must be a whole number"),
        (lambda: stimuli.ClassMeans(images(), [0, 1]), ParameterError, "labels of shape (2,)"),
        (lambda: stimuli.MeanOfRandomImages(images(), 0), ParameterError, "n_images"),
        (lambda: stimuli.ConstantRates([1, 2]), UnitsError, "rates must be in Hz"),
        (lambda: stimuli.ConstantRates([1, 2] * ms), UnitsError, "rates must be"),
        (lambda: stimuli.ConstantRates(["a"]), UnitsError, "rates must be"),
        (lambda: stimuli.ConstantRates([1, -2] * Hz), ParameterError, "rates must be at least 0;"),
        (lambda: stimuli.ConstantRates([1, math.inf] * Hz), ParameterError, "finite"),
        (lambda: stimuli.ExplicitSpikes(np.full((3, 4), 0.5)), ParameterError, "must be 0 or 1"),
        (lambda: stimuli.ExplicitSpikes([["a", "b"]]), UnitsError, "must be bool, not <U1"),
        (lambda: stimuli.ExplicitSpikes(np.zeros(4, bool)), ParameterError, "(n_steps, n_inputs)"),
        (
            lambda: stimuli.ExplicitSpikes(np.zeros((0, 4), bool)),
            ParameterError,
            "one step",
        ),
        (lambda: stimuli.ShuffledPixels(images()), UnitsError, "must be a Stimulus object"),
        (lambda: stimuli.WhiteNoise(images()), UnitsError, "must be a Stimulus object"),
        (
            lambda: stimuli.ShuffledPixels(DRAWN["mean"](), -1),
            ParameterError,
            "seed must be at least 0",
        ),
        (lambda: stimuli.as_stimulus(np.zeros(3), 4), ParameterError, "3 inputs, but the network"),
        (lambda: stimuli.as_stimulus(np.zeros((9, 3), bool), 4), ParameterError, "3 inputs"),
        (lambda: stimuli.as_stimulus([0.5, 0.5] * Hz, 2), UnitsError, "without units"),
        (
            lambda: stimuli.as_stimulus("noise", 4),
            UnitsError,
            "must be a bs.stimuli object",
        ),
        (lambda: stimuli.as_stimulus(None, 4), UnitsError, "must be a bs.stimuli object"),
        (lambda: stimuli.as_stimulus(np.full(4, 0.5j), 4), UnitsError, "stimulus must be a bs"),
        (lambda: stimuli.as_stimulus([[0.1], [0.1, 0.2]], 3), UnitsError, "read as an array"),
        (lambda: stimuli.MeanImage([[0.1], [0.1, 0.2]]), UnitsError, "read as an array"),
        (lambda: stimuli.MeanImage("pixels"), UnitsError, "must be numbers"),
        (lambda: stimuli.as_stimulus(stimuli.MeanImage, 4), UnitsError, "stimulus must be a bs"),
        (lambda: stimuli.as_stimulus([], 4), ParameterError, "is empty"),
        (lambda: DRAWN["mean"]().draw(10, 1), UnitsError, "dt needs units"),
        (lambda: DRAWN["mean"]().draw(10, 0 * ms), ParameterError, "dt must be greater than 0"),
        (lambda: DRAWN["mean"]().draw(0, DT), ParameterError, "n_steps must be at least 1"),
        (lambda: DRAWN["mean"]().draw(10, DT, seed=-1), ParameterError, "seed must be at least 0"),
        (lambda: DRAWN["mean"]().draw(10, 1 * mV), UnitsError, "dt must be in"),
    ],
)
def test_bad_stimuli(make, error, words):
    with pytest.raises(error) as raised:
        make()
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert isinstance(raised.value, BrainsleepError)


@pytest.mark.parametrize(
    ("stimulus", "words"),
    [
        (stimuli.MeanImage(images()), "MeanImage(64 inputs, 6 images, max_rate=900 Hz)"),
        (
            stimuli.MeanOfRandomImages(images(), max_rate=430 * Hz, mask=WINDOW),
            "MeanOfRandomImages(64 inputs, 6 images, max_rate=430 Hz, RandomWindow(size=3))",
        ),
        (stimuli.ConstantRates([10, 20] * Hz), "ConstantRates(2 inputs, mean 15 Hz)"),
        (
            stimuli.ConstantProbabilities([0.1, 0.3]),
            "ConstantProbabilities(2 inputs, mean 0.2 per step)",
        ),
        (
            stimuli.ExplicitSpikes(RASTER),
            f"ExplicitSpikes(4 inputs, 6 steps, {RASTER.sum()} spikes)",
        ),
        (
            stimuli.Gated(stimuli.ConstantProbabilities([0.1]), [1, 0]),
            "Gated(1 inputs, 2 steps, ConstantProbabilities(1 inputs, mean 0.1 per step))",
        ),
        (
            stimuli.ShuffledPixels(stimuli.ConstantProbabilities([0.1, 0.1])),
            "ShuffledPixels(2 inputs, ConstantProbabilities(2 inputs, mean 0.1 per step))",
        ),
    ],
)
def test_stimuli_are_shown_on_one_line(stimulus, words):
    assert repr(stimulus) == words


class Blink(stimuli.Stimulus):
    """A user's stimulus: every input, every other step."""

    n_inputs = SMALL[0]

    def probabilities(self, rng, n_steps, dt):
        return np.tile(np.arange(n_steps)[:, None] % 2, (1, self.n_inputs))


def test_a_stimulus_of_ones_own():
    night = bs.sleep(
        mlp(SMALL),
        Blink(),
        duration=20,
        neuron=bs.Heaviside(gain=1, threshold=0.4),
        plasticity=bs.SRC(),
        device=bs.devices.Runtime("numpy"),
    )
    steps = np.rint(np.asarray(night.spikes["input"].t / ms)).astype(int)
    assert set(steps) == set(range(1, 20, 2))
    assert len(steps) == 10 * SMALL[0]
    assert repr(Blink()) == "Blink(12 inputs)"


@pytest.mark.parametrize("n_steps", [1, 17, 300])
def test_numbers_are_drawn_in_the_order_of_steps(n_steps) -> None:
    """Whatever the number of rows that are drawn at a time."""
    rates = np.array([100, 300, 900, 20, 500]) * Hz
    found = stimuli.ConstantRates(rates).draw(n_steps, DT, seed=5)
    for index, first in enumerate(range(0, n_steps, 256)):
        numbers = np.random.default_rng([5, index]).random((256, 5))
        expected = numbers < np.asarray(rates) * 1e-3
        np.testing.assert_array_equal(found[first : first + 256], expected[: n_steps - first])
