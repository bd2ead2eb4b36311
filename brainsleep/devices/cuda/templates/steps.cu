{# A night step by step: for networks in which spikes flow back, and others that cannot go in blocks.
   It comes before what Brian2CUDA generates. #}
// The GPU goes through a block of steps by itself: their input is there before, and what is
// recorded of them is fetched afterwards. Nothing in a step waits for the host, unless stock
// synapses do; where they do not, steps are launched as graphs, several at once.
namespace brainsleep {

const int graph_steps = 8;
const bool goes_in_graphs = {{goes_in_graphs}};

// ---------------------------------------------------------------- on the GPU

// Where the night is. Kernels read the time here: an argument would be that of a graph's making.
__device__ double now;
__device__ int64_t timestep;
// of the block
__device__ int32_t step;

__global__ void begin_block(int64_t first, double dt)
{
    step = 0;
    timestep = first;
    now = first*dt;
}

__global__ void tick(double dt)
{
    step++;
    timestep++;
    now = timestep*dt;
}

__device__ inline void prefetch(const void* address)
{
    asm volatile("prefetch.global.L1 [%0];" :: "l"(address));
}

const int most_threads = 1024;

// Lists the bits that are set, in ascending order, as Brian2CUDA lays events out: neurons, then
// -1, then their number. One block; each thread has some bytes of the mask.
__global__ void list_bits(const unsigned char* mask, size_t bytes_a_step, int n, int32_t* events)
{
    __shared__ int32_t sums[most_threads];
    const int thread = threadIdx.x, n_threads = blockDim.x, n_bytes = (n + 7)/8;
    const int bytes_a_thread = (n_bytes + n_threads - 1)/n_threads;
    const int first = min(thread*bytes_a_thread, n_bytes);
    const int last = min(first + bytes_a_thread, n_bytes);
    mask += step*bytes_a_step;

    int32_t count = 0;
    for (int byte = first; byte < last; byte++) count += __popc(mask[byte]);
    sums[thread] = count;
    __syncthreads();
    for (int distance = 1; distance < n_threads; distance *= 2)
    {
        const int32_t before = thread >= distance ? sums[thread - distance] : 0;
        __syncthreads();
        sums[thread] += before;
        __syncthreads();
    }
    int32_t place = sums[thread] - count;
    for (int byte = first; byte < last; byte++)
        for (unsigned bits = mask[byte]; bits != 0; bits &= bits - 1)
            events[place++] = 8*byte + __ffs(bits) - 1;
    const int32_t all = sums[n_threads - 1];
    for (int k = all + thread; k < n; k += n_threads) events[k] = -1;
    if (thread == 0) events[n] = all;
}

void list_events(const unsigned char* mask, size_t bytes_a_step, int n, int32_t* events)
{
    const int n_bytes = (n + 7)/8;
    const int n_threads = std::min((n_bytes + 31)/32*32, most_threads);
    list_bits<<<1, n_threads>>>(mask, bytes_a_step, n, events);
    CUDA_CHECK_ERROR("list_bits");
}

// The step's modulation comes after its spikes.
template <class T> __global__ void take_modulation(const unsigned char* rows, T* modulation)
{
    double value;
    for (size_t k = 0; k < sizeof value; k++)
        ((unsigned char*)&value)[k] = rows[step*row_bytes + spike_bytes + k];
    *modulation = value;
}

// Appends a population's spikes of this step to those of the block.
__global__ void keep_spikes(const int32_t* spikes, int n, int32_t* totals, int32_t* kept)
{
    const int thread = blockIdx.x*blockDim.x + threadIdx.x;
    const int32_t count = spikes[n], before = totals[step];
    if (thread == 0) totals[step + 1] = before + count;
    if (kept)
        for (int k = thread; k < count; k += gridDim.x*blockDim.x) kept[before + k] = spikes[k];
}

// Keeps the values that a variable has in this step.
template <class T> __global__ void keep_values(const T* values, int n, T* kept)
{
    const int neuron = blockIdx.x*blockDim.x + threadIdx.x;
    if (neuron < n) kept[(size_t)step*n + neuron] = values[neuron];
}

// ---------------------------------------------------------------- records

// What is kept of a block, until it is over.
struct Record
{
    virtual void flush(int n_steps) = 0;
    virtual void close() = 0;
};
std::vector<Record*> records;

struct SpikeRecord : Record
{
    const int n;
    FILE *counts, *indices;
    int32_t *totals, *kept;
    std::vector<int32_t> host;

    SpikeRecord(int n, const char* counts, const char* indices) : n(n), counts(open(counts)),
        indices(indices ? open(indices) : 0), totals(gpu_array<int32_t>(block_steps + 1)),
        kept(indices ? gpu_array<int32_t>((size_t)block_steps*n) : 0) { records.push_back(this); }

    void keep(const int32_t* spikes)
    {
        keep_spikes<<<kept ? std::min((n + 255)/256, 64) : 1, kept ? 256 : 1>>>(spikes, n, totals, kept);
        CUDA_CHECK_ERROR("keep_spikes");
    }

    void flush(int n_steps)
    {
        int32_t until[block_steps + 1], each[block_steps];
        CUDA_SAFE_CALL(cudaMemcpy(until, totals, (n_steps + 1)*sizeof(int32_t), cudaMemcpyDeviceToHost));
        for (int k = 0; k < n_steps; k++) each[k] = until[k + 1] - until[k];
        write(counts, each, n_steps);
        if (!kept) return;
        host.resize(until[n_steps]);
        CUDA_SAFE_CALL(cudaMemcpy(host.data(), kept, host.size()*sizeof(int32_t), cudaMemcpyDeviceToHost));
        write(indices, host.data(), host.size());
    }

    void close() { check(fclose(counts) == 0 && (!indices || fclose(indices) == 0)); }
};

template <class T> struct ValueRecord : Record
{
    const int n;
    FILE* file;
    T* kept;
    std::vector<T> host;

    ValueRecord(int n, const char* name) : n(n), file(open(name)),
        kept(gpu_array<T>((size_t)block_steps*n)) { records.push_back(this); }

    void keep(const T* values)
    {
        keep_values<<<(n + 255)/256, 256>>>(values, n, kept);
        CUDA_CHECK_ERROR("keep_values");
    }

    void flush(int n_steps)
    {
        host.resize((size_t)n_steps*n);
        CUDA_SAFE_CALL(cudaMemcpy(host.data(), kept, host.size()*sizeof(T), cudaMemcpyDeviceToHost));
        write(file, host.data(), host.size());
    }

    void close() { check(fclose(file) == 0); }
};

// ---------------------------------------------------------------- the loop

// Stands for the input population's threshold: lists the spikes of this step's row.
void feed() { list_events(rows, row_bytes, {{n_inputs}}, {{input_spikes}}); }

// Hands the step's modulation to populations that learn by it.
void modulate()
{
    using namespace brian;
{% for modulation in modulations %}
    take_modulation<<<1, 1>>>(rows, {{modulation}});
{% else %}

{% endfor %}
}

void record()
{
    using namespace brian;
{% for record in spike_records %}
    static SpikeRecord {{record.name}}({{record.size}}, "{{record.count_file}}", {{'"%s"' % record.index_file if record.index_file else 0}});
    {{record.name}}.keep({{record.source}});
{% endfor %}
{% for record in value_records %}
    static ValueRecord<{{record.c_type}}> {{record.name}}({{record.size}}, "{{record.file}}");
    {{record.name}}.keep({{record.source}});
{% endfor %}
{% if not spike_records and not value_records %}

{% endif %}
}

// Launches all kernels of a step; those of stock synapses ask the host's clock.
void launch_step()
{
    for (const auto& object : brian::night.objects) if (object.second) object.second();
    tick<<<1, 1>>>(brian::night_clock.dt[0]);
    brian::night_clock.tick();
}

// Makes a graph of some steps. All have run before: kernels find out their shapes in the first.
cudaGraphExec_t graph_of_steps()
{
    cudaGraph_t graph;
    cudaGraphExec_t executable;
    CUDA_SAFE_CALL(cudaStreamBeginCapture(cudaStreamPerThread, cudaStreamCaptureModeThreadLocal));
    for (int k = 0; k < graph_steps; k++) launch_step();
    CUDA_SAFE_CALL(cudaStreamEndCapture(cudaStreamPerThread, &graph));
    CUDA_SAFE_CALL(cudaGraphInstantiateWithFlags(&executable, graph, 0));
    CUDA_SAFE_CALL(cudaGraphDestroy(graph));
    return executable;
}

void run_night()
{
    static cudaGraphExec_t graph = 0;
    const double dt = brian::night_clock.dt[0];
    rows = gpu_array<unsigned char>(block_steps*row_bytes);
    for (int n_steps = read_block(), n_next; n_steps > 0; n_steps = n_next)
    {
        int done = 0;
        CUDA_SAFE_CALL(cudaMemcpy(rows, input.data(), n_steps*row_bytes, cudaMemcpyHostToDevice));
        begin_block<<<1, 1>>>(steps_made, dt);
        if (goes_in_graphs && !graph)
        {
            launch_step();
            done++;
            CUDA_SAFE_CALL(cudaDeviceSynchronize());
            graph = graph_of_steps();
        }
        for (; graph && done + graph_steps <= n_steps; done += graph_steps)
            CUDA_SAFE_CALL(cudaGraphLaunch(graph, cudaStreamPerThread));
        for (; done < n_steps; done++) launch_step();
        n_next = read_block();  // while the GPU is busy
        for (Record* one : records) one->flush(n_steps);
        steps_made += n_steps;
    }
    if (records.empty()) record();  // of no steps: empty files
    for (Record* one : records) one->close();
    CUDA_SAFE_CALL(cudaDeviceSynchronize());
    brian::night_clock.timestep[0] = steps_made;
    brian::night_clock.t[0] = steps_made*dt;
}

}
