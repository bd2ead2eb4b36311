{# Take populations back to how they began after a number of steps, and give their biases new values.
   The file of currents holds, for each presentation, the biases of each population listed. #}
namespace brainsleep {
const int64_t presentation_steps = number("BRAINSLEEP_PRESENTATION_STEPS");
char* rest[n_population_blocks];
Block currents[{{biases|length}} + 1];
size_t n_currents = 0;
FILE* currents_file;

RUNS_ONCE void remember_rest()
{
    using namespace brian;
    if (presentation_steps == 0) return;
    const State state;
    for (size_t k = 0; k < n_population_blocks; k++)
    {
        rest[k] = zeros<char>(state.blocks[k].bytes);
        memcpy(rest[k], state.blocks[k].data, state.blocks[k].bytes);
    }
    const char* path = getenv("BRAINSLEEP_CURRENTS");
    if (!path) return;
    if (!(currents_file = fopen(path, "rb"))) fail("cannot read %s", path);
    const Path wanted(",%s,", getenv("BRAINSLEEP_CURRENTS_OF"));
{% for bias in biases %}
    if (strstr(wanted, ",{{bias.population}},"))
    {
        const Block bias = {"bias", (char*){{bias.array}}, {{bias.size}}*sizeof(*{{bias.array}})};
        currents[n_currents++] = bias;
    }
{% endfor %}
}

RUNS_ONCE void present()
{
    const State state;
    for (size_t k = 0; k < n_population_blocks; k++)
        memcpy(state.blocks[k].data, rest[k], state.blocks[k].bytes);
    for (size_t k = 0; k < n_currents; k++)
        if (fread(currents[k].data, 1, currents[k].bytes, currents_file) != currents[k].bytes)
            fail("cannot read the next currents");
}

void present_if_due(int64_t step)
{
    if (presentation_steps > 0 && step % presentation_steps == 0) present();
}
}
