{# Append the number of a population's spikes in this step to its stream. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    static brainsleep::Stream& _counts = brainsleep::open_stream("{{count_file}}");
    const int32_t _n_spikes = {{get_array_name(eventspace_variable)}}[{{n_neurons}}];
    _counts.append(&_n_spikes, sizeof(int32_t));
{% endblock %}
