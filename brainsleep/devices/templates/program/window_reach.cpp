{# What a neuron reaches through a window that slides over images, by its place in its channel: at
   which places of a target channel neurons lie whose window it is in, and by which weight of the
   kernel. It is the same in all channels. #}
namespace brainsleep {
struct Reached { int32_t weight, place; };

// How many neurons there are along an axis, and how the window moves along it.
struct Axis { int n_in, n_out, kernel, stride, padding, dilation; };

class WindowReach
{
    Reached* all;
    int32_t* first;  // of each place of a source channel

    // Where neuron `at` of an axis lies in the window, and in which ones; returns their number.
    RUNS_ONCE static int along(const Axis& axis, int at, Reached* found)
    {
        int n = 0;
        for (int k = 0; k < axis.kernel; k++)
        {
            const int start = at + axis.padding - k*axis.dilation;
            if (start < 0 || start % axis.stride || start/axis.stride >= axis.n_out) continue;
            found[n].weight = k;
            found[n++].place = start/axis.stride;
        }
        return n;
    }

public:
    RUNS_ONCE WindowReach(const Axis& vertical, const Axis& horizontal)
        : all(0), first(zeros<int32_t>(vertical.n_in*horizontal.n_in + 1))
    {
        const size_t n_places = vertical.n_in*horizontal.n_in;
        all = space_for<Reached>(n_places*vertical.kernel*horizontal.kernel);
        Reached* const rows = space_for<Reached>(vertical.kernel);
        Reached* const columns = space_for<Reached>(horizontal.kernel);
        int32_t n = 0;
        for (int y = 0; y < vertical.n_in; y++)
            for (int x = 0; x < horizontal.n_in; x++)
            {
                const int n_rows = along(vertical, y, rows), n_columns = along(horizontal, x, columns);
                for (int r = 0; r < n_rows; r++)
                    for (int c = 0; c < n_columns; c++, n++)
                    {
                        all[n].weight = rows[r].weight*horizontal.kernel + columns[c].weight;
                        all[n].place = rows[r].place*horizontal.n_out + columns[c].place;
                    }
                first[y*horizontal.n_in + x + 1] = n;
            }
        free(rows);
        free(columns);
    }
    const Reached* begin(size_t place) const { return all + first[place]; }
    const Reached* end(size_t place) const { return all + first[place + 1]; }
};

// Values of a kernel in another order: those of all target channels of a group side by side.
template<typename T> RUNS_ONCE const T* kernel_by_source(
    const T* by_target, size_t n_sources, size_t per_group, size_t n_places, size_t n_targets)
{
    T* const rows = space_for<T>(n_sources*n_places*n_targets);
    T* next = rows;
    for (size_t source = 0; source < n_sources; source++)
        for (size_t place = 0; place < n_places; place++)
            for (size_t target = 0; target < n_targets; target++)
            {
                const size_t row = (source/per_group*n_targets + target)*per_group + source % per_group;
                *next++ = by_target[row*n_places + place];
            }
    return rows;
}

// Sums of a population with all channels of a group and place side by side, which are zero unless
// spikes are being added. So are, nearly always, the sums where Brian2 has them when spikes come.
template<typename T, size_t n_groups, size_t n_channels, size_t n_places> struct ChannelsLast
{
    static const size_t size = n_groups*n_channels*n_places;
    alignas(64) T values[size];

    void take(const T* sums)
    {
        static const T zero[64] = {0};
        size_t n = 0;
        for (; n < size; n += 64)
            if (memcmp(sums + n, zero, smaller<size_t>(64, size - n)*sizeof(T)) != 0) break;
        if (n < size)
            for (size_t group = 0; group < n_groups; group++)
                for (size_t place = 0; place < n_places; place++)
                    for (size_t channel = 0; channel < n_channels; channel++)
                        values[(group*n_places + place)*n_channels + channel] =
                            sums[(group*n_channels + channel)*n_places + place];
    }
    void put(T* sums)
    {
        for (size_t group = 0; group < n_groups; group++)
            for (size_t place = 0; place < n_places; place++)
                for (size_t channel = 0; channel < n_channels; channel++)
                    sums[(group*n_channels + channel)*n_places + place] =
                        values[(group*n_places + place)*n_channels + channel];
        memset(values, 0, sizeof values);
    }
};
}
