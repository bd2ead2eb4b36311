{# Presynaptic spikes at synapses that nothing changes. They are copied once, such that those of one
   presynaptic neuron lie side by side for a few neurons of the tile: as many as the compiler, which
   knows their number, can keep the sums of in registers while all spikes of a step are added. Each
   sum is in the order of the spikes, as with stock synapses. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {# among the variables are functions, too #}
    {% set _arrays = variables|dictsort|selectattr('1.dynamic', 'defined')|selectattr('1.dynamic') %}
    {% set _values = _arrays|rejectattr('0', 'in', ['_presynaptic_idx', '_postsynaptic_idx'])|list %}
    {# synapses of a group with itself hold nothing aside #}
    {% set _width = columns_at_once if summed else n_post %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _tile_end = brainsleep::tile.end({{n_post}});
    {% for _name, _array in _values %}
    static const {{c_data_type(_array.dtype)}}* const _rows_of_{{_name}} =
        brainsleep::rows_by_source({{get_array_name(_array)}}, {{n_pre}}, {{n_post}}, {{_width}});
    {% endfor %}
    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    if (_n_events == 0) return;
    size_t _first = brainsleep::tile.first;
    {% for _columns in (_width, n_post % _width) if _columns and _columns <= n_post %}
    for (; _first + {{_columns}} <= _tile_end; _first += {{_columns}})
    {
        {% for _name, _array in summed %}
        {{c_data_type(_array.dtype)}}* const _all_{{_name}} = {{get_array_name(_array)}};
        {{c_data_type(_array.dtype)}} _held_{{_name}}[{{_columns}}];
        brainsleep::copy(_all_{{_name}} + _first, _held_{{_name}}, {{_columns}});
        {% endfor %}
        for (int32_t _event = 0; _event < _n_events; _event++)
        {
            const size_t _presynaptic_idx = {{_eventspace}}[_event];
            const size_t _row = _first*{{n_pre}} + _presynaptic_idx*{{_columns}};
            asm volatile("");  // where the order of additions is free, spikes are not taken together
            {% for _name, _array in _values %}
            const {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _rows_of_{{_name}};
            {% endfor %}
            {% for _name, _array in summed %}
            {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _held_{{_name}} - _first;
            {% endfor %}
            #pragma GCC ivdep
            for (size_t _column = 0; _column < {{_columns}}; _column++)
            {
                const size_t _postsynaptic_idx = _first + _column;
                const size_t _idx = _row + _column;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
        }
        {% for _name, _array in summed %}
        brainsleep::copy(_held_{{_name}}, _all_{{_name}} + _first, {{_columns}});
        {% endfor %}
    }
    {% endfor %}
{% endblock %}
