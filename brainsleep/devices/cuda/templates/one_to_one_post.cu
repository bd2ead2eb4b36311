{# The same for the spikes of postsynaptic neurons. #}
{% extends 'one_to_one_pre.cu' %}
