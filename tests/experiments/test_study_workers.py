"""Who runs trials: processes that are killed, a Dask cluster, jobs of SLURM; the same table."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from small_studies import RATES, Here, run_small, small_request, table

from brainsleep.errors import ParameterError
from brainsleep.experiments.studies import study_workers
from brainsleep.experiments.studies.dask_workers import DaskWorkers, dask_workers, slurm_cluster
from brainsleep.experiments.studies.study_worker import BEGUN
from brainsleep.experiments.studies.study_workers import MOST_DEATHS, LocalWorkers

REQUEST = small_request(f"{RATES}=1e-4,6e-4", baselines=False)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    out = tmp_path_factory.mktemp("studies") / "here"
    run_small(REQUEST, out, Here())
    return table(out)


def wait_for(condition: Callable[[], object], seconds: float = 300) -> None:
    latest = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < latest
        time.sleep(0.01)


def held_by(pid: int, out: Path) -> bool:
    """Tell whether a process has claimed a trial."""
    with suppress(FileNotFoundError):  # a file was closed, or the process ended, meanwhile
        files = list(Path(f"/proc/{pid}/fd").iterdir())
        return any("/claims/" in os.readlink(file) for file in files)
    return False


def test_killed_workers_are_replaced_and_a_killed_driver_is_resumed(
    expected: list[dict[str, str]], tmp_path: Path
) -> None:
    out = tmp_path / "it"
    driver = os.fork()
    if driver == 0:
        try:
            run_small(REQUEST, out, LocalWorkers(1))
        finally:
            os._exit(0)
    try:
        wait_for(lambda: list(out.glob("trials/*.json")))
    finally:
        os.kill(driver, signal.SIGKILL)
        os.waitpid(driver, 0)
    n_done = len(list(out.glob("trials/*.json")))
    assert n_done < 4

    workers = LocalWorkers(1)
    killed: list[int] = []

    def kill() -> None:
        wait_for(lambda: workers.pids and held_by(workers.pids[0], out))
        killed.extend(workers.pids)
        os.kill(workers.pids[0], signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    run_small(REQUEST, out, workers, resume=True)
    killer.join()
    assert len(killed) == 1
    assert table(out) == expected


def test_a_trial_that_ends_its_process_each_time_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the memory does not suffice; also if processes end before they begin it."""
    monkeypatch.setattr(study_workers, "MOST_STARTS", 7)
    for said, n in ((BEGUN, MOST_DEATHS), (None, 7)):
        begin = "" if said is None else f"print({json.dumps(json.dumps(said))}, flush=True)"
        worker = [sys.executable, "-c", f"import sys; sys.stdin.readline(); {begin}"]
        monkeypatch.setattr(study_workers, "WORKER", worker)
        out = tmp_path / str(n)
        run_small(small_request(f"{RATES}=1e-4,6e-4", n_seeds=1), out, LocalWorkers(2))
        told = f"its process ended {n} times; is there enough memory?"
        assert [row["error"] for row in table(out)] == [told, told]


def test_processes_that_end_before_they_begin_a_trial_are_no_fault_of_it(
    expected: list[dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first six end while they load, more than a trial may take with it."""
    started: list[Path] = []
    start, worker = study_workers._start, study_workers.WORKER

    def start_and_count(log: Path) -> object:
        dies = len(started) < MOST_DEATHS + 1
        started.append(log)
        command = [sys.executable, "-c", "import sys; sys.stdin.readline()"] if dies else worker
        monkeypatch.setattr(study_workers, "WORKER", command)
        return start(log)

    monkeypatch.setattr(study_workers, "_start", start_and_count)
    run_small(REQUEST, tmp_path / "it", LocalWorkers(1))
    assert table(tmp_path / "it") == expected


def test_a_dask_cluster_gives_the_same_table(
    expected: list[dict[str, str]], tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        workers = DaskWorkers(distributed.Client(cluster))
        assert workers.n == 1
        run_small(REQUEST, tmp_path / "it", workers)
    assert table(tmp_path / "it") == expected


def test_no_scheduler_is_one_line() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(ParameterError, match=r"^no scheduler of Dask at nowhere"):
        dask_workers("nowhere")


def test_jobs_of_slurm_get_what_is_passed_on() -> None:
    pytest.importorskip("dask_jobqueue")
    script = slurm_cluster({"queue": "short", "walltime": "00:30:00", "memory": "8GB"}).job_script()
    for line in (
        "#SBATCH -p short",
        "#SBATCH -t 00:30:00",
        "#SBATCH --mem=8G",
        "#SBATCH --cpus-per-task=1",
        "export OMP_NUM_THREADS=1",
        "distributed.cli.dask_worker",
    ):
        assert line in script
    with pytest.raises(ParameterError, match="no cluster of SLURM"):
        slurm_cluster({"no_such_option": 1})
