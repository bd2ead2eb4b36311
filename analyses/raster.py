"""Spike raster of one night: python analyses/raster.py runs/NAME [--night K] [--out FILE]."""

from rundir import add_night, command, night_directory, output, parser

import brainsleep as bs


def main(argv=None):
    arguments_parser = parser("Draw the spikes of one night of a run.", "raster")
    add_night(arguments_parser)
    arguments_parser.add_argument(
        "--populations",
        nargs="+",
        metavar="NAME",
        help="populations to draw (default: all)",
    )
    arguments = arguments_parser.parse_args(argv)
    night = bs.Night.load(night_directory(arguments.run, arguments.night))
    axes = bs.figures.plot_raster(night, populations=arguments.populations)
    return bs.figures.save_figure(axes, output(arguments, "raster"))


if __name__ == "__main__":
    command(main)
