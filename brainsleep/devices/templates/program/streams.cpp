{# Streams: what the program writes as it runs. In a folder of a night's own each has a file of
   digests beside it, one for each block, so that a block that was damaged is found. #}
namespace brainsleep {
const size_t stream_block = {{stream_block}};

class Stream
{
    const Path path, digest_path;
    const int file, digests;
    unsigned char* const block;  // that is being filled, from its beginning
    size_t filled, written;
    int64_t n_blocks;  // before this one

    static int opened(const char* path, bool go_on)
    { return go_on ? file_to_go_on(path) : new_file(path); }

    RUNS_ONCE void read_last_block()
    {
        const off_t length = lseek(file, 0, SEEK_END);
        n_blocks = length / stream_block;
        filled = written = length % stream_block;
        if (pread(file, block, filled, n_blocks*stream_block) != (ssize_t)filled)
            fail("cannot read %s", path.text);
    }

public:
    const char* const name;
    Stream* next;  // in the order of names

    RUNS_ONCE Stream(const char* a_name, bool has_digests, bool go_on)
        : path(output_path(a_name)), digest_path("%s{{digest_suffix}}", path.text),
          file(opened(path, go_on)), digests(has_digests ? opened(digest_path, go_on) : -1),
          block(space_for<unsigned char>(stream_block)), filled(0), written(0), n_blocks(0),
          name(a_name), next(0)
    {
        if (go_on) read_last_block();
    }

    void append(const void* data, size_t bytes)
    {
        for (const char* from = (const char*)data; bytes > 0;)
        {
            const size_t n = smaller(bytes, stream_block - filled);
            memcpy(block + filled, from, n);
            filled += n, from += n, bytes -= n;
            if (filled < stream_block) continue;
            flush();
            n_blocks++;
            filled = written = 0;
        }
    }

    // Writes what is there, and returns the digest of the last block: 0 if nothing is in it.
    RUNS_ONCE uint32_t flush()
    {
        write_all(file, path, block + written, filled - written);
        written = filled;
        if (digests < 0 || filled == 0) return 0;
        const uint32_t digest = crc32(block, filled);
        if (pwrite(digests, &digest, sizeof digest, n_blocks*sizeof digest) != sizeof digest)
            fail_to_write(digest_path);
        return digest;
    }

    int64_t length() const { return n_blocks*stream_block + filled; }

    RUNS_ONCE void close()
    {
        flush();
        close_file(file, path);
        if (digests >= 0) close_file(digests, digest_path);
    }
};

Stream* streams = 0;
bool resumed = false;

RUNS_ONCE Stream& open_stream(const char* name)
{
    Stream* const made = new Stream(name, getenv("BRAINSLEEP_FOLDER") != 0, resumed);
    Stream** place = &streams;
    while (*place && strcmp((*place)->name, name) < 0) place = &(*place)->next;
    made->next = *place;
    return *(*place = made);
}

RUNS_ONCE void close_streams()
{
    for (; streams; streams = streams->next) streams->close();
}
}
