"""How brainsleep hooks into Brian2's C++ standalone device.

:class:`UnityDevice` compiles all generated files as one translation unit, with Brian2's loop or
one of ours; :func:`feed_from_stdin` and :func:`feed_in_blocks` give the program its input.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from brian2 import Function, NeuronGroup
from brian2.devices.cpp_standalone.device import CPPStandaloneDevice
from brian2.devices.device import get_device

from ..network.plan import INPUT_SLOT, MODULATION
from .cache import PROGRAM
from .compiler import compile_program
from .dense import feed_in_rows
from .presentations import presentation_code
from .snapshots import Block, snapshot_code, state_blocks

#: What a loop goes through at a time, and the input of its current step.
LOOP_CODE = """
#include <cstdio>
#include <cstdint>
#include <cstring>
#include <algorithm>
namespace brainsleep {
// Neurons that the dense code objects go through, and the first spike that is of this tile.
struct Tile
{
    size_t first, last;
    int32_t first_event;
    size_t end(size_t n_neurons) const { return last < n_neurons ? last : n_neurons; }
};
const Tile whole_population = {0, SIZE_MAX, 0};
Tile tile = whole_population;

// Input spikes of the current step, eight to a byte; then, where there is one, its modulation.
const size_t spike_bytes = (%N_INPUTS% + 7)/8;
const size_t row_bytes = spike_bytes + %N_MODULATIONS%*sizeof(double);
const unsigned char* row;
inline double row_modulation(const unsigned char* a_row)
{
    double value;
    memcpy(&value, a_row + spike_bytes, sizeof value);
    return value;
}
int64_t steps_made = 0;
void run_night();
}
"""

#: For Brian2's own loop: reads one row a step, one row ahead, so that the step that used the
#: last row is also the last step of the night.
ROW_CODE = """
namespace brainsleep {
unsigned char rows[2][row_bytes];
bool has_next = false;

bool read_row(int64_t step) { return fread(rows[step & 1], 1, row_bytes, stdin) == row_bytes; }

inline void enter(int64_t step)
{
    if (step != steps_made) return;
    row = rows[step & 1];
    steps_made = step + 1;
    has_next = read_row(step + 1);
    if (!has_next) Network::_globally_stopped = true;
}

inline bool input_spike(int neuron, int64_t step)
{
    enter(step);
    return (row[neuron >> 3] >> (neuron & 7)) & 1;
}

inline double step_modulation(int64_t step)
{
    enter(step);
    return row_modulation(row);
}
}
"""

#: For our own loop, which has read the row before.
ENTERED = "namespace brainsleep { inline void enter(int64_t) {} }"

#: Around the loop. In a file of its own the program tells the steps made, the wall-clock seconds
#: of the loop alone, and the most memory it held (bytes; 0 where the system does not tell).
START_CLOCK = """
if (const char* _snapshot = getenv("BRAINSLEEP_RESUME")) brainsleep::load_snapshot(_snapshot);
brainsleep::steps_made = brainsleep::first_step;
brainsleep::remember_rest();
const auto _loop_start = std::chrono::steady_clock::now();
"""
STOP_CLOCK = """
const std::chrono::duration<double> _loop_time = std::chrono::steady_clock::now() - _loop_start;
std::ofstream(results_dir + "loop.txt")
    << brainsleep::steps_made << " " << _loop_time.count() << " " << brainsleep::peak_memory();
"""

#: Brian2's own loop, from the first step on; it is left out if there is no input at all.
START_BRIAN2 = """
night_clock.timestep[0] = brainsleep::first_step;
night.t = night_clock.t[0] = brainsleep::first_step * night_clock.dt[0];
brainsleep::has_next = brainsleep::read_row(brainsleep::first_step);
if (brainsleep::has_next) {
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

    Attributes
    ----------
    input_code : str
        C++ that takes the input spikes from standard input; set by :func:`feed_from_stdin`.
    populations, projections : list of Brian2 groups
        What a snapshot holds.
    n_synaptic_values : dict of str to int
        Values of each variable of a projection, by its name.
    make_loop : callable, optional
        Called when all code objects have been made; returns a C++ function
        ``brainsleep::run_night`` that runs the night instead of Brian2's own loop.
    """

    def __init__(self, flags: list[str] | None = None) -> None:
        super().__init__()
        self.flags = flags or []
        self.input_code = ""
        self.populations: list[Any] = []
        self.projections: list[Any] = []
        self.n_synaptic_values: dict[str, int] = {}
        self.state_blocks: list[Block] = []
        self.make_loop: Callable[[], str] | None = None
        self.loop_code = ""

    def network_run(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Generate what a run needs, and the calls that run it and time it."""
        super().network_run(net, *args, **kwargs)
        rewrite_run(self, net, self._with_clock)

    def _with_clock(self, before: list[str], run: str, after: list[str]) -> list[str]:
        """Put our loop, or the input of Brian2's, between the lines that start and stop a clock."""
        if self.make_loop is None:
            return [*before, START_CLOCK, START_BRIAN2, run, "}", STOP_CLOCK, *after]
        self.loop_code = self.make_loop()
        return [START_CLOCK, "brainsleep::run_night();", STOP_CLOCK]

    def generate_makefile(self, writer: Any, *args: Any, **kwargs: Any) -> None:
        """Write ``unity.cpp`` instead of a makefile."""
        project = Path(self.project_dir)
        sources = [name for name in sorted(writer.source_files) if name.endswith(".cpp")]
        for name in sources:
            _make_includable(project / name)
        neurons, neurons_code = state_blocks(self, self.populations, {})
        synapses, synapses_code = state_blocks(self, self.projections, self.n_synaptic_values)
        self.state_blocks = neurons + synapses
        state_code = snapshot_code(neurons_code, synapses_code)
        state_code += presentation_code(self, self.populations)
        lines = ["#include <chrono>", "#include <fstream>", '#include "objects.h"']
        lines += ['#include "network.h"', self.input_code, MEMORY_CODE, state_code]
        lines += [f'#include "{name}"' for name in sources]
        lines += [self.loop_code]
        (project / "unity.cpp").write_text("\n".join(lines) + "\n")

    def compile_source(self, directory: str, *args: Any, **kwargs: Any) -> None:
        """Compile the one file."""
        source = Path(directory).resolve() / "unity.cpp"
        compile_program(source, source.with_name(PROGRAM), [*self.flags, "-I."])


def rewrite_run(
    device: Any, net: Any, rewrite: Callable[[list[str], str, list[str]], list[str]]
) -> None:
    """Rewrite the C++ lines with which a standalone device runs a network.

    Parameters
    ----------
    device : brian2 Device
        One whose ``network_run`` has been called, once.
    net : brian2.Network
        The network.
    rewrite : callable
        Given the lines before the one that runs the network, that line, and those after it;
        returns all of them anew.
    """
    place, lines = next(
        (place, lines)
        for place, (kind, (*_, lines)) in enumerate(device.main_queue)
        if kind == "run_network"
    )
    run = next(k for k, line in enumerate(lines) if line.startswith(f"{net.name}.run("))
    lines = rewrite(lines[:run], lines[run], lines[run + 1 :])
    device.main_queue[place] = ("run_network", (net, lines))


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


def feed_from_stdin(group: NeuronGroup, modulated: Sequence[NeuronGroup] = ()) -> None:
    """Let the input population take each step's spikes from the program's standard input.

    The `modulated` populations take their modulation from there too.
    """
    get_device().input_code = _loop_code(group, modulated) + ROW_CODE
    group.namespace["input_spike"] = _streamed("input_spike", 2, "boolean")
    group.run_regularly(
        "spiking = input_spike(i, t_in_timesteps)",
        when=INPUT_SLOT,
        clock=group.clock,
        name="input_feed",
    )
    _modulate(modulated)


def feed_rows_from_stdin(group: NeuronGroup, modulated: Sequence[NeuronGroup] = ()) -> None:
    """Do the same without looking at inputs that are silent: a whole row at once."""
    get_device().input_code = _loop_code(group, modulated) + ROW_CODE
    feed_in_rows(group)
    _modulate(modulated)


def feed_in_blocks(group: NeuronGroup, modulated: Sequence[NeuronGroup] = ()) -> None:
    """Let the input population take spikes from rows that a loop of ours has read."""
    get_device().input_code = _loop_code(group, modulated) + ENTERED
    feed_in_rows(group)


def _modulate(populations: Sequence[NeuronGroup]) -> None:
    """Let populations take their modulation from the program's standard input."""
    for number, population in enumerate(populations):
        population.namespace["step_modulation"] = _streamed("step_modulation", 1, "float")
        population.run_regularly(
            f"{MODULATION} = step_modulation(t_in_timesteps)",
            when="start",
            clock=population.clock,
            name=f"modulate{number}",
        )


def _loop_code(group: NeuronGroup, modulated: Sequence[NeuronGroup]) -> str:
    """Return what the loop goes through, for a network's input."""
    code = LOOP_CODE.replace("%N_INPUTS%", str(group.N))
    return code.replace("%N_MODULATIONS%", str(int(len(modulated) > 0)))


def _streamed(name: str, n_arguments: int, return_type: str) -> Function:
    """Return the Brian2 function that calls a function of the streaming code."""

    def unavailable(*_: int) -> bool:
        raise NotImplementedError(f"{name} exists in C++ standalone code only")

    c_type = {"boolean": "bool", "float": "double"}[return_type]
    arguments = ["const int neuron", "const int64_t step"][-n_arguments:]
    passed = ", ".join(argument.split()[-1] for argument in arguments)
    function = Function(
        unavailable,
        arg_units=[1] * n_arguments,
        return_unit=1,
        arg_types=["integer"] * n_arguments,
        return_type=return_type,
        stateless=False,
    )
    function.implementations.add_implementation(
        "cpp",
        f"static inline {c_type} {name}({', '.join(arguments)})\n"
        f"{{ return brainsleep::{name}({passed}); }}",
    )
    return function
