"""The runs and sweeps that are attacked: small model files, and digests of what came of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from nights import Digest, digest

import brainsleep as bs
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.rundirectory import load_run
from brainsleep.experiments.sweep import run_sweep

#: Three tasks, a small network and short nights.
CONTINUAL = """
name = "small"
description = "Attacked."
[data]
train_per_class = 20
[tasks]
classes = [[0, 1], [2, 3], [4, 5]]
[network]
sizes = [784, 30, 20, 10]
[training]
epochs = 1
[sleep]
dtype = "float64"
[sleep.neuron]
kind = "heaviside"
gain = "tadros"
threshold = [0.16, 0.2, 0.1]
decay = 0.9995786
[sleep.plasticity]
kind = "src"
weight_factor = "tadros2022"
increase = 3e-4
decrease = 1e-4
[sleep.stimulus]
kind = "mean_of_random_images"
max_rate = "430 Hz"
[sleep.steps]
first = 200
"""
UNSUPERVISED = """
name = "small_unsupervised"
description = "Attacked."
[data]
train_per_class = 4
[unsupervised]
n_neurons = 12
n_presentations = 60
blocks = 3
n_assign = 20
presentation = "20 ms"
rest = "5 ms"
dt = "1 ms"
"""
MODELS = {"continual": CONTINUAL, "unsupervised": UNSUPERVISED}


@dataclass(frozen=True)
class RunOf:
    """A run of a model file.

    Attributes
    ----------
    kind : str
        Of `MODELS`.
    seed : int
        Its seed.
    controls : tuple of str
        What else is run.
    """

    kind: str = "continual"
    seed: int = 0
    controls: tuple[str, ...] = ()

    def go(self, directory: Path) -> Digest:
        """Run, or go on with what is there, as the script of a user would."""
        with empty_figures():
            run_experiment(
                model_file(self.kind, directory.parent),
                out=directory,
                seed=self.seed,
                controls=self.controls,
                resume=directory.exists(),
                progress=False,
            )
        return self.read(directory)

    def read(self, directory: Path) -> Digest:
        """Return the digest of a finished run, from its directory."""
        found = _without(load_run(directory).metrics, "timings")
        for folder in sorted((directory / "nights").glob("[0-9]*")):
            night = digest(bs.Night.load(folder))
            found |= {f"night {folder.name} {name}": value for name, value in night.items()}
        return found


@dataclass(frozen=True)
class SweepOf:
    """A sweep of two seeds.

    Attributes
    ----------
    kind : str
        Of `MODELS`.
    n_jobs : int
        Runs at the same time.
    """

    kind: str = "continual"
    n_jobs: int = 1

    def go(self, directory: Path) -> Digest:
        """Run, or go on with what is there."""
        with empty_figures():
            run_sweep(
                model_file(self.kind, directory.parent),
                n_seeds=2,
                n_jobs=self.n_jobs,
                out=directory,
                resume=directory.exists(),
            )
        return self.read(directory)

    def read(self, directory: Path) -> Digest:
        """Return the digest of a finished sweep, from its directory."""
        return _without(json.loads((directory / "summary.json").read_text()))


@contextmanager
def empty_figures() -> Iterator[None]:
    """Let all figures be empty ones: drawing takes four fifths of a run."""
    whole = Figure.savefig
    Figure.savefig = lambda figure, file, **options: whole(
        Figure((1, 1)), file, format=options["format"]
    )
    try:
        yield
    finally:
        Figure.savefig = whole


def model_file(kind: str, folder: Path) -> Path:
    """Write a model file where there is none yet."""
    file = folder / f"{kind}.toml"
    if not file.exists():
        partial = file.with_suffix(".partial")
        partial.write_text(MODELS[kind])
        partial.rename(file)
    return file


def _without(content: dict[str, Any], *names: str) -> Digest:
    return {
        name: json.dumps(value, sort_keys=True)
        for name, value in content.items()
        if name not in names
    }
