"""What was run, and why a result can be trusted or cannot: facts about a run for its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ...errors import BrainsleepError
from ...night.resuming.asked import EXACT_DEVICES
from ...support.files import JsonMapping
from ..arms.failed_arms import failed_lines, failed_of
from ..finished_runs.run_results import Run
from ..model_files.modelfile import ModelFile
from ..nights.finding_lines import finding_lines
from ..result_tables.tables import measured_on
from .arm_rows import ArmRow, controls_left

#: Characters of a digest that a page shows.
_SHOWN_OF_DIGEST = 16


@dataclass(frozen=True)
class Fact:
    """One thing to know about a run.

    Attributes
    ----------
    name, text : str
        As in ``"seed"``, ``"0"``.
    """

    name: str
    text: str


def facts_of(run: Run) -> list[Fact]:
    """Return what was run: model, data, seed, versions, digests."""
    metrics, settings = run.metrics, _settings(run)
    versions = ", ".join(f"{name} {value}" for name, value in metrics["versions"].items())
    found = [
        Fact("model", _model(run)),
        Fact("scenario", str(metrics["scenario"])),
        Fact("data", _data(metrics)),
        Fact("accuracy is measured on", measured_on(metrics)),
        Fact("seed", str(metrics["seed"])),
        Fact("versions", versions),
    ]
    names = {"model_sha256": "model file, SHA-256", "data_sha256": "images and labels, SHA-256"}
    found += [
        Fact(name, f"{settings[key][:_SHOWN_OF_DIGEST]}…")
        for key, name in names.items()
        if settings.get(key)
    ]
    files = (settings.get("code") or {}).items()
    return found + [Fact(f"{name}, SHA-256", f"{one[:_SHOWN_OF_DIGEST]}…") for name, one in files]


def reasons(run: Run, arms: list[ArmRow]) -> list[str]:
    """Return what speaks for the result, and how to check it."""
    return list(filter(None, [_on_exactness(run), _on_controls(arms), _again(run)]))


def doubts(run: Run, arms: list[ArmRow]) -> list[str]:
    """Return what a reader should know before believing the result."""
    metrics = run.metrics
    found = [
        "One seed says nothing of how much results vary: brainsleep sweep MODEL --seeds 5 does.",
        *on_validation(metrics),
    ]
    if run.kind.sleeps:
        found += _on_missing_controls(metrics)
    found += _as_good_as_sleep(arms)
    return found + on_nights_and_failures([metrics])


def on_validation(metrics: JsonMapping) -> list[str]:
    """Say that accuracy was not measured on test images, if so."""
    if metrics.get("evaluated_on") != "validation":
        return []
    return [f"Accuracy is that on {measured_on(metrics)}, which are there to choose parameters."]


def on_nights_and_failures(runs: Sequence[JsonMapping]) -> list[str]:
    """Say what was found in the nights of some runs, and which of their arms failed."""
    nights = [night for run in runs for night in run.get("findings", [])]
    lines = [*finding_lines(nights), *failed_lines(failed_of(runs))]
    return [line.strip() for line in lines if line.startswith("  ")]


def _settings(run: Run) -> JsonMapping:
    """Return the content of ``run.json``; nothing if it is gone, as that of a copied run may be."""
    try:
        return run.settings
    except BrainsleepError:
        return {}


def _model(run: Run) -> str:
    try:
        description = " ".join(run.model.description.split())
    except BrainsleepError:
        description = ""
    return ": ".join(filter(None, [str(run.metrics["model"]), description]))


def _data(metrics: JsonMapping) -> str:
    tasks = metrics.get("tasks")
    if not tasks:
        return str(metrics["dataset"])
    n_train, n_test = (sum(task[key] for task in tasks) for key in ("n_train", "n_test"))
    return (
        f"{metrics['dataset']}: {len(tasks)} tasks, {n_train:,} images to learn and {n_test:,} to "
        "measure on, over all tasks"
    )


def _on_exactness(run: Run) -> str:
    """Say whether the same comes out elsewhere, bit for bit."""
    try:
        model = run.model
    except BrainsleepError:
        return ""
    if not isinstance(model, ModelFile):
        return ""
    nights = model.nights
    if nights.dtype == "float64" and nights.device in EXACT_DEVICES:
        return (
            "Nights run in float64 on a device that gives the same spikes and weights bit for bit "
            "on every processor, whatever the number of threads."
        )
    return f"Nights run in {nights.dtype} on device {nights.device!r}: the last digits may differ."


def _on_controls(arms: list[ArmRow]) -> str:
    controls = [arm for arm in arms if arm.kind == "control"]
    if not controls:
        return ""
    return (
        f"{len(controls)} controls went through the same images in the same order with the same "
        "seeds; each lacks one thing that could be what helps."
    )


def _again(run: Run) -> str:
    if not (run.directory / "model.toml").exists():
        return ""
    if not run.kind.sleeps:
        return (
            "The run directory holds model file, options and results: brainsleep run with the same "
            "model and seed makes them again."
        )
    return (
        "The run directory holds model file, options, every night and the network after it: "
        "bs.load_run reads them, and brainsleep run with the same model and seed makes them again."
    )


def _on_missing_controls(metrics: JsonMapping) -> Iterator[str]:
    left = controls_left(metrics)
    if left and not metrics["accuracy"].get("controls"):
        yield (
            "No controls were run, so this page cannot say what about sleep makes the difference: "
            "brainsleep run with --controls does."
        )
    elif left:
        yield f"Not all controls were run. Left out: {'; '.join(left)}."


def _as_good_as_sleep(arms: list[ArmRow]) -> Iterator[str]:
    """Say which controls reach as much as sleep, within two percentage points."""
    near = [
        f"{arm.label} ({100 * arm.accuracy:.1f} %)"
        for arm in arms
        if arm.kind == "control" and arm.minus_sleep is not None and arm.minus_sleep > -0.02
    ]
    if near:
        yield (
            "These controls reach what sleep does, to two percentage points, so what they lack is "
            f"not what helps: {'; '.join(near)}."
        )
