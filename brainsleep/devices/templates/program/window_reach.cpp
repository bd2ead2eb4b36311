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
    // Where each place reaches one.
    const Reached* only(size_t place) const { return all + place; }
};

// Values of a kernel in another order: slice after slice of the target channels of a group, and in each
// those of one source channel and place side by side.
template<typename T> RUNS_ONCE const T* kernel_by_source(
    const T* by_target, size_t n_sources, size_t per_group, size_t n_places, size_t n_targets, size_t slice)
{
    T* const rows = space_for<T>(n_sources*n_places*n_targets);
    T* next = rows;
    for (size_t first = 0; first < n_targets; first += slice)
        for (size_t source = 0; source < n_sources; source++)
            for (size_t place = 0; place < n_places; place++)
                for (size_t target = first; target < smaller(first + slice, n_targets); target++)
                {
                    const size_t row = (source/per_group*n_targets + target)*per_group + source % per_group;
                    *next++ = by_target[row*n_places + place];
                }
    return rows;
}

// Sums of a few channels, those of a place side by side: an image of some rows and columns that begins
// at a place of a larger one, which catches what falls outside. They are zero unless spikes are being
// added. So are, nearly always, the sums where Brian2 has them when spikes come.
template<typename T, size_t n_channels, size_t n_rows, size_t n_columns, size_t n_places, size_t row_length, size_t begin>
struct ChannelsLast
{
    static const size_t size = n_channels*n_rows*n_columns;
    alignas(64) T values[n_places*n_channels];

    __attribute__((noinline)) void take(const T* sums)
    {
        static const T zero[64] = {0};
        size_t n = 0;
        for (; n < size; n += 64)
            if (memcmp(sums + n, zero, smaller<size_t>(64, size - n)*sizeof(T)) != 0) break;
        if (n < size)
            for (size_t y = 0; y < n_rows; y++)
                for (size_t x = 0; x < n_columns; x++)
                    for (size_t channel = 0; channel < n_channels; channel++)
                        values[(begin + y*row_length + x)*n_channels + channel] =
                            sums[(channel*n_rows + y)*n_columns + x];
    }
    __attribute__((noinline)) void put(T* sums)
    {
        for (size_t y = 0; y < n_rows; y++)
            for (size_t x = 0; x < n_columns; x++)
                for (size_t channel = 0; channel < n_channels; channel++)
                    sums[(channel*n_rows + y)*n_columns + x] =
                        values[(begin + y*row_length + x)*n_channels + channel];
        memset(values, 0, sizeof values);
    }
};
}
