{# A postsynaptic spike changes the row of its neuron; the threads share the synapses. Arrays come as
   arguments, for which the compiler may be told that they do not overlap. #}
{% extends 'block_code.cu' %}
{% block function %}
    template <int _threads> __device__ __forceinline__ void operator()(const brainsleep::Place& _place)
    {
        change<_threads>(
            _place,
            ///// NAMES /////
            %KERNEL_PARAMETERS%
            ///// END OF NAMES /////
        );
    }

    template <int _threads> static __device__ __forceinline__ void change(
        const brainsleep::Place& _place,
        ///// PARAMETERS /////
        %KERNEL_PARAMETERS%
        ///// END OF PARAMETERS /////
    )
    {
        using namespace brian;
        const int _postsynaptic_idx = _place.neuron;
        %KERNEL_CONSTANTS%
        {{kernel_lines|autoindent}}
        {
            const int _vectorisation_idx = 0;
            {{scalar_code|autoindent}}
            // as many synapses for each thread, a known number, so that several are fetched at once
            const int _shares = {{n_pre}}/_threads;
            #pragma unroll 8
            for (int _share = 0; _share < _shares; _share++)
            {
                const int _presynaptic_idx = threadIdx.x + _share*_threads;
                const int _idx = _presynaptic_idx, _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
            const int _presynaptic_idx = threadIdx.x + _shares*_threads;
            if (_presynaptic_idx < {{n_pre}})
            {
                const int _idx = _presynaptic_idx, _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
        }
    }
{% endblock %}
