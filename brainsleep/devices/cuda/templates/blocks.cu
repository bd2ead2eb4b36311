{# A night in blocks of steps: the neurons of a layer go through all steps of a block before the next
   layer does, each with its rows of weights in shared memory. See gpu_blocks.py. #}
namespace brainsleep {

// What a block of steps is, for kernels.
struct Block
{
    int64_t first;
    int n_steps;
    double dt;
};

// What each step of a block leaves for later layers. Row s + 1 of an array is that of step s, row 0
// that of the step before the block.
struct Histories
{
    unsigned char* rows;
    {% if block_loop.modulation_type %}
    {{block_loop.modulation_type}}* modulations;
    {% endif %}
    {% for layer in block_loop.layers %}
    int32_t* events{{layer.number}};  // numbers of neurons in order, and in the last place how many
    unsigned char* fired{{layer.number}};
    {% for trace in layer.traces %}
    {{trace.c_type}} *{{trace.name}}, *{{trace.name}}_now;
    {% endfor %}
    {% endfor %}
};

{% for layer in block_loop.layers %}
// Population {{layer.number}}: {% if layer.threads %}a block of threads for each neuron{% else %}a thread for each neuron{% endif %}.
__global__ void go_through{{layer.number}}(
    const Block block, const Histories histories, const bool staged{% for code in layer.codes %},
    Code_{{code.name}} {{code.name}}{% endfor %})
{
    {% if layer.threads %}
    extern __shared__ double shared_rows[];
    __shared__ bool fired;  // for the threads that do not lead
    const bool leads = threadIdx.x == 0;
    Place place;
    place.neuron = blockIdx.x;
    {% else %}
    const bool leads = true;
    Place place;
    place.neuron = blockIdx.x*blockDim.x + threadIdx.x;
    if (place.neuron >= {{layer.size}}) return;
    {% endif %}
    bool spikes = false;  // known to the thread that leads

    {% if layer.rows %}
    unsigned char* free_memory = (unsigned char*)shared_rows;
    bool changed = false;
    {% endif %}
    {% for row in layer.rows %}
    {{row.c_type}}* const {{row.name}}_home = {{row.codes[0]}}.{{row.member}} + (size_t)place.neuron*{{row.length}};
    {{row.c_type}}* const {{row.name}} = staged ? ({{row.c_type}}*)free_memory : {{row.name}}_home;
    free_memory += {{row.bytes}};
    if (staged)
        for (int k = threadIdx.x; k < {{row.length}}; k += blockDim.x) {{row.name}}[k] = {{row.name}}_home[k];
    {% for code in row.codes %}
    {{code}}.{{row.member}} = {{row.name}};
    {% endfor %}
    {% endfor %}

    for (int s = 0; s < block.n_steps; s++)
    {
        place.timestep = block.first + s;
        place.now = place.timestep*block.dt;
        {% for code in layer.codes %}
        {% for led in code.led %}
        {{code.name}}.{{led.member}} = histories.{{led.name}} + (size_t)({{led.row}})*{{led.size}};
        {% endfor %}
        {% endfor %}
        {% if layer.number == 0 %}
        spikes = histories.rows[s*row_bytes + place.neuron/8] >> place.neuron%8 & 1;
        {% endif %}
        {% for code in layer.codes %}
        {% if code.kind == "block_update" %}
        if (leads) {{code.name}}(place);
        {% elif code.kind == "block_reset" %}
        if (leads && spikes) {{code.name}}(place);
        {% elif code.kind == "block_threshold" %}
        if (leads) {% if layer.threads %}fired = {% endif %}spikes = {{code.name}}(place);
        {% elif code.kind == "block_one_to_one_pre" %}
        if (leads && histories.fired{{code.source}}[(size_t)(s + {{1 - block_loop.delay_steps}})*{{layer.size}} + place.neuron]) {{code.name}}(place);
        {% elif code.kind == "block_one_to_one_post" %}
        if (leads && spikes) {{code.name}}(place);
        {% elif code.kind == "block_dense_pre" %}
        __syncthreads();
        {
            const int32_t* const events = histories.events{{code.source}} + (size_t)(s + {{1 - block_loop.delay_steps}})*{{code.n_pre + 1}};
            const int n_events = events[{{code.n_pre}}];
            if (n_events > 0) {{code.name}}.operator()<{{layer.threads}}>(place, events, n_events);
            {% if code.writes %}
            changed |= n_events > 0;
            {% endif %}
        }
        {% elif code.kind == "block_dense_post" %}
        __syncthreads();
        if (fired)
        {
            {{code.name}}.operator()<{{layer.threads}}>(place);
            changed = true;
            __syncthreads();
        }
        {% endif %}
        {% endfor %}
        if (leads)
        {
            histories.fired{{layer.number}}[(size_t)(s + 1)*{{layer.size}} + place.neuron] = spikes;
            {% for trace in layer.traces %}
            histories.{{trace.name}}[(size_t)(s + 1)*{{layer.size}} + place.neuron] = histories.{{trace.name}}_now[place.neuron];
            {% endfor %}
        }
    }
    {% if layer.rows %}
    if (!staged || !changed) return;
    __syncthreads();
    {% for row in layer.rows if row.written %}
    for (int k = threadIdx.x; k < {{row.length}}; k += blockDim.x) {{row.name}}_home[k] = {{row.name}}[k];
    {% endfor %}
    {% endif %}
}

{% endfor %}
const int listing_threads = 512;

// Lists, for each step of a block, the neurons that fired, in order. A block of threads for a step.
__global__ void list_fired(const unsigned char* fired, int n, int32_t* events)
{
    __shared__ int32_t counts[listing_threads/32];
    fired += (size_t)(blockIdx.x + 1)*n;
    events += (size_t)(blockIdx.x + 1)*(n + 1);
    int32_t before = 0;
    for (int first = 0; first < n; first += listing_threads)
    {
        const int neuron = first + threadIdx.x, warp = threadIdx.x/32, lane = threadIdx.x%32;
        const bool mine = neuron < n && fired[neuron];
        const unsigned votes = __ballot_sync(0xffffffff, mine);
        if (lane == 0) counts[warp] = __popc(votes);
        __syncthreads();
        int32_t place = before;
        for (int other = 0; other < listing_threads/32; other++)
        {
            if (other < warp) place += counts[other];
            before += counts[other];
        }
        if (mine) events[place + __popc(votes & ((1u << lane) - 1))] = neuron;
        __syncthreads();
    }
    if (threadIdx.x == 0) events[n] = before;
}

// Puts the number of spikes of each step side by side.
__global__ void count_events(const int32_t* events, int n, int32_t* counts)
{
    counts[threadIdx.x] = events[(size_t)(threadIdx.x + 1)*(n + 1) + n];
}

// Puts the spikes of all steps one after the other. A block of threads for a step.
__global__ void join_events(const int32_t* events, int n, const int32_t* counts, int32_t* joined)
{
    int before = 0;
    for (int step = 0; step < blockIdx.x; step++) before += counts[step];
    events += (size_t)(blockIdx.x + 1)*(n + 1);
    for (int k = threadIdx.x; k < counts[blockIdx.x]; k += blockDim.x) joined[before + k] = events[k];
}

// ---------------------------------------------------------------- records

struct SpikeRecord
{
    const int n;
    const int32_t* const events;
    FILE *counts, *indices;
    int32_t *each, *joined;
    std::vector<int32_t> host;

    SpikeRecord(int n, const int32_t* events, const char* counts, const char* indices) : n(n),
        events(events), counts(open(counts)), indices(indices ? open(indices) : 0),
        each(gpu_array<int32_t>(block_steps)),
        joined(indices ? gpu_array<int32_t>((size_t)block_steps*n) : 0) {}

    void keep(int n_steps)
    {
        count_events<<<1, n_steps>>>(events, n, each);
        CUDA_CHECK_ERROR("count_events");
        if (!joined) return;
        join_events<<<n_steps, 64>>>(events, n, each, joined);
        CUDA_CHECK_ERROR("join_events");
    }

    void flush(int n_steps)
    {
        int32_t number[block_steps], all = 0;
        CUDA_SAFE_CALL(cudaMemcpy(number, each, n_steps*sizeof(int32_t), cudaMemcpyDeviceToHost));
        write(counts, number, n_steps);
        if (!joined) return;
        for (int step = 0; step < n_steps; step++) all += number[step];
        host.resize(all);
        CUDA_SAFE_CALL(cudaMemcpy(host.data(), joined, all*sizeof(int32_t), cudaMemcpyDeviceToHost));
        write(indices, host.data(), host.size());
    }

    void close() { check(fclose(counts) == 0 && (!indices || fclose(indices) == 0)); }
};

template <class T> struct ValueRecord
{
    const int n;
    const T* const history;
    FILE* file;
    std::vector<T> host;

    ValueRecord(int n, const T* history, const char* name) : n(n), history(history), file(open(name)) {}

    void flush(int n_steps)
    {
        host.resize((size_t)n_steps*n);
        CUDA_SAFE_CALL(cudaMemcpy(host.data(), history + n, host.size()*sizeof(T), cudaMemcpyDeviceToHost));
        write(file, host.data(), host.size());
    }

    void close() { check(fclose(file) == 0); }
};

// ---------------------------------------------------------------- the loop

// Asks for shared memory for the rows of a neuron; tells whether there is as much.
template <class Kernel> bool fits_shared(Kernel kernel, size_t bytes)
{
    int most = 0;
    CUDA_SAFE_CALL(cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, 0));
    if (bytes + 1024 > most) return false;  // what a kernel has besides
    CUDA_SAFE_CALL(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
    return true;
}

// Row 0 of a history becomes what is in a row of it.
template <class T> void begin_with(T* history, const T* row, size_t n)
{
    CUDA_SAFE_CALL(cudaMemcpy(history, row, n*sizeof(T), cudaMemcpyDeviceToDevice));
}

void run_night()
{
    using namespace brian;
    const double dt = night_clock.dt[0];
    Histories histories;
    histories.rows = rows = gpu_array<unsigned char>(block_steps*row_bytes);
    {% if block_loop.modulation_type %}
    {{block_loop.modulation_type}} modulations[block_steps];
    histories.modulations = gpu_array<{{block_loop.modulation_type}}>(block_steps);
    {% endif %}
    {% for layer in block_loop.layers %}
    histories.events{{layer.number}} = gpu_array<int32_t>((size_t)(block_steps + 1)*{{layer.size + 1}});
    histories.fired{{layer.number}} = gpu_array<unsigned char>((size_t)(block_steps + 1)*{{layer.size}});
    {% for trace in layer.traces %}
    histories.{{trace.name}} = gpu_array<{{trace.c_type}}>((size_t)(block_steps + 1)*{{layer.size}});
    histories.{{trace.name}}_now = {{trace.array}};
    {% endfor %}
    {% if layer.rows %}
    const bool staged{{layer.number}} = fits_shared(go_through{{layer.number}}, {{layer.row_bytes}});
    {% endif %}
    {% endfor %}
    {% for record in spike_records %}
    SpikeRecord {{record.name}}({{record.size}}, histories.events{{record.population}}, "{{record.count_file}}", {{'"%s"' % record.index_file if record.index_file else 0}});
    {% endfor %}
    {% for record in value_records %}
    ValueRecord<{{record.c_type}}> {{record.name}}({{record.size}}, histories.{{record.history}}, "{{record.file}}");
    {% endfor %}

    for (int n_steps = read_block(), n_next; n_steps > 0; n_steps = n_next)
    {
        const Block block = {steps_made, n_steps, dt};
        CUDA_SAFE_CALL(cudaMemcpy(rows, input.data(), n_steps*row_bytes, cudaMemcpyHostToDevice));
        {% if block_loop.modulation_type %}
        for (int s = 0; s < n_steps; s++)
        {
            double value;
            memcpy(&value, &input[s*row_bytes + spike_bytes], sizeof value);
            modulations[s] = value;
        }
        CUDA_SAFE_CALL(cudaMemcpy(histories.modulations, modulations, sizeof modulations, cudaMemcpyHostToDevice));
        {% endif %}
        {% for layer in block_loop.layers %}
        {% if block_loop.delay_steps %}
        {% for trace in layer.traces %}
        begin_with(histories.{{trace.name}}, histories.{{trace.name}}_now, {{layer.size}});
        {% endfor %}
        {% endif %}
        {% if layer.threads %}
        go_through{{layer.number}}<<<{{layer.size}}, {{layer.threads}}, {% if layer.rows %}staged{{layer.number}} ? {{layer.row_bytes}} : 16{% else %}16{% endif %}>>>(
            block, histories, {% if layer.rows %}staged{{layer.number}}{% else %}false{% endif %}{% for code in layer.codes %}, code_of_{{code.name}}(){% endfor %});
        {% else %}
        go_through{{layer.number}}<<<{{(layer.size + 63)//64}}, 64>>>(
            block, histories, false{% for code in layer.codes %}, code_of_{{code.name}}(){% endfor %});
        {% endif %}
        CUDA_CHECK_ERROR("go_through{{layer.number}}");
        list_fired<<<n_steps, listing_threads>>>(histories.fired{{layer.number}}, {{layer.size}}, histories.events{{layer.number}});
        CUDA_CHECK_ERROR("list_fired");
        {% endfor %}
        {% for record in spike_records %}
        {{record.name}}.keep(n_steps);
        {% endfor %}
        n_next = read_block();  // while the GPU is busy
        {% for record in spike_records + value_records %}
        {{record.name}}.flush(n_steps);
        {% endfor %}
        {% if block_loop.delay_steps %}
        {% for layer in block_loop.layers %}
        begin_with(histories.events{{layer.number}}, histories.events{{layer.number}} + (size_t)n_steps*{{layer.size + 1}}, {{layer.size + 1}});
        begin_with(histories.fired{{layer.number}}, histories.fired{{layer.number}} + (size_t)n_steps*{{layer.size}}, {{layer.size}});
        {% endfor %}
        {% endif %}
        steps_made += n_steps;
    }
    {% for record in spike_records + value_records %}
    {{record.name}}.close();
    {% endfor %}
    CUDA_SAFE_CALL(cudaDeviceSynchronize());
    night_clock.timestep[0] = steps_made;
    night_clock.t[0] = steps_made*dt;
}

}
