{# Values of variables that are kept of some steps: of all elements of an array or of some. #}
namespace brainsleep {
const int64_t sample_every = number("BRAINSLEEP_SAMPLE_EVERY");
inline bool is_sampled(int64_t step) { return sample_every > 0 && step % sample_every == 0; }

// How many of the steps from one on are sampled.
int64_t n_sampled(int64_t begin, int64_t n_steps)
{
    if (sample_every == 0) return 0;
    return (begin + n_steps + sample_every - 1)/sample_every - (begin + sample_every - 1)/sample_every;
}

// The elements of an array of which values are kept, in ascending order: all, unless a file beside
// the program's results names some.
struct Chosen
{
    int64_t* elements;
    size_t n;

    RUNS_ONCE Chosen(const char* name, size_t size) : n(size)
    {
        const Path path("%s%s{{chosen_suffix}}", results_folder(), name);
        struct stat found;
        if (stat(path, &found) == 0) { read(path, found.st_size); return; }
        elements = space_for<int64_t>(n);
        for (size_t k = 0; k < n; k++) elements[k] = k;
    }

    RUNS_ONCE void read(const char* path, size_t bytes)
    {
        n = bytes / sizeof(int64_t);
        elements = zeros<int64_t>(n);
        FILE* const file = fopen(path, "rb");
        if (!file || fread(elements, sizeof(int64_t), n, file) != n) fail("cannot read %s", path);
        fclose(file);
    }

    // The place of the first one that is not below a number.
    size_t place(size_t number) const
    {
        size_t first = 0, last = n;
        while (first < last)
        {
            const size_t middle = (first + last)/2;
            if (elements[middle] < (int64_t)number) first = middle + 1; else last = middle;
        }
        return first;
    }
};

template<typename T> class Samples
{
    Stream& stream;
    const Chosen chosen;
    T* rows;
    size_t space;

public:
    RUNS_ONCE Samples(const char* name, size_t size)
        : stream(open_stream(strdup(Path("%s{{state_suffix}}", name)))), chosen(name, size), rows(0),
          space(0) {}

    // Makes space for rows. Then several threads may take values of different elements.
    void begin(size_t n_rows)
    {
        if (space >= n_rows*chosen.n) return;
        free(rows);
        rows = space_for<T>(space = n_rows*chosen.n);
    }
    // Takes the values of those elements that lie from first to last, last excluded, into a row.
    void take(const T* values, size_t row, size_t first, size_t last)
    {
        T* const target = rows + row*chosen.n;
        for (size_t k = chosen.place(first); k < chosen.n && chosen.elements[k] < (int64_t)last; k++)
            target[k] = values[chosen.elements[k]];
    }
    void write(size_t n_rows) { stream.append(rows, n_rows*chosen.n*sizeof(T)); }
};
}
