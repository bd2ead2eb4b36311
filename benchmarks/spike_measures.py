"""How long measures take on many spikes: python benchmarks/spike_measures.py [--spikes N].

Poisson spikes of 1,000 neurons in 100,000 steps of 1 ms. Prints seconds on the clock and of
processor time, and the largest memory so far.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
from brian2 import ms, second

from brainsleep import measures
from brainsleep.devices.activity import Spikes

N_NEURONS, N_STEPS = 1000, 100_000
CLOCK = {"n_steps": N_STEPS, "dt": 1 * ms}


def calls(train):
    """Return what is measured, by name."""
    duration = N_STEPS * ms
    starts = np.arange(0, 100) * second
    windows = (starts, starts + 1 * second)
    return {
        "firing_rates": lambda: measures.firing_rates({"0": train}, duration),
        "population_rate": lambda: measures.population_rate(train, **CLOCK),
        "interspike_intervals": lambda: measures.interspike_intervals(train),
        "cv_isi": lambda: measures.cv_isi(train),
        "cv2": lambda: measures.cv2(train),
        "local_variation": lambda: measures.local_variation(train),
        "fano_factor": lambda: measures.fano_factor(train, **CLOCK),
        "synchrony": lambda: measures.synchrony(train, **CLOCK),
        "cross_correlation, 101 lags": lambda: measures.cross_correlation(train, train, **CLOCK),
        "spectrum": lambda: measures.spectrum(measures.binned_rate(train, duration)),
        "up_states": lambda: measures.up_states(measures.binned_rate(train, duration)),
        "sttc, 1,000 x 1,000 neurons": lambda: measures.sttc(train, **CLOCK),
        "rank_order, 100 windows, 200 shuffles": lambda: measures.rank_order(train, windows),
        "the same, null='neurons'": lambda: measures.rank_order(train, windows, null="neurons"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--spikes", type=int, default=10_000_000, metavar="N")
    n_spikes = parser.parse_args().spikes
    rng = np.random.default_rng(0)
    steps = np.sort(rng.integers(0, N_STEPS, n_spikes))
    neurons = rng.integers(0, N_NEURONS, n_spikes).astype(np.int32)
    for name, call in calls(Spikes(neurons, steps * ms, N_NEURONS)).items():
        clock, processor = time.perf_counter(), time.process_time()
        call()
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"{name:40}{clock:7.1f} s{processor:7.1f} s{memory:6.1f} GB", flush=True)


if __name__ == "__main__":
    main()
