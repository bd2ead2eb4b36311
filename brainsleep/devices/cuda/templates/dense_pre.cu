{# Presynaptic spikes: a thread has the row of one postsynaptic neuron to itself, so each sum is in
   the order of the spikes, whatever else the GPU does. Variables of the neuron stay in registers
   meanwhile. #}
{% extends 'threads.cu' %}
{% block thread %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    if (_thread >= {{n_post}}) return;
    const int _postsynaptic_idx = _thread, _vectorisation_idx = _thread;

    ///// scalar_code /////
    {{scalar_code|autoindent}}

    ///// what the neuron has /////
    {{row_reads|autoindent}}

    const int64_t _row = (int64_t)_postsynaptic_idx*{{n_pre}};
    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    #pragma unroll 16
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const int _presynaptic_idx = {{_eventspace}}[_event];
        const int64_t _idx = _row + _presynaptic_idx;
        {% if writes_synapses %}
        // loads wait for the stores before them: ask early for what later spikes need
        if (_event + 16 < _n_events)
        {
            {% for _, _array in synaptic_arrays %}
            brainsleep::prefetch(&{{get_array_name(_array)}}[_row + {{_eventspace}}[_event + 16]]);
            {% endfor %}
        }
        {% endif %}

        ///// vector_code /////
        {{vector_code|autoindent}}
    }

    ///// what the neuron has now /////
    {{row_writes|autoindent}}
{% endblock %}

{% block launch %}
    // few threads a block: there are as many as neurons, for all of a GPU
    const int num_threads = 32, num_blocks = {{(n_post + 31)//32}};
{% endblock %}
