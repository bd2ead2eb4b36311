{# Which neurons of the tile spike. Conditions are computed for several neurons at once, and kept for 64,
   a byte each; then eight of these are looked at together, since few neurons spike in a step. Each
   condition is computed once, in the order of neurons: it may draw random numbers. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _tile_end = brainsleep::tile.end(N);
    int32_t _count = 0;
    alignas(64) char _is_found[64];
    {# the first loop has blocks whose length the compiler knows, the second one what is left #}
    size_t _first = brainsleep::tile.first;
    {% for _full in (true, false) %}
    for (; {{ '_first + 64 <= _tile_end' if _full else '_first < _tile_end' }}; _first += 64)
    {
        {% if _full %}
        const size_t _length = 64;
        {% else %}
        const size_t _length = _tile_end - _first;
        memset(_is_found, 0, sizeof _is_found);
        {% endif %}
        #pragma GCC ivdep
        for (size_t _place = 0; _place < _length; _place++)
        {
            const size_t _idx = _first + _place;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _is_found[_place] = _cond ? 1 : 0;
        }
        uint64_t _found = 0;
        for (size_t _eight = 0; _eight < 64; _eight += 8)
        {
            uint64_t _bytes;
            memcpy(&_bytes, _is_found + _eight, sizeof _bytes);
            _found |= _bytes*0x0102040810204080 >> 56 << _eight;  // their lowest bits, side by side
        }
        for (; _found; _found &= _found - 1)
        {
            const size_t _idx = _first + __builtin_ctzll(_found);
            {{_eventspace}}[_count++] = _idx;
            {% if _uses_refractory %}
            {{not_refractory}}[_idx] = false;
            {{lastspike}}[_idx] = {{t}};
            {% endif %}
        }
    }
    {% endfor %}
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
    {{get_array_name(eventspace_variable)}}[N] = 0;
{% endblock %}
