{# Our own code of every program, between what the frame declares and the code objects. #}
{% include "templates/program/input_rows.cpp" %}

{% include "templates/program/found_neurons.cpp" %}
{% if block_loop %}
namespace brainsleep { inline void enter(int64_t) {} }
{% else %}

{% include "templates/program/read_rows.cpp" %}

{% endif %}

{% include "templates/program/peak_memory.cpp" %}


{% include "templates/program/loop_report.cpp" %}

{% include "templates/program/crc32.cpp" %}

{% include "templates/program/streams.cpp" %}

{% include "templates/program/snapshots.cpp" %}

{% include "templates/program/samples.cpp" %}

{% include "templates/program/rows_by_source.cpp" %}

{% include "templates/program/window_reach.cpp" %}

{% include "templates/program/presentations.cpp" %}

{% include "templates/program/tallies.cpp" %}

