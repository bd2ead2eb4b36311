"""How brainsleep hooks into Brian2's C++ standalone device.

:class:`UnityDevice` compiles all generated files as one translation unit, and
:func:`feed_from_stdin` gives the program its input spikes.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from brian2 import Function, NeuronGroup
from brian2.core.base import BrianObject
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

from ..network import INPUT_SLOT
from .cache import PROGRAM
from .compiler import compile_program
from .snapshots import CODE as SNAPSHOT_CODE
from .snapshots import Block, state_blocks

#: Reads one row of packed spikes a step, one row ahead, so that the step that used the last
#: row is also the last step of the night.
STREAM_CODE = """
#include <cstdio>
#include <cstdint>
namespace brainsleep {
const size_t row_bytes = (%N_INPUTS% + 7)/8;
unsigned char current[row_bytes], next[row_bytes];
int64_t current_step = -1;
bool has_next = false;

bool read_row() { return fread(next, 1, row_bytes, stdin) == row_bytes; }

void advance(int64_t step)
{
    for (size_t k = 0; k < row_bytes; k++) current[k] = next[k];
    current_step = step;
    has_next = read_row();
    if (!has_next) Network::_globally_stopped = true;
}

inline bool input_spike(int neuron, int64_t step)
{
    if (step != current_step) advance(step);
    return (current[neuron >> 3] >> (neuron & 7)) & 1;
}
}
"""

#: What the program tells about its loop, in a file of its own: steps made, wall-clock seconds of
#: the loop alone, and the most memory it held (bytes; 0 where the system does not tell).
START_CLOCK = """
if (const char* _snapshot = getenv("BRAINSLEEP_RESUME")) brainsleep::load_snapshot(_snapshot);
night_clock.timestep[0] = brainsleep::first_step;
night.t = night_clock.t[0] = brainsleep::first_step * night_clock.dt[0];
brainsleep::current_step = brainsleep::first_step - 1;
brainsleep::has_next = brainsleep::read_row();
const auto _loop_start = std::chrono::steady_clock::now();
if (brainsleep::has_next) {
"""
STOP_CLOCK = """
}
const std::chrono::duration<double> _loop_time = std::chrono::steady_clock::now() - _loop_start;
std::ofstream(results_dir + "loop.txt")
    << brainsleep::current_step + 1 << " " << _loop_time.count() << " "
    << brainsleep::peak_memory();
"""
MEMORY_CODE = """
namespace brainsleep {
long peak_memory()
{
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:") { long kib = 0; status >> kib; return 1024*kib; }
    return 0;
}
}
"""


class UnityDevice(CPPStandaloneDevice):
    """Brian2's C++ standalone device, compiled as a single file.

    Parameters
    ----------
    flags : list of str
        Compiler flags.
    """

    def __init__(self, flags: list[str] | None = None) -> None:
        super().__init__()
        self.flags = flags or []
        self.stream_code = ""
        self.state_groups: list[Any] = []
        self.state_blocks: list[Block] = []

    def time_the_loop(self) -> None:
        """Time the simulation loop by the wall clock."""
        self.insert_code("before_network_run", START_CLOCK)
        self.insert_code("after_network_run", STOP_CLOCK)

    def generate_makefile(self, writer: Any, *args: Any, **kwargs: Any) -> None:
        """Write ``unity.cpp`` instead of a makefile."""
        project = Path(self.project_dir)
        sources = [name for name in sorted(writer.source_files) if name.endswith(".cpp")]
        for name in sources:
            _make_includable(project / name)
        self.state_blocks, code = state_blocks(self, self.state_groups)
        snapshot_code = SNAPSHOT_CODE.replace("%BLOCKS%", code)
        lines = ["#include <chrono>", "#include <fstream>", '#include "objects.h"']
        lines += ['#include "network.h"', self.stream_code, MEMORY_CODE, snapshot_code]
        lines += [f'#include "{name}"' for name in sources]
        (project / "unity.cpp").write_text("\n".join(lines) + "\n")

    def compile_source(self, directory: str, *args: Any, **kwargs: Any) -> None:
        """Compile the one file."""
        source = Path(directory).resolve() / "unity.cpp"
        compile_program(source, source.with_name(PROGRAM), [*self.flags, "-I."])


def _make_includable(source: Path) -> None:
    """Give a generated file's anonymous namespace a name, as several files now share one unit.

    Each code object's own functions find the namespace through a using directive that ends
    with the function.
    """
    name = "support_" + re.sub(r"\W", "_", source.stem)
    text = source.read_text()
    opened = re.sub(r"^namespace\s*\{", f"namespace {name} {{", text, flags=re.MULTILINE)
    if opened != text:
        opened = opened.replace(
            "using namespace brian;", f"using namespace brian; using namespace {name};"
        )
        source.write_text(opened)


def feed_from_stdin(group: NeuronGroup) -> BrianObject | None:
    """Let the input population take each step's spikes from the program's standard input."""
    from brian2.devices.device import get_device

    device = get_device()
    device.stream_code = STREAM_CODE.replace("%N_INPUTS%", str(group.N))
    group.namespace["input_spike"] = _input_spike()
    group.run_regularly(
        "spiking = input_spike(i, t_in_timesteps)",
        when=INPUT_SLOT,
        clock=group.clock,
        name="input_feed",
    )
    return None


def _input_spike() -> Function:
    """Return the Brian2 function that calls the streaming code."""

    def unavailable(neuron: int, step: int) -> bool:
        raise NotImplementedError("input_spike exists in C++ standalone code only")

    function = Function(
        unavailable,
        arg_units=[1, 1],
        return_unit=1,
        arg_types=["integer", "integer"],
        return_type="boolean",
        stateless=False,
    )
    function.implementations.add_implementation(
        "cpp",
        "static inline bool input_spike(const int neuron, const int64_t step)\n"
        "{ return brainsleep::input_spike(neuron, step); }",
    )
    return function
