{# Statements for a neuron: state updates, regular operations, resets. #}
{# USES_VARIABLES { N } #}
{# ALLOWS_SCALAR_WRITE #}
{% extends 'block_code.cu' %}
{% block function %}
    __device__ __forceinline__ void operator()(const brainsleep::Place& _place)
    {
        using namespace brian;
        const int _idx = _place.neuron, _vectorisation_idx = _idx;
        %KERNEL_CONSTANTS%
        {{kernel_lines|autoindent}}
        {{scalar_code|autoindent}}
        {
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
