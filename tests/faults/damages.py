"""What can happen to a file, or to two of a kind."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

Damage = Callable[[Path, np.random.Generator], None]


def flip_a_bit(file: Path, random: np.random.Generator) -> None:
    content = bytearray(file.read_bytes())
    if content:
        content[random.integers(len(content))] ^= 1 << int(random.integers(8))
        file.write_bytes(content)


def cut(file: Path, random: np.random.Generator) -> None:
    content = file.read_bytes()
    if content:
        file.write_bytes(content[: _place(len(content), random)])


def extend(file: Path, random: np.random.Generator) -> None:
    more = (random.bytes(int(random.integers(1, 100))), bytes(8), file.read_bytes()[:4096], b"\n")
    with file.open("ab") as stream:
        stream.write(more[random.integers(len(more))])


def zero_a_block(file: Path, random: np.random.Generator) -> None:
    """As after a power cut: blocks that were never written."""
    content = bytearray(file.read_bytes())
    if content:
        size = int(random.choice([1, 8, 512, 4096]))
        start = int(random.integers(len(content))) // size * size
        block = content[start : start + size]
        content[start : start + size] = bytes(len(block))
        file.write_bytes(content)


def empty(file: Path, random: np.random.Generator) -> None:
    file.write_bytes(b"")


def remove(file: Path, random: np.random.Generator) -> None:
    file.unlink()


def make_a_directory(file: Path, random: np.random.Generator) -> None:
    file.unlink()
    file.mkdir()
    if random.random() < 0.5:
        (file / "something").write_text("else")


def link_elsewhere(file: Path, random: np.random.Generator) -> None:
    """A symbolic link to nothing, to itself, to a directory or to another file."""
    others = [path for path in file.parent.iterdir() if path.is_file() and path != file]
    targets: list[Path] = [Path("nowhere"), Path(file.name), Path("."), Path("/dev/null")]
    if others:
        targets.append(others[random.integers(len(others))])
    file.unlink()
    file.symlink_to(targets[random.integers(len(targets))])


def scramble(file: Path, random: np.random.Generator) -> None:
    """Noise of the same length."""
    file.write_bytes(random.bytes(len(file.read_bytes())))


#: Beginnings of names of files that nobody reads after the call that wrote them.
UNREAD = ("_array", "_dynamic", "raster", "accuracy", "weights.png", "receptive", "learning")

#: What happens to one file.
DAMAGES: tuple[Damage, ...] = (
    flip_a_bit, flip_a_bit, flip_a_bit, cut, cut, extend, zero_a_block, zero_a_block, empty, remove,
    make_a_directory, link_elsewhere, scramble,
)  # fmt: skip


def swap(one: Path, other: Path) -> None:
    """Give two files each other's content."""
    between = one.with_name("between")
    shutil.move(one, between)
    shutil.move(other, one)
    shutil.move(between, other)


def take_from(file: Path, stranger: Path) -> None:
    """Put the same file of another night or run in the place of a file."""
    shutil.copyfile(stranger, file)


def kind_of(file: Path) -> str:
    """Return a file's name without its numbers: equal for files of the same kind."""
    return re.sub(r"\d+", "#", file.name)


def damage_one_of(directory: Path, stranger: Path | None, random: np.random.Generator) -> str:
    """Damage one file somewhere in a directory; return what was done.

    Each kind of file is as likely as any other, however many there are of it. `stranger` is a
    directory with files of the same names that belong to something else.
    """
    by_kind: dict[str, list[Path]] = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and not path.name.startswith(UNREAD):
            by_kind.setdefault(kind_of(path), []).append(path)
    kinds = sorted(by_kind)
    files = by_kind[kinds[random.integers(len(kinds))]]
    file = files[random.integers(len(files))]
    name = str(file.relative_to(directory))
    foreign = None if stranger is None else stranger / name
    if foreign is not None and foreign.is_file() and random.random() < 0.1:
        take_from(file, foreign)
        return f"{name}: of another one"
    if len(files) > 1 and random.random() < 0.1:
        other = files[random.integers(len(files))]
        if other != file:
            swap(file, other)
            return f"{name} and {other.relative_to(directory)}: swapped"
    damage = DAMAGES[random.integers(len(DAMAGES))]
    damage(file, random)
    return f"{name}: {damage.__name__.replace('_', ' ')}"


def _place(size: int, random: np.random.Generator) -> int:
    """Return where a file is cut: at any byte, or near an end."""
    choices = (random.integers(size), max(0, size - random.integers(1, 17)), random.integers(9))
    return int(min(choices[random.integers(3)], size - 1))
