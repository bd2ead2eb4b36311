"""Arguments and options that several commands take, and what becomes of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...support.progress import bars_aside
from .completion import CONTROL_NAMES, DATASETS, DEVICES, EVALUATED_ON, offer, offer_models

if TYPE_CHECKING:
    from ..model_files.overrides import Overrides

ModelArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="MODEL",
        autocompletion=offer_models,
        help="A model file, or the name of one that comes with the package (brainsleep models); "
        "the default experiment without one.",
    ),
]
SweptModelArgument = Annotated[
    Path,
    typer.Argument(
        metavar="MODEL",
        autocompletion=offer_models,
        help="A model file, or the name of one that comes with the package (brainsleep models).",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where results go; runs/NAME, with a number when taken."),
]
DataOption = Annotated[
    str | None,
    typer.Option(
        "--data",
        autocompletion=offer(DATASETS),
        help="digits, mnist or fashion_mnist, in place of the model's own; or one's own data: "
        "mine.npz, a folder of images, file.py:make.",
    ),
]
DataDirOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Folder of the data set's IDX files, or of torchvision's."),
]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        autocompletion=offer(DEVICES),
        help="cpp, cpp_stock, runtime or cuda, in place of the model's own.",
    ),
]
EvaluateOption = Annotated[
    str | None,
    typer.Option(
        autocompletion=offer(EVALUATED_ON),
        help="test or validation (a fifth of the training images, to tune on).",
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Change a value of the model file, as in sleep.neuron.decay=0.99; "
        "may be given several times.",
    ),
]
NoBaselinesOption = Annotated[
    bool,
    typer.Option(
        "--no-baselines",
        help="Leave out the training without sleep that results are compared with.",
    ),
]
StrategiesOption = Annotated[
    str | None,
    typer.Option(
        "--strategies",
        metavar="A,B,...",
        help="The ways to train without sleep, in place of the model's own, as in "
        "sequential,joint,replay:n_images=500.",
    ),
]
ControlsOption = Annotated[
    bool,
    typer.Option(
        "--controls", help="Also run the controls: what else could explain the effect of sleep."
    ),
]
ControlOption = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        metavar="NAME",
        autocompletion=offer(CONTROL_NAMES),
        help="Run this control; may be given several times: " + ", ".join(CONTROL_NAMES) + ".",
    ),
]
TrainAnewOption = Annotated[
    bool,
    typer.Option(
        "--train-anew",
        help="Train all networks, also those whose training is kept (brainsleep cache); the "
        "results are the same.",
    ),
]
NoProgressOption = Annotated[
    bool, typer.Option("--no-progress", help="Show no progress bars; none show in a pipe anyway.")
]


def say(line: str) -> None:
    """Print a line of a report above the progress bars."""
    with bars_aside():
        typer.echo(line)


def strategies_of(words: str | None) -> tuple[str, ...] | None:
    """Read the names of strategies; None if the model's own are meant."""
    return None if words is None else tuple(filter(None, map(str.strip, words.split(","))))


def overrides_of(
    data: str | None,
    data_dir: Path | None,
    device: str | None,
    evaluate_on: str | None,
    changes: list[str] | None,
) -> Overrides:
    """Collect what the command line changes in a model file."""
    from ...wake.datasets.loading import absolute_name
    from ..model_files.model_changes import parse_changes, require_single
    from ..model_files.overrides import Overrides

    changed = parse_changes(changes or ())
    require_single(changed)
    return Overrides(
        dataset=None if data is None else absolute_name(data),
        data_dir=None if data_dir is None else str(data_dir),
        device=device,
        evaluate_on=evaluate_on,
        changes=changed,
    )


def controls_of(all_of_them: bool, some: list[str] | None) -> tuple[str, ...]:
    """Return the names of the controls that are asked for."""
    from ..controls import ALL_CONTROLS

    return (ALL_CONTROLS,) if all_of_them else tuple(some or ())
