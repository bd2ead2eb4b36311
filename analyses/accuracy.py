"""Accuracy on each task, before and after each night: python analyses/accuracy.py runs/NAME."""

from rundir import command, output, parser, read_metrics

import brainsleep as bs


def main(argv=None):
    words = "Draw a run's accuracy before and after each night."
    arguments = parser(words, "accuracy").parse_args(argv)
    try:
        accuracy = read_metrics(arguments.run)["accuracy"]
        before, after = accuracy["before_sleep"], accuracy["after_sleep"]
    except (KeyError, TypeError):
        file = arguments.run / "metrics.json"
        raise bs.errors.DataError(
            f"{file} has no accuracy before and after sleep; give a run that has nights."
        ) from None
    print(
        f"final accuracy {bs.measures.final_accuracy(after):.3f}, "
        f"forgetting {bs.measures.forgetting(after):.3f}, "
        f"recovered per night {bs.measures.recovered(before, after):.3f}"
    )
    axes = bs.figures.plot_accuracy_before_after(before, after)
    return bs.figures.save_figure(axes, output(arguments, "accuracy"))


if __name__ == "__main__":
    command(main)
