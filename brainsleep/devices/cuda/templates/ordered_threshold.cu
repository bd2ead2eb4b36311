{# Which neurons have an event: first one bit per neuron, then a list in ascending order. Brian2CUDA's
   own threshold appends to the list in whichever order threads arrive, so that sums over spikes
   differ from run to run. #}
{# USES_VARIABLES { N } #}
{% extends 'threads.cu' %}
{% block parameters %}
    uint32_t* _mask,
{% endblock %}
{% block thread %}
    const int _idx = _thread, _vectorisation_idx = _thread;
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
{% endblock %}

{% block launch %}
    static uint32_t* const _mask = brainsleep::gpu_array<uint32_t>((N + 31)/32);
    const int num_threads = 128, num_blocks = (N + 127)/128;
{% endblock %}
{% block arguments %}
            _mask,
{% endblock %}
{% block after_launch %}
    {% set _events = get_array_name(eventspace_variable, access_data=False) %}
    brainsleep::list_events((const unsigned char*)_mask, 0, N, dev{{_events}}[current_idx{{_events}}]);
{% endblock %}
