"""The command line that scripts share: how many rounds, whether it is a check, what to write."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

#: Neurons in a hidden layer of a quick run.
QUICK_SIZE = 100


def parser_of(
    doc: str | None, *, repeats: int, quick: str = "one short round, as a check"
) -> argparse.ArgumentParser:
    """Return a parser with ``--repeats``, ``--quick`` and ``--json``; `read` reads what it gets.

    Parameters
    ----------
    doc : str
        The script's own text; its first line is what ``--help`` begins with.
    repeats : int
        Number of rounds unless given.
    quick : str
        What ``--quick`` does.
    """
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--repeats", type=int, default=repeats, help=f"rounds ({repeats})")
    parser.add_argument("--quick", action="store_true", help=quick)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what is found, too")
    return parser


def add_sizes(parser: argparse.ArgumentParser, *sizes: int) -> None:
    """Add ``--sizes``, the numbers of neurons in a hidden layer."""
    parser.add_argument("--sizes", type=int, nargs="+", default=list(sizes), metavar="H")


def read(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None = None
) -> argparse.Namespace:
    """Read the command line; a quick run has one round, and one small network."""
    options = parser.parse_args(arguments)
    if options.quick:
        options.repeats = 1
        if "sizes" in options:
            options.sizes = [QUICK_SIZE]
    return options
