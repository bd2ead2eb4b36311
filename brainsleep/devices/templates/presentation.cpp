{# Begin the next presentation where one is due, before anything else of the step is done. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    brainsleep::present_if_due(night_clock.timestep[0]);
{% endblock %}
