{# A postsynaptic spike changes the row of its neuron; the threads share the synapses. #}
{% extends 'block_code.cu' %}
{% block function %}
    __device__ __forceinline__ void operator()(const brainsleep::Place& _place)
    {
        using namespace brian;
        const int _postsynaptic_idx = _place.neuron;
        %KERNEL_CONSTANTS%
        {{kernel_lines|autoindent}}
        {
            const int _vectorisation_idx = 0;
            {{scalar_code|autoindent}}
            for (int _presynaptic_idx = threadIdx.x; _presynaptic_idx < {{n_pre}}; _presynaptic_idx += blockDim.x)
            {
                const int _idx = _presynaptic_idx, _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
        }
    }
{% endblock %}
