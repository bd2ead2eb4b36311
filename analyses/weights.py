"""Weight changes of one night: python analyses/weights.py runs/NAME [--night K] [--out FILE]."""

from rundir import add_night, command, night_directory, output, parser

import brainsleep as bs


def main(argv=None):
    arguments_parser = parser("Draw how one night of a run changed the weights.", "weights")
    add_night(arguments_parser)
    arguments = arguments_parser.parse_args(argv)
    night = bs.Night.load(night_directory(arguments.run, arguments.night))
    changes = bs.measures.weight_changes(night.weights_before, night.weights_after)
    for name, change in changes.items():
        print(
            f"{name}: {change.n_up:,} up, {change.n_down:,} down, "
            f"{change.n_unchanged:,} unchanged; "
            f"norm {change.norm_before:.3f} -> {change.norm_after:.3f}"
        )
    axes = bs.figures.plot_weight_histograms(night)
    return bs.figures.save_figure(axes, output(arguments, "weights"))


if __name__ == "__main__":
    command(main)
