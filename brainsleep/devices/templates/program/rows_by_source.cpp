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
}
