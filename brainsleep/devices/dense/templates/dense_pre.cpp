{# Presynaptic spikes, for several rows (postsynaptic neurons) of the tile at a time. Going through
   all rows for one spike would miss the cache at every synapse; going through all spikes for one
   row would wait for each addition before the next. With several rows, as many additions go on at
   the same time. Each sum is in the order of the spikes, as with stock synapses. Where rows are not
   in the cache yet, what later rows need is fetched meanwhile. What is summed up is held aside in an
   array whose size is known to the compiler, which can keep it in registers. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _tile_end = brainsleep::tile.end({{n_post}});
    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    size_t _first = brainsleep::tile.first;
    {% for _rows in (rows_at_once, n_post % rows_at_once) if _rows and _rows <= n_post %}
    for (; _first + {{_rows}} <= _tile_end; _first += {{_rows}})
    {
        {% for _name, _array in summed %}
        {{c_data_type(_array.dtype)}}* const _all_{{_name}} = {{get_array_name(_array)}};
        {{c_data_type(_array.dtype)}} _held_{{_name}}[{{_rows}}];
        brainsleep::copy(_all_{{_name}} + _first, _held_{{_name}}, {{_rows}});
        {% endfor %}
        for (int32_t _event = 0; _event < _n_events; _event++)
        {
            const size_t _presynaptic_idx = {{_eventspace}}[_event];
            asm volatile("");  // where the order of additions is free, spikes are not taken together
            {% for _name, _array in synaptic_arrays if rows_ahead %}
            for (size_t _row = _first + {{rows_ahead}}; _row < _first + {{rows_ahead + _rows}}; _row++)
                __builtin_prefetch(&{{get_array_name(_array)}}[_row * {{n_pre}} + _presynaptic_idx], 0, 2);
            {% endfor %}
            {% for _name, _array in summed %}
            {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _held_{{_name}} - _first;
            {% endfor %}
            #pragma GCC ivdep
            for (size_t _row = 0; _row < {{_rows}}; _row++)
            {
                const size_t _postsynaptic_idx = _first + _row;
                const size_t _idx = _postsynaptic_idx * {{n_pre}} + _presynaptic_idx;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
        }
        {% for _name, _array in summed %}
        brainsleep::copy(_held_{{_name}}, _all_{{_name}} + _first, {{_rows}});
        {% endfor %}
    }
    {% endfor %}
{% endblock %}
