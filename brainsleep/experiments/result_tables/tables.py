"""Results as text: what the command line prints."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from ...measures import summarise
from ...support.files import JsonMapping
from ...support.memory import in_words
from ...support.texttable import as_html, filled, indented
from ...wake import STRATEGIES
from ..arms.failed_arms import failed_lines, failed_of
from ..arms.task_records import ALL_CLASSES
from ..controls import FIXED_CONTROLS
from ..kinds import kind_of_results
from ..nights.finding_lines import finding_lines

#: Accuracies that a comparison shows: name in metrics.json, and what tables call it.
COMPARED_ROWS = (
    ("sequential", STRATEGIES["sequential"].label),
    ("final", "sleep"),
    ("joint", STRATEGIES["joint"].label),
    ("weight_averaging", STRATEGIES["weight_averaging"].label),
)

#: Names in ``accuracy`` that are not those of arms.
_NOT_ARMS = ("before_sleep", "after_sleep", "final", "controls")


def definition_of(metrics: JsonMapping) -> str:
    """Return what accuracy means in a run or in the summary of a sweep, and what nights store."""
    if definition := kind_of_results(metrics).definition:
        return definition
    said = [metrics.get("accuracy_definition", ALL_CLASSES), metrics.get("stores", "")]
    return "; ".join(filter(None, said))


def result_table(metrics: JsonMapping) -> str:
    """Return the results of one run as a table: accuracies, and what each way costs."""
    scores = metrics["accuracy"]
    lines = [heading(metrics) + f", seed {metrics['seed']}"]
    kind = kind_of_results(metrics)
    if kind.rows:
        shown = [(label, scores[name]) for name, label in kind.rows.items() if name in scores]
        lines += [definition_of(metrics), ""]
        lines += _aligned([(label, f"{100 * score:5.1f}") for label, score in shown])
        return "\n".join([*lines, *kind.below(metrics)])
    values = {**scores, **scores.get("controls", {})}
    costs = {name: _cost(name, metrics) for name in arm_names(scores)}
    rows = [["", "accuracy", *(["stored", "seconds"] if any(costs.values()) else [])]]
    rows += [
        [label_of(name, metrics), f"{100 * values[name]:.1f}", *cost]
        for name, cost in costs.items()
    ]
    failed = failed_of([metrics])
    rows += [[label_of(name, metrics), *("-" for _ in rows[0][1:])] for name in failed]
    lines += [definition_of(metrics), "", indented(filled(rows))]
    below = [*failed_lines(failed), *finding_lines(metrics.get("findings", []))]
    return "\n".join([*lines, *below])


def accuracies_as_html(metrics: JsonMapping) -> str:
    """Return the accuracies of one run, for notebooks: a line and a table."""
    scores = metrics["accuracy"]
    labels = kind_of_results(metrics).rows
    values = {**scores, **scores.get("controls", {})}
    rows = [["", "accuracy, %"]]
    rows += [
        [labels.get(name) or label_of(name, metrics), f"{100 * values[name]:.1f}"]
        for name in labels or arm_names(scores)
        if name in values
    ]
    words = f"{heading(metrics)}, seed {metrics['seed']}"
    return f"<p>{html.escape(words)}</p>{as_html(rows)}"


def arm_of(name: str, metrics: JsonMapping) -> JsonMapping:
    """Return what a run notes of an arm; nothing if it is of an earlier version.

    Parameters
    ----------
    name : str
        As of :func:`arm_names`.
    metrics : mapping
        Content of ``metrics.json``.
    """
    if name == "final":
        return metrics.get("sleep", {})
    return {**metrics.get("strategies", {}), **metrics.get("controls", {})}.get(name, {})


def _cost(name: str, metrics: JsonMapping) -> list[str]:
    """Return what an arm stores, and what it takes; nothing of arms of earlier versions."""
    noted = arm_of(name, metrics)
    if not noted:
        return []
    return [in_words(noted["stored_bytes"]), f"{metrics['seconds'][name]:.1f}"]


def arm_names(scores: JsonMapping) -> list[str]:
    """Return the arms whose accuracies there are, in the order of tables: sleep is ``"final"``.

    Parameters
    ----------
    scores : mapping
        ``accuracy`` of ``metrics.json``, or of the summary of a sweep.
    """
    first = [name for name, _ in COMPARED_ROWS if name in scores]
    others = [name for name in scores if name not in (*first, *_NOT_ARMS)]
    return [*first, *others, *scores.get("controls", {})]


def label_of(name: str, metrics: JsonMapping) -> str:
    """Return what tables call an arm.

    Parameters
    ----------
    name : str
        As of :func:`arm_names`.
    metrics : mapping
        Content of ``metrics.json``, or the summary of a sweep, which has ``labels``.
    """
    noted = {**metrics.get("strategies", {}), **metrics.get("controls", {})}
    if name in noted:
        return str(noted[name]["label"])
    if name in metrics.get("labels", {}):
        return str(metrics["labels"][name])
    if name in FIXED_CONTROLS:
        return FIXED_CONTROLS[name].label
    return dict(COMPARED_ROWS).get(name) or str(
        STRATEGIES[name].label if name in STRATEGIES else name
    )


def sweep_table(summary: JsonMapping) -> str:
    """Return the accuracies of several seeds as a table of mean and standard deviation."""
    definition = definition_of(summary) + "; mean ± SD"
    lines = [heading(summary) + f", seeds {summary['seeds']}", definition, ""]
    labels = kind_of_results(summary).rows
    rows = []
    for name in labels or arm_names(summary["accuracy"]):
        if name in summary["accuracy"]:
            score = summary["accuracy"][name]
            single = " ".join(f"{100 * value:.1f}" for value in score["values"])
            spread = "" if score["sd"] is None else f" ± {100 * score['sd']:.1f}"
            label = labels.get(name) or label_of(name, summary)
            rows.append((label, f"{100 * score['mean']:5.1f}{spread}   ({single})"))
    failed = summary.get("failed", {})
    nowhere = [name for name in failed if name not in summary["accuracy"]]
    lines += _aligned([*rows, *((label_of(name, summary), "    -") for name in nowhere)])
    below = [*failed_lines(failed), *finding_lines(summary.get("findings", []))]
    return "\n".join([*lines, *below])


def comparison_table(experiments: Mapping[str, Sequence[JsonMapping]]) -> str:
    """Return experiments side by side as text; see :func:`comparison_rows`."""
    rows = comparison_rows(experiments)
    first, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(
        "  ".join([label.ljust(first), *map(str.rjust, cells, widths)]).rstrip()
        for label, *cells in rows
    )


def comparison_rows(experiments: Mapping[str, Sequence[JsonMapping]]) -> list[list[str]]:
    """Return experiments side by side: accuracy, rates, weight change, time.

    Parameters
    ----------
    experiments : mapping of str to sequence of mapping
        By label, the contents of ``metrics.json`` of one run, or of the runs of a sweep.

    Returns
    -------
    list of list of str
        A heading first; what a row shows comes before its values. Accuracies are mean ± SD over
        runs, everything else is the mean over all their nights.
    """
    columns = list(experiments.values())
    nights = [
        {
            key: [night for run in runs for night in run.get(key, ())]
            for key in ("rates", "weight_change", "timings")
        }
        for runs in columns
    ]
    rows: list[tuple[str, list[str]]] = [("", list(experiments))]
    if any(len(runs) > 1 for runs in columns):
        rows.append(("seeds", [str(len(runs)) for runs in columns]))
    rows += [
        (f"{label}, %", [_percent([run["accuracy"] for run in runs], name) for runs in columns])
        for name, label in COMPARED_ROWS
    ]
    for key, label, form in (
        ("rates", "rate of {}, Hz", "{:.1f}"),
        ("weight_change", "mean |Δw| per night, {}", "{:.2e}"),
    ):
        names = dict.fromkeys(name for each in nights for night in each[key] for name in night)
        for name in names:
            rows.append((label.format(name), [_mean(each[key], name, form) for each in nights]))
    for name, label, form in (
        ("run", "simulation per night, s", "{:.3f}"),
        ("build", "build per night, s", "{:.3f}"),
        ("steps", "steps per night", "{:.0f}"),
    ):
        rows.append((label, [_mean(each["timings"], name, form) for each in nights]))
    rows.insert(-1, ("nights with findings", list(map(_nights_with_findings, columns))))
    return [[label, *cells] for label, cells in rows]


def heading(metrics: JsonMapping) -> str:
    """Return model, data and scenario in one line."""
    model, scenario, dataset = (metrics[key] for key in ("model", "scenario", "dataset"))
    return f"{model}: {scenario}, {dataset}, {measured_on(metrics)}"


def measured_on(metrics: JsonMapping) -> str:
    """Return what accuracy was measured on, as in "test images"."""
    return f"{metrics.get('evaluated_on', 'test')} {kind_of_results(metrics).examples}"


def _nights_with_findings(runs: Sequence[JsonMapping]) -> str:
    """Return in how many nights something was found, or a dash if nobody looked."""
    nights = [night for run in runs for night in run.get("findings", ())]
    looked = all("findings" in run for run in runs)
    return f"{sum(map(bool, nights))} of {len(nights)}" if looked else "-"


def _mean(nights: Sequence[JsonMapping], name: str, form: str) -> str:
    """Return the mean of a value over nights, or a dash where it is missing."""
    values = [night[name] for night in nights if name in night]
    return form.format(sum(values) / len(values)) if values else "-"


def _percent(scores: Sequence[JsonMapping], name: str) -> str:
    """Return an accuracy in percent, over runs; a dash where it was not measured."""
    values = [100 * one[name] for one in scores if name in one]
    if not values:
        return "-"
    spread = summarise(values)
    return f"{spread.mean:.1f}" + (f" ± {spread.sd:.1f}" if len(values) > 1 else "")


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    """Return labels and values in two columns, as wide as the longest label demands."""
    width = max([40, *(len(label) + 2 for label, _ in rows)])
    return [f"  {label:<{width}}{value}" for label, value in rows]
