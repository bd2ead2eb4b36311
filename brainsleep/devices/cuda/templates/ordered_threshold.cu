{# Which neurons have an event: a bit each, and then a list in ascending order. Brian2CUDA's own
   threshold appends to the list as threads come by, and what adds up spikes gives another sum in
   each run. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cu' %}
{% block kernel %}
__global__ void _run_kernel_{{codeobj_name}}(
    uint32_t* _mask,
    ///// KERNEL_PARAMETERS /////
    %KERNEL_PARAMETERS%
    )
{
    using namespace brian;
    const int _idx = blockIdx.x*blockDim.x + threadIdx.x;
    const int _vectorisation_idx = _idx;

    ///// KERNEL_CONSTANTS /////
    %KERNEL_CONSTANTS%

    ///// kernel_lines /////
    {{kernel_lines|autoindent}}

    bool _has_event = false;
    if (_idx < N)
    {
        ///// scalar_code /////
        {{scalar_code|autoindent}}
        {
            ///// vector_code /////
            {{vector_code|autoindent}}
            _has_event = _cond;
            if (_cond)
            {
                {% if _uses_refractory %}
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = {{t}};
                {% endif %}
            }
        }
    }
    const unsigned _word = __ballot_sync(0xffffffff, _has_event);
    if (threadIdx.x % 32 == 0 && _idx < N) _mask[_idx/32] = _word;
}
{% endblock %}

{% block prepare_kernel %}{% endblock %}
{% block kernel_call %}
    {% set _events = get_array_name(eventspace_variable, access_data=False) %}
    static uint32_t* const _mask = brainsleep::gpu_array<uint32_t>((_N + 31)/32);
    const int num_threads = 128, num_blocks = (_N + 127)/128;
    _run_kernel_{{codeobj_name}}<<<num_blocks, num_threads>>>(
            _mask,
            ///// HOST_PARAMETERS /////
            %HOST_PARAMETERS%
        );
    CUDA_CHECK_ERROR("_run_kernel_{{codeobj_name}}");
    brainsleep::list_events((const unsigned char*)_mask, 0, _N, dev{{_events}}[current_idx{{_events}}]);
{% endblock %}
