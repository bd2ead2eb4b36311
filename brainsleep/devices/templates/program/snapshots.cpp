{# Write the whole state of the night to a file, and read it back. Beside the state lies its record:
   how long each stream was, since a night that goes on from here first cuts off what came later; and
   digests of all. The state gets its name last, so that what has this name is complete. #}
#include <cstdio>
#include <sstream>
namespace brainsleep {
struct Block { const char* name; char* data; size_t bytes; };
Block block(const char* name, char* data, size_t bytes)
{ Block b; b.name = name; b.data = data; b.bytes = bytes; return b; }

{% macro block_of(variable) %}
block("{{variable.name}} {{variable.dtype}} {{variable.size}}", (char*)({{variable.pointer}}), ({{variable.length}})*sizeof(*({{variable.pointer}})))
{%- endmacro %}
RUNS_ONCE std::vector<Block> population_state()
{
    using namespace brian;
    std::vector<Block> blocks;
{% for variable in populations %}
    blocks.push_back({{block_of(variable)}});
{% endfor %}
    return blocks;
}

RUNS_ONCE std::vector<Block> state()
{
    using namespace brian;
    std::vector<Block> blocks = population_state();
{% for variable in projections %}
    blocks.push_back({{block_of(variable)}});
{% endfor %}
    return blocks;
}

RUNS_ONCE void save_snapshot(int64_t n_steps)
{
    const std::string path = output_path("snapshot-" + std::to_string(n_steps));
    const std::string partial = path + ".partial", lengths = path + ".lengths";
    std::ostringstream record;
    for (auto& stream : streams)
    {
        const uint32_t digest = stream.second->flush();
        record << "stream " << stream.first << " " << stream.second->length() << " " << digest << "\n";
    }
    int file = new_file(partial);
    for (const Block& b : state())
    {
        write_all(file, partial, b.data, b.bytes);
        record << "state " << b.name << " " << crc32(b.data, b.bytes) << "\n";
    }
    close_file(file, partial);
    std::string text = record.str();
    text += "end " + std::to_string(crc32(text.data(), text.size())) + "\n";
    file = new_file(lengths);
    write_all(file, lengths, text.data(), text.size());
    close_file(file, lengths);
    if (rename(partial.c_str(), (path + ".state").c_str()) != 0) fail_to_write(path + ".state");
}

RUNS_ONCE void load_snapshot(const char* path)
{
    std::ifstream file(path, std::ios::binary);
    for (const Block& b : state()) file.read(b.data, b.bytes);
    if (!file) fail("cannot read", path);
    resumed = true;
}

int64_t number(const char* name) { const char* text = getenv(name); return text ? atoll(text) : 0; }

// Numbers between commas.
std::vector<int64_t> numbers(const char* name)
{
    std::vector<int64_t> found;
    const char* text = getenv(name);
    std::istringstream words(text ? text : "");
    for (std::string word; std::getline(words, word, ',');) found.push_back(atoll(word.c_str()));
    return found;
}

// Snapshots are due after each multiple of one of these.
const std::vector<int64_t> snapshot_every = numbers("BRAINSLEEP_SNAPSHOT_EVERY");
const int64_t first_step = number("BRAINSLEEP_FIRST_STEP");

void snapshot_if_due(int64_t n_steps)
{
    for (const int64_t every : snapshot_every)
        if (n_steps % every == 0) { save_snapshot(n_steps); return; }
}
}
