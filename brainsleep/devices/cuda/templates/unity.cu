{# The whole program as one file: our own code around all files that Brian2CUDA generated. #}
#include <chrono>
#include <fstream>
#include "objects.h"
#include "network.h"
#include "brianlib/cuda_utils.h"
{% include "cuda/templates/common.cu" %}

{% if block_loop %}
{% include "cuda/templates/places.cu" %}
{% else %}
{% include "cuda/templates/steps.cu" %}
{% endif %}

{% include "templates/program/peak_memory.cpp" %}

{% for name in sources %}
#include "{{name}}"
{% endfor %}
{% if block_loop %}
{% include "cuda/templates/blocks.cu" %}
{% endif %}
