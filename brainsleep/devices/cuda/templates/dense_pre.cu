{# Presynaptic spikes: a thread has the row of one postsynaptic neuron to itself, so each sum is in
   the order of the spikes, whatever else the GPU does. Variables of the neuron stay in registers
   meanwhile. #}
{% extends 'common_group.cu' %}
{% block kernel %}
{% set _eventspace = get_array_name(eventspace_variable) %}
__global__ void _run_kernel_{{codeobj_name}}(
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;
    const int _postsynaptic_idx = blockIdx.x*blockDim.x + threadIdx.x;
    const int _vectorisation_idx = _postsynaptic_idx;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}

    if (_postsynaptic_idx >= {{n_post}}) return;

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
}
{% endblock %}

{% block define_N %}{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    // few threads a block: there are as many as neurons, for all of a GPU
    const int num_threads = 32, num_blocks = {{(n_post + 31)//32}};
    _run_kernel_{{codeobj_name}}<<<num_blocks, num_threads>>>(
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );
    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock %}
