{# Presynaptic spikes, for several rows (postsynaptic neurons) of the tile at a time. Going through
   all rows for one spike would miss the cache at every synapse; going through all spikes for one
   row would wait for each addition before the next. With several rows, as many additions go on at
   the same time. Each sum is in the order of the spikes, as with stock synapses. Where rows are not
   in the cache yet, what later rows need is fetched meanwhile. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _rows = {{rows_at_once}};
    const size_t _tile_end = brainsleep::tile.end({{n_post}});
    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    for (size_t _first = brainsleep::tile.first; _first < _tile_end; _first += _rows)
    {
        const size_t _end = _first + _rows < _tile_end ? _first + _rows : _tile_end;
        for (int32_t _event = 0; _event < _n_events; _event++)
        {
            const size_t _presynaptic_idx = {{_eventspace}}[_event];
            {% for _name, _array in synaptic_arrays if rows_ahead %}
            for (size_t _row = _first + {{rows_ahead}}; _row < _end + {{rows_ahead}}; _row++)
                __builtin_prefetch(&{{get_array_name(_array)}}[_row * {{n_pre}} + _presynaptic_idx], 0, 2);
            {% endfor %}
            #pragma GCC ivdep
            for (size_t _postsynaptic_idx = _first; _postsynaptic_idx < _end; _postsynaptic_idx++)
            {
                const size_t _idx = _postsynaptic_idx * {{n_pre}} + _presynaptic_idx;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
        }
    }
{% endblock %}
