{# As in frozen_pre.cpp, where a spike does nothing but add its weights to the drive: then rows and sums
   are filled up with zeros, so that whole vector registers are added. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _drive = get_array_name(summed[0][1]) %}
    {% set _type = c_data_type(summed[0][1].dtype) %}
    {% set _multiple = 64//summed[0][1].dtype.itemsize %}
    static const {{_type}}* const _rows =
        brainsleep::rows_by_source({{get_array_name(synaptic_arrays[0][1])}}, {{n_pre}}, {{n_post}}, {{columns_at_once}}, {{_multiple}});
    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    if (_n_events == 0) return;
    const size_t _tile_end = brainsleep::tile.end({{n_post}});
    size_t _first = brainsleep::tile.first;
    {% for _columns in (columns_at_once, n_post % columns_at_once) if _columns and _columns <= n_post %}
    {% set _filled = (_columns + _multiple - 1)//_multiple*_multiple %}
    for (; _first + {{_columns}} <= _tile_end; _first += {{_columns}})
    {
        alignas(64) {{_type}} _sums[{{_filled}}] = {0};
        brainsleep::copy({{_drive}} + _first, _sums, {{_columns}});
        brainsleep::add_rows<{{_type}}, {{_filled}}>(
            _rows + _first*{{n_pre}}, {{_eventspace}}, {{_eventspace}} + _n_events, _sums);
        brainsleep::copy(_sums, {{_drive}} + _first, {{_columns}});
    }
    {% endfor %}
{% endblock %}
