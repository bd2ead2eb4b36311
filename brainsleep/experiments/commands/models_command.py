"""``brainsleep models``."""

from __future__ import annotations

from typing import Annotated

import typer

from .completion import offer_models


def models(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            autocompletion=offer_models,
            help="Print this one, to copy and change it.",
        ),
    ] = None,
) -> None:
    """List the model files that come with the package; run takes their names."""
    from ..kinds.table_of_models import table_of_models
    from ..model_files.shipped import shipped_model

    if name is not None:
        typer.echo(shipped_model(name).read_text(), nl=False)
        return
    typer.echo(table_of_models())
