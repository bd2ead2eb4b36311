{# Append the number of a population's spikes in this step to its file. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    static FILE* const _counts = brainsleep::open_stream("{{count_file}}");
    const int32_t _n_spikes = {{get_array_name(eventspace_variable)}}[{{n_neurons}}];
    if (!_counts || fwrite(&_n_spikes, sizeof(int32_t), 1, _counts) != 1)
    {
        std::cerr << "cannot write rates to " << results_dir << std::endl;
        exit(1);
    }
{% endblock %}
