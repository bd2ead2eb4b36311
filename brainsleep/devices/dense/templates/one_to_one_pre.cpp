{# A presynaptic spike reaches the neuron of the same number, if it is of the tile. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _tile_end = brainsleep::tile.end({{n_post}});
    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _presynaptic_idx = {{_eventspace}}[_event];
        const size_t _postsynaptic_idx = _presynaptic_idx, _idx = _presynaptic_idx;
        const size_t _vectorisation_idx = _idx;
        if (_postsynaptic_idx < brainsleep::tile.first || _postsynaptic_idx >= _tile_end) continue;
        {{vector_code|autoindent}}
    }
{% endblock %}
