{# The whole program as one file: our own code, then all files that Brian2 generated, then our loop
   of the night, where there is one. What begins and ends a night is not optimised. #}
#include <chrono>
#include <fstream>
// For functions that are called a few times a night, if at all: optimising them took longer than
// they ever will.
#if defined(__clang__)
#define RUNS_ONCE __attribute__((optnone, noinline))
#elif defined(__GNUC__)
#define RUNS_ONCE __attribute__((optimize("O0")))
#else
#define RUNS_ONCE
#endif
#include "objects.h"
#include "network.h"

{% include "templates/program/input_rows.cpp" %}
{% if block_loop %}
namespace brainsleep { inline void enter(int64_t) {} }
{% else %}

{% include "templates/program/read_rows.cpp" %}

{% endif %}

{% include "templates/program/peak_memory.cpp" %}


{% include "templates/program/output_files.cpp" %}

{% include "templates/program/crc32.cpp" %}

{% include "templates/program/streams.cpp" %}

{% include "templates/program/snapshots.cpp" %}

{% include "templates/program/samples.cpp" %}

{% include "templates/program/aligned_space.cpp" %}

{% include "templates/program/rows_by_source.cpp" %}

{% include "templates/program/window_reach.cpp" %}

{% include "templates/program/synapses_by_neuron.cpp" %}

{% include "templates/program/presentations.cpp" %}

{% include "templates/program/tallies.cpp" %}

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
