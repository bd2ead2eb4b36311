{# The loop of a night whose layers take turns in blocks of steps; see blocks.py. #}
namespace brainsleep {

const int64_t block_steps = {{block_loop.block_steps}};
unsigned char input_rows[block_steps * row_bytes];

// What a variable was in each step of a block: row s + 1 for its step s, row 0 for the step before.
// The variable's own pointer is led from row to row, in each thread for itself, so that Brian2's
// code need not know. Rows begin with a cache line, and so do the tiles in them.
template<typename T> struct History
{
    T* const home;
    const size_t size, length;  // elements of a row: that are used, and in all
    T* rows;

    History(T* array, size_t n, size_t n_used) : home(array), size(n), length((n_used + 63)/64*64)
    {
        void* memory;
        const size_t bytes = (block_steps + 1)*length*sizeof(T);
        if (posix_memalign(&memory, 64, bytes) != 0)
            fail("no memory for a block of", std::to_string(block_steps) + " steps");
        rows = (T*)memset(memory, 0, bytes);
    }
    T* row(int64_t number) const { return rows + number*length; }
    void keep(int64_t number, size_t first, size_t n)
    { memcpy(row(number) + first, home + first, n*sizeof(T)); }
};

// Spikes of a population. While its tiles are on their way, each has a part of a row for itself: its
// spikes begin at the tile's first neuron, and their number lies as far behind all neurons.
struct SpikeHistory : History<int32_t>
{
    SpikeHistory(int32_t* array, size_t n) : History<int32_t>(array, n, 2*n) {}
    size_t n_neurons() const { return size - 1; }

    // Where Brian2's code finds the spikes of a tile: none so far.
    int32_t* part(int64_t number, size_t first) const
    {
        int32_t* const spikes = row(number) + first;
        spikes[n_neurons()] = 0;
        return spikes;
    }
    // Puts the spikes of all tiles side by side, and their number behind all neurons.
    void join_parts(int64_t number, size_t tile_neurons)
    {
        int32_t* const spikes = row(number);
        const int32_t* const numbers = spikes + n_neurons();
        int32_t n = numbers[0];
        for (size_t first = tile_neurons; first < n_neurons(); first += tile_neurons)
            for (int32_t k = 0; k < numbers[first]; k++) spikes[n++] = spikes[first + k];
        spikes[n_neurons()] = n;
    }
};

void set_time(int64_t step)
{
    using namespace brian;
    {{block_loop.timestep}}[0] = step;
    {{block_loop.time}}[0] = step*{{block_loop.clock}}.dt[0];
}

template<typename T> void own(T*& value) { value = new T(); }

void join_in()
{
    using namespace brian;
    own({{block_loop.timestep}});
    own({{block_loop.time}});
    {% for array in block_loop.signal_arrays %}
    own({{array}});
    {% endfor %}
}

void run_night()
{
    using namespace brian;
    {% for layer in block_loop.layers %}
    SpikeHistory {{layer.spikes.name}}({{layer.spikes.array}}, {{layer.spikes.size}});
    {% for variable in layer.traces %}
    History<{{variable.c_type}}> {{variable.name}}({{variable.array}}, {{variable.size}}, {{variable.size}});
    {% endfor %}
    {% for one in layer.samples %}
    Samples<{{one.c_type}}> {{one.samples}}("{{one.name}}", {{one.size}});
    {% endfor %}
    {% endfor %}
    int64_t begin = first_step, n_steps;
    {% for layer in block_loop.layers %}
    {% set spikes = layer.spikes %}

    // One tile of population {{loop.index0}} goes through a block.
    const auto run_tile{{loop.index0}} = [&](size_t number)
    {
        tile.neurons = {{layer.tile_neurons}};
        tile.first = number*tile.neurons;
        tile.last = std::min<size_t>(tile.first + tile.neurons, {{layer.n_neurons}});
        {% for variable in layer.traces %}
        {{variable.array}} = {{variable.name}}.home;
        {% endfor %}
        {% if layer.samples %}
        size_t n_samples = 0;
        {% endif %}
        for (int64_t s = 0; s < n_steps; s++)
        {
            set_time(begin + s);
            row = input_rows + s*row_bytes;
            {% for place, array in layer.signals %}
            {{array}}[0] = row_signal(row, {{place}});
            {% endfor %}
            {{spikes.array}} = {{spikes.name}}.part(s + 1, tile.first);
            {% for variable in layer.sources %}
            {{variable.array}} = {{variable.name}}.row(s + {{1 - block_loop.delay_steps}});
            {% endfor %}
            {% for function in layer.functions %}
            {{function}}();
            {% endfor %}
            {% for variable in layer.traces %}
            {{variable.name}}.keep(s + 1, tile.first, tile.last - tile.first);
            {% endfor %}
            {% if layer.samples %}
            if (is_sampled(begin + s))
            {
                {% for one in layer.samples %}
                {{one.samples}}.take({{one.values}}, n_samples, tile.first*{{one.elements}}, tile.last*{{one.elements}});
                {% endfor %}
                n_samples++;
            }
            {% endif %}
        }
    };
    {% endfor %}

    Team team(number("BRAINSLEEP_THREADS"));
    for (; true; begin += n_steps)
    {
        n_steps = block_steps;
        for (const int64_t every : snapshot_every)
            n_steps = std::min(n_steps, every - begin % every);
        if (presentation_steps > 0)
            n_steps = std::min(n_steps, presentation_steps - begin % presentation_steps);
        n_steps = fread(input_rows, row_bytes, n_steps, stdin);
        if (n_steps == 0) break;
        present_if_due(begin);
        const size_t n_samples = n_sampled(begin, n_steps);

        {% for layer in block_loop.layers %}
        // population {{loop.index0}}
        {% set spikes = layer.spikes %}
        memcpy({{spikes.name}}.rows, {{spikes.name}}.home, {{spikes.size}}*sizeof(int32_t));
        {% for variable in layer.traces %}
        {{variable.name}}.keep(0, 0, {{variable.size}});
        {% endfor %}
        {% for one in layer.samples %}
        {{one.samples}}.begin(n_samples);
        {% endfor %}
        team.share({{layer.n_tiles}}, run_tile{{loop.index0}});
        {% if layer.n_tiles > 1 %}
        for (int64_t s = 0; s < n_steps; s++) {{spikes.name}}.join_parts(s + 1, {{layer.tile_neurons}});
        {% endif %}
        {% for one in layer.samples %}
        {{one.samples}}.write(n_samples);
        {% endfor %}
        {% endfor %}
        tile = whole_population;

        {% for layer in block_loop.layers if layer.recorders %}
        for (int64_t s = 0; s < n_steps; s++)
        {
            {% for variable in layer.histories %}
            {{variable.array}} = {{variable.name}}.row(s + 1);
            {% endfor %}
            {% for function in layer.recorders %}
            {{function}}();
            {% endfor %}
        }
        {% endfor %}
        {% for layer in block_loop.layers %}
        {% for variable in layer.histories %}
        {{variable.array}} = {{variable.name}}.home;
        {% endfor %}
        memcpy({{layer.spikes.name}}.home, {{layer.spikes.name}}.row(n_steps), {{layer.spikes.size}}*sizeof(int32_t));
        {% endfor %}
        steps_made = begin + n_steps;
        snapshot_if_due(steps_made);
    }
}

}
