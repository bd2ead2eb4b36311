"""Accuracy by stage and task, before and after sleep: python analyses/accuracy.py runs/NAME."""

from rundir import command, output, parser, read_metrics

import brainsleep as bs


def main(argv=None):
    arguments = parser("Draw a run's accuracy before and after sleep.", "accuracy").parse_args(argv)
    try:
        accuracy = read_metrics(arguments.run)["accuracy"]
        before, after = accuracy["before_sleep"], accuracy["after_sleep"]
    except (KeyError, TypeError):
        file = arguments.run / "metrics.json"
        raise bs.errors.DataError(f"{file} has no accuracy before and after sleep.") from None
    print(
        f"final accuracy {bs.measures.final_accuracy(after):.3f}, "
        f"forgetting {bs.measures.forgetting(after):.3f}, "
        f"recovered a night {bs.measures.recovered(before, after):.3f}"
    )
    axes = bs.figures.plot_accuracy_before_after(before, after)
    return bs.figures.save_figure(axes, output(arguments, "accuracy"))


if __name__ == "__main__":
    command(main)
