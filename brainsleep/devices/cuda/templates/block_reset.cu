{# What a spike does to its own neuron. #}
{% extends 'block_update.cu' %}
