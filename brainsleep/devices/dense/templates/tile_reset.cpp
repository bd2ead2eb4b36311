{# What a spike does to its own neuron, for the neurons of the tile. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const int32_t _n_events = {{_eventspace}}[N];
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _idx = {{_eventspace}}[_event];
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
{% endblock %}
