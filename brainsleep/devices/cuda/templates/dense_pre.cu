{# Presynaptic spikes: a thread has the row of one postsynaptic neuron to itself, so each sum is in
   the order of the spikes, whatever order threads run in. Variables of the neuron stay in registers
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
    // ask early for what the loop does not load many of at once: the spikes left over by sixteens;
    // or, where loads wait for the stores before them, all, always some ahead
    {% if writes_synapses %}
    const int32_t _early = 0, _until = _n_events < 16 ? _n_events : 16;
    {% else %}
    const int32_t _early = _n_events & ~15, _until = _n_events;
    {% endif %}
    {% for _, _array in synaptic_arrays %}
    for (int32_t _event = _early; _event < _until; _event++)
        brainsleep::prefetch(&{{get_array_name(_array)}}[_row + {{_eventspace}}[_event]]);
    {% endfor %}
    #pragma unroll 16
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const int _presynaptic_idx = {{_eventspace}}[_event];
        const int64_t _idx = _row + _presynaptic_idx;
        {% for _, _array in synaptic_arrays if writes_synapses %}
        if (_event + 16 < _n_events)
            brainsleep::prefetch(&{{get_array_name(_array)}}[_row + {{_eventspace}}[_event + 16]]);
        {% endfor %}

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
