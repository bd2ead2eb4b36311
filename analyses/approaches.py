"""Accuracy of all approaches of a run: python analyses/approaches.py runs/NAME [RUN ...].

A bar for sleep and for every way to train without it that the run was held against, over all
classes at the end; with several runs, such as the seeds of a sweep, mean ± SD over them.
"""

from pathlib import Path

import numpy as np
from rundir import command, output, parser, read_metrics

import brainsleep as bs
from brainsleep.errors import DataError
from brainsleep.figures.canvas import COLOURS, hide_frame, new_figure


def main(argv=None):
    arguments_parser = parser("Draw the accuracy of all approaches of a run.", "approaches")
    arguments_parser.add_argument(
        "more", nargs="*", type=Path, metavar="RUN", help="further runs of the same model"
    )
    arguments = arguments_parser.parse_args(argv)
    runs = [of_run(directory) for directory in (arguments.run, *arguments.more)]
    names = [name for name in runs[0][0] if all(name in found for found, _ in runs)]
    table = {name: np.array([100 * found[name] for found, _ in runs]) for name in names}
    for name, values in table.items():
        print(f"{name}: {values.mean():.1f}{f' ± {spread(values):.1f}' if runs[1:] else ''} %")
    with bs.figures.style():
        figure = drawn(table, runs[0][1])
    return bs.figures.save_figure(figure, output(arguments, "approaches"))


def of_run(directory):
    """Return the accuracies of a run, lowest first, and the number of classes."""
    metrics = read_metrics(directory)
    if metrics.get("scenario") == "unsupervised" or "tasks" not in metrics:
        raise DataError(f"{directory} is no run of tasks; there is one approach in it.")
    found = bs.load_run(directory).accuracies.drop("controls", errors="ignore")
    found = found.drop(list(metrics["accuracy"].get("controls", {})), errors="ignore")
    found = found.rename({"final": "sleep"}).astype(float).dropna().sort_values()
    classes = {label for task in metrics["tasks"] for label in task["classes"]}
    return dict(found), len(classes)


def spread(values):
    """Return the standard deviation over runs."""
    return values.std(ddof=1) if len(values) > 1 else 0.0


def drawn(table, n_classes):
    """Return a figure with a bar for each approach."""
    figure = new_figure(6, 0.9 + 0.4 * len(table))
    ax = figure.subplots()
    means = [values.mean() for values in table.values()]
    several = max(len(values) for values in table.values())
    ax.barh(
        [name.replace("_", " ") for name in table],
        means,
        xerr=[spread(values) for values in table.values()] if several > 1 else None,
        color=[COLOURS[1] if name == "sleep" else COLOURS[0] for name in table],
    )
    for place, values in enumerate(table.values()):
        right = values.mean() + spread(values) + 1
        ax.text(right, place, f"{values.mean():.1f}", va="center", size=8)
    ax.axvline(100 / n_classes, color="0.4", linestyle=":")
    ax.annotate("chance", (100 / n_classes, 1), (3, 2), xycoords=("data", "axes fraction"),
                textcoords="offset points", size=8, color="0.4")  # fmt: skip
    ax.set_xlim(0, 108)
    words = f", mean ± SD, {several} runs" if several > 1 else ""
    ax.set_xlabel(f"Accuracy over all classes at the end (%{words})")
    hide_frame(ax)
    return figure


if __name__ == "__main__":
    command(main)
