"""What is changed in the files that Brian2CUDA writes, and how they become one translation unit.

Brian2CUDA 1.0b1 compiles each of some fifty files on its own, most of the time with headers. As
one unit they take a tenth of that; then helpers that each file keeps to itself need names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

#: What our own code needs.
HEADERS = (
    "#include <chrono>",
    "#include <fstream>",
    '#include "objects.h"',
    '#include "network.h"',
)

#: What is wrong in the code for networks with a clock of their own: text, and what it becomes.
REPAIRS = (
    # the step of a clock that is not the network's, and may not exist
    ("defaultclock.timestep[0]", "night_clock.timestep[0]"),
    # the time as an argument, which stays that of the step in which a graph is made
    ("= &_value_array_night_clock_t;", "= &brainsleep::now;"),
    ("= &_value_array_night_clock_timestep;", "= &brainsleep::timestep;"),
    # a look for pairs that are joined twice, with a map of all synapses: only code without atomic
    # operations asks for it
    ("source_target_count[source_target]++;", "break;"),
    # file names on the command line are turned to lower case, and then not found
    ("c = std::tolower(static_cast<unsigned char>(c));", "(void)c;"),
)

#: Where code objects are: the files whose helpers are alike.
CODE_OBJECTS = "code_objects"

#: Helpers before a run come without a namespace of their own.
OPENING, CLOSING = "///// Support code /////", "\nvoid _before_run_"


def repaired(code: str) -> str:
    """Return a generated file's code, mended."""
    for wrong, right in REPAIRS:
        code = code.replace(wrong, right)
    return code


def includable(code: str, stem: str) -> str:
    """Return a code object's code, fit to share a unit with others.

    Parameters
    ----------
    code : str
        CUDA C++.
    stem : str
        The file's name, which becomes that of its namespace.
    """
    name = "support_" + re.sub(r"\W", "_", stem)
    named = re.sub(r"^namespace\s*\{", f"namespace {name} {{", code, flags=re.MULTILINE)
    if OPENING in named and CLOSING in named:
        named = named.replace(OPENING, f"namespace {name} {{", 1)
        named = named.replace(CLOSING, "\n}" + CLOSING, 1)
    if named == code:
        return code
    return f"namespace {name} {{}}\n" + named.replace(
        "using namespace brian;", f"using namespace brian; using namespace {name};"
    )


def write_unit(project: Path, sources: Iterable[str], night: str) -> Path:
    """Mend all files of a project and write the one that includes them.

    Parameters
    ----------
    project : Path
        The project's folder.
    sources : iterable of str
        Its files, relative to the folder.
    night : str
        C++ of ours that comes first.

    Returns
    -------
    Path
        ``unity.cu`` in the folder.
    """
    names = [name for name in sorted(sources) if name.endswith(".cu")]
    for name in names:
        file = project / name
        code = repaired(file.read_text())
        file.write_text(includable(code, file.stem) if file.parent.name == CODE_OBJECTS else code)
    unit = project / "unity.cu"
    lines = [*HEADERS, '#include "brianlib/cuda_utils.h"', night]
    unit.write_text("\n".join([*lines, *(f'#include "{name}"' for name in names)]) + "\n")
    return unit
