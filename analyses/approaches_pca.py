"""Activations by every approach, in few dimensions: python analyses/approaches_pca.py runs/NAME.

A row before the last night, one after it, and one for each way to train without sleep (sequential,
weight averaging, joint), whose networks are trained again from the run's seed; a column per
population. All rows of a column are projected onto the same principal components, those of all of
them together; a population of ten neurons or fewer is shown as it is. Each panel goes from blue to
red over its own range, which stands above it: outputs of tasks long learned are far smaller.
``--after K`` shows everything after task K. ``analyses/representations.py RUN --figure pca`` draws
the difference between after and before.
"""

import numpy as np
from run_networks import images_of, network_before, run_of_tasks, tasks_of, untrained_network
from rundir import command, output, parser

import brainsleep as bs
from brainsleep.errors import DataError
from brainsleep.figures.canvas import new_figure
from brainsleep.figures.class_axis import largest, signed_heat_map
from brainsleep.wake.kept_stages import KeptStages

STRATEGIES = ("sequential", "weight_averaging", "joint")


def main(argv=None):
    arguments_parser = parser("Draw activations by every approach.", "approaches_pca")
    arguments_parser.add_argument(
        "--strategies", nargs="*", default=STRATEGIES, choices=[*bs.wake.STRATEGIES],
        metavar="NAME", help=f"without sleep (default: {' '.join(STRATEGIES)})",
    )  # fmt: skip
    arguments_parser.add_argument(
        "--after", type=int, metavar="K", help="after this task (default: the last that slept)"
    )
    arguments = arguments_parser.parse_args(argv)
    run = run_of_tasks(arguments.run)
    networks, labels = networks_of(run, arguments.after, arguments.strategies)
    images = images_of(run)
    active = {
        name: {
            population: values
            for population, values in bs.translation.activations(network, images).items()
            if population != "input"
        }
        for name, network in networks.items()
    }
    with bs.figures.style():
        figure = drawn(active, images.labels, labels)
    return bs.figures.save_figure(figure, output(arguments, "approaches_pca"))


def networks_of(run, task, names):
    """Return the networks after a task by what they are called, and what populations are called."""
    tasks = tasks_of(run)
    task = run.nights_after[-1] - 1 if task is None else task
    if task + 1 not in run.nights_after:
        places = ", ".join(str(number - 1) for number in run.nights_after)
        raise DataError(f"{run.directory} has no night after task {task}, only after {places}.")
    night = run.nights[list(run.nights_after).index(task + 1)]
    networks = {"before the night": network_before(night), "after the night": night.ann}
    for name in names:
        networks[name.replace("_", " ")] = trained(run, name, tasks[: task + 1])
    return networks, night.labels


def trained(run, name, tasks):
    """Train the run's network by a strategy, or read it where the run kept it."""
    section = run.model.training
    strategy, network = bs.wake.build_strategy(name), section.freeze(untrained_network(run))
    training = section.fitted(tasks, network).build()
    for k in range(len(tasks)):
        options = {"seed": run.metrics["seed"], "progress": False}
        KeptStages().learn(strategy, network, tasks, k, training, **options)
    return strategy.readout(network)


def drawn(active, classes, labels):
    """Return a figure with a row for each approach."""
    order = np.argsort(classes, kind="stable")
    names, starts, counts = np.unique(classes[order], return_index=True, return_counts=True)
    populations = list(next(iter(active.values())))
    figure = new_figure(1 + 2.4 * len(populations), 1 + 2.0 * len(active))
    panels = figure.subplots(len(active), len(populations), sharey=True, squeeze=False)
    for column, population in zip(panels.T, populations, strict=True):
        shown = projected([one[population] for one in active.values()])
        for ax, values, approach in zip(column, shown, active, strict=True):
            signed_heat_map(ax, values[order], largest(values), aspect="auto", interpolation="auto")
            for start in starts[1:]:
                ax.axhline(start - 0.5, color="0.35", linewidth=0.5)
            ax.set_yticks(starts + counts / 2 - 0.5, [str(name) for name in names])
            ax.set_xticks([])
            ax.set_title(f"± {largest(values):.2g}", loc="right", size=8)
            if ax in panels[:, 0]:
                ax.set_ylabel(f"{approach}\nclass")
        column[0].set_title(labels.get(population, population), loc="left")
        is_projected = next(iter(active.values()))[population].shape[1] > shown[0].shape[1]
        column[-1].set_xticks(range(shown[0].shape[1]))
        column[-1].set_xlabel("Principal component" if is_projected else "Neuron")
    return figure


def projected(several):
    """Project activations by several networks onto the components of all of them together."""
    together = np.concatenate(several)
    found = bs.measures.activation_pca({"all": together}, {"all": together})["all"]
    return np.split(found.before, len(several))


if __name__ == "__main__":
    command(main)
