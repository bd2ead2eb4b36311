{# The input population's spikes of this step, from the row of bits that came in for it. #}
{# USES_VARIABLES { N } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    brainsleep::enter({{clock}}.timestep[0]);
    int32_t _count = 0;
    for (size_t _byte = 0; _byte < brainsleep::spike_bytes; _byte++)
        for (unsigned _bits = brainsleep::row[_byte]; _bits; _bits &= _bits - 1)
            {{_eventspace}}[_count++] = 8*_byte + __builtin_ctz(_bits);
    {{_eventspace}}[N] = _count;
{% endblock %}
