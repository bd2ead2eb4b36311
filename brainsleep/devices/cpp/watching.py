"""Look at a night while its program runs, by the snapshots that it writes.

The program gets no input beyond a step after which somebody looks, until they have looked: then a
night that is killed and goes on from a snapshot has been looked at wherever it was due before. It
changes nothing: a night is the same, bit for bit, whether anyone looks or not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import NightError
from ...network.plan import NetworkPlan
from ..base import Job
from ..moments import Moment, Observer
from ..recording import SpikeFiles
from ..snapshots import Snapshot
from ..streams import DamageError
from .manifest import Manifest

#: Seconds between two looks for a snapshot.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 2e-4, 2e-3


@dataclass
class Watch:
    """Hands moments of a running night to its observer.

    Attributes
    ----------
    plan, manifest
        Of the program.
    job : Job
        What it runs.
    observer : Observer
        Who looks.
    folder : Path
        Where the program writes.
    at_work : bool
        Whether the observer is looking right now, so that an exception is its own.
    """

    plan: NetworkPlan
    manifest: Manifest
    job: Job
    observer: Observer
    folder: Path
    at_work: bool = False
    _next: int = field(init=False)

    def __post_init__(self) -> None:
        self._next = self.observer.next_after(self.job.first_step)

    def begin(self) -> None:
        """Let the observer look where a night goes on: who was killed may not have looked there."""
        first = self.job.first_step
        if first > 0 and self.observer.is_due(first):
            self._look(first)

    def steps_ahead(self, n_fed: int) -> int:
        """Return how many more steps the program may get before the observer looks.

        One more than it must make: a program may read one step ahead.
        """
        return self._next + 1 - n_fed if self._next < self.job.n_steps else self.job.n_steps

    def wait(self, n_fed: int, is_running: Callable[[], bool]) -> None:
        """Let the observer look, if the program has all that it may get, when it is there."""
        if self._next >= self.job.n_steps or n_fed <= self._next:
            return
        pause = _SHORTEST_PAUSE
        while not self._file(self._next).exists() and is_running():
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        self.look()

    def look(self) -> None:
        """Let the observer look, if the program has come so far; not at the end of the night."""
        n_steps = self._next
        if n_steps < self.job.n_steps and self._file(n_steps).exists():
            self._next = self.observer.next_after(n_steps)
            self._look(n_steps)

    def close(self) -> None:
        """Remove the snapshots that nobody asked for and that are left at the end."""
        for n_steps in (self.job.first_step, self.job.n_steps):
            self._remove(n_steps)

    def _look(self, n_steps: int) -> None:
        """Let the observer look; whatever it raises is its own."""
        moment = self._moment(n_steps)
        if n_steps != self.job.first_step:  # from which the program begins
            self._remove(n_steps)
        self.at_work = True
        self.observer.look(moment)
        self.at_work = False

    def _file(self, n_steps: int) -> Path:
        return Snapshot(self.folder, n_steps).file

    def _moment(self, n_steps: int) -> Moment:
        """Read a snapshot."""
        weights = list(self.job.weights)
        try:
            snapshot = Snapshot.read(self.folder, n_steps)
            for index, file in enumerate(self.manifest.weight_files):
                if file is not None:
                    shape = self.plan.weight_shape(self.plan.projections[index])
                    values = snapshot.values(f"{self.manifest.projections[index]}.w")
                    weights[index] = np.array(values).reshape(shape)
        except (DamageError, OSError) as error:
            raise NightError(f"callbacks: after {n_steps} steps {error}.") from None
        populations = sorted({*self.plan.recorded, *self.plan.counted})
        return Moment(
            n_steps, weights, {index: self._counts(index, n_steps) for index in populations}
        )

    def _counts(self, population: int, n_steps: int) -> NDArray[np.int32]:
        """Map the spikes in each step into memory; they were written before the snapshot."""
        file = self.folder / SpikeFiles.of(population).counts
        return np.memmap(file, np.int32, mode="r", shape=(n_steps,))

    def _remove(self, n_steps: int) -> None:
        """Remove a snapshot, unless it was asked for."""
        every, file = self.job.snapshot_every, self._file(n_steps)
        if every == 0 or n_steps % every != 0:
            with suppress(OSError):
                file.unlink()
                file.with_suffix(".lengths").unlink()
