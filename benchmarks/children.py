"""Measurements that `bench.py` makes in fresh processes: start, memory, import.

Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any


def measure_import() -> dict[str, Any]:
    """Time ``import brainsleep``, and the imports of the first use of `sleep`."""
    started = time.perf_counter()
    import brainsleep as bs

    imported = time.perf_counter()
    _ = bs.sleep
    return {"seconds": imported - started, "with_sleep": time.perf_counter() - started}


def measure_start(n_hidden: int, first_seed: int) -> dict[str, Any]:
    """Time nights of ten steps that differ in weights, seed, learning rates and thresholds."""
    import brian2  # noqa: F401
    import torch
    from problem import N_INPUTS, N_OUTPUTS
    from torch import nn

    import brainsleep as bs

    seconds, cached = [], []
    for number in range(4):
        seed = first_seed + number
        torch.manual_seed(seed)
        ann = nn.Sequential(
            nn.Linear(N_INPUTS, n_hidden, bias=False),
            nn.ReLU(),
            nn.Linear(n_hidden, n_hidden, bias=False),
            nn.ReLU(),
            nn.Linear(n_hidden, N_OUTPUTS, bias=False),
        )
        rates = torch.rand(N_INPUTS).numpy() * 0.03
        started = time.perf_counter()
        night = bs.sleep(
            ann,
            rates,
            duration=10 + number,
            neuron=bs.Heaviside(gain=1.0, threshold=0.1 + 0.01 * number, decay=0.9),
            plasticity=bs.SRC(increase=1e-4 * (1 + number), decrease=1e-5),
            seed=seed,
            progress=False,
        )
        seconds.append(time.perf_counter() - started)
        cached.append(bool(night.timings["build_cached"]))
        del night
    return {"first": seconds[0], "later": seconds[1:], "cached": cached}


def measure_memory(n_hidden: int, device: str, record: str | None) -> dict[str, Any]:
    """Measure the memory of the simulation process and of this one during a night.

    It is the second night of its kind: the first one compiles, and loads what is not a copy of W.
    """
    import bench
    from problem import make_problem

    problem = make_problem(n_hidden, 50)
    ann = bench.network_of(problem)
    bench.sleep(problem.first_steps(5), device, record, ann)
    n_bytes = sum(w.nbytes for w in problem.weights)
    before = _status("self", "VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # resets the peak
    with ChildMemory() as children:
        night = bench.sleep(problem, device, record, ann)
    peak = _status("self", "VmHWM")
    assert len(night.weights_after) == len(problem.weights)
    return {
        "hidden": n_hidden,
        "device": device,
        "bytes_per_synapse": children.peak / problem.n_synapses,
        "copies": (peak - before) / n_bytes,
    }


class ChildMemory:
    """Watch the peak memory of child processes while a block runs.

    `RUSAGE_CHILDREN` is not used: it counts the pages of the parent, which a child has between fork
    and exec. The VmHWM of a process is reset by exec.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> ChildMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        me, python = os.getpid(), os.readlink("/proc/self/exe")
        while not self._done.is_set():
            for task in Path(f"/proc/{me}/task").iterdir():
                try:
                    children = (task / "children").read_text().split()
                except OSError:
                    continue
                for child in children:
                    try:
                        if os.readlink(f"/proc/{child}/exe") != python:
                            self.peak = max(self.peak, _status(child, "VmHWM"))
                    except (OSError, LookupError):
                        continue  # the process has just ended
            time.sleep(0.001)


def _status(process: str, key: str) -> int:
    """Return a line of ``/proc/PROCESS/status`` in bytes."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(key)


def main() -> None:
    """Run the measurement named on the command line."""
    what, *arguments = sys.argv[1:]
    if what == "import":
        result = measure_import()
    elif what == "start":
        result = measure_start(int(arguments[0]), int(arguments[1]) if arguments[1:] else 0)
    else:
        result = measure_memory(int(arguments[0]), arguments[1], (arguments[2:] or [None])[0])
    print(json.dumps(result))


if __name__ == "__main__":
    main()
