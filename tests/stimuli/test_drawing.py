"""Rare spikes at constant probabilities are drawn by the gaps between them."""

import numpy as np
import pytest
from brian2 import Hz, ms
from scipy import stats

from brainsleep import stimuli
from brainsleep.stimuli.drawing import RARE, STEPS_PER_CHUNK, draw_chunk

N_INPUTS = 40
#: From never to the most that counts as rare.
PROBABILITIES = np.linspace(0, RARE, N_INPUTS)


def test_rare_spikes_are_independent_bernoulli_trials():
    n_chunks = 400
    rng = np.random.default_rng(3)
    spikes = np.concatenate(
        [draw_chunk(PROBABILITIES[None], rng, STEPS_PER_CHUNK, N_INPUTS) for _ in range(n_chunks)]
    )
    counts, n = spikes.sum(axis=0), len(spikes)
    assert counts[0] == 0
    ps = [
        stats.binomtest(int(count), n, p).pvalue
        for count, p in zip(counts[1:], PROBABILITIES[1:], strict=True)
    ]
    assert stats.kstest(ps, "uniform").pvalue > 1e-3
    # spikes of a step, and spikes of one input in two steps, meet as often as by chance
    together = np.array([(spikes[:, i] & spikes[:, i - 1]).sum() for i in range(2, N_INPUTS)])
    after = (spikes[1:] & spikes[:-1]).sum(axis=0)
    for found, expected in (
        (together.sum(), n * (PROBABILITIES[2:] * PROBABILITIES[1:-1]).sum()),
        (after.sum(), (n - 1) * (PROBABILITIES**2).sum()),
    ):
        assert stats.poisson.cdf(found, expected) > 1e-3
        assert stats.poisson.sf(found - 1, expected) > 1e-3


def test_rare_spikes_follow_a_plain_loop():
    rng, loop = np.random.default_rng(5), np.random.default_rng(5)
    found = draw_chunk(PROBABILITIES[None], rng, STEPS_PER_CHUNK, N_INPUTS)
    n, highest = STEPS_PER_CHUNK * N_INPUTS, PROBABILITIES.max()
    likely = n * highest
    gaps = loop.geometric(highest, size=int(likely + 6 * np.sqrt(likely)) + 16)
    places = [place for place in np.cumsum(gaps) - 1 if place < n]
    expected = np.zeros((STEPS_PER_CHUNK, N_INPUTS), dtype=bool)
    for place, number in zip(places, loop.random(len(places)), strict=True):
        step, neuron = divmod(int(place), N_INPUTS)
        expected[step, neuron] = number * highest < PROBABILITIES[neuron]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("n_steps", [1, 100, STEPS_PER_CHUNK])
def test_the_first_steps_do_not_depend_on_how_many_there_are(n_steps):
    whole = stimuli.ConstantRates(np.arange(9) * Hz).draw(2 * STEPS_PER_CHUNK, 1 * ms, seed=2)
    short = stimuli.ConstantRates(np.arange(9) * Hz).draw(n_steps, 1 * ms, seed=2)
    np.testing.assert_array_equal(short, whole[:n_steps])


def test_a_gate_changes_rare_spikes_only_where_it_is_not_1():
    source = stimuli.ConstantProbabilities(np.full(200, 0.01))
    gate = np.repeat([1.0, 0.0, 0.5, 3.0], 2000)
    free = source.draw(len(gate), 1 * ms)
    weaker = stimuli.Gated(source, np.minimum(gate, 1)).draw(len(gate), 1 * ms)
    np.testing.assert_array_equal(weaker[:2000], free[:2000])
    assert not (weaker & ~free).any()
    rates = stimuli.Gated(source, gate).draw(len(gate), 1 * ms).reshape(4, -1).mean(axis=1)
    np.testing.assert_allclose(rates, [0.01, 0, 0.005, 0.03], atol=8e-4)


@pytest.mark.parametrize("probability", [0.0, 1e-300, 1e-12])
def test_almost_never_is_hardly_ever(probability):
    chunk = np.full((1, 3), probability)
    assert not draw_chunk(chunk, np.random.default_rng(0), STEPS_PER_CHUNK, 3).any()
