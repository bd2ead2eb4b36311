{# Which neurons spike, for networks that go step by step. Few do: where none in a block of neurons is
   at threshold, which is found out for several neurons at once, the block is left. Conditions that
   draw random numbers are computed once per neuron. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    int32_t _count = 0;
    for (size_t _first = 0; _first < N; _first += 64)
    {
        const size_t _end = std::min<size_t>(_first + 64, N);
        {% if not draws_numbers %}
        int32_t _any = 0;
        #pragma GCC ivdep
        for (size_t _idx = _first; _idx < _end; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            _any |= _cond ? 1 : 0;
        }
        if (!_any) continue;
        {% endif %}
        for (size_t _idx = _first; _idx < _end; _idx++)
        {
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
            if (_cond)
            {
                {{_eventspace}}[_count++] = _idx;
                {% if _uses_refractory %}
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = {{t}};
                {% endif %}
            }
        }
    }
    {{_eventspace}}[N] = _count;
{% endblock %}

{% block after_code %}
    {{get_array_name(eventspace_variable)}}[N] = 0;
{% endblock %}
