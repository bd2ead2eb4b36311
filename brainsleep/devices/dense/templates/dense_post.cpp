{# A postsynaptic spike changes all synapses of its neuron: one contiguous row of each variable. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const int32_t _n_events = {{_eventspace}}[{{n_post}}];
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _postsynaptic_idx = {{_eventspace}}[_event];
        const size_t _row = _postsynaptic_idx * {{n_pre}};
        {% if not sums_up %}
        #pragma GCC ivdep
        {% endif %}
        for (size_t _presynaptic_idx = 0; _presynaptic_idx < {{n_pre}}; _presynaptic_idx++)
        {
            const size_t _idx = _row + _presynaptic_idx;
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
