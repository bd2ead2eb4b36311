"""Devices that build nothing, and answer every job with silence."""

from contextlib import contextmanager
from itertools import islice
from unittest.mock import patch

import numpy as np

from brainsleep.devices import CppStandalone, Cuda, Outcome, Runtime
from brainsleep.errors import NightError

#: Of longer jobs only the beginning of the input is drawn, and no more steps are made.
MOST_STEPS = 3000


class SilentEngine:
    """Draws the input of a job, and returns that nothing happened."""

    build_cached, build_seconds = True, 0.0

    def __init__(self, plan):
        self.plan = plan

    def run(self, job, progress=False, description="sleep"):
        if job.folder is not None:
            raise NightError("a silent device writes nothing to disk")
        for chunk in islice(job.input_spikes or (), 3):
            assert chunk.shape[1] == self.plan.sizes[0]
        plan, n_steps = self.plan, min(job.n_steps, MOST_STEPS)
        nothing = np.zeros(0, np.int32), np.zeros(0, np.int64)
        return Outcome(
            spikes=dict.fromkeys(plan.recorded, nothing),
            weights=[None if weights is None else weights.copy() for weights in job.weights],
            tallies={
                index: np.zeros(
                    (-(-n_steps // job.presentation_steps), plan.sizes[index]), np.int32
                )
                for index in plan.tallied
            },
            counts={index: np.zeros(n_steps, np.int32) for index in plan.counted},
            states={
                (index, name): np.zeros(
                    (
                        job.sampling.n_samples(n_steps),
                        len(job.sampling.neurons.get(index, range(plan.sizes[index]))),
                    )
                )
                for index, name in plan.watched
            },
            weight_samples={
                index: np.zeros((job.sampling.n_samples(n_steps), len(places)))
                for index, places in job.sampling.synapses.items()
            },
            final_values={
                (index, name): np.zeros(plan.sizes[index]) for index, name in job.final_values
            },
            timings={"run": 0.0, "read": 0.0},
            n_steps=n_steps,
        )


@contextmanager
def silent_devices():
    """Let all devices be silent; compiling is an error."""
    prepare = lambda self, plan, progress=False: SilentEngine(plan)  # noqa: E731
    with (
        patch.object(CppStandalone, "prepare", prepare),
        patch.object(Runtime, "prepare", prepare),
        patch.object(Cuda, "prepare", prepare),
    ):
        yield
