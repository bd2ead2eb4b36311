"""Threads of one night: the same night for any number of them, bit for bit."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import ms
from helpers import assert_same_nights
from test_dense import wide_network

import brainsleep as bs
from brainsleep.devices.dense import blocks, default_threads
from brainsleep.night import NightRequest, prepare_night
from brainsleep.support import cores

NEURON = bs.LIF(gain=1, threshold=[0.3, 2, 1.2], refractory=2 * ms)
RULE = bs.SRC(2e-3, 5e-4, weight_factor="sigmoid", tau_pre=5 * ms)
RECORD = bs.Record(
    states={"0": ["v", "trace"], "2": "v"},
    weights={"0.weight": 60, "2.weight": [0, 40, 82]},
    every=7,
)


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make many tiles of few neurons."""
    monkeypatch.setattr(blocks, "TILE_BYTES", 32 * 1024)


def night(n_threads: int, dtype: str, n_steps: int = 300, **options: Any) -> bs.Night:
    """Sleep through two whole blocks of steps and a part of one; learning comes and goes."""
    spikes = np.random.default_rng(1).random((n_steps, 101)) < 0.05
    return bs.sleep(
        wide_network(),
        spikes,
        neuron=NEURON,
        plasticity=RULE,
        modulation=np.linspace(0, 2, n_steps) % 1,
        n_threads=n_threads,
        record=RECORD,
        dtype=dtype,
        progress=False,
        **options,
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_any_number_of_threads_gives_the_same_night(dtype: str, tmp_path: Path) -> None:
    alone = night(1, dtype)
    for name, train in alone.spikes.items():
        assert len(train) > 50, name
    assert all((alone.weights_after[k] != w).any() for k, w in alone.weights_before.items())
    # more threads than tiles, too
    for n_threads in (2, 3, 60):
        assert_same(alone, night(n_threads, dtype))
    # stopped after a snapshot in the middle of a block, and taken to its end by another number
    save = bs.Save(tmp_path / "night", snapshot_every=45, resume=True)
    seen: list[int] = []
    watch = bs.Every(10, lambda state: seen.append(state.n_steps))
    with pytest.warns(UserWarning, match="was stopped"):
        night(3, dtype, save=save, callbacks=watch, should_stop=lambda: len(seen) > 12)
    assert_same(alone, night(2, dtype, save=save))


def assert_same(one: bs.Night, other: bs.Night) -> None:
    """Assert the same spikes, weights and recorded values, bit for bit."""
    assert_same_nights(one, other)
    recorded = [
        (state[variable], other.states[name][variable])
        for name, state in one.states.items()
        for variable in state.variables
    ]
    recorded += [(kept.w, other.weight_traces[name].w) for name, kept in one.weight_traces.items()]
    assert len(recorded) == 5
    for values, again in recorded:
        values = np.asarray(values)
        assert (values.max(axis=-1) > values.min(axis=-1)).any()
        np.testing.assert_array_equal(values, np.asarray(again))


def test_the_program_has_the_threads_that_are_asked_for() -> None:
    for n_threads in (1, 3):
        seen: set[int] = set()

        def look(seen: set[int] = seen) -> bool:
            seen.update(n_threads_of(child) for child in children())
            return False

        night(n_threads, "float64", 3000, should_stop=look)  # more than the way to it holds
        assert max(seen) == n_threads


def children() -> list[str]:
    """Return the process numbers of this process's children."""
    tasks = Path("/proc/self/task").iterdir()
    return " ".join((task / "children").read_text() for task in tasks).split()


def n_threads_of(process: str) -> int:
    """Return how many threads a process has; 0 if it has just ended."""
    try:
        return len(os.listdir(f"/proc/{process}/task"))
    except OSError:
        return 0


def test_large_networks_get_all_cores_and_small_ones_one(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = prepare_night(
        NightRequest(ann=wide_network(), stimulus=np.full(101, 0.1), neuron=NEURON)
    ).plan
    n_weights = 101 * 700 + 700 * 83 + 83 * 5
    monkeypatch.setattr(blocks, "n_cores", lambda: 8)
    assert default_threads(plan) == 1
    monkeypatch.setattr(blocks, "WEIGHTS_PER_THREAD", n_weights // 3)
    assert default_threads(plan) == 3
    monkeypatch.setattr(blocks, "WEIGHTS_PER_THREAD", 10)
    assert default_threads(plan) == 8


def test_cores_are_those_that_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    for limit, expected in {"": 6, "4": 4, "3,1": 3, "99": 6, "0": 6, "many": 6}.items():
        monkeypatch.setenv(cores.LIMIT, limit)
        assert cores.n_cores() == expected
    monkeypatch.delenv(cores.LIMIT)
    assert cores.n_cores() == 6
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores.n_cores() == 1


def test_worker_processes_have_one_core() -> None:
    code = (
        "from concurrent.futures import ProcessPoolExecutor\n"
        "import multiprocessing, os\n"
        "from brainsleep.support import cores\n"
        "if __name__ == '__main__':\n"
        "    os.environ.pop(cores.LIMIT, None)\n"
        "    context = multiprocessing.get_context('fork')\n"
        "    os.sched_getaffinity = lambda _: {0, 1, 2}\n"
        "    with ProcessPoolExecutor(1, context) as pool:\n"
        "        print(cores.n_cores(), pool.submit(cores.n_cores).result())\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert printed.stdout.split() == ["3", "1"], printed.stderr


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True])
def test_a_number_of_threads_that_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(bs.errors.BrainsleepError, match="n_threads must be"):
        bs.sleep(wide_network(), np.full(101, 0.1), n_threads=wrong)
