"""Dreams from the day's residue, one picture: python analyses/dream_picture.py [--seed N].

Lives through the five days of the model file ``day_residue_dreams`` (digits, 784-1200-1200-10) with
training images only, and draws the circuits of NREM and REM and, of the last night, spikes of one
presentation in NREM and of two dreams, and how alike hidden activity is to the mean of each class,
in dreams and before them. Prints the numbers of these panels. Takes a minute or two.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from dream_rasters import draw_spikes, spikes_of
from dream_sketch import draw_nrem, draw_rem
from matplotlib.image import AxesImage
from rundir import command
from torch import nn

import brainsleep as bs
from brainsleep import wake
from brainsleep.figures.canvas import AFTER_COLOUR, BEFORE_COLOUR, Axes, Figure, new_figure

PAIRS = [(0, 1), (2, 3), (4, 5), (6, 7), (8, 9)]
SIZES = (784, 1200, 1200, 10)


@dataclass(frozen=True, eq=False)
class LastNight:
    """The last of the nights.

    Attributes
    ----------
    night : DreamNight
        With its spikes.
    means : ndarray, shape (n_classes, n_hidden)
        Mean activity of the last hidden layer awake, by class.
    image : ndarray, shape (28, 28)
        One of the last day's.
    """

    night: bs.DreamNight
    means: npt.NDArray[np.floating]
    image: npt.NDArray[np.floating]


def main(argv: Sequence[str] | None = None) -> Path:
    """Live, measure, draw."""
    options = parser().parse_args(argv)
    last = live(options.seed)
    found = likeness(last)
    for name, pair in summary(last, found).items():
        print(f"{' '.join(name.split())}: {pair[0]:.2f} before the dream, {pair[1]:.2f} in it")
    own = np.mean([found[0][label, label] for label in PAIRS[-1]])
    print(f"for scale, images of today and the mean of the class they are taken for: {own:.2f}")
    return bs.figures.save_figure(draw(last, found), options.out)


def parser() -> argparse.ArgumentParser:
    """Make the command line."""
    result = argparse.ArgumentParser(description="Draw dreams from the day's residue.")
    result.add_argument("--seed", type=int, default=0, metavar="N")
    default = Path(__file__).parent.parent / "docs" / "figures" / "dream_picture.png"
    result.add_argument("--out", type=Path, default=default, help="where to write the figure")
    return result


def live(
    seed: int,
    *,
    sizes: Sequence[int] = SIZES,
    images: wake.Split | None = None,
    recipe: bs.DayResidue | None = None,
    device: str | bs.devices.Runtime = "cpp",
) -> LastNight:
    """Learn one pair of digits after the other, with a night after each; return the last."""
    tasks = wake.class_incremental(images or wake.load_split("digits"), classes=PAIRS)
    network = wake.centre_rows(wake.mlp(tuple(sizes), dropout=0.0, seed=seed))
    for layer in (network[0], network[2]):
        layer.requires_grad_(False)
    nn.init.zeros_(network[4].weight)

    def code(task: wake.Task, label: int | None = None) -> npt.NDArray[np.floating]:
        shown = task.train if label is None else task.train.of_classes([label])
        with torch.no_grad():
            return network[:4](torch.as_tensor(shown.images)).numpy()

    power = np.square(code(tasks[0])).sum(axis=1).mean()
    training = wake.Training(lr=12 / power, epochs=4)
    memory, learned = None, []
    for number, task in enumerate(tasks):
        wake.train(network, task.train, training, seed=seed + number, progress=False)
        learned += task.classes
        night = bs.dream(
            network,
            task.train.images,
            today=task.classes,
            learned=learned,
            memory=memory,
            recipe=recipe,
            device=device,
            record="all" if task is tasks[-1] else None,
            seed=seed + number,
            progress=False,
        )
        network, memory = night.ann, night.memory
    means = [code(task, label).mean(axis=0) for task in tasks for label in task.classes]
    return LastNight(night, np.stack(means), tasks[-1].train.images[0].reshape(28, 28))


def counts_of(last: LastNight) -> tuple[npt.NDArray, npt.NDArray, npt.NDArray]:
    """Return spikes of the code before each dream, and in it, with what each image is tagged."""
    recipe, night = last.night.recipe, last.night
    length = recipe.bottom_up_steps + recipe.top_down_steps
    (steps, neurons), (when, tag) = (spikes_of(night, name) for name in ("2", "tagged"))
    number, step = np.divmod(steps, length)
    shown = number < len(night.cues)
    shape = (len(night.cues), night.memory.feedback.shape[1])
    found = []
    for first, stop in ((recipe.bottom_up_onset, recipe.bottom_up_steps),
                        (recipe.bottom_up_steps + recipe.top_down_onset, length)):  # fmt: skip
        use = shown & (step >= first) & (step < stop)
        flat = np.bincount(number[use] * shape[1] + neurons[use], minlength=shape[0] * shape[1])
        found.append(flat.reshape(shape) / (stop - first))
    tags = np.zeros(len(night.cues), dtype=int)
    use = when // length < len(tags)
    tags[when[use] // length] = tag[use]
    return found[0], found[1], tags


def likeness(last: LastNight) -> tuple[npt.NDArray, npt.NDArray]:
    """Return correlations with class means, before dreams and in them, by what is dreamed of.

    All in units of the mean over neurons, less the mean over classes; averaged over the dreams of
    each class.
    """
    before, within, tags = counts_of(last)
    dreamed = np.where(last.night.cues < 0, tags, last.night.cues)
    classes = range(len(last.means))
    pair = (alike(before, last.means), alike(within, last.means))
    by_class = [np.stack([one[dreamed == label].mean(axis=0) for label in classes]) for one in pair]
    return by_class[0], by_class[1]


def summary(last: LastNight, found: Sequence[npt.NDArray]) -> dict[str, list[float]]:
    """Return likeness before dreams of earlier classes, and in them, by what it is to."""
    old = [label for pair in PAIRS[:-1] for label in pair]
    own = [float(one[old, old].mean()) for one in found]
    today = [float(one[np.ix_(old, PAIRS[-1])].mean()) for one in found]
    before, within, tags = counts_of(last)
    dreams = np.flatnonzero(last.night.cues >= 0)
    feedback = last.night.memory.feedback
    left = before[dreams] - feedback[tags[dreams]]
    kept = within[dreams] - feedback[last.night.cues[dreams]]
    residue = np.mean([np.corrcoef(*pair)[0, 1] for pair in zip(left, kept, strict=True)])
    return {
        "mean of the class\ndreamed of": own,
        "means of\ntoday's classes": today,
        "residue of\nthe image": [1.0, float(residue)],
    }


def alike(counts: npt.NDArray, means: npt.NDArray) -> npt.NDArray[np.floating]:
    """Return the correlation of each row with each class mean."""
    reference = in_units(means)
    typical = reference.mean(axis=0)
    return np.corrcoef(in_units(counts) - typical, reference - typical)[
        : len(counts), len(counts) :
    ]


def in_units(activity: npt.NDArray) -> npt.NDArray:
    """Return activity in units of its mean over neurons."""
    return activity / np.maximum(activity.mean(axis=1, keepdims=True), 1e-12)


@bs.figures.styled
def draw(last: LastNight, found: Sequence[npt.NDArray]) -> Figure:
    """Draw circuits above, spikes below them, likeness below these."""
    figure = new_figure(8, 9.6)
    rows = figure.add_gridspec(3, 1, height_ratios=[3.2, 4.3, 2.9])
    above = rows[0].subgridspec(1, 2)
    draw_nrem(figure.add_subplot(above[0]), last.image)
    draw_rem(figure.add_subplot(above[1]), last.image)
    middle = rows[1].subgridspec(1, 3, width_ratios=[15, 16, 16])
    draw_spikes([figure.add_subplot(one) for one in middle], last.night)
    below = rows[2].subgridspec(1, 4, width_ratios=[1, 1, 0.05, 1.1])
    axes = [figure.add_subplot(one) for one in below]
    titles = ("Code before dreams", "Code in dreams")
    for ax, one, title in zip(axes, found, titles, strict=False):
        drawn = draw_likeness(ax, one, title)
    axes[0].set_ylabel("Class dreamed of")
    figure.colorbar(drawn, cax=axes[2], label="Correlation", ticks=(-0.4, 0, 0.4))
    draw_summary(axes[3], summary(last, found))
    return figure


def draw_likeness(ax: Axes, found: npt.NDArray, title: str) -> AxesImage:
    """Draw correlations with class means."""
    classes = range(len(found))
    ax.set_title(title, loc="left")
    ax.set(xticks=classes, yticks=classes, xlabel="Mean of class, awake")
    ax.tick_params(length=0)
    return ax.imshow(found, vmin=-0.4, vmax=0.4, cmap="RdBu_r")


def draw_summary(ax: Axes, found: Mapping[str, Sequence[float]]) -> None:
    """Draw likeness before dreams and in them."""
    at = np.arange(len(found))
    values = np.array(list(found.values()))
    for k, (words, colour) in enumerate(
        {"before": BEFORE_COLOUR, "in dreams": AFTER_COLOUR}.items()
    ):
        bars = ax.barh(at + 0.38 * (k - 0.5), values[:, k], 0.36, color=colour, label=words)
        ax.bar_label(bars, fmt="%.2f", padding=2, fontsize="small")
    ax.set(
        yticks=at,
        yticklabels=list(found),
        xlim=(-0.32, 1.25),
        xlabel="Correlation of the code with …",
    )
    ax.set_title("Dreams of earlier classes", loc="left")
    ax.tick_params(axis="y", length=0)
    ax.invert_yaxis()
    ax.legend(loc="lower right", bbox_to_anchor=(1, 0.36))


if __name__ == "__main__":
    command(main)
