{# Number of spikes of each neuron of a population in a presentation, written when that is over. #}
namespace brainsleep {
class Tally
{
    Stream& stream;
    std::vector<int32_t> counts;

public:
    Tally(const std::string& name, size_t n_neurons) : stream(open_stream(name)), counts(n_neurons) {}

    void add(const int32_t* spikes, int32_t n) { for (int32_t k = 0; k < n; k++) counts[spikes[k]]++; }

    void write_if_due(int64_t n_steps)
    {
        if (presentation_steps == 0 || n_steps % presentation_steps != 0) return;
        stream.append(&counts[0], counts.size()*sizeof(int32_t));
        std::fill(counts.begin(), counts.end(), 0);
    }
};
}
