{# Write the night's state to disk where one is due, when everything else of the step is done. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    brainsleep::snapshot_if_due(brainsleep::steps_made);
{% endblock %}
