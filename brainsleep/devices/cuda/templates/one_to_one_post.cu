{# The same for the spikes of the neurons that synapses lead to. #}
{% extends 'one_to_one_pre.cu' %}
