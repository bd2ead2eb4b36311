{# Whether a neuron spikes. #}
{# USES_VARIABLES { N } #}
{% extends 'block_code.cu' %}
{% block function %}
    __device__ __forceinline__ bool operator()(const brainsleep::Place& _place)
    {
        using namespace brian;
        const int _idx = _place.neuron, _vectorisation_idx = _idx;
        %KERNEL_CONSTANTS%
        {{kernel_lines|autoindent}}
        {{scalar_code|autoindent}}
        {
            {{vector_code|autoindent}}
            {% if _uses_refractory %}
            if (_cond)
            {
                {{not_refractory}}[_idx] = false;
                {{lastspike}}[_idx] = {{t}};
            }
            {% endif %}
            return _cond;
        }
    }
{% endblock %}
