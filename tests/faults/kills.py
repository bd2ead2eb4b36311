"""SIGKILL at random moments, and at once another call that goes on."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from cases import Case, Verdict, badly
from compared_nights import Digest, NightOf, differences, digest
from forked import Child, Ended, adopted_orphans, call, kill_all
from laboratory import Laboratory, Measured, Subject, leftovers, working
from runs import RunOf, SweepOf

import brainsleep as bs

#: How a call is killed: Python after a time or before it touches a file, the simulator, or both.
WAYS = ("moment", "touch", "simulator", "both")

#: A compiler that has compiled everything before, and takes a little while to write it down.
COMPILER = """#!/bin/sh
case "$*" in *unity.cpp*) ;; *) exec {compiler} "$@";; esac
if [ ! -e "{folder}/$BRAINSLEEP_PLAN" ]; then
  {compiler} "$@" && cp main "{folder}/$BRAINSLEEP_PLAN.$$" && \\
  mv "{folder}/$BRAINSLEEP_PLAN.$$" "{folder}/$BRAINSLEEP_PLAN"
  exit
fi
head -c 50000 "{folder}/$BRAINSLEEP_PLAN" > main && sleep 0.1 && \\
tail -c +50001 "{folder}/$BRAINSLEEP_PLAN" >> main && sleep 0.05 && chmod +x main
"""


@dataclass(frozen=True)
class StreamedNight:
    """A night that is saved while it runs."""

    night: NightOf

    def go(self, directory: Path) -> Digest:
        """Sleep, or go on; what is in memory and what is on disk must be the same."""
        found = digest(self.night.run(directory, resume=directory.exists()))
        read = digest(bs.Night.load(directory, self.night.arguments()["ann"]))
        otherwise = differences(read, found)
        return {**found, "read back otherwise": otherwise} if otherwise else found


@dataclass(frozen=True)
class CompiledNight:
    """A night in memory whose program is compiled into an empty folder."""

    night: NightOf
    compiler: Path

    def go(self, directory: Path) -> Digest:
        """Compile and sleep."""
        directory.mkdir(exist_ok=True)
        os.environ |= {
            "BRAINSLEEP_CACHE": str(directory),
            "CXX": str(self.compiler),
            "BRAINSLEEP_PLAN": self.night.model,
        }
        return digest(self.night.run())


NIGHTS = (
    NightOf(n_steps=20_000, snapshot_every=3000),
    NightOf(n_steps=5000, snapshot_every=None),
    NightOf("heaviside", n_steps=30_000, snapshot_every=1000),
    NightOf(n_steps=10_000, snapshot_every=300),
)
RUNS = (RunOf(), RunOf(seed=1, controls=("decrease_only",)))


def kill_nights(case: Case, laboratory: Laboratory) -> Verdict:
    """Kill a streamed night."""
    chosen = NIGHTS[case.random().integers(len(NIGHTS))]
    return kill(case, laboratory, StreamedNight(chosen))


def kill_runs(case: Case, laboratory: Laboratory) -> Verdict:
    """Kill a run of tasks and nights."""
    return kill(case, laboratory, RUNS[case.random().integers(len(RUNS))])


def kill_training(case: Case, laboratory: Laboratory) -> Verdict:
    """Kill a run that trains for most of its time."""
    return kill(case, laboratory, RunOf("training", controls=("pixel_shuffled", "rows_centred")))


def kill_unsupervised_runs(case: Case, laboratory: Laboratory) -> Verdict:
    """Kill a run without labels."""
    return kill(case, laboratory, RunOf("unsupervised"))


def kill_sweeps(case: Case, laboratory: Laboratory) -> Verdict:
    """Kill a sweep; one in ten runs its seeds side by side, for which it starts other processes."""
    alone = SweepOf("unsupervised")
    if case.random().random() < 0.9:
        return kill(case, laboratory, alone)
    usual = replace(laboratory.measured(alone), seconds=10.0)
    return kill(case, laboratory, replace(alone, n_jobs=2), usual)


def kill_compiles(case: Case, laboratory: Laboratory) -> Verdict:
    """Kill a compilation."""
    model = ("lif", "heaviside")[case.random().integers(2)]
    verdict = kill(case, laboratory, CompiledNight(NightOf(model), compiler_of(laboratory)))
    programs = [path.name for path in (case.folder / "it").iterdir() if path.is_dir()]
    if verdict.what == "held" and len(programs) != 1:
        return Verdict("left", f"{len(programs)} programs: {programs}")
    return verdict


def kill(
    case: Case, laboratory: Laboratory, subject: Subject, usual: Measured | None = None
) -> Verdict:
    """Kill a subject up to three times, and hold what comes of it in the end against the truth."""
    random, usual = case.random(), usual or laboratory.measured(subject)
    work, told = working(subject, case.folder), []
    with adopted_orphans():
        for _ in range(random.choice([1, 2, 3], p=[0.6, 0.3, 0.1])):
            way = str(random.choice(WAYS))
            ended = _attempt(work, case.folder, way, usual, random)
            told.append(f"{way}: {ended.how}")
            verdict = _of_attempt(ended, way, usual)
            if verdict is not None:
                return _told(verdict, told)
        ended = call(work, case.folder)
        verdict = badly(ended)
        if verdict is None and ended.how == "refused":
            verdict = Verdict("stuck", f"cannot go on: {ended.message}")
        if verdict is None and ended.value != usual.truth:
            verdict = Verdict("wrong", differences(ended.value, usual.truth))
    if verdict is None and (left := leftovers(case.folder)):
        verdict = Verdict("left", ", ".join(left))
    return _told(verdict or Verdict("held"), told)


def compiler_of(laboratory: Laboratory) -> Path:
    """Write the compiler that keeps what it compiles."""
    from brainsleep.devices.compiler import find_compiler

    def make() -> Path:
        folder = laboratory.folder / "compiler"
        folder.mkdir(exist_ok=True)
        file = folder / "g++"
        file.write_text(COMPILER.format(compiler=find_compiler(), folder=folder))
        file.chmod(0o755)
        return file

    return laboratory.once("compiler", make)


def _attempt(
    work: Callable[[], Digest], folder: Path, way: str, usual: Measured, random: np.random.Generator
) -> Ended:
    """Begin or go on, and kill."""
    if way == "touch":
        return Child(work, folder, touches=int(random.integers(1, usual.touches + 2))).end()
    child = Child(work, folder)
    ended = child.wait(usual.seconds * random.uniform(0, 1.2))
    if ended is not None:
        return ended
    simulators = [] if way == "moment" else child.simulators()
    if way == "simulator" and simulators:
        kill_all(simulators)
        return child.end()
    first_python = bool(random.random() < 0.5)
    if first_python:
        child.kill()
    kill_all(simulators)
    if not first_python:
        child.kill()
    return child.end()


def _of_attempt(ended: Ended, way: str, usual: Measured) -> Verdict | None:
    """Judge a call that was to be killed: it may have been faster, or the simulator gone."""
    if ended.how == "returned" and ended.value != usual.truth:
        return Verdict("wrong", differences(ended.value, usual.truth))
    if ended.how == "refused" and way != "simulator":
        return Verdict("stuck", f"cannot go on: {ended.message}")
    return badly(ended)


def _told(verdict: Verdict, told: list[str]) -> Verdict:
    return Verdict(verdict.what, f"{verdict.note} ({'; '.join(told)})")
