"""Find the C++ compiler and run it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..errors import CompilerError
from .compiler_failure import run_compiler

#: What to type where, in the one line a machine without a compiler gets.
INSTALL_HINT = (
    "install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++; "
    "macOS: xcode-select --install), or use device='runtime'"
)

#: float64 is the exact mode: every operation is rounded as NumPy rounds it.
FLAGS = {
    "float64": ["-O3", "-march=native", "-std=c++11", "-w", "-pthread", "-ffp-contract=off"],
    "float32": ["-O3", "-march=native", "-std=c++11", "-w", "-pthread", "-ffast-math"],
}


def compiler_flags(dtype: str) -> list[str]:
    """Return the compiler's flags for ``"float32"`` or ``"float64"``.

    Those in the environment variable ``BRAINSLEEP_CXXFLAGS`` come last, and win.
    """
    return FLAGS[dtype] + shlex.split(os.environ.get("BRAINSLEEP_CXXFLAGS", ""))


def find_compiler() -> str | None:
    """Return the C++ compiler's command: ``$CXX``, else g++, c++ or clang++, else None."""
    for command in (os.environ.get("CXX"), "g++", "c++", "clang++"):
        if command and shutil.which(command):
            return command
    return None


def require_compiler() -> str:
    """Return the C++ compiler's command.

    Raises
    ------
    CompilerError
        In one line, with what to install, if there is none.
    """
    command = find_compiler()
    if command is None:
        raise CompilerError(f"no C++ compiler found: {INSTALL_HINT}.")
    return command


@lru_cache
def compiler_version(command: str) -> str:
    """Return the first line of ``command --version``."""
    result = subprocess.run([command, "--version"], capture_output=True, text=True, check=False)
    return result.stdout.partition("\n")[0]


def compile_program(source: Path, program: Path, flags: Sequence[str]) -> None:
    """Compile one C++ file to a program, in the source's folder.

    Parameters
    ----------
    source : Path
        The C++ file.
    program : Path
        The program; only its name counts.
    flags : sequence of str
        The compiler's flags.

    Raises
    ------
    CompilerError
        With the compiler's first messages and the place of the full log; or that it was killed.
    DirectoryError
        If a disk that it writes to is full.
    """
    command = [require_compiler(), *flags, source.name, "-o", program.name]
    run_compiler(command, source.parent)
