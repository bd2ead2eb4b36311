"""Weights of the first layer, moving: python analyses/weight_animation.py runs/NAME [--night K].

Averaged over neurons, as an image, before and after each night; with ``--night K`` in the course of
night K, which is slept again for it.
"""

import argparse
from pathlib import Path

from rundir import command, night_directory

import brainsleep as bs


def main(argv=None):
    parser = argparse.ArgumentParser(description="Draw weights in the course of nights.")
    parser.add_argument("run", type=Path, help="a run directory, such as runs/NAME")
    parser.add_argument("--night", type=int, metavar="K", help="only this night, from 0")
    parser.add_argument("--change", action="store_true", help="show changes since the beginning")
    parser.add_argument("--every", type=int, default=10, help="steps between two frames of a night")
    parser.add_argument("--shape", type=int, nargs=2, help="rows and columns of the image")
    parser.add_argument("--out", type=Path, help="default: RUN/figures/weight_animation.gif")
    arguments = parser.parse_args(argv)
    if arguments.night is None:
        folder = night_directory(arguments.run, None).parent
        numbers = sorted(int(path.name) for path in folder.glob("*") if path.name.isdecimal())
        shown = [bs.Night.load(folder / str(number)) for number in numbers]
        speed = 2
    else:
        night = bs.Night.load(night_directory(arguments.run, arguments.night))
        name, weights = next(iter(night.weights_before.items()))
        record = bs.Record(spikes=None, weights={name: range(len(weights))}, every=arguments.every)
        shown, speed = night.again(record=record, progress=False), 10
    animation = bs.figures.animate_weights(
        shown,
        image_shape=arguments.shape,
        change=arguments.change,
        frames_per_second=speed,
    )
    out = arguments.out or arguments.run / "figures" / "weight_animation.gif"
    return bs.figures.save_animation(animation, out)


if __name__ == "__main__":
    command(main)
