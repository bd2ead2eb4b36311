"""What a run notes in ``metrics.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from ...measures import continual_measures
from ...support.files import JsonObject
from ..arms.arm import ArmResult
from ..arms.learned_tasks import Progress
from ..arms.setting import Setting
from ..arms.task_records import accuracy_definition, records_of


def run_metrics(
    setting: Setting,
    done: Progress,
    asleep: ArmResult,
    weights: Sequence[str],
    stores: str = "",
) -> JsonObject:
    """Return what a run of tasks adds to ``metrics.json``.

    Parameters
    ----------
    setting : Setting
        What all arms have in common.
    done : Progress
        What the run has done.
    asleep : ArmResult
        What came of the arm that sleeps.
    weights : sequence of str
        Names of the weights that sleep may change, in the order of the layers.
    stores : str, optional
        What nights keep beside the network, in words.
    """
    model, tasks = setting.model, done.tasks
    joint = done.baselines.get("joint")
    reference = joint.R[-1] if isinstance(joint, ArmResult) else None
    slept = [task for task in tasks if task.timings]
    operations = [task.synaptic_operations for task in slept]
    return {
        "scenario": model.tasks.scenario,
        "tasks": records_of(setting.tasks),
        "accuracy_definition": accuracy_definition(setting.tasks),
        **({"stores": stores} if stores else {}),
        "dataset": model.data.dataset,
        "evaluated_on": model.data.evaluate_on,
        "accuracy": {
            **{name: _final(result) for name, result in done.baselines.items()},
            "before_sleep": [task.before for task in tasks],
            "after_sleep": [task.after for task in tasks],
            "final": asleep.final,
            "controls": {name: _final(result) for name, result in done.controls.items()},
        },
        "nights": model.nights.table,
        "sleep": {
            **_noted(asleep, reference),
            "weights": list(weights),
            "spikes": [task.spikes for task in slept],
            **({"synaptic_operations": operations} if any(operations) else {}),
        },
        "strategies": _all_noted(done.baselines, reference),
        "controls": _all_noted(done.controls, reference),
        "nights_after": [number for number, task in enumerate(tasks, start=1) if task.timings],
        "timings": [task.timings for task in slept],
        "rates": [task.rates for task in slept],
        "weight_change": [task.weight_change for task in slept],
        "growth": [task.growth for task in slept],
        "findings": [task.findings for task in slept],
        "seconds": {"final": asleep.seconds, **_seconds(done.baselines), **_seconds(done.controls)},
    }


def _final(result: float | ArmResult) -> float:
    """Return the accuracy at the end; of earlier versions nothing else was kept."""
    return result if isinstance(result, float) else result.final


def _noted(result: ArmResult, joint: Sequence[float | None] | None) -> JsonObject:
    """Return what an arm came to, and what its accuracies say, but for what is not the same twice.

    Parameters
    ----------
    result : ArmResult
        Of the arm.
    joint : sequence of float or None
        Accuracy on each task after joint training; None if there was none.
    """
    noted = {name: value for name, value in asdict(result).items() if name != "seconds"}
    said = continual_measures(
        [row for row in result.R if row[0] is not None],
        ahead=result.ahead,
        untrained=result.untrained,
        joint=joint,
    )
    return {**noted, "measures": said}


def _all_noted(
    results: dict[str, float | ArmResult], joint: Sequence[float | None] | None
) -> JsonObject:
    """Return what is known of arms, by name; nothing of those of earlier versions."""
    noted = {name: one for name, one in results.items() if isinstance(one, ArmResult)}
    return {name: _noted(one, joint) for name, one in noted.items()}


def _seconds(results: dict[str, float | ArmResult]) -> dict[str, float]:
    return {name: one.seconds for name, one in results.items() if isinstance(one, ArmResult)}
