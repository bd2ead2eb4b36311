{# Our own code in a CUDA program that is the same in both loops. It comes first, before what
   Brian2CUDA generates. #}
// What a night adds to Brian2CUDA's program: its loop, input from standard input, records to files.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace brainsleep {

const int block_steps = {{block_steps}};
const size_t spike_bytes = ({{n_inputs}} + 7)/8;
const size_t row_bytes = spike_bytes + {{n_modulations}}*sizeof(double);
int64_t steps_made = 0;

template <class T> T* gpu_array(size_t size)
{
    T* array;
    CUDA_SAFE_CALL(cudaMalloc((void**)&array, size*sizeof(T)));
    CUDA_SAFE_CALL(cudaMemset(array, 0, size*sizeof(T)));
    return array;
}

void check(bool written)
{
    if (written) return;
    std::cerr << "cannot write to " << brian::results_dir << std::endl;
    exit(1);
}

template <class T> void write(FILE* file, const T* values, size_t count)
{
    check(file && fwrite(values, sizeof(T), count, file) == count);
}

FILE* open(const char* name) { return fopen((brian::results_dir + name).c_str(), "wb"); }

// Input of the next steps.
std::vector<unsigned char> input(block_steps*row_bytes);
unsigned char* rows;  // on the GPU

// Reads it; returns how many steps it is for.
int read_block() { return fread(input.data(), row_bytes, block_steps, stdin); }

void run_night();

// Brian2CUDA prints pages; what is wrong goes to standard error.
void be_quiet()
{
    if (!freopen((brian::results_dir + "stdout.txt").c_str(), "w", stdout)) exit(1);
}
}
