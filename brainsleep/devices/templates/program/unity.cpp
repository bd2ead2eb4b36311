{# The whole program as one file: our own code, then all files that Brian2 generated, then our loop
   of the night, where there is one. #}
#include <chrono>
#include <fstream>
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

{% include "templates/program/presentations.cpp" %}

{% for name in sources %}
#include "{{name}}"
{% endfor %}
{% if block_loop %}
{% include "dense/templates/night_loop.cpp" %}
{% else %}

{% endif %}
