{# Append a variable of a population, as it is after this step, to its file. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    static FILE* const _values = brainsleep::open_stream("{{file}}");
    const size_t _size = {{variable.size}};
    if (!_values || fwrite({{get_array_name(variable)}}, sizeof(*{{get_array_name(variable)}}), _size, _values) != _size)
    {
        std::cerr << "cannot write {{file}} to " << results_dir << std::endl;
        exit(1);
    }
{% endblock %}
