"""A program in a frame of our own, which compiles in a quarter of the time that Brian2's takes.

The frame is what surrounds the code of a network: its arrays, the clock, the loop, and ``main``.
Brian2's holds whatever Brian2 can generate. Ours holds the networks that nearly all nights are: one
clock, arrays of one dimension, no queues of spikes, and no random numbers. What else there is gets
Brian2's; see `unity`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from brian2.codegen.generators.cpp_generator import c_data_type
from brian2.core.variables import ArrayVariable, DynamicArrayVariable
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

#: Templates whose code our frame can hold, and headers that it wants.
TEMPLATES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            *("dense_pre", "dense_post", "frozen_pre", "one_to_one_pre", "one_to_one_post"),
            "frozen_ahead_pre",
            "frozen_sum_pre",
            *("window_pre", "window_post", "frozen_window_pre", "input_spikes"),
            *("tile_update", "tile_threshold", "tile_reset"),
            *("spike_stream", "count_stream", "tally_stream", "state_stream"),
            *("presentation", "snapshot"),
            *("stateupdate", "threshold", "reset", "group_variable_set_conditional"),
        ),
        (),
    ),
    "winners": ("<algorithm>", "<vector>"),
}

#: Kinds of values, by their types in C++.
KINDS = {
    "char": "bytes",
    "int32_t": "int32s",
    "int64_t": "int64s",
    "float": "floats",
    "double": "doubles",
}

#: Headers of Brian2's files that our frame has, or does without.
KNOWN_HEADERS = re.compile(
    r'"code_objects/.*|"objects\.h"|"brianlib/(common_math|stdint_compat)\.h"'
    r"|<(cmath|ctime|iostream|fstream|climits)>"
)

#: What a file of a code object consists of: headers, helpers, and a function.
CODE_FILE = re.compile(
    r"(?P<headers>.*?)^////// SUPPORT CODE ///////\s*^namespace\s*\{\n(?P<support>.*?)^\}\s*"
    r"(?:^////// HASH DEFINES ///////\n(?P<defines>.*?))?(?P<function>^void _\w+\(\).*)",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class SlimArray:
    """An array of a program.

    Attributes
    ----------
    name, c_type : str
        In C++.
    is_fixed : bool
        Whether its size is fixed, as opposed to that of Brian2's dynamic arrays.
    is_thread_own : bool
        Whether each thread has a pointer of its own to it.
    size : int
        Number of its values where that is fixed.
    row : str
        Its row in the table of arrays.
    """

    name: str
    c_type: str
    is_fixed: bool
    is_thread_own: bool
    size: int
    row: str

    @property
    def declaration(self) -> str:
        """Its declaration in C++."""
        if not self.is_fixed:
            return f"brainsleep::Values<{self.c_type}> {self.name}"
        return f"{'__thread ' * self.is_thread_own}{self.c_type}* {self.name}"


@dataclass(frozen=True)
class SlimClock:
    """A clock, and the arrays that hold its values; all are names in C++."""

    name: str
    dt: str
    t: str
    timestep: str


@dataclass(frozen=True)
class Support:
    """Helpers of code objects, in a namespace; those with the same helpers share it."""

    namespace: str
    text: str


@dataclass(frozen=True)
class SlimCode:
    """The code of a network, out of Brian2's files.

    Attributes
    ----------
    headers : list of str
        What they include besides what our frame has.
    support : list of Support
        Helpers.
    functions : list of str
        Functions.
    """

    headers: list[str]
    support: list[Support]
    functions: list[str]


def why_not_slim(device: CPPStandaloneDevice, timed_arrays: Iterable[object]) -> str | None:
    """Say why a network needs Brian2's own frame, or return None if ours will do.

    Parameters
    ----------
    device : CPPStandaloneDevice
        After the network's code has been generated.
    timed_arrays : iterable
        Brian2's timed arrays.
    """
    codes: list[CPPStandaloneCodeObject] = list(device.code_objects.values())
    others = sorted({code.template_name for code in codes} - TEMPLATES.keys())
    if others:
        return f"code of other kinds ({', '.join(others)})"
    if any("_random_generators" in code.code.cpp_file for code in codes) or any(
        kind == "seed" for kind, _ in device.main_queue
    ):
        return "random numbers"
    if device.static_array_specs or device.dynamic_arrays_2d or list(timed_arrays):
        return "arrays of other kinds"
    if len(device.clocks) != 1 or len(device.networks) != 1:
        return "several clocks or networks"
    if any(c_data_type(variable.dtype) not in KINDS for variable in device.arrays):
        return "values of other types"
    if any(lines for slot, lines in device.code_lines.items() if "network_run" not in slot):
        return "code of a user's own around the run"
    if any(CODE_FILE.fullmatch(code.code.cpp_file) is None for code in codes):
        return "a file of Brian2's that is not written as usual"
    return None


def slim_arrays(
    device: CPPStandaloneDevice,
    ranges: Iterable[tuple[ArrayVariable, str, int]],
    thread_own: Set[str] | Sequence[str],
    kept_files: Set[str],
) -> list[SlimArray]:
    """List the arrays of a program.

    Parameters
    ----------
    device : CPPStandaloneDevice
        After the network's code has been generated.
    ranges : iterable of (ArrayVariable, str, int)
        Arrays that count from a number.
    thread_own : set of str
        Arrays to which each thread has a pointer of its own.
    kept_files : set of str
        Files of the arrays whose last values are wanted.
    """
    first = {variable: start for variable, _, start in ranges}
    found = []
    for variable, array in sorted(device.arrays.items(), key=lambda item: item[1]):
        is_fixed = not isinstance(variable, DynamicArrayVariable)
        name = array if is_fixed else device.get_array_name(variable, access_data=False)
        c_type = c_data_type(variable.dtype)
        file = device.get_array_filename(variable)
        owner = f'"{variable.owner.name}.{variable.name}"'
        size = variable.size if is_fixed else 0
        row = [
            "0" if variable.read_only else owner,
            f'"{file}"' if file in kept_files else "0",
            KINDS[c_type],
            str(size),
            str(first.get(variable, -1)),
            "0" if is_fixed else f"&brian::{name}",
            "0",
        ]
        is_own = array in thread_own
        found.append(SlimArray(name, c_type, is_fixed, is_own, size, ", ".join(row)))
    return found


def slim_clocks(device: CPPStandaloneDevice) -> list[SlimClock]:
    """List the clocks of a program, and where it keeps their values."""
    return [
        SlimClock(
            clock.name,
            *(device.get_array_name(clock.variables[name]) for name in ("dt", "t", "timestep")),
        )
        for clock in device.clocks
    ]


def slim_code(files: Mapping[str, str], templates: Iterable[str]) -> SlimCode:
    """Take the code out of the files that Brian2 generated.

    Parameters
    ----------
    files : mapping of str to str
        The files of code objects, by name.
    templates : iterable of str
        Names of the templates that they are made of.
    """
    headers = {header for template in templates for header in TEMPLATES[template]}
    namespaces: dict[str, str] = {}
    functions = []
    for name, text in sorted(files.items()):
        if not name.endswith(".cpp"):
            continue
        parts = CODE_FILE.fullmatch(text)
        assert parts is not None, name
        included = re.findall(r"^#include\s*(\S+)", parts["headers"], re.MULTILINE)
        headers |= {header for header in included if not KNOWN_HEADERS.fullmatch(header)}
        namespace = namespaces.setdefault(parts["support"], f"helpers_{len(namespaces)}")
        used = f"using namespace brian; using namespace {namespace};"
        function = parts["function"].replace("using namespace brian;", used, 1)
        kind = "RUNS_ONCE static" if "/after_run_" in name or "/before_run_" in name else "static"
        if "ChannelsLast" in function:  # within the loop, registers would run short
            kind = "__attribute__((noinline)) static"
        functions.append(f"{parts['defines'] or ''}{kind} {function}")
    support = [Support(namespace, text) for text, namespace in namespaces.items()]
    return SlimCode(sorted(headers), support, functions)
