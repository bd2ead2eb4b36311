"""SIGKILL of workers and drivers of a study at random moments: the same final table.

    python tests/faults/studies.py --kills 10
    python tests/faults/studies.py --kills 10 --victims workers --studies grid

Each kill hits a worker or the driver, which is then started again with ``--resume``. The moments
are drawn so that they spread over the time that the study takes in peace; where it ends before all
kills were made, another begins for those that are left. In the end no trial may be missing or have
been run twice, and the results must be those of the study in peace, but for when and where it ran.
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
from collections import Counter
from pathlib import Path

from brainsleep.experiments.studies.study_workers import WORKER

ROOT = Path(__file__).parents[2]
MODEL = Path(__file__).parent / "models" / "continual.toml"

#: Columns that tell when and where a trial ran.
OF_THE_RUN = {"seconds", "processor_seconds", "trial_seconds", "machine", "commit"}

#: What is killed.
VICTIMS = ("both", "workers", "drivers")

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
    parser.add_argument("--victims", choices=VICTIMS, default="both")
    parser.add_argument("--studies", nargs="+", choices=STUDIES, default=list(STUDIES))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="study-kills-") as folder:
        for name in options.studies:
            told = try_study(Path(folder), name, options, rng)
            print(json.dumps(told), flush=True)
            if told["problems"]:
                sys.exit(1)


def try_study(
    place: Path, name: str, options: argparse.Namespace, rng: random.Random
) -> dict[str, object]:
    """Run a study in peace, and under attack until all kills are made; say what came of it."""
    peace, started = place / f"{name}-peace", time.monotonic()
    finish(start(place, peace, STUDIES[name], options.n_jobs))
    longest = 2 * (time.monotonic() - started) / (options.kills + 1)
    killed, moments, n_studies = Counter[str](), list[float](), 0
    problems: list[str] = []
    while not problems and killed.total() < options.kills:
        out = place / f"{name}-attacked-{n_studies}"
        attack(place, out, name, options, longest, rng, killed, moments)
        problems = compare(peace, out)
        n_studies += 1
    return {
        "study": name,
        "killed": dict(killed),
        "studies": n_studies,
        "moments": moments,
        "problems": problems,
    }


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
    place: Path,
    out: Path,
    name: str,
    options: argparse.Namespace,
    longest: float,
    rng: random.Random,
    killed: Counter[str],
    moments: list[float],
) -> None:
    """Kill workers and drivers at random moments; then let the study end. Count and time kills."""
    started = time.monotonic()
    driver = start(place, out, STUDIES[name], options.n_jobs)
    while killed.total() < options.kills:
        time.sleep(rng.uniform(0.2, longest))
        if driver.poll() is not None:  # it was too quick
            break
        workers = children(driver.pid)
        if options.victims == "drivers" or (options.victims == "both" and rng.random() < 0.5):
            driver.kill()
            driver.wait()
            killed["driver"] += 1
            driver = start(place, out, STUDIES[name], options.n_jobs)
        elif workers:
            os.kill(rng.choice(workers), signal.SIGKILL)
            killed["worker"] += 1
        else:
            continue  # there is none yet
        moments.append(round(time.monotonic() - started, 1))
    finish(driver)


def children(pid: int) -> list[int]:
    """Return the workers that a driver has started and that are still there."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            continue
        if parent == pid and WORKER[-1].encode() in command:
            found.append(int(folder.name))
    return found


def compare(peace: Path, attacked: Path) -> list[str]:
    """Say in what the study under attack is not that in peace."""
    problems = []
    if rows(peace) != rows(attacked):
        errors = [row["error"] for row in rows(attacked) if row["error"]]
        problems.append(f"results.csv differs; errors: {errors}")
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
