"""Arms in processes of their own: the same results, whatever becomes of a process."""

import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing import parent_process
from pathlib import Path

import pytest
from changed_models import changed_model

from brainsleep.experiments.arms import ArmResult
from brainsleep.experiments.model_files.shipped import find_model
from brainsleep.experiments.run import run_experiment
from brainsleep.experiments.workers.arm_workers import ArmWorkers, n_workers

pytestmark = pytest.mark.skipif(n_workers(2) == 0, reason="processes cannot be forked here")


def _result(label):
    return ArmResult("kind", label, {}, [], [], [], 0.5, 0, 0.0)


def _told(workers):
    return {one.index: one for one in workers.answers(to_the_end=True) if one.line is None}


def _untimed(value):
    """Leave out what no two runs have in common."""
    if isinstance(value, dict):
        return {
            name: _untimed(one)
            for name, one in value.items()
            if name not in ("seconds", "timings", "sha256", "run_sha256")
        }
    return [_untimed(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def model_file(tmp_path):
    """Return a model file that runs in seconds, of the network of ``test_experiment.py``."""
    changes = {
        "classes = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]": "classes = [[0, 1], [2, 3]]",
        "sizes = [784, 1200, 1200, 10]": "sizes = [784, 60, 40, 10]",
        "epochs = 4": "epochs = 1",
        "first = 300": "first = 60",
    }
    return changed_model(find_model(), changes, tmp_path / "small.toml")


def test_results_are_those_of_one_arm_after_the_other(model_file, tmp_path, monkeypatch):
    told, learning = {}, {}
    for n_jobs in (1, 3):
        monkeypatch.setenv("BRAINSLEEP_KEPT_TRAINING", str(tmp_path / f"kept-{n_jobs}"))
        lines = []
        run = run_experiment(
            model_file,
            out=tmp_path / str(n_jobs),
            controls=("change_permuted",),
            n_jobs=n_jobs,
            progress=False,
            report=lines.append,
        )
        begun = {one for one in lines if one.startswith(("training", "control"))}
        told[n_jobs] = json.dumps(_untimed(run.metrics)), begun
        assert not (tmp_path / str(n_jobs) / "training").exists()
        took = json.loads((tmp_path / str(n_jobs) / "seconds.json").read_text())
        learning[n_jobs] = took["learning"]["processor"]
    assert told[1] == told[3]
    assert len(told[1][1]) == 5
    assert learning[3] > learning[1] / 2  # also what other processes have learned


def test_an_arm_whose_process_was_killed_is_not_answered_and_others_are():
    def killed(report):
        report("begun")
        os.kill(os.getpid(), signal.SIGKILL)

    with ArmWorkers([killed, lambda report: _result("one")], 2) as workers:
        answers = _told(workers)
        assert [index for index in range(2) if workers.is_answered(index)] == [1]
    assert answers[1].result == _result("one")


def test_errors_come_back_also_those_that_cannot_be_sent():
    class LocalError(ValueError):
        """Of a class that no other process can find."""

    def raises(error):
        raise error

    works = [lambda report: raises(KeyError("a")), lambda report: raises(LocalError("b"))]
    with ArmWorkers(works, 1) as workers:
        answers = _told(workers)
    assert isinstance(answers[0].error, KeyError)
    assert isinstance(answers[1].error, RuntimeError)
    assert str(answers[1].error) == "LocalError: b"


def test_leaving_ends_processes_and_none_begins_what_is_taken_here():
    def slow(report):
        assert parent_process() is not None
        time.sleep(60)

    started = time.monotonic()
    with ArmWorkers([slow, slow], 1) as workers:
        while workers.take() is not None:
            pass
        processes = workers.processes
    assert time.monotonic() - started < 30
    assert not any(process.is_alive() for process in processes)


def test_what_is_held_is_begun_when_it_is_released():
    def one(report):
        return _result("one")

    with ArmWorkers([one, lambda report: None], 1, n_held=1) as workers:
        first = next(workers.answers(to_the_end=True))  # the process then waits for more
        assert (first.index, first.result) == (0, _result("one"))
        assert not workers.is_answered(1)
        workers.release()
        assert [told.index for told in workers.answers(to_the_end=True)] == [1]
    with ArmWorkers([one, one], 0, n_held=1) as workers:
        assert workers.take() == 0
        workers.release()
        assert (workers.take(), workers.take()) == (1, None)


def test_ctrl_c_ends_all_processes_with_one_message(tmp_path):
    words = ("run", "--n-jobs", "3", "--no-progress", "--train-anew", "--out", str(tmp_path / "a"))
    process = subprocess.Popen(
        [sys.executable, "-m", "brainsleep", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests may run without
    )
    of_process = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while len(of_process.read_text().split()) < 2:  # those that go through arms
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, told = process.communicate()  # ends when nobody holds the pipe any more
    assert process.returncode == 130
    assert told.strip() == "brainsleep: interrupted; go on with --resume --out DIRECTORY"
