"""Measures of spike trains against Elephant, SciPy and sums written out from the definitions.

As a program it prints how far apart they are: ``python tests/measures/test_against_elephant.py``.
"""

from functools import cache

import numpy as np
import pytest
from brian2 import Hz, ms, second
from numpy.testing import assert_allclose

from brainsleep import measures
from brainsleep.devices.activity import Spikes

N_STEPS, N_NEURONS = 2000, 7
CLOCK = {"n_steps": N_STEPS, "dt": 1 * ms}
DURATION = N_STEPS * ms


@cache
def population(seed=0):
    """Poisson neurons of four rates that change, a clock, a burster, and a silent one."""
    rng = np.random.default_rng(seed)
    rate = np.array([0.01, 0.02, 0.05, 0.1, 0, 0, 0]) * np.where(
        np.arange(N_STEPS)[:, None] % 500 < 250, 1.5, 0.5
    )
    raster = rng.random((N_STEPS, N_NEURONS)) < rate
    raster[5::17, 4] = True
    raster[np.arange(N_STEPS) % 100 < 4, 5] = True
    raster[1:, 2] |= raster[:-1, 3] & (rng.random(N_STEPS - 1) < 0.5)  # one drives another
    raster[[0, -1], 3] = True  # windows that reach over the ends
    steps, neurons = np.nonzero(raster)
    return Spikes(neurons.astype(np.int32), steps * ms, N_NEURONS), raster


def spikes(seed=0):
    return population(seed)[0]


@cache
def neo_trains(seed=0):
    """The same as Neo's spike trains, one per neuron."""
    import neo
    import quantities as pq

    raster = population(seed)[1]
    times = (np.flatnonzero(column) for column in raster.T)
    return [neo.SpikeTrain(t * pq.ms, t_stop=N_STEPS * pq.ms) for t in times]


def of_each(measure, fewest=3):
    """One value per neuron, NaN for those with too few spikes."""
    from elephant.statistics import isi

    trains = neo_trains()
    return [measure(isi(one)) if len(one) >= fewest else np.nan for one in trains]


def intervals():
    found = measures.interspike_intervals(spikes())
    return np.concatenate([found.neurons, np.asarray(found.durations / ms)])


def elephants_intervals():
    from elephant.statistics import isi

    by_neuron = [np.asarray(isi(one)) if len(one) else np.zeros(0) for one in neo_trains()]
    neurons = np.repeat(np.arange(N_NEURONS), [len(one) for one in by_neuron])
    return np.concatenate([neurons, *by_neuron])


def elephants_cv():
    from elephant.statistics import cv

    return of_each(cv)


def elephants_cv2():
    from elephant.statistics import cv2

    return of_each(cv2)


def elephants_lv():
    from elephant.statistics import lv

    return of_each(lv)


def elephants_rates():
    from elephant.statistics import mean_firing_rate

    return [float(mean_firing_rate(one).rescale("Hz")) for one in neo_trains()]


def elephants_time_histogram():
    import quantities as pq
    from elephant.statistics import time_histogram

    found = time_histogram(neo_trains(), 10 * pq.ms, output="rate")
    return np.asarray(found.rescale("Hz")).ravel()


def elephants_fano():
    """Elephant's factor is over trials: here these are a train's windows of 50 ms."""
    import quantities as pq
    from elephant.statistics import fanofactor

    starts = np.arange(0, N_STEPS, 50)
    windows = [
        [one.time_slice(start * pq.ms, (start + 49.5) * pq.ms) for start in starts]
        for one in neo_trains()
    ]
    return [fanofactor(one) for one in windows]


def tiling(first=0, other=0, window=2.5 * ms):
    return measures.sttc(spikes(first), spikes(other), window=window, **CLOCK)


def elephants_tiling(first=0, other=0, window=2.5):
    import quantities as pq
    from elephant.spike_train_correlation import spike_time_tiling_coefficient

    return [
        [spike_time_tiling_coefficient(a, b, window * pq.ms) for b in neo_trains(other)]
        for a in neo_trains(first)
    ]


def binned(trains, width, ends=N_STEPS):
    import quantities as pq
    from elephant.conversion import BinnedSpikeTrain

    return BinnedSpikeTrain(trains, bin_size=width * pq.ms, t_stop=ends * pq.ms)


LAGS = list(range(-8, 9))


def correlogram(part, width=5):
    found = measures.cross_correlation(
        spikes(0), spikes(1), max_lag=40 * ms, bin_size=width * ms, **CLOCK
    )
    return getattr(found, part)


def elephants_correlogram(lags, *, coefficient, width=5, cut=0):
    """Elephant's correlogram, of two recordings that begin `cut` bins late or end so early."""
    import neo
    import quantities as pq
    from elephant.spike_train_correlation import cross_correlation_histogram

    ends = N_STEPS - abs(cut) * width
    pooled = []
    for seed, late in ((0, cut < 0), (1, cut > 0)):
        times = np.sort(np.asarray(spikes(seed).t / ms)) - (abs(cut) * width if late else 0)
        train = neo.SpikeTrain(times[(times >= 0) & (times < ends)] * pq.ms, ends * pq.ms)
        pooled.append(binned(train, width, ends))
    found, of_lags = cross_correlation_histogram(
        *pooled, window=[min(lags), max(lags)], cross_correlation_coefficient=coefficient
    )
    assert of_lags.tolist() == lags
    return np.asarray(found).ravel()


def elephants_coefficients(width=5):
    """At each lag the coefficient of what overlaps: there Elephant's lag is 0."""
    return [
        elephants_correlogram([-1, 0, 1], coefficient=True, width=width, cut=lag)[1] for lag in LAGS
    ]


def elephants_mean_correlation():
    from elephant.spike_train_correlation import correlation_coefficient

    active = [one for one in neo_trains() if len(one)]
    matrix = correlation_coefficient(binned(active, 5))
    return [matrix[~np.eye(len(active), dtype=bool)].mean()]


def chi_written_out():
    """Golomb's index from the matrix of counts, of neurons that fired."""
    counts = population()[1].reshape(-1, 5, N_NEURONS).sum(axis=1)[:, :-1]
    return [np.sqrt(counts.mean(axis=1).var() / counts.var(axis=0).mean())]


def power():
    rate = measures.binned_rate(spikes(), DURATION, 10 * ms)
    return measures.spectrum(rate, segment=0.5 * second).power


def elephants_power():
    import neo
    import quantities as pq
    from elephant.spectral import welch_psd

    rate = measures.binned_rate(spikes(), DURATION, 10 * ms)
    signal = neo.AnalogSignal(np.asarray(rate.rate / Hz), units="Hz", sampling_period=10 * pq.ms)
    _, found = welch_psd(signal, len_segment=50, overlap=0.5)
    return np.asarray(found).ravel()


def variation(measure):
    return measure(spikes()).by_neuron


#: By measure: ours, the independent value, and from where that is.
AGREEMENT = {
    "interspike_intervals": (intervals, elephants_intervals, "Elephant, isi"),
    "cv_isi": (lambda: variation(measures.cv_isi), elephants_cv, "Elephant, cv"),
    "cv2": (lambda: variation(measures.cv2), elephants_cv2, "Elephant, cv2"),
    "local_variation": (lambda: variation(measures.local_variation), elephants_lv, "Elephant, lv"),
    "firing_rates": (
        lambda: measures.firing_rates({"0": spikes()}, DURATION)["0"],
        elephants_rates,
        "Elephant, mean_firing_rate",
    ),
    "population_rate": (
        lambda: measures.population_rate(spikes(), **CLOCK)[1],
        elephants_time_histogram,
        "Elephant, time_histogram",
    ),
    "fano_factor": (
        lambda: measures.fano_factor(spikes(), **CLOCK).by_neuron,
        elephants_fano,
        "Elephant, fanofactor",
    ),
    "sttc": (tiling, elephants_tiling, "Elephant, spike_time_tiling_coefficient"),
    "sttc, two populations": (
        lambda: tiling(0, 1, 10.5 * ms),
        lambda: elephants_tiling(0, 1, 10.5),
        "Elephant, spike_time_tiling_coefficient",
    ),
    "cross_correlation, counts": (
        lambda: correlogram("counts"),
        lambda: elephants_correlogram(LAGS, coefficient=False),
        "Elephant, cross_correlation_histogram",
    ),
    "cross_correlation, coefficients": (
        lambda: correlogram("coefficients"),
        elephants_coefficients,
        "Elephant, cross_correlation_histogram at lag 0 of what overlaps",
    ),
    "synchrony, correlation": (
        lambda: measures.synchrony(spikes(), **CLOCK).correlation,
        elephants_mean_correlation,
        "Elephant, correlation_coefficient",
    ),
    "synchrony, chi": (
        lambda: measures.synchrony(spikes(), **CLOCK).chi,
        chi_written_out,
        "the definition, on the matrix of counts",
    ),
    "spectrum": (power, elephants_power, "Elephant, welch_psd (SciPy's welch)"),
}


@pytest.mark.parametrize("name", AGREEMENT)
@pytest.mark.filterwarnings("ignore::DeprecationWarning:elephant")
def test_agreement(name):
    ours, theirs, _ = AGREEMENT[name]
    assert_allclose(ours(), theirs(), rtol=1e-9, atol=1e-12)


def table():
    """Print the largest difference of each measure from its independent value."""
    for name, (ours, theirs, source) in AGREEMENT.items():
        one, other = np.asarray(ours(), float), np.asarray(theirs(), float)
        assert_allclose(np.isnan(one), np.isnan(other))
        apart = np.nanmax(np.abs(one - other))
        print(f"{name:32} {one.size:5} values  {apart:8.1e} apart at most  {source}")


if __name__ == "__main__":
    table()
