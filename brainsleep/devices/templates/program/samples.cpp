{# Values of variables that are kept of some steps: of all elements of an array or of some. #}
#include <algorithm>
#include <numeric>
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
RUNS_ONCE std::vector<int64_t> chosen_elements(const std::string& name, size_t size)
{
    std::vector<int64_t> chosen(size);
    const std::string path = brian::results_dir + name + "{{chosen_suffix}}";
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file)
    {
        std::iota(chosen.begin(), chosen.end(), 0);
        return chosen;
    }
    chosen.resize(file.tellg() / sizeof(int64_t));
    file.seekg(0);
    file.read((char*)chosen.data(), chosen.size()*sizeof(int64_t));
    if (!file) fail("cannot read", path);
    return chosen;
}

template<typename T> class Samples
{
    Stream& stream;
    const std::vector<int64_t> chosen;
    std::vector<T> rows;

public:
    Samples(const std::string& name, size_t size)
        : stream(open_stream(name + "{{state_suffix}}")), chosen(chosen_elements(name, size)) {}

    // Makes space for rows. Then several threads may take values of different elements.
    void begin(size_t n_rows)
    {
        if (rows.size() < n_rows*chosen.size()) rows.resize(n_rows*chosen.size());
    }
    // Takes the values of those elements that lie from first to last, last excluded, into a row.
    void take(const T* values, size_t row, size_t first, size_t last)
    {
        T* const target = rows.data() + row*chosen.size();
        const auto begin = chosen.begin();
        size_t k = std::lower_bound(begin, chosen.end(), (int64_t)first) - begin;
        for (; k < chosen.size() && chosen[k] < (int64_t)last; k++) target[k] = values[chosen[k]];
    }
    void write(size_t n_rows) { stream.append(rows.data(), n_rows*chosen.size()*sizeof(T)); }
};
}
