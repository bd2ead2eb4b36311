{# Statements for every neuron of the tile: state updates and regular operations. #}
{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const size_t _end = brainsleep::tile.end(N);
    #pragma GCC ivdep
    for (size_t _idx = brainsleep::tile.first; _idx < _end; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
{% endblock %}
