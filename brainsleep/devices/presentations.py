"""Presentations: one input after the other in a single run, each to a network at rest.

Every so many steps all populations go back to the state they began in, and their biases may take
new values: constant currents that stand for an image. Weights stay as they are.
"""

from __future__ import annotations

from typing import Any

#: The program's side. The file holds, for each presentation, the biases of each population listed.
CODE = """
namespace brainsleep {
const int64_t presentation_steps = number("BRAINSLEEP_PRESENTATION_STEPS");
std::vector<std::vector<char> > rest;
std::vector<Block> currents;
std::ifstream currents_file;

void remember_rest()
{
    using namespace brian;
    if (presentation_steps == 0) return;
    for (const Block& b : population_state())
        rest.push_back(std::vector<char>(b.data, b.data + b.bytes));
    const char* path = getenv("BRAINSLEEP_CURRENTS");
    if (!path) return;
    currents_file.open(path, std::ios::binary);
    const std::string wanted = std::string(",") + getenv("BRAINSLEEP_CURRENTS_OF") + ",";
%BIASES%
}

void present_if_due(int64_t step)
{
    if (presentation_steps == 0 || step % presentation_steps != 0) return;
    const std::vector<Block> blocks = population_state();
    for (size_t k = 0; k < blocks.size(); k++) memcpy(blocks[k].data, &rest[k][0], blocks[k].bytes);
    for (const Block& b : currents)
        if (!currents_file.read(b.data, b.bytes)) fail("cannot read", "the next currents");
}
}
"""


def presentation_code(device: Any, populations: list[Any]) -> str:
    """Generate the code for the populations of a network, the input first."""
    lines = []
    for group in populations[1:]:
        bias = group.variables["bias"]
        array = device.get_array_name(bias)
        lines.append(
            f'    if (wanted.find(",{group.name},") != std::string::npos) '
            f"currents.push_back(block((char*){array}, {bias.size}*sizeof(*{array})));"
        )
    return CODE.replace("%BIASES%", "\n".join(lines))
