{# A postsynaptic event changes all synapses of its neuron, one contiguous row of each variable.
   Some blocks of threads go through a row together, and several rows are worked on at the same
   time; how many does not depend on the number of events, which only the GPU knows. #}
{% extends 'threads.cu' %}
{% block thread %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const int _presynaptic_idx = blockIdx.x % {{blocks_per_row}} * blockDim.x + threadIdx.x;
    if (_presynaptic_idx >= {{n_pre}}) return;
    const int _vectorisation_idx = _presynaptic_idx;

    ///// scalar_code /////
    {{scalar_code|autoindent}}

    const int32_t _n_events = {{_eventspace}}[{{n_post}}];
    for (int32_t _event = blockIdx.x/{{blocks_per_row}}; _event < _n_events; _event += {{rows_at_once}})
    {
        const int _postsynaptic_idx = {{_eventspace}}[_event];
        const int64_t _idx = (int64_t)_postsynaptic_idx*{{n_pre}} + _presynaptic_idx;
        {% for _, _array in synaptic_arrays %}
        // the next row, which would else be asked for when this one is written
        if (_event + {{rows_at_once}} < _n_events)
            brainsleep::prefetch(&{{get_array_name(_array)}}[
                (int64_t){{_eventspace}}[_event + {{rows_at_once}}]*{{n_pre}} + _presynaptic_idx]);
        {% endfor %}

        ///// vector_code /////
        {{vector_code|autoindent}}
    }
{% endblock %}

{% block launch %}
    const int num_threads = {{threads_per_block}}, num_blocks = {{blocks_per_row*rows_at_once}};
{% endblock %}
