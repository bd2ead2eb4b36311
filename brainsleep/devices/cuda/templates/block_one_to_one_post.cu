{# The same for the spikes of postsynaptic neurons. #}
{% extends 'block_one_to_one_pre.cu' %}
