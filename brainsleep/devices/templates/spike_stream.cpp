{# Append a population's spikes to its file, and their number in this step to another. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    static FILE* const _indices = brainsleep::open_stream("{{index_file}}");
    static FILE* const _counts = brainsleep::open_stream("{{count_file}}");
    const int32_t _n_spikes = {{_eventspace}}[{{n_neurons}}];
    if (!_indices || !_counts
        || fwrite({{_eventspace}}, sizeof(int32_t), _n_spikes, _indices) != (size_t)_n_spikes
        || fwrite(&_n_spikes, sizeof(int32_t), 1, _counts) != 1)
    {
        std::cerr << "cannot write spikes to " << results_dir << std::endl;
        exit(1);
    }
{% endblock %}
