{# Presynaptic spikes, for eight rows (postsynaptic neurons) of the tile at a time. The synapses of one spike
   lie a row apart: going through all rows for one spike misses the cache, and each page table
   entry, at every step; going through all spikes for one row waits for each sum before the next.
   Eight rows are eight sums under way at once, and what rows further on need is fetched
   meanwhile. Each sum is in the order of the spikes, as with stock synapses. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _rows = 8, _ahead = 16;
    const size_t _tile_end = brainsleep::tile.end({{n_post}});
    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    for (size_t _first = brainsleep::tile.first; _first < _tile_end; _first += _rows)
    {
        const size_t _end = _first + _rows < _tile_end ? _first + _rows : _tile_end;
        for (int32_t _event = 0; _event < _n_events; _event++)
        {
            const size_t _presynaptic_idx = {{_eventspace}}[_event];
            {% for _name, _array in synaptic_arrays %}
            for (size_t _row = _first + _ahead; _row < _end + _ahead; _row++)
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
