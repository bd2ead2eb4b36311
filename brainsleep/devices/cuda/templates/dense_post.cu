{# A postsynaptic spike changes all synapses of its neuron, one contiguous row of each variable.
   Some blocks of threads go through a row together, and some rows are under way at once; how many
   does not depend on the number of spikes, which only the GPU knows. #}
{% extends 'common_group.cu' %}
{% block kernel %}
{% set _eventspace = get_array_name(eventspace_variable) %}
{% set _threads = 256 %}
{% set _blocks_a_row = (n_pre + _threads - 1)//_threads %}
{# enough for a large GPU to be busy #}
{% set _rows_at_once = [[(2048 + _blocks_a_row - 1)//_blocks_a_row, n_post]|min, 1]|max %}
__global__ void _run_kernel_{{codeobj_name}}(
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;
    const int _presynaptic_idx = blockIdx.x % {{_blocks_a_row}} * blockDim.x + threadIdx.x;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}

    if (_presynaptic_idx >= {{n_pre}}) return;
    const int _vectorisation_idx = _presynaptic_idx;

    ///// scalar_code /////
    {{scalar_code|autoindent}}

    const int32_t _n_events = {{_eventspace}}[{{n_post}}];
    for (int32_t _event = blockIdx.x / {{_blocks_a_row}}; _event < _n_events; _event += {{_rows_at_once}})
    {
        const int _postsynaptic_idx = {{_eventspace}}[_event];
        const int64_t _idx = (int64_t)_postsynaptic_idx*{{n_pre}} + _presynaptic_idx;

        ///// vector_code /////
        {{vector_code|autoindent}}
    }
}
{% endblock %}

{% block define_N %}{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    {% set _threads = 256 %}
    {% set _blocks_a_row = (n_pre + _threads - 1)//_threads %}
    {% set _rows_at_once = [[(2048 + _blocks_a_row - 1)//_blocks_a_row, n_post]|min, 1]|max %}
    const int num_threads = {{_threads}}, num_blocks = {{_blocks_a_row*_rows_at_once}};
    _run_kernel_{{codeobj_name}}<<<num_blocks, num_threads>>>(
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );
    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock %}
