"""Readouts, tasks and comparisons of reservoirs: wrong arguments are one clear line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import brainsleep as bs
from brainsleep.errors import BrainsleepError
from brainsleep.reservoir import (
    Part,
    Reservoir,
    classify,
    compare_on_task,
    narma10,
    regress,
    spike_templates,
    spoken_digits,
)

RNG = np.random.default_rng(0)
STATES, LABELS = RNG.random((20, 4)), np.arange(20) % 2
PART = Part(STATES, LABELS)
SMALL = Reservoir(3, grid=(2, 2, 2))
TASK = spike_templates(30, n_inputs=3, segment="40 ms")


def compared(**options: object) -> object:
    counts = {"n_train": 10, "n_validation": 10, "n_samples": 1}
    return compare_on_task(SMALL, TASK, **{**counts, **options})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Part(STATES, LABELS[:5]), r"targets must have shape \(20,\), not \(5,\)"),
        (lambda: Part(STATES * np.nan, LABELS), "states: holds NaN"),
        (lambda: Part(STATES[:, :, None], LABELS), "states must have shape"),
        (lambda: Part(STATES[:0], LABELS[:0]), "states must have shape"),
        (lambda: classify(PART, Part(STATES[:, :2], LABELS), PART), r"shape \(n, 4\), not"),
        (lambda: classify(PART, PART, PART, penalties=[]), "penalties must have shape"),
        (lambda: classify(PART, PART, PART, penalties=[-1]), "penalties must be at least 0"),
        (lambda: regress(Part(STATES, list("ab" * 10)), PART, PART), "targets must be numbers"),
        (lambda: regress(Part(STATES, 0 * LABELS), PART, PART), "targets are all the same"),
        (lambda: spike_templates(3, n_inputs=2.5), "n_inputs must be a whole number"),
        (lambda: spike_templates(3, asked=[]), "asked is empty"),
        (lambda: spike_templates(3, rate="2 kHz"), "in spikes per step of 1 ms, .* is 2"),
        (lambda: spoken_digits(3, n_inputs=3), "n_inputs must be at least 5, but is 3"),
        (lambda: spoken_digits(3, warp=-1), "warp must be at least 0"),
        (lambda: narma10(50).spikes(max_probability="x"), "max_probability must be a number"),
        (lambda: compared(n_train=10.5), "n_train must be a whole number"),
        (lambda: compared(n_train=25), "leave none of 30 sequences"),
        (lambda: compared(taus=[]), r"taus must be a list of times.*not \[\]"),
        (lambda: compared(taus="30 ms"), "taus must be a list of times"),
        (lambda: compared(taus=["30 ms", "-3 ms"]), "taus must be .*-3"),
        (lambda: compared(taus=["0 ms"]), "taus must be .*0"),
        (lambda: compared(echo_step="50 ms"), r"echo_step \(50 ms\) must divide the 120 ms"),
    ],
)
def test_what_will_not_do_is_one_clear_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(BrainsleepError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_lists_will_do() -> None:
    assert classify(Part(STATES.tolist(), LABELS.tolist()), PART, PART) == classify(
        PART, PART, PART
    )
    one = spike_templates(3, asked=np.array([0, 1])).labels
    np.testing.assert_array_equal(one, spike_templates(3, asked=[0, 1]).labels)


def test_a_sequence_that_is_not_there_is_named() -> None:
    run = SMALL.run(TASK.spikes[:2], device=bs.devices.Runtime("numpy"), progress=False)
    with pytest.raises(BrainsleepError, match="sequence must be at most 1, but is 7"):
        run.spikes_of(7)
