{# As in frozen_pre.cpp, but when a tile begins with a block of steps, the presynaptic spikes of all of
   its steps are added at once: those of a few neurons in each step, then those of the next few, so
   that their rows are still in the first-level cache in the next step. Each sum is in the order of the
   spikes, which is that of neurons. In each step, its sums are the drive, which was 0. Rows come from
   beyond the second-level cache, once per block: those of the next columns are fetched meanwhile. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _drive = summed[0][1] %}
    {% set _type = c_data_type(_drive.dtype) %}
    {% set _multiple = 64//_drive.dtype.itemsize %}
    static const {{_type}}* const _rows =
        brainsleep::rows_by_source({{get_array_name(synaptic_arrays[0][1])}}, {{n_pre}}, {{n_post}}, {{columns_at_once}}, {{_multiple}});
    static __thread {{_type}}* _sums = 0;  // a row per step
    static __thread size_t _length = 0;
    static __thread brainsleep::SpikesAhead<{{_type}}> _ahead;
    const size_t _tile_first = brainsleep::tile.first;
    const size_t _n_columns = brainsleep::tile.end({{n_post}}) - _tile_first;
    const size_t _width = (_n_columns + {{_multiple - 1}})/{{_multiple}}*{{_multiple}}, _tile_end = _tile_first + _width;
    if (brainsleep::block_step == 0)
    {
        const int64_t _n_steps = brainsleep::block_length;
        if (_n_steps*_width > _length)
        {
            free(_sums);
            _length = _n_steps*_width;
            _sums = brainsleep::space_for<{{_type}}>(_length);
        }
        memset(_sums, 0, _n_steps*_width*sizeof *_sums);
        // rows of a history begin with a cache line
        const size_t _list_length = {{(n_pre + 64)//64*64}};
        _ahead.find({{_eventspace}}, _list_length, {{n_pre}}, {{sources_at_once}});
        size_t _first = _tile_first;
        {% for _columns in (columns_at_once, (n_post % columns_at_once + _multiple - 1)//_multiple*_multiple) if _columns %}
        for (; _first + {{_columns}} <= _tile_end; _first += {{_columns}})
        {
            const size_t _then = _first + {{columns_at_once}};
            const size_t _next_width = _then + {{columns_at_once}} <= {{n_post}} ? {{columns_at_once}} : {{(n_post % columns_at_once + _multiple - 1)//_multiple*_multiple}};
            _ahead.aim(_rows + _then*{{n_pre}}, _then < {{n_post}} ? _next_width : 0, _ahead.n_parts*_n_steps);
            const {{_type}}* const _rows_here = _rows + _first*{{n_pre}};
            const int32_t *_spike = _ahead.spikes, *_end = _ahead.ends;
            {{_type}}* _sum = _sums + (_first - _tile_first);
            for (size_t _part = 0; _part < _ahead.n_parts; _part++)
                for (int64_t _step = 0; _step < _n_steps; _step++)
                {
                    _ahead.fetch();
                    const int32_t* const _stop = _ahead.spikes + *_end++;
                    if (_spike < _stop)
                        _spike = brainsleep::add_rows<{{_type}}, {{_columns}}>(_rows_here, _spike, _stop, _sum + _step*_width);
                }
        }
        {% endfor %}
    }
    memcpy({{get_array_name(_drive)}} + _tile_first, _sums + brainsleep::block_step*_width, _n_columns*sizeof *_sums);
{% endblock %}
