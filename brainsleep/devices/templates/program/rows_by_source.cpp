{# Values of synapses from all neurons to all neurons, in another order than Brian2's: tile after tile
   of postsynaptic neurons, and in each those of one presynaptic neuron side by side. They stay until
   the program ends. #}
namespace brainsleep {
template<typename T> const T* rows_by_source(
    const T* by_target, size_t n_pre, size_t n_post, size_t tile_neurons)
{
    T* const rows = space_for<T>(n_pre*n_post);
    T* next = rows;
    for (size_t first = 0; first < n_post; first += tile_neurons)
        for (size_t pre = 0; pre < n_pre; pre++)
            for (size_t post = first; post < smaller(first + tile_neurons, n_post); post++)
                *next++ = by_target[post*n_pre + pre];
    return rows;
}

// Fetches the rows that are wanted next, a few at a time, while others are added: those of neurons that
// spike in the block. Each thread has one, which is all zeros at first.
template<typename T> struct RowsAhead
{
    int32_t* sources;  // neurons that spike in the block
    char* is_among;
    size_t n, next, at_once, width;
    const T* rows;
    int64_t known;  // the step at which the block begins, from 1

    // Takes the lists of a block's steps; behind the room for all neurons is the length of each.
    void find(const int32_t* spikes, size_t list_length, size_t n_neurons)
    {
        if (known == block_begin + 1) return;
        known = block_begin + 1;
        if (!sources) sources = space_for<int32_t>(n_neurons), is_among = space_for<char>(n_neurons);
        memset(is_among, 0, n_neurons);
        for (int64_t s = 0; s < block_length; s++, spikes += list_length)
            for (int32_t k = 0; k < spikes[n_neurons]; k++) is_among[spikes[k]] = 1;
        n = 0;
        for (size_t k = 0; k < n_neurons; k++)
        {
            sources[n] = k;
            n += is_among[k];
        }
    }
    // Says which rows come next, and how often `fetch` will be called until then.
    void aim(const T* its_rows, size_t its_width, size_t n_times)
    {
        rows = its_rows, width = its_width, next = 0;
        at_once = (n + n_times - 1)/n_times;
    }
    void fetch()
    {
        for (const size_t end = smaller(next + at_once, n); next < end; next++)
            for (size_t k = 0; k < width; k += 64/sizeof(T))
                __builtin_prefetch(rows + sources[next]*width + k, 0, 2);
    }
};
}
