"""Weights of the first layer, moving: python analyses/weight_animation.py runs/NAME [--night K].

Averaged over neurons, as an image, before and after each night; with ``--night K`` in the course of
night K, which is slept again for it; with ``--aggressive`` in the course of a night that is only
for looking at: from the same weights, but 2500 steps on the first class of task K alone, with
increases of 10 % and decreases of 2 %.

    python analyses/weight_animation.py runs/NAME --night 4 --change
    python analyses/weight_animation.py runs/NAME --night 4 --aggressive --every 50

In a normal night of the default run the weights from every pixel fall on average, least where the
digits of its task (8 and 9 in night 4) have ink; without ``--change`` nothing is to be seen. In the
aggressive night the weights themselves become the outline of its digit: those from pixels that
spike stay, all others sink, most of it (84 %) in the first third. Nothing in either looks like a
digit of another task.
"""

import argparse
import warnings
from pathlib import Path

from run_networks import night_of, run_of_tasks, tasks_of
from rundir import command, night_directory

import brainsleep as bs
from brainsleep.night.repeating import sleep_again

#: Of the aggressive setting: steps, and how far one step changes a weight.
STEPS, INCREASE, DECREASE = 2500, "10 %", "2 %"


def main(argv=None):
    parser = argparse.ArgumentParser(description="Draw weights in the course of nights.")
    parser.add_argument("run", type=Path, help="a run directory, such as runs/NAME")
    parser.add_argument("--night", type=int, metavar="K", help="only this night, from 0")
    parser.add_argument("--aggressive", action="store_true", help="much longer and stronger")
    parser.add_argument("--change", action="store_true", help="show changes since the beginning")
    parser.add_argument("--every", type=int, default=10, help="steps between two frames of a night")
    parser.add_argument("--shape", type=int, nargs=2, help="rows and columns of the image")
    parser.add_argument("--out", type=Path, help="default: RUN/figures/weight_animation.gif")
    arguments = parser.parse_args(argv)
    speed = 10
    if arguments.aggressive:
        shown = aggressive(run_of_tasks(arguments.run), arguments.night, arguments.every)
    elif arguments.night is None:
        folder = night_directory(arguments.run, None).parent
        numbers = sorted(int(path.name) for path in folder.glob("*") if path.name.isdecimal())
        shown = [bs.Night.load(folder / str(number)) for number in numbers]
        speed = 2
    else:
        night = bs.Night.load(night_directory(arguments.run, arguments.night))
        shown = night.again(record=record_of(night, arguments.every), progress=False)
    animation = bs.figures.animate_weights(
        shown,
        image_shape=arguments.shape,
        change=arguments.change,
        frames_per_second=speed,
    )
    out = arguments.out or arguments.run / "figures" / "weight_animation.gif"
    return bs.figures.save_animation(animation, out)


def record_of(night, every):
    """Record the weights of the first layer."""
    name, weights = next(iter(night.weights_before.items()))
    return bs.Record(spikes=None, weights={name: range(len(weights))}, every=every)


def aggressive(run, number, every):
    """Sleep a night long and strongly, on one class."""
    index, night = night_of(run, number)
    task = tasks_of(run)[run.nights_after[index] - 1]
    images = task.train.of_classes(task.classes[:1]).images
    with warnings.catch_warnings():  # weights grow several times over
        for category in (bs.NightWarning, bs.PresetWarning):
            warnings.simplefilter("ignore", category)
        changes = {
            "stimulus": bs.stimuli.MeanOfRandomImages(images),
            "duration": STEPS,
            "plasticity": bs.SRC(increase=INCREASE, decrease=DECREASE),
            "record": record_of(night, every),
            "stages": None,
            "modulation": None,
        }
        return sleep_again(night, changes, progress=False)


if __name__ == "__main__":
    command(main)
