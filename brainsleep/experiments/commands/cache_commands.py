"""``brainsleep cache list | clear``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ...devices.cache import Entry

cache_app = typer.Typer(
    help="The compiled programs and the trained networks that are kept. BRAINSLEEP_CACHE sets the "
    "folder of programs, BRAINSLEEP_CACHE_SIZE how much space they may take (default 1 GiB); "
    "BRAINSLEEP_KEPT_TRAINING and BRAINSLEEP_KEPT_TRAINING_SIZE (default 4 GiB) those of networks.",
    no_args_is_help=True,
)


@cache_app.command("list")
def list_cache() -> None:
    """Show the compiled programs that are kept, last used first; count trained networks."""
    from ...devices.cache import cache_path, list_programs, size_limit
    from ...support.kept_training import kept_training

    limit, entries = size_limit(), list_programs()
    total = sum(entry.size for entry in entries)
    for line in _program_table(entries):
        typer.echo(line)
    typer.echo(
        f"{_programs(len(entries))}, {_megabytes(total)} of {_megabytes(limit)}, in {cache_path()}"
    )
    kept = kept_training()
    networks = kept.entries()
    typer.echo(
        f"{_networks(len(networks))}, {_megabytes(sum(one.size for one in networks))} of "
        f"{_megabytes(kept.limit)}, in {kept.folder}"
    )


@cache_app.command("clear")
def clear_cache(
    older_than: Annotated[
        float,
        typer.Option("--older-than", metavar="DAYS", min=0, help="Only what was not used since."),
    ] = 0.0,
) -> None:
    """Remove compiled programs, but none that is running, and trained networks."""
    from ...devices.cache import cache_path, clear
    from ...support.kept_training import kept_training

    removal = clear(older_than)
    in_use = f"; {removal.in_use} in use stayed" if removal.in_use else ""
    typer.echo(
        f"removed {_programs(removal.programs)}, {_megabytes(removal.size)}, "
        f"from {cache_path()}{in_use}"
    )
    kept = kept_training()
    networks = kept.clear(older_than)
    typer.echo(
        f"removed {_networks(len(networks))}, {_megabytes(sum(one.size for one in networks))}, "
        f"from {kept.folder}"
    )


def _program_table(entries: Sequence[Entry]) -> list[str]:
    """Return compiled programs as lines of a table; no lines if there are none."""
    if not entries:
        return []
    columns = ("network", "neuron", "plasticity", "dtype", "device")
    rows: list[tuple[str, ...]] = [("program", *columns, "size", "built", "last used")]
    for entry in entries:
        words = [entry.description.get(name, "?") for name in columns]
        built = "?" if entry.built is None else _date(entry.built)
        key = entry.directory.name[:8]
        rows.append((key, *words, _megabytes(entry.size), built, _date(entry.used)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _programs(number: int) -> str:
    return "1 program" if number == 1 else f"{number} programs"


def _networks(number: int) -> str:
    return "1 trained network" if number == 1 else f"{number} trained networks"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")
