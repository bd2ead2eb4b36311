"""SIGKILL of workers and drivers of a study at random moments: the same final table.

    python tests/faults/studies.py --kills 10

Each kill hits a worker or the driver, which is then started again with ``--resume``. In the end no
trial may be missing or have been run twice, and the results must be those of a study in peace, but
for when and where it ran.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODEL = Path(__file__).parent / "models" / "continual.toml"

#: Columns that tell when and where a trial ran.
OF_THE_RUN = {"seconds", "trial_seconds", "machine", "commit"}

#: What is varied: by grid, and by a search that depends on what came before.
STUDIES = {
    "grid": ["--set=sleep.plasticity.increase=1e-4,2e-4,4e-4,8e-4", "--seeds=3"],
    "tpe": [
        "--vary=sleep.plasticity.increase=1e-5..1e-2:log",
        *("--search=tpe", "--trials=12", "--seeds=1"),
    ],
}


def main() -> None:
    """Run studies in peace and under attack, and compare them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--longest", type=float, default=12.0, help="seconds between two kills")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="study-kills-") as folder:
        for name, words in STUDIES.items():
            place = Path(folder)
            finish(start(place, place / f"{name}-peace", words, options.n_jobs))
            killed = attack(place, place / f"{name}-attacked", words, options, rng)
            problems = compare(place / f"{name}-peace", place / f"{name}-attacked")
            told = {"study": name, "killed": killed, "problems": problems}
            print(json.dumps(told), flush=True)
            if problems:
                sys.exit(1)


def start(place: Path, out: Path, words: list[str], n_jobs: int) -> subprocess.Popen[bytes]:
    """Start a driver; one that was started before has left what there is."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "BRAINSLEEP_CACHE": str(place / "programs"),
        "BRAINSLEEP_KEPT_TRAINING": str(place / f"training-{out.name}"),
    }
    command = [sys.executable, "-m", "brainsleep", "sweep", str(MODEL), *words]
    command += [f"--n-jobs={n_jobs}", f"--out={out}", "--resume", "--no-progress"]
    command += ["--strategies=sequential", "--set=sleep.steps.first=100"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def finish(driver: subprocess.Popen[bytes]) -> None:
    """Wait for a driver, which must end well."""
    if driver.wait() != 0:
        raise SystemExit("a driver failed")


def attack(
    place: Path, out: Path, words: list[str], options: argparse.Namespace, rng: random.Random
) -> dict[str, int]:
    """Kill workers and drivers at random moments; then let the study end. Return how many."""
    killed = {"driver": 0, "worker": 0}
    driver = start(place, out, words, options.n_jobs)
    while sum(killed.values()) < options.kills:
        time.sleep(rng.uniform(0.2, options.longest))
        if driver.poll() is not None:  # it was too quick
            break
        workers = children(driver.pid)
        if workers and rng.random() < 0.5:
            os.kill(rng.choice(workers), signal.SIGKILL)
            killed["worker"] += 1
        else:
            driver.kill()
            driver.wait()
            killed["driver"] += 1
            driver = start(place, out, words, options.n_jobs)
    finish(driver)
    return killed


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that are still there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid:
            found.append(int(folder.name))
    return found


def compare(peace: Path, attacked: Path) -> list[str]:
    """Say in what the study under attack is not that in peace."""
    problems = []
    if rows(peace) != rows(attacked):
        problems.append("results.csv differs")
    for name in ("table.md", "table.tex"):
        if (peace / name).read_text() != (attacked / name).read_text():
            problems.append(f"{name} differs")
    names = [sorted(file.name for file in (one / "trials").iterdir()) for one in (peace, attacked)]
    if names[0] != names[1]:
        problems.append(f"trials differ: {sorted(set(names[0]) ^ set(names[1]))}")
    if list((attacked / "claims").iterdir()):
        problems.append("claims are left")
    return problems


def rows(study: Path) -> list[dict[str, str]]:
    """Return the rows of results but for what tells when and where they came."""
    with (study / "results.csv").open() as file:
        return [
            {name: value for name, value in row.items() if name not in OF_THE_RUN}
            for row in csv.DictReader(file)
        ]


if __name__ == "__main__":
    main()
