"""How the callbacks of a night come to their calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from brian2.units import Quantity, second

from ...devices import Job
from ...devices.moments import Moment, Observer
from ...translation import under_masks
from ..callbacks.callback import Callback, NightState
from ..preparing.preparation import PreparedNight
from ..result import awake_copy, with_hidden


@dataclass
class Observation:
    """Calls the callbacks of a night when they are due.

    Attributes
    ----------
    prepared : PreparedNight
        The night.
    job : Job
        What its device runs.
    """

    prepared: PreparedNight
    job: Job
    _last: int = field(default=-1, init=False)

    @property
    def callbacks(self) -> tuple[Callback, ...]:
        """The callbacks."""
        return self.prepared.callbacks

    @property
    def observer(self) -> Observer | None:
        """What the device lets look at the night; None if there are no callbacks."""
        if not self.callbacks:
            return None
        return Observer(tuple(one.every for one in self.callbacks), self.look)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Call them before the first step of a night that begins; tell them when it is over."""
        try:
            if self.job.first_step == 0:
                populations = range(len(self.prepared.populations))
                counts = dict.fromkeys(populations, np.zeros(0, np.int32))
                self.look(Moment(0, self.job.weights, counts))
            yield
        finally:
            for callback in self.callbacks:
                callback.end()

    def look(self, moment: Moment) -> None:
        """Call those that are due after so many steps."""
        self._call([one for one in self.callbacks if moment.n_steps % one.every == 0], moment)

    def look_at_end(self, moment: Moment) -> None:
        """Call all that were not called after so many steps, which are the last."""
        n_steps, callbacks = moment.n_steps, self.callbacks
        if self._last == n_steps:  # stopped just there
            callbacks = tuple(one for one in callbacks if n_steps % one.every != 0)
        self._call(callbacks, moment)

    def _call(self, callbacks: Sequence[Callback], moment: Moment) -> None:
        """Call some with the same state."""
        self._last = moment.n_steps
        if not callbacks:
            return
        prepared = self.prepared
        _, weights = prepared.assembly.before_and_after(moment.weights)
        module, under = prepared.translation.module, under_masks(prepared.translation)
        state = NightState(
            step=moment.n_steps,
            n_steps=prepared.n_steps,
            first_step=self.job.first_step,
            dt=Quantity(prepared.plan.dt, dim=second.dim),
            weights=weights,
            counts={name: moment.counts[number] for name, number in prepared.assembly.shown},
            sizes={name: prepared.plan.sizes[number] for name, number in prepared.assembly.shown},
            _awake=lambda weights: awake_copy(module, with_hidden(weights, under)),
        )
        for callback in callbacks:
            callback(state)
