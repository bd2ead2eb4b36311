{# The row of bytes that comes in for each step, and the tile: the neurons that code objects go
   through. #}
namespace brainsleep {
// Neurons that the dense code objects go through, and how many a tile has (the last one may have
// fewer).
struct Tile
{
    size_t first, last, neurons;
    size_t end(size_t n_neurons) const { return last < n_neurons ? last : n_neurons; }
};
#define WHOLE_POPULATION {0, SIZE_MAX, SIZE_MAX}
const Tile whole_population = WHOLE_POPULATION;
__thread Tile tile = WHOLE_POPULATION;  // each thread has one of its own

// The step of a block that the tile is at, the first one, and how many the block has.
__thread int64_t block_step = 0, block_begin = 0, block_length = 1;

// Input spikes of the current step, eight to a byte; then its signals.
const size_t spike_bytes = ({{input.n_inputs}} + 7)/8;
const size_t row_bytes = spike_bytes + {{input.n_signals}}*sizeof(double);
__thread const unsigned char* row;
inline double row_signal(const unsigned char* a_row, int place)
{
    double value;
    memcpy(&value, a_row + spike_bytes + place*sizeof value, sizeof value);
    return value;
}
// Reads rows, and returns their number: fewer than asked for at the end. Where no input neuron ever
// spikes, the number of steps is told instead, and rows stay as they were at first: empty.
size_t read_rows(unsigned char* rows, size_t n)
{
    static const char* const told = getenv("BRAINSLEEP_SILENT_STEPS");
    static size_t left = told ? strtoull(told, 0, 10) : 0;
    if (!told) return fread(rows, row_bytes, n, stdin);
    n = smaller(n, left);
    left -= n;
    return n;
}
int64_t steps_made = 0;
void run_night();
}
