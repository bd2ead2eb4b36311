"""How long the parts of a run take: learning, nights, and what is neither.

A run leaves it in ``seconds.json``. It is no result: of two runs that give the same results it may
differ, and of one that was resumed it tells what the last process did.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ...errors import DirectoryError
from ...support.json_files import DIGEST, read_json, write_json

#: The parts, in the order in which they are shown.
LEARNING, NIGHTS, MEASURING, KEEPING = "learning", "nights", "measuring", "keeping"
FIGURES, ALL_ELSE, WHOLE = "figures", "all else", "whole"

#: Name of the file.
SECONDS = "seconds.json"


@dataclass
class Seconds:
    """What one part takes.

    Attributes
    ----------
    wall : float
        Seconds on the clock.
    processor : float
        Seconds of processor time, of this process and of those it started and waited for.
    """

    wall: float = 0.0
    processor: float = 0.0


@dataclass
class RunClock:
    """What the parts of a run take; a part within another counts as that other.

    Attributes
    ----------
    parts : dict of str to Seconds
        By name; those of arms in other processes are added by :meth:`add_processor`.
    """

    parts: dict[str, Seconds] = field(default_factory=dict)
    _is_within: bool = field(default=False, repr=False)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count what is done in a ``with`` block as a part."""
        if self._is_within:
            yield
            return
        wall, processor = time.monotonic(), processor_seconds()
        self._is_within = True
        try:
            yield
        finally:
            self._is_within = False
            spent = Seconds(time.monotonic() - wall, processor_seconds() - processor)
            self._add(name, spent)

    def add_processor(self, other: RunClock) -> None:
        """Add the parts of an arm that another process went through, beside this one.

        Only processor time adds up: on the clock it is what this process did meanwhile that counts.
        """
        for name, spent in other.parts.items():
            self._add(name, Seconds(processor=spent.processor))

    def whole(self, wall: float) -> dict[str, Seconds]:
        """Return all parts, what is left of the whole, and the whole.

        Parameters
        ----------
        wall : float
            What the whole took on the clock; its processor time is that since this process began,
            imports and all.
        """
        whole = Seconds(wall, processor_seconds())
        rest = Seconds(
            max(0.0, whole.wall - sum(one.wall for one in self.parts.values())),
            max(0.0, whole.processor - sum(one.processor for one in self.parts.values())),
        )
        order = (LEARNING, NIGHTS, MEASURING, KEEPING, FIGURES)
        shown = {name: self.parts[name] for name in order if name in self.parts}
        return {**shown, ALL_ELSE: rest, WHOLE: whole}

    def _add(self, name: str, spent: Seconds) -> None:
        sum_so_far = self.parts.setdefault(name, Seconds())
        sum_so_far.wall += spent.wall
        sum_so_far.processor += spent.processor


def processor_seconds() -> float:
    """Return the processor time of this process since it began, and of its children that ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def save_seconds(directory: Path, parts: dict[str, Seconds]) -> None:
    """Write what the parts of a run took."""
    rounded = {
        name: {clock: round(value, 3) for clock, value in asdict(spent).items()}
        for name, spent in parts.items()
    }
    write_json(directory / SECONDS, rounded)


def processor_parts(directory: Path) -> dict[str, float]:
    """Return the processor seconds of a run's parts; nothing where they are not known."""
    try:
        content = read_json(directory / SECONDS)
        known = {
            name: one for name, one in content.items() if name not in (DIGEST, ALL_ELSE, WHOLE)
        }
        return {name: float(one["processor"]) for name, one in known.items()}
    except (DirectoryError, KeyError, TypeError, ValueError):
        return {}


def seconds_line(directory: Path) -> str:
    """Return what the parts of a run took as a line for people; nothing where it is not known."""
    try:
        content = read_json(directory / SECONDS)
        wall = {name: one["wall"] for name, one in content.items() if name != DIGEST}
        words = [f"{name} {seconds:.1f} s" for name, seconds in wall.items() if name != WHOLE]
        return f"took {wall[WHOLE]:.1f} s: {', '.join(words)}"
    except (DirectoryError, KeyError, TypeError, ValueError):
        return ""
