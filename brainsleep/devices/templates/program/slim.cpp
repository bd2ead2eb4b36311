{# The whole program as one file, in a frame of our own: tables stand for what Brian2 writes out for
   each array, and no header of C++'s own library but cmath is read unless code wants it. What begins
   and ends a night is not optimised. *slim.py* says which programs can be had like this. #}
{% include "templates/program/basics.cpp" %}

{% for header in headers %}
#include {{header}}
{% endfor %}
namespace brainsleep
{
const char* results = "results/";
inline const char* results_folder() { return results; }
}
{% include "templates/program/output_files.cpp" %}

{% include "templates/program/arrays.cpp" %}

{% include "templates/program/clock.cpp" %}

// Brian2's conversion to whole numbers.
template<typename T> inline int int_(T value) { return (int)value; }

namespace brian
{
{% for array in arrays %}
{{array.declaration}};
{% if '_num_' + array.name in main_lines %}
const int _num_{{array.name}} = {{array.size}};
{% endif %}
{% endfor %}
{% for clock in clocks %}
Clock {{clock.name}};
{% endfor %}
{% for network in networks %}
Network {{network}};
{% endfor %}
}

{% include "templates/program/own_code.cpp" %}

{% for code in support %}
namespace {{code.namespace}} {
{{code.text}}
}
{% endfor %}

{% for function in functions %}
{{function}}
{% endfor %}
{% if block_loop %}
{% include "dense/templates/team.cpp" %}

{% include "dense/templates/night_loop.cpp" %}
{% else %}

{% endif %}

namespace brainsleep
{
Array arrays[] = {
{% for array in arrays %}
    {{'{'}}{{array.row}}{{'}'}},
{% endfor %}
};
const size_t n_arrays = sizeof arrays / sizeof arrays[0];
}

RUNS_ONCE int main(int argc, char** argv)
{
    using namespace brian;
    const brainsleep::Arguments args(argc, argv);
    brainsleep::make_arrays();
{% for array in arrays %}
{% if array.is_fixed %}
    {{array.name}} = ({{array.c_type}}*)brainsleep::arrays[{{loop.index0}}].data;
{% endif %}
{% endfor %}
{% for clock in clocks %}
    {{clock.name}}.dt = {{clock.dt}};
    {{clock.name}}.t = {{clock.t}};
    {{clock.name}}.timestep = {{clock.timestep}};
{% endfor %}

{{main_lines}}

    brainsleep::write_arrays();
    return 0;
}
