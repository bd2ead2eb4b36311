{# Write the whole state of the night to a file, and read it back. Beside the state lies its record:
   how long each stream was, since a night that goes on from here first cuts off what came later; and
   digests of all. The state gets its name last, so that what has this name is complete. #}
namespace brainsleep {
struct Block { const char* name; char* data; size_t bytes; };

{% macro block_of(variable) %}
{"{{variable.name}} {{variable.dtype}} {{variable.size}}", (char*)({{variable.pointer}}), ({{variable.length}})*sizeof(*({{variable.pointer}}))}
{%- endmacro %}
// Where the state lies now: first that of populations, then that of projections.
const size_t n_population_blocks = {{populations|length}}, n_blocks = {{(populations + projections)|length}};
struct State
{
    Block blocks[n_blocks];

    RUNS_ONCE State()
    {
        using namespace brian;
        const Block now[n_blocks] = {
{% for variable in populations + projections %}
            {{block_of(variable)}},
{% endfor %}
        };
        memcpy(blocks, now, sizeof blocks);
    }
};

RUNS_ONCE void save_snapshot(int64_t n_steps)
{
    char name[64];
    snprintf(name, sizeof name, "snapshot-%lld", (long long)n_steps);
    const Path path = output_path(name), partial("%s.partial", path.text);
    const Path complete("%s.state", path.text), lengths("%s.lengths", path.text);
    char* text = 0;
    size_t length = 0;
    FILE* const record = open_memstream(&text, &length);
    if (!record) fail("no memory for the record of a snapshot");
    for (Stream* stream = streams; stream; stream = stream->next)
    {
        const uint32_t digest = stream->flush();
        fprintf(record, "stream %s %lld %u\n", stream->name, (long long)stream->length(), digest);
    }
    int file = new_file(partial);
    const State state;
    for (const Block& b : state.blocks)
    {
        write_all(file, partial, b.data, b.bytes);
        fprintf(record, "state %s %u\n", b.name, crc32(b.data, b.bytes));
    }
    close_file(file, partial);
    fflush(record);  // which tells where the text is
    fprintf(record, "end %u\n", crc32(text, length));
    if (fclose(record) != 0) fail("no memory for the record of a snapshot");
    file = new_file(lengths);
    write_all(file, lengths, text, length);
    close_file(file, lengths);
    free(text);
    if (rename(partial, complete) != 0) fail_to_write(complete);
}

RUNS_ONCE void load_snapshot(const char* path)
{
    FILE* const file = fopen(path, "rb");
    if (!file) fail("cannot read %s", path);
    const State state;
    for (const Block& b : state.blocks)
        if (fread(b.data, 1, b.bytes, file) != b.bytes) fail("cannot read %s", path);
    fclose(file);
    resumed = true;
}

// Snapshots are due after each multiple of one of these.
const Numbers snapshot_every("BRAINSLEEP_SNAPSHOT_EVERY");
const int64_t first_step = number("BRAINSLEEP_FIRST_STEP");

void snapshot_if_due(int64_t n_steps)
{
    for (const int64_t every : snapshot_every)
        if (n_steps % every == 0) { save_snapshot(n_steps); return; }
}
}
