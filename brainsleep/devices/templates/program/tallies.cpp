{# Number of spikes of each neuron of a population in a presentation, written when that is over. #}
namespace brainsleep {
class Tally
{
    Stream& stream;
    const size_t n_neurons;
    int32_t* const counts;

public:
    RUNS_ONCE Tally(const char* name, size_t n)
        : stream(open_stream(name)), n_neurons(n), counts(zeros<int32_t>(n)) {}

    void add(const int32_t* spikes, int32_t n) { for (int32_t k = 0; k < n; k++) counts[spikes[k]]++; }

    void write_if_due(int64_t n_steps)
    {
        if (presentation_steps == 0 || n_steps % presentation_steps != 0) return;
        stream.append(counts, n_neurons*sizeof(int32_t));
        memset(counts, 0, n_neurons*sizeof(int32_t));
    }
};
}
