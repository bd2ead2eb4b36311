"""Files of nights, runs, sweeps, compiled programs and NIR graphs are damaged, then read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cases import Case, Verdict, badly, own_folder
from compared_nights import (
    Digest,
    NightOf,
    array_digest,
    differences,
    digest,
    network,
    whole_digest,
)
from damages import damage_one_of
from forked import Child, adopted_orphans, call
from kills import CompiledNight, StreamedNight, compiler_of
from laboratory import Laboratory, within
from runs import RunOf, SweepOf

import brainsleep as bs
from brainsleep.errors import ParameterError
from brainsleep.experiments.finished_runs.run_reading import load_run
from brainsleep.night.resuming.night_directory import snapshot_weights, snapshots

Read = Callable[[Path], Digest]

#: The nights whose files are damaged.
SAVED = (
    NightOf(n_steps=2000, snapshot_every=400),
    NightOf("heaviside", n_steps=3000, snapshot_every=700),
)
KILLED = (
    NightOf(n_steps=8000, snapshot_every=500),
    NightOf("heaviside", n_steps=20_000, snapshot_every=1000),
)


@dataclass(frozen=True)
class Target:
    """A directory to damage, and who reads it.

    Attributes
    ----------
    template : Path
        The directory, which is copied for each case.
    stranger : Path or None
        A directory of the same kind that belongs to something else.
    readers : tuple of callable
        Each takes the directory, and returns what must be as in the template.
    """

    template: Path
    stranger: Path | None
    readers: tuple[Read, ...]


def judge_damage(case: Case, laboratory: Laboratory, target: Target) -> Verdict:
    """Damage a file of a copy, read it, and hold what is read against the template's."""
    random = case.random()
    number = int(random.integers(len(target.readers)))
    read = target.readers[number]
    key = ("undamaged", str(target.template), number)
    truth = laboratory.once(key, lambda: _undamaged(laboratory, target.template, read))
    directory = laboratory.copy(target.template, case)
    done = damage_one_of(directory, target.stranger, random)
    with adopted_orphans():
        ended = call(lambda: within(case.folder, lambda: read(directory)), case.folder)
    verdict = badly(ended, str(directory), Path(done.split(":")[0]).name)
    if verdict is None and ended.how == "refused":
        verdict = Verdict("refused", ended.message)
    if verdict is None:
        found = {**truth, **ended.value} if read is read_snapshots else ended.value
        wrong = differences(found, truth)
        verdict = Verdict("wrong", wrong) if wrong else Verdict("held")
    return Verdict(verdict.what, f"{done}, {read.__name__}: {verdict.note}")


def damage_finished_nights(case: Case, laboratory: Laboratory) -> Verdict:
    """Damage a night that ran to its end."""
    night = SAVED[case.random().integers(len(SAVED))]

    def load(directory: Path) -> Digest:
        return whole_digest(bs.Night.load(directory, network()))

    def go_on(directory: Path) -> Digest:
        return digest(night.run(directory, resume=True))

    templates = (streamed_night(laboratory, night, seed) for seed in (0, 1))
    return judge_damage(case, laboratory, Target(*templates, (load, go_on, read_snapshots)))


def damage_killed_nights(case: Case, laboratory: Laboratory) -> Verdict:
    """Damage a night that was killed on its way; it may go on from an earlier snapshot."""
    night = KILLED[case.random().integers(len(KILLED))]

    def go_on(directory: Path) -> Digest:
        return digest(night.run(directory, resume=True))

    templates = (killed_night(laboratory, night, seed) for seed in (0, 1))
    return judge_damage(case, laboratory, Target(*templates, (go_on, read_snapshots)))


def damage_copied_nights(case: Case, laboratory: Laboratory) -> Verdict:
    """Damage a night that was in memory, and then saved."""
    night = SAVED[case.random().integers(len(SAVED))]

    def saved(seed: int) -> Path:
        other = night.with_seed(seed)
        return laboratory.template(
            f"saved-{other.model}-{seed}", lambda place: other.run().save(place)
        )

    def load(directory: Path) -> Digest:
        return whole_digest(bs.Night.load(directory, network()))

    return judge_damage(case, laboratory, Target(saved(0), saved(1), (load,)))


def damage_finished_runs(case: Case, laboratory: Laboratory) -> Verdict:
    """Damage a finished run of either kind."""
    kind = ("continual", "unsupervised")[case.random().integers(2)]

    def finished(seed: int) -> Path:
        return laboratory.template(f"run-{kind}-{seed}", RunOf(kind, seed).go)

    def load(directory: Path) -> Digest:
        nights = sorted((directory / "nights").glob("[0-9]*"))
        found = {"metrics": json.dumps(load_run(directory).metrics)}
        return found | {night.name: str(whole_digest(bs.Night.load(night))) for night in nights}

    return judge_damage(case, laboratory, Target(finished(0), finished(1), (load, RunOf(kind).go)))


def damage_killed_runs(case: Case, laboratory: Laboratory) -> Verdict:
    """Damage a run that was killed after some of its tasks, or while it trained for another."""
    kind = ("continual", "unsupervised", "training")[case.random().integers(3)]
    is_time = is_training if kind == "training" else is_half_done

    def killed(seed: int) -> Path:
        return laboratory.template(
            f"killed-run-{kind}-{seed}",
            lambda place: kill_when(RunOf(kind, seed).go, place, is_time),
        )

    return judge_damage(case, laboratory, Target(killed(0), killed(1), (RunOf(kind).go,)))


def damage_sweeps(case: Case, laboratory: Laboratory) -> Verdict:
    """Damage a finished sweep, which is then run again."""
    sweep = SweepOf("unsupervised")
    template = laboratory.template("sweep", sweep.go)
    return judge_damage(case, laboratory, Target(template, None, (sweep.go,)))


def damage_programs(case: Case, laboratory: Laboratory) -> Verdict:
    """Damage the folder of compiled programs."""
    subjects = [
        CompiledNight(NightOf(model, n_steps=500), compiler_of(laboratory))
        for model in ("lif", "heaviside")
    ]

    def compile_both(directory: Path) -> Digest:
        return {f"{k} {name}": value for k, one in enumerate(subjects)
                for name, value in one.go(directory).items()}  # fmt: skip

    template = laboratory.template("programs", compile_both)
    return judge_damage(case, laboratory, Target(template, None, (compile_both,)))


def damage_graphs(case: Case, laboratory: Laboratory) -> Verdict:
    """Damage the NIR graph of a night."""

    def write(directory: Path) -> None:
        directory.mkdir()
        neuron = bs.LIF(gain=1, threshold=0.25)
        night = NightOf(n_steps=500, changes={"neuron": neuron}).run()
        night.to_nir(directory / "graph.nir")

    def read(directory: Path) -> Digest:
        found = bs.from_nir(directory / "graph.nir")
        return {
            name: array_digest(tensor.numpy()) for name, tensor in found.ann.state_dict().items()
        } | {"neuron": repr(found.neuron)}

    return judge_damage(
        case, laboratory, Target(laboratory.template("graph", write), None, (read,))
    )


def read_snapshots(directory: Path) -> Digest:
    """Return the weights in all snapshots that are offered; which these are, is not compared."""
    found = {}
    for n_steps in (400, 500, 700, 1000, 1400, 1500, 2000):
        try:
            weights = snapshot_weights(directory, n_steps)
        except ParameterError:  # there is none
            continue
        for name, values in weights.items():
            found[f"{n_steps} {name}"] = array_digest(values)
    return found


def kill_when(work: Read, directory: Path, is_time: Callable[[Path], bool]) -> None:
    """Work in a directory, and kill it when it is time."""
    child = Child(lambda: work(directory), directory.parent)
    while not is_time(directory):
        ended = child.wait(0.002)
        assert ended is None, f"it was too fast: {ended}"
    child.kill()
    child.end()


def has_snapshots(directory: Path) -> bool:
    """Tell whether a night has written some snapshots."""
    return directory.exists() and len(snapshots(directory)) >= 4


def is_half_done(directory: Path) -> bool:
    """Tell whether a run has some of its work behind it."""
    file = directory / "progress.json"
    if not file.exists():
        return False
    content = json.loads(file.read_text())
    return len(content.get("tasks", content.get("curve", []))) == 2


def is_training(directory: Path) -> bool:
    """Tell whether a run has some of its work behind it, and trains."""
    return is_half_done(directory) and any((directory / "training").glob("*.npz"))


def streamed_night(laboratory: Laboratory, night: NightOf, seed: int) -> Path:
    """Return the directory of a night that ran to its end."""
    other = night.with_seed(seed)
    return laboratory.template(f"finished-{other.model}-{seed}", other.run)


def killed_night(laboratory: Laboratory, night: NightOf, seed: int) -> Path:
    """Return the directory of a night that was killed on its way."""
    other = night.with_seed(seed)
    work = StreamedNight(other).go
    return laboratory.template(
        f"killed-{other.model}-{seed}", lambda place: kill_when(work, place, has_snapshots)
    )


def _undamaged(laboratory: Laboratory, template: Path, read: Read) -> Digest:
    with own_folder(laboratory.folder / "undamaged") as place:
        directory = laboratory.copy(template, Case("", 0, 0, place))
        ended = call(lambda: within(place, lambda: read(directory)), place)
        assert ended.how == "returned", ended.message
        return ended.value
