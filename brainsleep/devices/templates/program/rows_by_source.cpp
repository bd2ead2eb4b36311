{# Values of synapses from all neurons to all neurons, in another order than Brian2's: tile after tile
   of postsynaptic neurons, and in each those of one presynaptic neuron side by side. They stay until
   the program ends. #}
namespace brainsleep {
// Rows may be filled up with zeros, to a multiple of so many values.
template<typename T> const T* rows_by_source(
    const T* by_target, size_t n_pre, size_t n_post, size_t tile_neurons, size_t multiple = 1)
{
    const size_t last = n_post % tile_neurons, filled = (last + multiple - 1)/multiple*multiple;
    T* const rows = space_for<T>(n_pre*(n_post - last + filled));
    T* next = rows;
    for (size_t first = 0; first < n_post; first += tile_neurons)
    {
        const size_t n = smaller(tile_neurons, n_post - first);
        const T* weights = by_target + first*n_pre;
        for (size_t pre = 0; pre < n_pre; pre++, weights++)
        {
            for (size_t column = 0; column < n; column++) *next++ = weights[column*n_pre];
            if (n == last)
                for (size_t column = n; column < filled; column++) *next++ = 0;
        }
    }
    return rows;
}

// As many values as a vector register holds.
#if defined(__AVX512F__)
const size_t vector_bytes = 64;
#elif defined(__AVX__)
const size_t vector_bytes = 32;
#else
const size_t vector_bytes = 16;
#endif

// Adds the rows of some presynaptic neurons to sums, which are in registers meanwhile; returns where
// those neurons end. Rows and sums begin with a cache line.
template<typename T, size_t n_columns> inline const int32_t* add_rows(
    const T* rows, const int32_t* neuron, const int32_t* stop, T* sums)
{
    typedef T Vector __attribute__((vector_size(vector_bytes), may_alias));
    const size_t n_vectors = n_columns*sizeof(T)/vector_bytes;
    Vector held[n_vectors];
    for (size_t k = 0; k < n_vectors; k++) held[k] = ((Vector*)sums)[k];
    do
    {
        const Vector* const row = (const Vector*)(rows + (size_t)*neuron*n_columns);
        asm volatile("");  // where the order of additions is free, neurons are not taken together
        for (size_t k = 0; k < n_vectors; k++) held[k] += row[k];
    } while (++neuron < stop);
    for (size_t k = 0; k < n_vectors; k++) ((Vector*)sums)[k] = held[k];
    return neuron;
}

// The spikes of a block in the order in which they are added: those of a few neurons in all steps, then
// those of the next few. Rows that are wanted next are fetched meanwhile, a few at a time. Each thread
// has one, which is all zeros at first.
template<typename T> struct SpikesAhead
{
    int32_t* spikes;   // of the first part in each step, then of the second part
    int32_t* ends;     // of the spikes of each part and step, as places among all
    size_t n_parts;
    int32_t* sources;  // neurons that spike in the block
    char* is_among;
    size_t n, next, at_once, width, room, most_ends;
    const T* rows;
    int64_t known;  // the step at which the block begins, from 1

    // Takes the lists of a block's steps; behind the room for all neurons is the length of each. No
    // part has more than so many neurons that spike.
    void find(const int32_t* lists, size_t list_length, size_t n_neurons, size_t most_neurons)
    {
        if (known == block_begin + 1) return;
        known = block_begin + 1;
        const size_t n_spikes = find_sources(lists, list_length, n_neurons);
        n_parts = (n + most_neurons - 1)/most_neurons;
        make_room(spikes, room, n_spikes);
        make_room(ends, most_ends, (n_parts + 1)*block_length);
        int32_t* const taken = ends + n_parts*block_length;  // of each step
        memset(taken, 0, block_length*sizeof *taken);
        int32_t *to = spikes, *end = ends;
        for (size_t part = 1; part <= n_parts; part++)
        {
            const int32_t limit = part < n_parts ? sources[part*n/n_parts] : (int32_t)n_neurons;
            for (int64_t s = 0; s < block_length; s++)
            {
                const int32_t* const list = lists + s*list_length;
                int32_t k = taken[s];
                for (; k < list[n_neurons] && list[k] < limit; k++) *to++ = list[k];
                taken[s] = k;
                *end++ = to - spikes;
            }
        }
    }
    // Says which rows come next, and how often `fetch` will be called until then.
    void aim(const T* its_rows, size_t its_width, size_t n_times)
    {
        rows = its_rows, width = its_width, next = 0;
        at_once = n_times ? (n + n_times - 1)/n_times : 0;
    }
    void fetch()
    {
        for (const size_t end = smaller(next + at_once, n); next < end; next++)
            for (size_t k = 0; k < width; k += 64/sizeof(T))
                __builtin_prefetch(rows + sources[next]*width + k, 0, 2);
    }

private:
    size_t find_sources(const int32_t* lists, size_t list_length, size_t n_neurons)
    {
        if (!sources) sources = space_for<int32_t>(n_neurons), is_among = space_for<char>(n_neurons);
        memset(is_among, 0, n_neurons);
        size_t n_spikes = 0;
        for (int64_t s = 0; s < block_length; s++, lists += list_length)
        {
            for (int32_t k = 0; k < lists[n_neurons]; k++) is_among[lists[k]] = 1;
            n_spikes += lists[n_neurons];
        }
        n = 0;
        for (size_t k = 0; k < n_neurons; k++)
        {
            sources[n] = k;
            n += is_among[k];
        }
        return n_spikes;
    }
    static void make_room(int32_t*& values, size_t& most, size_t wanted)
    {
        if (wanted <= most) return;
        free(values);
        values = space_for<int32_t>(wanted), most = wanted;
    }
};
}
