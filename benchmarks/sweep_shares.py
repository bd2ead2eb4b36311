"""What processor time a sweep over parameters of sleep goes into: nights, measuring, learning.

python benchmarks/sweep_shares.py [--side 8] [--model MODEL] [--json FILE] [SWEEP ARGUMENTS ...]

A grid over how much spikes add to and take from weights, one seed. Where learning follows a night,
each trial must learn anew; where the night comes last (`--set 'sleep.nights_after=[2]'` of a model
with two tasks), what was learned before is the same in all trials and is learned once. Everything
counts: imports, compiling, and processes that start and wait.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from interleaved import timed
from sweep_throughput import values

#: The parts that a sweep over parameters of sleep is for.
WANTED = ("nights", "measuring")


def shares(model: str, side: int, more: list[str]) -> dict[str, float]:
    """Return processor time of a sweep in seconds, by part, and what it took on the clock."""
    with tempfile.TemporaryDirectory(prefix="shares-") as folder:
        out = Path(folder) / "study"
        words = ["sweep", model, "--seeds=1", "--no-progress", f"--out={out}", *more]
        for name, middle in (("increase", 1e-4), ("decrease", 5e-5)):
            listed = ",".join(map(str, values(middle, side)))
            words.append(f"--set=sleep.plasticity.{name}={listed}")
        environment = {**os.environ, "BRAINSLEEP_CACHE": str(Path(folder) / "programs")}
        command = [sys.executable, "-m", "brainsleep", *words]
        how = {"env": environment, "check": True, "stdout": subprocess.DEVNULL}
        clock, whole = timed(lambda: subprocess.run(command, **how))
        trials = [json.loads(file.read_text()) for file in (out / "trials").glob("*.json")]
    failed = [trial["error"] for trial in trials if trial["error"] is not None]
    if failed or len(trials) != side**2:
        sys.exit(f"{len(trials)} trials, {len(failed)} failed: {failed[:1]}")
    took = [trial["processor_seconds"] for trial in trials]
    parts = {name: sum(one.get(name, 0.0) for one in took) for name in ("learning", *WANTED)}
    in_trials = sum(one["whole"] for one in took)
    rest = {
        "all else in trials": in_trials - sum(parts.values()),
        "before and between": whole - in_trials,  # imports, and learning what all have in common
    }
    return {**parts, **rest, "whole": whole, "clock": clock}


def main() -> None:
    """Measure, print and write."""
    parser = ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--side", type=int, default=8, help="values of each of the two parameters")
    parser.add_argument("--model", default="noise_krishnan2019")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options, more = parser.parse_known_args()
    found = shares(options.model, options.side, more)
    for name, seconds in found.items():
        share = "" if name == "clock" else f"  {seconds / found['whole']:6.1%}"
        print(f"{name:18} {seconds:8.1f} s{share}")
    wanted = sum(found[name] for name in WANTED) / found["whole"]
    print(f"nights and measuring: {wanted:.1%} of processor time")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
