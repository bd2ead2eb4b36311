{# A spike acts at the one synapse of its neuron, which leads to the neuron of the same number. #}
{% extends 'block_code.cu' %}
{% block function %}
    __device__ __forceinline__ void operator()(const brainsleep::Place& _place)
    {
        using namespace brian;
        const int _idx = _place.neuron, _vectorisation_idx = _idx;
        const int _presynaptic_idx = _idx, _postsynaptic_idx = _idx;
        %KERNEL_CONSTANTS%
        {{kernel_lines|autoindent}}
        {{scalar_code|autoindent}}
        {
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
