{# The whole program as one file, in Brian2's own frame, which can hold whatever Brian2 generates: our
   own code, then all files that Brian2 generated, then our loop of the night, where there is one. What
   begins and ends a night is not optimised. *slim.cpp* is what most programs have instead. #}
{% include "templates/program/basics.cpp" %}

#include <algorithm>
#include <fstream>
#include "objects.h"
#include "network.h"
namespace brainsleep { inline const char* results_folder() { return brian::results_dir.c_str(); } }
{% include "templates/program/output_files.cpp" %}

{% include "templates/program/own_code.cpp" %}

{% include "templates/program/result_file.cpp" %}

{% include "templates/program/synapses_by_neuron.cpp" %}

{% for name in run_often %}
#include "{{name}}"
{% endfor %}

#if defined(__clang__)
#pragma clang optimize off
#elif defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("O0")
#endif
{% for name in run_once %}
#include "{{name}}"
{% endfor %}
#if defined(__clang__)
#pragma clang optimize on
#elif defined(__GNUC__)
#pragma GCC pop_options
#endif
{% if block_loop %}
{% include "dense/templates/team.cpp" %}

{% include "dense/templates/night_loop.cpp" %}
{% else %}

{% endif %}
