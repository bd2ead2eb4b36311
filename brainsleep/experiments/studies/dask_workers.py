"""Who runs the trials of a study: workers of Dask, on one machine or many, also through SLURM.

All of them must see the study's directory under the same path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import DirectoryError, MissingPackageError, ParameterError, reason
from .study_request import Trial
from .study_workers import MOST_FAILURES, Workers
from .trial_outcomes import Outcome

#: What a job of SLURM asks for, unless told otherwise.
SLURM_DEFAULTS: Mapping[str, object] = {
    "cores": 1,
    "processes": 1,
    "memory": "4GB",
    "walltime": "02:00:00",
    "job_script_prologue": ["export OMP_NUM_THREADS=1"],
}


@dataclass
class DaskWorkers(Workers):
    """Workers of a Dask cluster.

    Parameters
    ----------
    client : distributed.Client
        Of the cluster's scheduler; closed with this object.
    cluster : object, optional
        What was started for the study, and is ended with it.
    """

    client: Any
    cluster: Any = None

    @property
    def n(self) -> int:  # type: ignore[override]
        """How many trials run at the same time now; at least 1."""
        return max(1, sum(self.client.nthreads().values()))

    def run(self, path: Path, trials: Sequence[Trial]) -> Iterator[Outcome]:
        """Run trials; see :meth:`Workers.run`."""
        from distributed import as_completed
        from distributed.scheduler import KilledWorker

        failures = Counter[str]()
        asked = {self._submit(path, trial): trial for trial in trials}
        waiting = as_completed(list(asked))
        for future in waiting:
            trial = asked.pop(future)
            error = future.exception()
            if error is None:
                yield Outcome(trial, is_busy=future.result() == "busy")
            elif isinstance(error, KilledWorker):
                yield Outcome(trial, died=int(self.client.get_allowed_failures()) + 1)
            else:
                failures[trial.name] += 1
                if failures[trial.name] >= MOST_FAILURES:
                    raise DirectoryError(reason(error)) from error
                again = self._submit(path, trial)
                asked[again] = trial
                waiting.add(again)

    def close(self) -> None:
        """Let go of the cluster; end it if it was started for the study."""
        self.client.close()
        if self.cluster is not None:
            self.cluster.close()

    def _submit(self, path: Path, trial: Trial) -> Any:
        return self.client.submit(_run, str(path.absolute()), asdict(trial), pure=False)


def dask_workers(address: str) -> DaskWorkers:
    """Return the workers of the scheduler at an address, such as ``tcp://10.0.0.1:8786``.

    Raises
    ------
    ParameterError
        If nothing answers there.
    MissingPackageError
        If Dask is not installed.
    """
    distributed = _import("distributed")
    try:
        return DaskWorkers(distributed.Client(address, timeout=10))
    except (OSError, ValueError, TypeError) as error:
        raise ParameterError(f"no scheduler of Dask at {address}: {reason(error)}.") from None


def slurm_workers(n: int, options: Mapping[str, object]) -> DaskWorkers:
    """Ask SLURM for jobs that each run one trial at a time.

    Parameters
    ----------
    n : int
        How many jobs.
    options : mapping of str to object
        Of ``dask_jobqueue.SLURMCluster``, such as ``queue``, ``memory``, ``walltime``.

    Raises
    ------
    ParameterError
        If SLURM, or an option, is not there.
    MissingPackageError
        If dask-jobqueue is not installed.
    """
    distributed = _import("distributed")
    cluster = slurm_cluster(options)
    cluster.scale(jobs=n)
    return DaskWorkers(distributed.Client(cluster), cluster)


def slurm_cluster(options: Mapping[str, object]) -> Any:
    """Return the cluster, of which no job is started yet; raises as :func:`slurm_workers`."""
    jobqueue = _import("dask_jobqueue")
    try:
        return jobqueue.SLURMCluster(**{**SLURM_DEFAULTS, **options})
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        raise ParameterError(f"no cluster of SLURM: {reason(error)}.") from None


def _run(path: str, trial: dict[str, Any]) -> str:
    """Run a trial in a worker."""
    from .trial import run_trial

    return run_trial(path, Trial(**trial))


def _import(name: str) -> Any:
    try:
        return __import__(name)
    except ImportError:
        raise MissingPackageError(
            f"{name} is not installed: pip install 'brainsleep[sweep]'."
        ) from None
