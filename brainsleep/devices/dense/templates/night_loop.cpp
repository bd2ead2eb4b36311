{# The loop of a night whose layers take turns in blocks of steps; see blocks.py. #}
{% macro enter_tile(layer) %}
tile.neurons = {{layer.tile_neurons}};
tile.first = number*tile.neurons;
tile.last = smaller<size_t>(tile.first + tile.neurons, {{layer.n_neurons}});
{%- endmacro %}
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
    T* const rows;

    History(T* array, size_t n)
        : home(array), size(n), length((n + 63)/64*64), rows(space_for<T>((block_steps + 1)*length)) {}
    T* row(int64_t number) const { return rows + number*length; }
    void keep(int64_t number, size_t first, size_t n)
    { memcpy(row(number) + first, home + first, n*sizeof(T)); }
};

// Spikes of a tile in the steps of a block.
struct List
{
    int32_t *values, *end, *limit;
    List() : values(0), end(0), limit(0) {}

    RUNS_ONCE void grow(size_t n)
    {
        const size_t used = end - values, length = 2*(used + n);
        values = (int32_t*)realloc(values, length*sizeof(int32_t));
        if (!values) fail("no memory for %zu spikes", length);
        end = values + used, limit = values + length;
    }
    void append(const int32_t* more, int32_t n)
    {
        if (n > limit - end) grow(n);
        memcpy(end, more, n*sizeof(int32_t));
        end += n;
    }
};

// Spikes of a population. While its tiles are on their way, each keeps those of all steps in a list
// of its own; when all are done, the spikes of a step are put side by side in the order of neurons.
struct SpikeHistory : History<int32_t>
{
    const size_t n_tiles;
    List* const lists;       // of each tile
    int32_t* const numbers;  // of spikes, for each tile and step

    SpikeHistory(int32_t* array, size_t n, size_t n_of_tiles)
        : History<int32_t>(array, n), n_tiles(n_of_tiles), lists(new List[n_tiles]),
          numbers(zeros<int32_t>(n_tiles*block_steps)) {}

    void join_lists(int64_t n_steps)
    {
        const size_t n_neurons = size - 1;  // behind them lies the number of spikes
        for (int64_t s = 0; s < n_steps; s++) row(s + 1)[n_neurons] = 0;
        for (size_t one = 0; one < n_tiles; one++)
        {
            const int32_t* next = lists[one].values;
            for (int64_t s = 0; s < n_steps; s++)
            {
                const int32_t n = numbers[one*block_steps + s];
                if (n == 0) continue;
                int32_t* const spikes = row(s + 1);
                memcpy(spikes + spikes[n_neurons], next, n*sizeof(int32_t));
                spikes[n_neurons] += n, next += n;
            }
        }
    }
};

// Where Brian2's code leaves the spikes of a tile in a step; each thread has a place of its own.
__thread int32_t* found_spikes;

void set_time(int64_t step)
{
    using namespace brian;
    {{block_loop.timestep}}[0] = step;
    {{block_loop.time}}[0] = step*{{block_loop.clock}}.dt[0];
}

template<typename T> void own(T*& value) { value = new T(); }

void make_place_for_spikes() { found_spikes = space_for<int32_t>({{block_loop.most_neurons + 1}}); }

void join_in()
{
    using namespace brian;
    make_place_for_spikes();
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
    {% if layer.n_tiles > 1 %}
    SpikeHistory {{layer.spikes.name}}({{layer.spikes.array}}, {{layer.spikes.size}}, {{layer.n_tiles}});
    {% else %}
    History<int32_t> {{layer.spikes.name}}({{layer.spikes.array}}, {{layer.spikes.size}});
    {% endif %}
    {% for variable in layer.traces %}
    History<{{variable.c_type}}> {{variable.name}}({{variable.array}}, {{variable.size}});
    {% endfor %}
    {% if layer.tally %}
    Tally tally_of_{{layer.spikes.name}}("{{layer.tally}}", {{layer.n_neurons}});
    {% endif %}
    {% for one in layer.samples %}
    Samples<{{one.c_type}}> {{one.samples}}("{{one.name}}", {{one.size}});
    {% endfor %}
    {% endfor %}
    int64_t begin = first_step, n_steps;
    {% for stage in block_loop.stages %}
    {% set first = stage[0] %}

    // One tile of population {{stage|map(attribute='number')|join(', then ')}} goes through a block.
    const auto run_stage{{loop.index0}} = [&](size_t number)
    {
        {% for layer in stage %}
        {% for variable in layer.traces %}
        {{variable.array}} = {{variable.name}}.home;
        {% endfor %}
        {% if layer.samples %}
        size_t n_samples{{layer.number}} = 0;
        {% endif %}
        {% endfor %}
        {% if stage|length == 1 %}
        {{ enter_tile(first) }}
        {% endif %}
        {% if first.n_tiles > 1 %}
        {{first.spikes.array}} = found_spikes;
        List list = {{first.spikes.name}}.lists[number];  // with the space that it had
        list.end = list.values;
        {% endif %}
        block_begin = begin, block_length = n_steps;
        for (int64_t s = 0; s < n_steps; s++)
        {
            set_time(begin + s);
            block_step = s;
            row = input_rows + s*row_bytes;
            {% for layer in stage %}
            {% set spikes = layer.spikes %}
            {% if stage|length > 1 %}
            {{ enter_tile(layer) }}
            {% endif %}
            {% for place, array in layer.signals %}
            {{array}}[0] = row_signal(row, {{place}});
            {% endfor %}
            {% if layer.n_tiles == 1 %}
            {{spikes.array}} = {{spikes.name}}.row(s + 1);
            {% endif %}
            {% for variable in layer.sources %}
            {{variable.array}} = {{variable.name}}.row(s + {{1 - block_loop.delay_steps}});
            {% endfor %}
            {% for function in layer.functions %}
            {{function}}();
            {% endfor %}
            {% if layer.n_tiles > 1 %}
            const int32_t n_spikes = found_spikes[{{layer.n_neurons}}];
            {{spikes.name}}.numbers[number*block_steps + s] = n_spikes;
            list.append(found_spikes, n_spikes);
            {% endif %}
            {% if layer.tally %}
            tally_of_{{spikes.name}}.add({{spikes.array}}, {{spikes.array}}[{{layer.n_neurons}}]);
            {% endif %}
            {% for variable in layer.traces %}
            {{variable.name}}.keep(s + 1, tile.first, tile.last - tile.first);
            {% endfor %}
            {% if layer.samples %}
            if (is_sampled(begin + s))
            {
                {% for one in layer.samples %}
                {{one.samples}}.take({{one.values}}, n_samples{{layer.number}}, tile.first*{{one.elements}}, tile.last*{{one.elements}});
                {% endfor %}
                n_samples{{layer.number}}++;
            }
            {% endif %}
            {% endfor %}
        }
        {% if first.n_tiles > 1 %}
        {{first.spikes.name}}.lists[number] = list;
        {% endif %}
    };
    {% endfor %}

    make_place_for_spikes();
    Team team(number("BRAINSLEEP_THREADS"));
    for (; true; begin += n_steps)
    {
        n_steps = block_steps;
        for (const int64_t every : snapshot_every)
            n_steps = smaller<int64_t>(n_steps, every - begin % every);
        if (presentation_steps > 0)
            n_steps = smaller<int64_t>(n_steps, presentation_steps - begin % presentation_steps);
        n_steps = read_rows(input_rows, n_steps);
        if (n_steps == 0) break;
        present_if_due(begin);
        const size_t n_samples = n_sampled(begin, n_steps);

        {% for stage in block_loop.stages %}
        // population {{stage|map(attribute='number')|join(', then ')}}
        {% for layer in stage %}
        memcpy({{layer.spikes.name}}.rows, {{layer.spikes.name}}.home, {{layer.spikes.size}}*sizeof(int32_t));
        {% for variable in layer.traces %}
        {{variable.name}}.keep(0, 0, {{variable.size}});
        {% endfor %}
        {% for one in layer.samples %}
        {{one.samples}}.begin(n_samples);
        {% endfor %}
        {% endfor %}
        team.share({{stage[0].n_tiles}}, run_stage{{loop.index0}});
        {% for layer in stage %}
        {% if layer.n_tiles > 1 %}
        {{layer.spikes.name}}.join_lists(n_steps);
        {% endif %}
        {% if layer.tally %}
        tally_of_{{layer.spikes.name}}.write_if_due(begin + n_steps);
        {% endif %}
        {% for one in layer.samples %}
        {{one.samples}}.write(n_samples);
        {% endfor %}
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
