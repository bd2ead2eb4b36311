{# Take populations back to how they began after a number of steps, and give their biases new values.
   The file of currents holds, for each presentation, the biases of each population listed. #}
namespace brainsleep {
const int64_t presentation_steps = number("BRAINSLEEP_PRESENTATION_STEPS");
std::vector<std::vector<char> > rest;
std::vector<Block> currents;
std::ifstream currents_file;

RUNS_ONCE void remember_rest()
{
    using namespace brian;
    if (presentation_steps == 0) return;
    for (const Block& b : population_state())
        rest.push_back(std::vector<char>(b.data, b.data + b.bytes));
    const char* path = getenv("BRAINSLEEP_CURRENTS");
    if (!path) return;
    currents_file.open(path, std::ios::binary);
    const std::string wanted = std::string(",") + getenv("BRAINSLEEP_CURRENTS_OF") + ",";
{% for bias in biases %}
    if (wanted.find(",{{bias.population}},") != std::string::npos) currents.push_back(block("bias", (char*){{bias.array}}, {{bias.size}}*sizeof(*{{bias.array}})));
{% endfor %}
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
