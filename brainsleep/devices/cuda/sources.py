"""What is changed in the files that Brian2CUDA writes, and how they become one translation unit.

Brian2CUDA 1.0b1 compiles each of some fifty files on its own, most of the time with headers. As
one unit they take a tenth of that; then helpers that each file keeps to itself need names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..rendering import render

#: Mistakes in the code for networks with a clock of their own: the text, and what it becomes.
REPAIRS = (
    # the step of a clock that is not the network's, and may not exist
    ("defaultclock.timestep[0]", "night_clock.timestep[0]"),
    # the time as an argument, which stays that of the step in which a graph is made
    ("= &_value_array_night_clock_t;", "= &brainsleep::now;"),
    ("= &_value_array_night_clock_timestep;", "= &brainsleep::timestep;"),
    # a search for pairs that are joined twice, with a map of all synapses: only code without atomic
    # operations needs it
    ("source_target_count[source_target]++;", "break;"),
    # file names on the command line are turned to lower case, and then not found
    ("c = std::tolower(static_cast<unsigned char>(c));", "(void)c;"),
)

#: Folder of the code objects, whose files have helpers of the same names.
CODE_OBJECTS = "code_objects"

#: Around the helpers of code before a run, which have no namespace of their own.
OPENING, CLOSING = "///// Support code /////", "\nvoid _before_run_"


#: Where the night is: on the GPU, and in the functions of a block.
NOW, IN_BLOCKS = "&brainsleep::", "&_place."

#: Where functions of a block want what Brian2CUDA writes as parameters of a kernel.
PLACES = re.compile(r"///// (MEMBERS|PARAMETERS|NAMES) /////(.*?)///// END OF \1 /////", re.DOTALL)


def repaired(code: str, in_blocks: bool = False) -> str:
    """Return a generated file's code without the mistakes in :data:`REPAIRS`.

    Parameters
    ----------
    code : str
        CUDA C++.
    in_blocks : bool
        Whether it is for the loop in blocks of steps, in which the time is that of a function's
        call, and parameters are members of a code object.
    """
    for wrong, right in REPAIRS:
        code = code.replace(wrong, right.replace(NOW, IN_BLOCKS) if in_blocks else right)
    return PLACES.sub(_as_wanted, code)


def _as_wanted(found: re.Match[str]) -> str:
    """Return parameters as members of a struct, as parameters that do not overlap, or as names."""
    kind, parameters = found.groups()
    if kind == "MEMBERS":
        return parameters.replace(",\n", ";\n").replace("const ", "")
    if kind == "PARAMETERS":
        return parameters.replace("* ", "* __restrict__ ")
    return ", ".join(parameter.split()[-1] for parameter in parameters.split(","))


def includable(code: str, stem: str) -> str:
    """Return a code object's code, changed so that it can share a unit with others.

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


def write_unit(project: Path, sources: Iterable[str], night: Mapping[str, object]) -> Path:
    """Correct all files of a project and write the one that includes them.

    Parameters
    ----------
    project : Path
        The project's folder.
    sources : iterable of str
        Its files, relative to the folder.
    night : mapping
        What our own code, ``templates/night.cu``, needs to know of the network.

    Returns
    -------
    Path
        ``unity.cu`` in the folder.
    """
    names = [name for name in sorted(sources) if name.endswith(".cu")]
    for name in names:
        file = project / name
        code = repaired(file.read_text(), in_blocks=night["block_loop"] is not None)
        file.write_text(includable(code, file.stem) if file.parent.name == CODE_OBJECTS else code)
    unit = project / "unity.cu"
    unit.write_text(render("cuda/templates/unity.cu", sources=names, **night))
    return unit
