{# Append a variable of a population, as it is after this step, to its stream. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    static brainsleep::Stream& _values = brainsleep::open_stream("{{file}}");
    const size_t _size = {{variable.size}};
    _values.append({{get_array_name(variable)}}, _size*sizeof(*{{get_array_name(variable)}}));
{% endblock %}
