"""The runs and sweeps that are attacked: small model files, and digests of what came of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compared_nights import Digest, digest
from matplotlib.figure import Figure

import brainsleep as bs
from brainsleep.experiments.finished_runs.run_reading import load_run
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.sweep import run_sweep
from brainsleep.wake import checkpoints

#: Three tasks or blocks, small networks and short nights.
MODELS = {file.stem: file for file in (Path(__file__).parent / "models").glob("*.toml")}


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
        with empty_figures(), kept_each_epoch():
            run_experiment(
                MODELS[self.kind],
                out=directory,
                seed=self.seed,
                controls=self.controls,
                resume=directory.exists(),
                progress=False,
            )
        return self.read(directory)

    def read(self, directory: Path) -> Digest:
        """Return the digest of a finished run, from its directory."""
        found = _without(load_run(directory).metrics, "timings", "seconds", "sha256")
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
                MODELS[self.kind],
                n_seeds=2,
                n_jobs=self.n_jobs,
                out=directory,
                resume=directory.exists(),
            )
        return self.read(directory)

    def read(self, directory: Path) -> Digest:
        """Return the digest of a finished sweep, from its directory."""
        return _without(json.loads((directory / "summary.json").read_text()), "sha256")


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


@contextmanager
def kept_each_epoch() -> Iterator[None]:
    """Let training be written after every epoch, however short it is."""
    usual = checkpoints.INTERVAL, checkpoints.MOST_OF_TIME
    checkpoints.INTERVAL, checkpoints.MOST_OF_TIME = 0.0, 1e9
    try:
        yield
    finally:
        checkpoints.INTERVAL, checkpoints.MOST_OF_TIME = usual


def _without(content: dict[str, Any], *names: str) -> Digest:
    return {
        name: json.dumps(value, sort_keys=True)
        for name, value in content.items()
        if name not in names
    }
