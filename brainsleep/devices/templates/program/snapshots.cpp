{# Write the whole state of the night to a file, and read it back. Output files are opened here: a
   night that goes on from a snapshot must first cut off what was written after it, so their lengths
   are kept beside the snapshot. #}
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
{% for variable in populations %}
    blocks.push_back(block((char*)({{variable.pointer}}), ({{variable.length}})*sizeof(*({{variable.pointer}}))));
{% endfor %}
    return blocks;
}

std::vector<Block> state()
{
    using namespace brian;
    std::vector<Block> blocks = population_state();
{% for variable in projections %}
    blocks.push_back(block((char*)({{variable.pointer}}), ({{variable.length}})*sizeof(*({{variable.pointer}}))));
{% endfor %}
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
