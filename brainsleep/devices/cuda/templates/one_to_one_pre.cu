{# A spike acts at the one synapse of its neuron, which leads to the neuron of the same number. #}
{% extends 'common_group.cu' %}
{% block kernel %}
{% set _eventspace = get_array_name(eventspace_variable) %}
__global__ void _run_kernel_{{codeobj_name}}(
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;
    const int _event = blockIdx.x*blockDim.x + threadIdx.x;
    const int _vectorisation_idx = _event;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}

    if (_event >= {{_eventspace}}[{{n_pre}}]) return;  // as many neurons on both sides

    ///// scalar_code /////
    {{scalar_code|autoindent}}
    {
        const int _idx = {{_eventspace}}[_event];
        const int _presynaptic_idx = _idx, _postsynaptic_idx = _idx;

        ///// vector_code /////
        {{vector_code|autoindent}}
    }
}
{% endblock %}

{% block define_N %}{% endblock %}
{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    const int num_threads = 128, num_blocks = {{(n_pre + 127)//128}};
    _run_kernel_{{codeobj_name}}<<<num_blocks, num_threads>>>(
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );
    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
{% endblock %}
