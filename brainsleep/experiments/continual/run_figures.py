"""The pictures of a finished course of tasks: accuracies, and what the last night did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...errors import DirectoryError
from ...wake import Task
from ...wake.evaluation import chance_level
from ..arms.learned_tasks import Progress
from ..nights.arm_nights import ArmNights
from ..nights.night_kinds import load_night
from ..run_directory.run_state import load_progress


def draw_run_figures(
    directory: Path,
    tasks: Sequence[Task],
    nights: ArmNights[Any, Any],
    report: Callable[[str], None],
) -> None:
    """Draw a run's pictures; say so if the last night is no longer there to be drawn.

    Parameters
    ----------
    directory : Path
        Of the run, which has noted all tasks; whatever process has learned them.
    tasks : sequence of Task
        All of the experiment.
    nights : ArmNights
        What knows how nights are drawn.
    report : callable
        Told of what is left out.
    """
    from ...figures import plot_accuracy_before_after, save_figure

    done, figures = load_progress(directory, Progress), directory / "figures"
    before, after = [one.before for one in done.tasks], [one.after for one in done.tasks]
    drawn = plot_accuracy_before_after(before, after, chance=chance_level(tasks))
    save_figure(drawn, figures / "accuracy.png")
    slept = [index for index, one in enumerate(done.tasks) if one.timings]
    if not slept:
        return
    try:
        night = load_night(directory / "nights" / str(slept[-1]))
    except DirectoryError as error:
        report(f"figures of the night are not drawn: {error}")
        return
    for name, picture in nights.pictures(night).items():
        save_figure(picture, figures / f"{name}.png")
