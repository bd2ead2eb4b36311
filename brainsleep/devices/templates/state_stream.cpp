{# Append values of a variable, as they are after this step, to their stream. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    static brainsleep::Samples<{{c_type}}> _samples("{{name}}", {{size}});
    if (brainsleep::is_sampled(night_clock.timestep[0]))
    {
        _samples.begin(1);
        _samples.take({{get_array_name(variable)}}, 0, 0, {{size}});
        _samples.write(1);
    }
{% endblock %}
