"""Reactivation of each class in one night: python analyses/reactivation.py runs/NAME [RUN ...].

With several runs, such as the seeds of a sweep, their nights are averaged. Beside the night stand
three nulls: shuffled neurons, the activations of the untrained network, and a night of the
untrained network: the same stimulus, the same rates, and no learning.
"""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from run_networks import (
    images_of,
    learned_classes,
    network_before,
    night_of,
    run_of_tasks,
    untrained_network,
)
from rundir import add_night, command, output, parser

import brainsleep as bs
from brainsleep.measures import Reactivation
from brainsleep.night import Night

#: The lowest rate in Hz that layers of the untrained network are calibrated to.
LOWEST_RATE = 1.0
NIGHT = "the night"
NULLS = ("activations of the untrained network", "night of the untrained network")


@dataclass(frozen=True)
class Measured:
    """The reactivation in one night of one run, and in the nulls, by what they are called."""

    found: dict[str, Reactivation]
    specific: dict[str, Reactivation]
    groups: dict[str, list[int]]
    labels: dict[str, str]


def main(argv=None):
    arguments_parser = parser("Draw the reactivation of each class in one night.", "reactivation")
    arguments_parser.add_argument(
        "more", nargs="*", type=Path, metavar="RUN", help="further runs of the same model"
    )
    add_night(arguments_parser)
    arguments_parser.add_argument(
        "--specific",
        action="store_true",
        help="draw what remains without the mean over classes of each neuron",
    )
    arguments = arguments_parser.parse_args(argv)
    runs = [arguments.run, *arguments.more]
    measured = [measure(directory, arguments.night) for directory in runs]
    first = measured[0]
    for words, kind in (
        ("Correlation, means over classes", "found"),
        ("Without what all classes have in common", "specific"),
    ):
        print(words)
        report([(getattr(one, kind), one.groups) for one in measured], first.labels)
    found, *nulls = (
        [(one.specific if arguments.specific else one.found)[name] for one in measured]
        for name in (NIGHT, *NULLS)
    )
    axes = bs.figures.plot_reactivation(
        found if len(found) > 1 else found[0],
        nulls=dict(zip(NULLS, nulls, strict=True)),
        groups=first.groups if all(one.groups == first.groups for one in measured) else None,
        labels=first.labels,
    )
    return bs.figures.save_figure(axes, output(arguments, "reactivation"))


def measure(directory, number):
    """Measure the reactivation in one night of a run."""
    run = run_of_tasks(directory)
    index, night = night_of(run, number)
    images, untrained = images_of(run), untrained_network(run)
    trained = bs.translation.activations(network_before(night), images)
    naive = bs.translation.activations(untrained, images)
    asleep = bs.measures.spike_counts(night.spikes)
    pairs = {
        NIGHT: (asleep, trained),
        NULLS[0]: (asleep, naive),
        NULLS[1]: (bs.measures.spike_counts(untrained_night(night, untrained).spikes), naive),
    }
    found, specific = (
        {
            name: bs.measures.reactivation(*pair, images.labels, specific=only)
            for name, pair in pairs.items()
        }
        for only in (False, True)
    )
    return Measured(found, specific, learned_classes(run, index), night.labels)


def untrained_night(night: Night, untrained) -> Night:
    """Let the untrained network sleep under the same stimulus, at the same rates, as it is."""
    setup = night.setup
    rates = bs.measures.mean_rates(night.spikes, night.duration)
    options = {"max_pooling": setup.max_pooling, "input_at": setup.input_at}
    layers = bs.translate(untrained, setup.input_shape, **options).layer_names
    network = bs.translate(untrained, setup.input_shape, frozen=layers, **options)
    neuron = replace(
        setup.neuron,
        gain=1,
        threshold="calibrated",
        target_rate={name: max(rates[name], LOWEST_RATE) for name in layers},
    )
    with warnings.catch_warnings():  # nothing is to learn, and rates are as near as they can be
        for category in (bs.NightWarning, bs.CalibrationWarning, bs.PresetWarning):
            warnings.simplefilter("ignore", category)
        return bs.sleep(
            network,
            setup.stimulus,
            duration=night.n_steps,
            neuron=neuron,
            plasticity=setup.plasticity,
            biases=setup.biases,
            dt=night.dt,
            dtype=setup.dtype,
            seed=setup.seed,
            progress=False,
        )


def report(several, labels):
    """Print means over the classes of each group of each run, population by population."""
    for population, label in labels.items():
        null = np.mean([found[NIGHT].null_sd[population] for found, _ in several])
        print(f"  {label} (shuffled neurons: 0 ± {null:.3f})")
        for name in (NIGHT, *NULLS):
            means = {
                group: [_mean(found[name], population, groups[group]) for found, groups in several]
                for group in several[0][1]
            }
            cells = [f"{group} {_mean_sd(values)}" for group, values in means.items()]
            if {"learned before", "not learned yet"} <= means.keys():
                pairs = np.subtract(means["learned before"], means["not learned yet"])
                cells.append(f"learned before less not learned yet {_mean_sd(pairs)}")
            print(f"    {name}: {'; '.join(cells)}")


def _mean(found, population, classes):
    """Return the mean over some classes."""
    return float(np.mean(found.mean[population][np.isin(found.classes, classes)]))


def _mean_sd(values):
    """Write a mean, and the standard deviation over runs if there are several."""
    words = f"{np.mean(values):.2f}"
    return words if len(values) < 2 else f"{words} ± {np.std(values, ddof=1):.2f}"


if __name__ == "__main__":
    command(main)
