{# A spike acts at the one synapse of its neuron, which leads to the neuron of the same number. #}
{% extends 'threads.cu' %}
{% block thread %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    if (_thread >= {{_eventspace}}[{{n_pre}}]) return;  // as many neurons on both sides
    const int _vectorisation_idx = _thread;

    ///// scalar_code /////
    {{scalar_code|autoindent}}
    {
        const int _idx = {{_eventspace}}[_thread];
        const int _presynaptic_idx = _idx, _postsynaptic_idx = _idx;

        ///// vector_code /////
        {{vector_code|autoindent}}
    }
{% endblock %}

{% block launch %}
    const int num_threads = 128, num_blocks = {{(n_pre + 127)//128}};
{% endblock %}
