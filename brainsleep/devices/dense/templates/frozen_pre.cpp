{# Presynaptic spikes at synapses that nothing changes. They are copied once, such that those of one
   presynaptic neuron lie side by side for all neurons of the tile: a spike adds one row. Each sum is
   in the order of the spikes, as with stock synapses. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {# among the variables are functions, too #}
    {% set _arrays = variables|dictsort|selectattr('1.dynamic', 'defined')|selectattr('1.dynamic') %}
    {% set _values = _arrays|rejectattr('0', 'in', ['_presynaptic_idx', '_postsynaptic_idx'])|list %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _first = brainsleep::tile.first, _end = brainsleep::tile.end({{n_post}});
    {% for _name, _array in _values %}
    static const std::vector<{{c_data_type(_array.dtype)}}> _rows_of_{{_name}} =
        brainsleep::rows_by_source({{get_array_name(_array)}}, {{n_pre}}, {{n_post}}, brainsleep::tile.neurons);
    {% endfor %}
    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _presynaptic_idx = {{_eventspace}}[_event];
        const size_t _row = _first*{{n_pre}} + _presynaptic_idx*(_end - _first) - _first;
        {% for _name, _array in _values %}
        const {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _rows_of_{{_name}}.data();
        {% endfor %}
        #pragma GCC ivdep
        for (size_t _postsynaptic_idx = _first; _postsynaptic_idx < _end; _postsynaptic_idx++)
        {
            const size_t _idx = _row + _postsynaptic_idx;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
