{# A postsynaptic spike changes the one synapse of its neuron. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const int32_t _n_events = {{_eventspace}}[{{n_post}}];
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _postsynaptic_idx = {{_eventspace}}[_event];
        const size_t _presynaptic_idx = _postsynaptic_idx, _idx = _postsynaptic_idx;
        const size_t _vectorisation_idx = _idx;
        {{vector_code|autoindent}}
    }
{% endblock %}
