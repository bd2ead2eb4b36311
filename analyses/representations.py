"""What nights change: python analyses/representations.py runs/NAME [RUN ...] [--figure WHICH].

Prints, night by night and as mean ± SD over runs: how far the activations for classes turned (1 -
cosine), stable ranks before and after, and the shares of positive and of negative weights that went
up and down. Draws one of these, or correlations of classes or principal components, of one night
of the first run.
"""

from pathlib import Path

import numpy as np
from run_networks import images_of, learned_classes, network_before, night_of, run_of_tasks
from rundir import add_night, command, output, parser

import brainsleep as bs
from brainsleep import figures, measures
from brainsleep.night.describing.labels import weight_labels_of

FIGURES = ("cosine", "classes", "pca", "ranks", "signs")


def main(argv=None):
    arguments_parser = parser("Show what nights change.", "WHICH")
    arguments_parser.add_argument(
        "more", nargs="*", type=Path, metavar="RUN", help="further runs of the same model"
    )
    add_night(arguments_parser)
    arguments_parser.add_argument(
        "--figure", choices=FIGURES, default="cosine", help="what to draw (default: cosine)"
    )
    arguments = arguments_parser.parse_args(argv)
    runs = [run_of_tasks(directory) for directory in (arguments.run, *arguments.more)]
    night_of(runs[0], arguments.night)  # tells at once if there is no such night
    images = [images_of(run) for run in runs]
    for index in range(len(runs[0].nights)):
        print(f"night {index}")
        for line in lines_of([numbers_of(*one, index) for one in zip(runs, images, strict=True)]):
            print(f"  {line}")
    axes = draw(runs[0], images[0], arguments.night, arguments.figure)
    return figures.save_figure(axes, output(arguments, arguments.figure))


def numbers_of(run, images, index):
    """Measure one night of a run; return numbers by what they are called."""
    night = run.nights[index]
    before, after = activity(night, images)
    found = {}
    turned = measures.cosine_differences(before, after, images.labels)
    classes = np.unique(images.labels)
    for name, values in turned.items():
        for group, labels in learned_classes(run, index).items():
            mean = np.nanmean(values[np.isin(classes, labels)])
            found[f"1 - cosine, {night.labels[name]}, {group}"] = mean
    ranks = [measures.stable_ranks(one) for one in (night.weights_before, night.weights_after)]
    for name in ranks[0]:
        for stage, rank in zip(("before", "after"), ranks, strict=True):
            found[f"stable rank, {name}, {stage}"] = rank[name]
    for name, change in changes_of(night).items():
        for sign in ("positive", "negative"):
            part = getattr(change, sign)
            for way, n in (("up", part.n_up), ("down", part.n_down)):
                found[f"% of {sign} weights that went {way}, {name}"] = 100 * n / part.n_weights
    return found


def lines_of(several):
    """Write each number, averaged over runs."""
    for name in several[0]:
        values = [one[name] for one in several]
        deviation = f" ± {np.std(values, ddof=1):.3g}" if len(values) > 1 else ""
        yield f"{name}: {np.mean(values):.3g}{deviation}"


def draw(run, images, number, figure):
    """Draw one night; of stable ranks, all nights."""
    if figure == "ranks":
        stages = [[night.weights_before for night in run.nights],
                  [night.weights_after for night in run.nights]]  # fmt: skip
        before, after = ([measures.stable_ranks(one) for one in stage] for stage in stages)
        return figures.plot_stable_ranks(before, after, labels=weight_labels_of(run.nights[0]))
    _, night = night_of(run, number)
    if figure == "signs":
        return figures.plot_weight_change_by_sign(changes_of(night), labels=weight_labels_of(night))
    before, after = activity(night, images)
    classes = np.unique(images.labels)
    if figure == "pca":
        found = measures.activation_pca(before, after)
        return figures.plot_activation_pca(found, images.labels, labels=night.labels)
    if figure == "classes":
        pair = (measures.class_correlation(one, images.labels) for one in (before, after))
        return figures.plot_class_correlation(*pair, classes=classes, labels=night.labels)
    turned = measures.cosine_differences(before, after, images.labels)
    return figures.plot_cosine_differences(turned, classes=classes, labels=night.labels)


def activity(night, images):
    """Return the activations before and after a night, without the input's, which stay."""
    return [
        {name: values for name, values in found.items() if name != "input"}
        for found in (
            bs.translation.activations(network, images)
            for network in (network_before(night), night.ann)
        )
    ]


def changes_of(night):
    """Return how weights changed by their sign, layer by layer."""
    return {
        name: measures.weight_change_by_sign(before, night.weights_after[name])
        for name, before in night.weights_before.items()
    }


if __name__ == "__main__":
    command(main)
