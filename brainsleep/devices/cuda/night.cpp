// What a night adds to Brian2CUDA's program: input from standard input, spikes to files.
// Host code; each function is called once a step, between the kernels.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace brainsleep {

const size_t n_inputs = %N_INPUTS%;
const size_t spike_bytes = (n_inputs + 7)/8;
const size_t row_bytes = spike_bytes + %N_MODULATIONS%*sizeof(double);
unsigned char rows[2][row_bytes];
int32_t events[n_inputs + 1];
int64_t steps_made = 0;

// One row of bits a step, read one ahead: the step that used the last row ends the night.
bool read_row(int64_t step) { return fread(rows[step & 1], 1, row_bytes, stdin) == row_bytes; }

// Stands for the input population's threshold: sets its spikes, as Brian2CUDA lays them out
// (neurons, then -1, then their number).
void feed()
{
    using namespace brian;
    const int64_t step = night_clock.timestep[0];
    int32_t count = 0;
    for (size_t neuron = 0; neuron < n_inputs; neuron++)
        if ((rows[step & 1][neuron >> 3] >> (neuron & 7)) & 1) events[count++] = neuron;
    std::fill(events + count, events + n_inputs, -1);
    events[n_inputs] = count;
    CUDA_SAFE_CALL(cudaMemcpy(%INPUT_SPIKES%, events, sizeof(events), cudaMemcpyHostToDevice));
    steps_made = step + 1;
    if (!read_row(step + 1)) Network::_globally_stopped = true;
}

// Hands the step's modulation, which comes after its spikes, to populations that learn by it.
void modulate()
{
    using namespace brian;
    double value = 1;
    memcpy(&value, rows[night_clock.timestep[0] & 1] + spike_bytes, row_bytes - spike_bytes);
    const %FLOAT% modulation = value;
%MODULATE%
}

template <class T> void write(FILE* file, const T* values, size_t count)
{
    if (file && fwrite(values, sizeof(T), count, file) == count) return;
    std::cerr << "cannot write to " << brian::results_dir << std::endl;
    exit(1);
}

FILE* open(const char* name) { return fopen((brian::results_dir + name).c_str(), "wb"); }

// Appends a population's spikes of this step, in the order of its neurons: a GPU has none.
void record_spikes(const int32_t* spikes, size_t n_neurons, FILE* indices, FILE* counts)
{
    static std::vector<int32_t> host;
    host.resize(n_neurons + 1);
    CUDA_SAFE_CALL(
        cudaMemcpy(host.data(), spikes, host.size()*sizeof(int32_t), cudaMemcpyDeviceToHost));
    std::sort(host.begin(), host.begin() + host[n_neurons]);
    write(indices, host.data(), host[n_neurons]);
    write(counts, &host[n_neurons], 1);
}

// Appends the number of a population's spikes of this step.
void record_count(const int32_t* spikes, size_t n_neurons, FILE* counts)
{
    int32_t count;
    CUDA_SAFE_CALL(cudaMemcpy(&count, spikes + n_neurons, sizeof count, cudaMemcpyDeviceToHost));
    write(counts, &count, 1);
}

// Appends the values of a variable.
template <class T> void record_values(const T* values, size_t n_neurons, FILE* file)
{
    static std::vector<T> host;
    host.resize(n_neurons);
    CUDA_SAFE_CALL(cudaMemcpy(host.data(), values, n_neurons*sizeof(T), cudaMemcpyDeviceToHost));
    write(file, host.data(), n_neurons);
}

void record()
{
    using namespace brian;
%RECORD%
}

// Brian2CUDA prints pages; what is wrong goes to standard error.
void be_quiet()
{
    if (!freopen((brian::results_dir + "stdout.txt").c_str(), "w", stdout)) exit(1);
}
}
