{# Presynaptic spikes, for one postsynaptic neuron. Where sums need no order, its threads share the
   spikes and then add up in an order of their own, which is the same each time; else the first
   thread goes through all of them. Arrays of synapses begin with the neuron's row. #}
{% extends 'block_code.cu' %}
{% block function %}
    template <int _threads> __device__ __forceinline__ void operator()(
        const brainsleep::Place& _place, const int32_t* _events, int _n_events)
    {
        using namespace brian;
        const int _postsynaptic_idx = _place.neuron, _vectorisation_idx = _postsynaptic_idx;
        %KERNEL_CONSTANTS%
        {{kernel_lines|autoindent}}
        {{scalar_code|autoindent}}

        {% if not in_parallel %}
        if (threadIdx.x != 0) return;
        {% endif %}
        ///// what the neuron has /////
        {{row_reads|autoindent}}

        {% if in_parallel %}
        {% for _name in sums %}
        if (threadIdx.x != 0) {{_name}} = 0;
        {% endfor %}
        #pragma unroll 4
        for (int _event = threadIdx.x; _event < _n_events; _event += _threads)
        {% else %}
        {% if not writes_synapses %}
        #pragma unroll 16
        {% endif %}
        for (int _event = 0; _event < _n_events; _event++)
        {% endif %}
        {
            const int _presynaptic_idx = _events[_event], _idx = _presynaptic_idx;
            {{vector_code|autoindent}}
        }
        {% for _name in sums if in_parallel %}
        {{_name}} = brainsleep::sum_of_threads<_threads, {{loop.index0}}>({{_name}}, _n_events);
        {% endfor %}
        if (threadIdx.x != 0) return;

        ///// what the neuron has now /////
        {{row_writes|autoindent}}
    }
{% endblock %}
