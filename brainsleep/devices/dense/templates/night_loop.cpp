{# The loop of a night whose layers take turns in blocks of steps; see blocks.py. #}
namespace brainsleep {

const int64_t block_steps = {{block_loop.block_steps}};
unsigned char input_rows[block_steps * row_bytes];

// What a variable was in each step of a block: row s + 1 for its step s, row 0 for the step before.
// The variable's own pointer is led from row to row, so that Brian2's code need not know.
template<typename T> struct History
{
    T*& array;
    T* const home;
    const size_t size;
    T* const rows;

    History(T*& pointer, size_t n)
        : array(pointer), home(pointer), size(n), rows((T*)calloc((block_steps + 1)*n, sizeof(T)))
    {
        if (!rows) fail("no memory for a block of", std::to_string(block_steps) + " steps");
    }
    void point(int64_t row) { array = rows + row*size; }
    void go_home() { array = home; }
    void keep(int64_t row, size_t first, size_t n)
    { memcpy(rows + row*size + first, home + first, n*sizeof(T)); }
};

void set_time(int64_t step)
{
    using namespace brian;
    {{block_loop.clock}}.timestep[0] = step;
    {{block_loop.clock}}.t[0] = step*{{block_loop.clock}}.dt[0];
}

void run_night()
{
    using namespace brian;
    {% for layer in block_loop.layers %}
    {% for variable in layer.histories %}
    History<{{variable.c_type}}> {{variable.name}}({{variable.array}}, {{variable.size}});
    {% endfor %}
    {% endfor %}
    {% for layer in block_loop.layers %}
    {% for one in layer.samples %}
    Samples<{{one.c_type}}> {{one.samples}}("{{one.name}}", {{one.size}});
    {% endfor %}
    {% endfor %}
    int64_t begin = first_step;
    while (true)
    {
        int64_t n_steps = block_steps;
        for (const int64_t every : snapshot_every)
            n_steps = std::min(n_steps, every - begin % every);
        if (presentation_steps > 0)
            n_steps = std::min(n_steps, presentation_steps - begin % presentation_steps);
        n_steps = fread(input_rows, row_bytes, n_steps, stdin);
        if (n_steps == 0) break;
        present_if_due(begin);
        size_t n_samples;  // of this block

        {% for layer in block_loop.layers %}
        // population {{loop.index0}}
        {% set spikes = layer.spikes %}
        memcpy({{spikes.name}}.rows, {{spikes.home}}, {{spikes.size}}*sizeof(int32_t));
        {% for variable in layer.traces %}
        {{variable.name}}.keep(0, 0, {{variable.size}});
        {% endfor %}
        tile.first = 0;
        for (; tile.first < {{layer.n_neurons}}; tile.first = tile.last)
        {
            tile.last = std::min<size_t>(tile.first + {{layer.tile_neurons}}, {{layer.n_neurons}});
            n_samples = 0;
            for (int64_t s = 0; s < n_steps; s++)
            {
                set_time(begin + s);
                row = input_rows + s*row_bytes;
                {% for place, array in layer.signals %}
                {{array}}[0] = row_signal(row, {{place}});
                {% endfor %}
                {{spikes.name}}.point(s + 1);
                {% for variable in layer.sources %}
                {{variable.name}}.point(s + {{1 - block_loop.delay_steps}});
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
        }
        {% for variable in layer.sources %}
        {{variable.name}}.go_home();
        {% endfor %}
        {% for one in layer.samples %}
        {{one.samples}}.write(n_samples);
        {% endfor %}
        {% endfor %}
        tile = whole_population;

        {% for layer in block_loop.layers if layer.recorders %}
        for (int64_t s = 0; s < n_steps; s++)
        {
            {% for variable in layer.histories %}
            {{variable.name}}.point(s + 1);
            {% endfor %}
            {% for function in layer.recorders %}
            {{function}}();
            {% endfor %}
        }
        {% for variable in layer.traces %}
        {{variable.name}}.go_home();
        {% endfor %}
        {% endfor %}
        {% for layer in block_loop.layers %}
        {{layer.spikes.name}}.go_home();
        memcpy({{layer.spikes.home}}, {{layer.spikes.name}}.rows + n_steps*{{layer.spikes.size}}, {{layer.spikes.size}}*sizeof(int32_t));
        {% endfor %}
        begin += n_steps;
        steps_made = begin;
        snapshot_if_due(steps_made);
    }
}

}
