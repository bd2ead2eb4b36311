{# Count the spikes of each neuron of a population; write the counts when a presentation is over. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    static brainsleep::Tally _tally("{{tally_file}}", {{n_neurons}});
    _tally.add({{_eventspace}}, {{_eventspace}}[{{n_neurons}}]);
    _tally.write_if_due(night_clock.timestep[0] + 1);
{% endblock %}
