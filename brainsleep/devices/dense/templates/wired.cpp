{# Spikes at synapses between chosen pairs of neurons: a spike goes through the synapses of its own
   neuron, in the order in which a queue of spikes would hold them. Where nothing changes synapses,
   those of a neuron are copied once such that they lie side by side. #}
{# USES_VARIABLES { _synaptic_pre, _synaptic_post } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    static const brainsleep::SynapsesByNeuron _by_neuron(
        {{get_array_name(own_index)}}, _num{{own_index.name}}, {{n_neurons}});
    {% for _name, _array in copied %}
    static const std::vector<{{c_data_type(_array.dtype)}}> _copy_of_{{_name}} =
        _by_neuron.sorted({{get_array_name(_array)}});
    {% endfor %}
    const int32_t _n_events = {{_eventspace}}[{{n_neurons}}];
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _neuron = {{_eventspace}}[_event];
        {% for _name, _array in copied %}
        const {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _copy_of_{{_name}}.data();
        {% endfor %}
        const size_t _last = _by_neuron.first[_neuron + 1];
        for (size_t _place = _by_neuron.first[_neuron]; _place < _last; _place++)
        {
            const size_t _idx = {{ '_place' if copied else '_by_neuron.synapses[_place]' }};
            const size_t _vectorisation_idx = _idx;
            {{vector_code|autoindent}}
        }
    }
{% endblock %}
