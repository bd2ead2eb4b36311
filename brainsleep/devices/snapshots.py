"""Snapshots: the whole state of a night, written while it runs, from which it can go on.

A snapshot holds every variable of populations and projections after a number of steps. It
appears under its name only when it is complete, so one that is found can be trusted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from brian2.core.variables import DynamicArrayVariable

#: File beside the snapshots that says what is in them.
LAYOUT = "snapshots.json"

#: Variables that never change, or that the program makes anew when it starts.
NOT_STATE = {"i", "N", "dt", "t", "timestep", "delay", "N_incoming", "N_outgoing"}
NOT_STATE |= {"_synaptic_pre", "_synaptic_post"}

#: The program's side, for :func:`snapshot_code`. Spike files are named with their lengths, as a
#: night that goes on from a snapshot must first cut off what was written after it.
CODE = """
#include <cstdlib>
#include <iostream>
#include <cstdio>
#include <map>
#include <string>
namespace brainsleep {
struct Block { char* data; size_t bytes; };
Block block(char* data, size_t bytes) { Block b; b.data = data; b.bytes = bytes; return b; }

std::map<std::string, FILE*> streams;
bool resumed = false;

FILE* open_stream(const std::string& name)
{
    FILE* file = fopen((brian::results_dir + name).c_str(), resumed ? "ab" : "wb");
    streams[name] = file;
    return file;
}

std::vector<Block> population_state()
{
    using namespace brian;
    std::vector<Block> blocks;
%POPULATIONS%
    return blocks;
}

std::vector<Block> state()
{
    using namespace brian;
    std::vector<Block> blocks = population_state();
%PROJECTIONS%
    return blocks;
}

void fail(const std::string& what, const std::string& path)
{
    std::cerr << what << " " << path << std::endl;
    exit(1);
}

void save_snapshot(int64_t n_steps)
{
    const std::string path = brian::results_dir + "snapshot-" + std::to_string(n_steps);
    std::ofstream lengths(path + ".lengths");
    for (auto& stream : streams)
    {
        if (fflush(stream.second)) fail("cannot write", stream.first);
        lengths << stream.first << " " << ftell(stream.second) << std::endl;
    }
    lengths.close();
    std::ofstream file(path + ".partial", std::ios::binary);
    for (const Block& b : state()) file.write(b.data, b.bytes);
    file.close();
    if (!lengths || !file || rename((path + ".partial").c_str(), (path + ".state").c_str()))
        fail("cannot write", path);
}

void load_snapshot(const char* path)
{
    std::ifstream file(path, std::ios::binary);
    for (const Block& b : state()) file.read(b.data, b.bytes);
    if (!file) fail("cannot read", path);
    resumed = true;
}

int64_t number(const char* name) { const char* text = getenv(name); return text ? atoll(text) : 0; }
const int64_t snapshot_every = number("BRAINSLEEP_SNAPSHOT_EVERY");
const int64_t first_step = number("BRAINSLEEP_FIRST_STEP");

void snapshot_if_due(int64_t n_steps)
{
    if (snapshot_every > 0 && n_steps % snapshot_every == 0) save_snapshot(n_steps);
}
}
"""


@dataclass(frozen=True)
class Block:
    """One variable in a snapshot: its name (``group.variable``), type, and number of values."""

    name: str
    dtype: str
    size: int


def state_blocks(
    device: Any, groups: list[Any], n_synaptic_values: dict[str, int]
) -> tuple[list[Block], str]:
    """List what a snapshot of these groups holds, and generate the code that lists it too.

    Parameters
    ----------
    device : CPPStandaloneDevice
        After the network has been generated.
    groups : list of Brian2 groups
        Populations and projections.
    n_synaptic_values : dict of str to int
        How many values the variables of a projection hold, by its name.

    Returns
    -------
    blocks : list of Block
        In the order of the file.
    code : str
        C++ lines that fill ``blocks``.
    """
    blocks, lines = [], []
    for group in groups:
        for name, variable in sorted(group.variables.items()):
            if variable not in device.arrays or variable.owner != group:
                continue
            if variable.name in NOT_STATE:  # whatever the group calls it
                continue
            if isinstance(variable, DynamicArrayVariable):
                array = device.dynamic_arrays[variable]
                pointer, count = f"&{array}[0]", f"{array}.size()"
                size = n_synaptic_values[group.name]
            else:
                pointer, count = device.arrays[variable], str(variable.size)
                size = variable.size
            blocks.append(Block(f"{group.name}.{name}", np.dtype(variable.dtype).str, size))
            lines.append(
                f"    blocks.push_back(block((char*)({pointer}), ({count})*sizeof(*({pointer}))));"
            )
    return blocks, "\n".join(lines)


def snapshot_code(populations: str, projections: str) -> str:
    """Return the program's side, given the code that lists the state of both."""
    return CODE.replace("%POPULATIONS%", populations).replace("%PROJECTIONS%", projections)


def read_snapshot(folder: Path, n_steps: int) -> dict[str, np.ndarray]:
    """Map the variables of a snapshot, by ``group.variable``; nothing is read until looked at."""
    found: dict[str, np.ndarray] = {}
    offset = 0
    for name, dtype, size in json.loads((folder / LAYOUT).read_text()):
        file = folder / f"snapshot-{n_steps}.state"
        found[name] = np.memmap(file, dtype=dtype, mode="r", offset=offset, shape=(size,))
        offset += size * np.dtype(dtype).itemsize
    return found


def snapshot_steps(folder: Path) -> list[int]:
    """Return after how many steps there are complete snapshots, in order."""
    return sorted(int(file.stem.split("-")[1]) for file in folder.glob("snapshot-*.state"))


def cut_streams(folder: Path, n_steps: int) -> None:
    """Cut off what was streamed to disk after a snapshot."""
    for line in (folder / f"snapshot-{n_steps}.lengths").read_text().splitlines():
        name, length = line.split()
        with (folder / name).open("r+b") as stream:
            stream.truncate(int(length))
    for later in snapshot_steps(folder):
        if later > n_steps:
            (folder / f"snapshot-{later}.state").unlink()
