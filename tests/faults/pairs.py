"""Two processes at once in one directory."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from cases import Case, Verdict, badly
from compared_nights import Digest, NightOf, differences, digest
from forked import Child, Ended, adopted_orphans, call
from kills import CompiledNight, StreamedNight, compiler_of
from laboratory import Laboratory, Subject, within
from runs import RunOf, SweepOf

import brainsleep as bs

NIGHT = NightOf(n_steps=20_000, snapshot_every=3000)


@dataclass(frozen=True)
class Pair:
    """Two that work in one directory.

    Attributes
    ----------
    works : tuple of two callables
        What each does with the directory.
    truths : list of dict
        What may come of it, for each.
    read : callable
        Reads what is there in the end.
    usual : float
        Seconds that one takes alone.
    go_on : callable, optional
        Goes on when neither came to an end.
    template : Path, optional
        What the directory holds before.
    """

    works: tuple[Callable[[Path], Digest], Callable[[Path], Digest]]
    truths: tuple[Digest, Digest]
    read: Callable[[Path], Digest]
    usual: float
    go_on: Callable[[Path], Digest] | None = None
    template: Path | None = field(default=None)


def pair_of_nights(case: Case, laboratory: Laboratory) -> Verdict:
    """Two calls of the same night: in a new directory, or one that was killed."""
    random = case.random()
    measured = laboratory.measured(StreamedNight(NIGHT))
    go = partial(_sleep, NIGHT, always=True)
    template = None
    if random.random() < 0.5:
        template = laboratory.template("pair", lambda place: _killed_night(place))
    pair = Pair((go, go), (measured.truth,) * 2, _load, measured.seconds, go, template)
    return judge_pair(case, laboratory, pair, random)


def pair_of_other_nights(case: Case, laboratory: Laboratory) -> Verdict:
    """Two calls of different nights: one of them has the directory, the other is refused."""
    other = NIGHT.with_seed(1)
    nights = (NIGHT, other)
    truths = [laboratory.measured(StreamedNight(night)) for night in nights]
    works = tuple(partial(_sleep, night, always=True) for night in nights)
    pair = Pair(works, tuple(one.truth for one in truths), _load, truths[0].seconds)
    return judge_pair(case, laboratory, pair, case.random())


def pair_of_saves(case: Case, laboratory: Laboratory) -> Verdict:
    """Two nights saved to one directory."""
    nights = [NightOf(n_steps=600), NightOf(n_steps=600, seed=1)]
    done = laboratory.once("pair of saves", lambda: [night.run() for night in nights])

    def save(number: int, directory: Path) -> Digest:
        done[number].save(directory)
        return digest(done[number])

    pair = Pair((partial(save, 0), partial(save, 1)), tuple(map(digest, done)), _load, 0.05)
    return judge_pair(case, laboratory, pair, case.random())


def pair_of_runs(case: Case, laboratory: Laboratory) -> Verdict:
    """Two calls of the same run or sweep: new, or going on with what was killed."""
    random = case.random()
    subjects = (RunOf(), RunOf("unsupervised"), SweepOf("unsupervised"))
    subject = subjects[random.integers(len(subjects))]
    measured = laboratory.measured(subject)
    pair = Pair(
        (subject.go, subject.go), (measured.truth,) * 2, subject.read, measured.seconds, subject.go
    )
    return judge_pair(case, laboratory, pair, random)


def pair_of_compilations(case: Case, laboratory: Laboratory) -> Verdict:
    """Two that compile the same program, or two programs, into one empty folder."""
    random, compiler = case.random(), compiler_of(laboratory)
    models = ("lif", "lif") if random.random() < 0.5 else ("lif", "heaviside")
    subjects: list[Subject] = [CompiledNight(NightOf(model), compiler) for model in models]
    truths = [laboratory.measured(subject) for subject in subjects]
    pair = Pair(
        tuple(subject.go for subject in subjects),
        tuple(one.truth for one in truths),
        subjects[0].go,
        truths[0].seconds,
    )
    return judge_pair(case, laboratory, pair, random)


def judge_pair(
    case: Case, laboratory: Laboratory, pair: Pair, random: np.random.Generator
) -> Verdict:
    """Start two, one a little later, and hold both and what is there in the end to the truth."""
    directory = case.folder / "it"
    if pair.template is not None:
        laboratory.copy(pair.template, case)
    works = [partial(within, case.folder, partial(work, directory)) for work in pair.works]
    with adopted_orphans():
        first = Child(works[0], case.folder)
        time.sleep(pair.usual * float(random.choice([0, random.uniform(0, 1)])))
        second = Child(works[1], case.folder)
        ended = [first.end(), second.end()]
        for one, truth in zip(ended, pair.truths, strict=True):
            verdict = badly(one, str(directory)) or _against(one, truth, "returned")
            if verdict is not None:
                return verdict
        finished = [k for k in (0, 1) if ended[k].how == "returned"]
        if not finished and pair.go_on is None:
            return Verdict("stuck", f"both refused: {ended[0].message} / {ended[1].message}")
        last = call(
            partial(within, case.folder, partial(pair.read if finished else pair.go_on, directory)),
            case.folder,
        )
        truths = [pair.truths[k] for k in finished] or list(pair.truths)
        if last.how == "refused":
            return Verdict("stuck", f"cannot be read in the end: {last.message}")
        verdict = badly(last)
        if verdict is None and last.value not in truths:
            verdict = Verdict("wrong", f"on disk: {differences(last.value, truths[0])}")
    if verdict is not None:
        return verdict
    refused = [one.message for one in ended if one.how == "refused"]
    return Verdict("refused", refused[0]) if refused else Verdict("held")


def _against(ended: Ended, truth: Digest, what: str) -> Verdict | None:
    if ended.how == "returned" and ended.value != truth:
        return Verdict("wrong", f"{what}: {differences(ended.value, truth)}")
    return None


def _sleep(night: NightOf, directory: Path, *, always: bool) -> Digest:
    return digest(night.run(directory, resume=always or directory.exists()))


def _load(directory: Path) -> Digest:
    return digest(bs.Night.load(directory, NIGHT.arguments()["ann"]))


def _killed_night(place: Path) -> Any:
    child = Child(lambda: NIGHT.run(place, resume=True), place.parent)
    while not list(place.glob("stream/snapshot-9000.state")):
        assert child.wait(0.002) is None, "it was too fast"
    child.kill()
    return child.end().how
