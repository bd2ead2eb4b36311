"""A process in which Elephant looks for sequences: it may be ended, and is held to memory.

`brainsleep.measures.sequences` runs this file as a program, sends it one window after the other and
reads what was found. It imports nothing of the package, so that it starts quickly.
"""

from __future__ import annotations

import os
import pickle
import resource
import sys
import warnings
from collections.abc import Mapping
from typing import Any


def _main() -> None:
    """Answer each window that comes with its patterns, or with the reason why there are none."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # Elephant prints
    warnings.simplefilter("ignore")
    import elephant.spade  # noqa: F401

    _limit_memory(pickle.load(sys.stdin.buffer))
    answer: object = "ready"
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            window = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        try:
            answer = _patterns(**window)
        except MemoryError:
            answer = "wanted more memory than max_bytes"
        except Exception as error:
            answer = f"Elephant failed: {type(error).__name__}: {error}".partition("\n")[0]


def _limit_memory(max_bytes: int) -> None:
    """Refuse this process more memory than it has now and so many bytes."""
    with open("/proc/self/status") as status:
        used = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData"))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (used + max_bytes, hard))


def _patterns(
    bins: list[Any],
    n_bins: int,
    bin_ms: float,
    dither_ms: float,
    seed: int,
    alpha: float,
    spade: Mapping[str, Any],
) -> list[tuple[list[int], list[int], list[int], float]]:
    """Return neurons (places in the list), lags and first bins of each pattern, and its p-value."""
    import neo
    import numpy as np
    import quantities as pq
    from elephant.spade import spade as find

    np.random.seed(seed)  # Elephant draws surrogates from the generator of the process
    width = bin_ms * pq.ms
    trains = [neo.SpikeTrain((own + 0.5) * width, t_stop=n_bins * width) for own in bins]
    found = find(trains, bin_size=width, dither=dither_ms * pq.ms, **spade)["patterns"]
    return [
        (
            [int(neuron) for neuron in one["neurons"]],
            [0, *(round(float(lag / width)) for lag in one["lags"])],
            [round(float(time / width)) for time in one["times"]],
            float(one["pvalue"]),
        )
        for one in (_significant(found, alpha) if spade["n_surr"] else found)
    ]


def _significant(found: list[Any], alpha: float) -> list[Any]:
    """Return those whose signature (spikes, occurrences) keeps the false discovery rate.

    Elephant's own correction needs the package statsmodels.
    """
    from scipy.stats import false_discovery_control

    p_values = {one["signature"]: one["pvalue"] for one in found}
    if not p_values:
        return []
    corrected = dict(zip(p_values, false_discovery_control([*p_values.values()]), strict=True))
    return [one for one in found if corrected[one["signature"]] <= alpha]


if __name__ == "__main__":
    _main()
