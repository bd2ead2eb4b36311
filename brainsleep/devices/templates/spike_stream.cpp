{# Append a population's spikes to its stream, and their number in this step to another. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    static brainsleep::Stream& _indices = brainsleep::open_stream("{{index_file}}");
    static brainsleep::Stream& _counts = brainsleep::open_stream("{{count_file}}");
    const int32_t _n_spikes = {{_eventspace}}[{{n_neurons}}];
    _indices.append({{_eventspace}}, _n_spikes*sizeof(int32_t));
    _counts.append(&_n_spikes, sizeof(int32_t));
{% endblock %}
