{# Streams: what the program writes as it runs. In a folder of a night's own each has a file of
   digests beside it, one for each block, so that a block that was damaged is found. #}
#include <algorithm>
#include <map>
#include <vector>
namespace brainsleep {
const size_t stream_block = {{stream_block}};

class Stream
{
    const std::string path, digest_path;
    const int file, digests;
    std::vector<unsigned char> block;  // the block that is being filled, from its beginning
    size_t filled, written;
    int64_t n_blocks;  // before this one

    static int opened(const std::string& path, bool go_on)
    { return go_on ? file_to_go_on(path) : new_file(path); }

    void read_last_block()
    {
        const off_t length = lseek(file, 0, SEEK_END);
        n_blocks = length / stream_block;
        filled = written = length % stream_block;
        if (pread(file, &block[0], filled, n_blocks*stream_block) != (ssize_t)filled)
            fail("cannot read", path);
    }

public:
    Stream(const std::string& a_path, const std::string& path_of_digests, bool go_on)
        : path(a_path), digest_path(path_of_digests), file(opened(path, go_on)),
          digests(digest_path.empty() ? -1 : opened(digest_path, go_on)),
          block(stream_block), filled(0), written(0), n_blocks(0)
    {
        if (go_on) read_last_block();
    }

    void append(const void* data, size_t bytes)
    {
        for (const char* from = (const char*)data; bytes > 0;)
        {
            const size_t n = std::min(bytes, stream_block - filled);
            memcpy(&block[filled], from, n);
            filled += n, from += n, bytes -= n;
            if (filled < stream_block) continue;
            flush();
            n_blocks++;
            filled = written = 0;
        }
    }

    // Writes what is there, and returns the digest of the last block: 0 if nothing is in it.
    uint32_t flush()
    {
        write_all(file, path, &block[written], filled - written);
        written = filled;
        if (digests < 0 || filled == 0) return 0;
        const uint32_t digest = crc32(&block[0], filled);
        if (pwrite(digests, &digest, sizeof digest, n_blocks*sizeof digest) != sizeof digest)
            fail_to_write(digest_path);
        return digest;
    }

    int64_t length() const { return n_blocks*stream_block + filled; }

    void close()
    {
        flush();
        close_file(file, path);
        if (digests >= 0) close_file(digests, digest_path);
    }
};

std::map<std::string, Stream*> streams;
bool resumed = false;

RUNS_ONCE Stream& open_stream(const std::string& name)
{
    const std::string path = output_path(name);
    const std::string digests = getenv("BRAINSLEEP_FOLDER") ? path + "{{digest_suffix}}" : "";
    return *(streams[name] = new Stream(path, digests, resumed));
}

RUNS_ONCE void close_streams()
{
    for (auto& stream : streams) stream.second->close();
    streams.clear();
}
}
