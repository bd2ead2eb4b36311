{# Which neurons of the tile spike. Conditions are computed for several neurons at once, and kept for a
   block of them as one bit each, since few neurons spike in a step. Each condition is computed once,
   in the order of neurons: it may draw random numbers. Blocks become shorter towards the end of the
   tile; the compiler knows the length of each. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _tile_end = brainsleep::tile.end(N);
    size_t _first = brainsleep::tile.first;
    int32_t _count = 0;
    {% for _length in lengths|default((64, 16, 1)) %}
    for (; _first + {{_length}} <= _tile_end; _first += {{_length}})
    {
        char _is_found[{{_length}}];
        #pragma GCC ivdep
        for (size_t _place = 0; _place < {{_length}}; _place++)
        {
            const size_t _idx = _first + _place;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _is_found[_place] = _cond ? 1 : 0;
        }
        {% if _uses_refractory %}
        for (uint64_t _bits = brainsleep::bits_of(_is_found); _bits; _bits &= _bits - 1)
        {
            const size_t _idx = _first + __builtin_ctzll(_bits);
            {{_eventspace}}[_count++] = _idx;
            {{not_refractory}}[_idx] = false;
            {{lastspike}}[_idx] = {{t}};
        }
        {% else %}
        _count = brainsleep::append_found(_is_found, _first, {{_eventspace}} + _count) - {{_eventspace}};
        {% endif %}
    }
    {% endfor %}
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
    {{get_array_name(eventspace_variable)}}[N] = 0;
{% endblock %}
