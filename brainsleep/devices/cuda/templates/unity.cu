{# The whole program as one file: our own code, then all files that Brian2CUDA generated. #}
#include <chrono>
#include <fstream>
#include "objects.h"
#include "network.h"
#include "brianlib/cuda_utils.h"
{% include "cuda/templates/night.cu" %}

{% include "templates/program/peak_memory.cpp" %}

{% for name in sources %}
#include "{{name}}"
{% endfor %}
