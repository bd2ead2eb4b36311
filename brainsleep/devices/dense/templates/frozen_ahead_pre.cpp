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
    static const {{_type}}* const _rows =
        brainsleep::rows_by_source({{get_array_name(synaptic_arrays[0][1])}}, {{n_pre}}, {{n_post}}, {{columns_at_once}});
    static __thread {{_type}}* _sums = 0;  // a row per step
    static __thread size_t _length = 0;
    static __thread brainsleep::RowsAhead<{{_type}}> _ahead;
    const size_t _tile_first = brainsleep::tile.first;
    const size_t _tile_end = brainsleep::tile.end({{n_post}}), _width = _tile_end - _tile_first;
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
        _ahead.find({{_eventspace}}, _list_length, {{n_pre}});
        size_t _first = _tile_first;
        {% for _columns in (columns_at_once, n_post % columns_at_once) if _columns %}
        for (; _first + {{_columns}} <= _tile_end; _first += {{_columns}})
        {
            const size_t _then = _first + {{_columns}}, _n_parts = {{(n_pre + sources_at_once - 1)//sources_at_once}};
            _ahead.aim(_rows + _then*{{n_pre}}, brainsleep::smaller<size_t>({{columns_at_once}}, {{n_post}} - _then), _n_parts*_n_steps);
            int32_t _next[{{most_steps}}] = {0};
            for (int32_t _limit = {{sources_at_once}}; _limit < {{n_pre + sources_at_once}}; _limit += {{sources_at_once}})
                for (int64_t _step = 0; _step < _n_steps; _step++)
                {
                    _ahead.fetch();
                    const int32_t* const _spikes = {{_eventspace}} + _step*_list_length;
                    const int32_t _n_spikes = _spikes[{{n_pre}}];
                    int32_t _event = _next[_step];
                    if (_event == _n_spikes || _spikes[_event] >= _limit) continue;
                    {{_type}}* const _sum = _sums + _step*_width + (_first - _tile_first);
                    {{_type}} _held[{{_columns}}];
                    brainsleep::copy(_sum, _held, {{_columns}});
                    do
                    {
                        const {{_type}}* const _row = _rows + _first*{{n_pre}} + (size_t)_spikes[_event]*{{_columns}};
                        asm volatile("");  // where the order of additions is free, spikes are not taken together
                        #pragma GCC ivdep
                        for (size_t _column = 0; _column < {{_columns}}; _column++)
                            _held[_column] += _row[_column];
                        _event++;
                    } while (_event < _n_spikes && _spikes[_event] < _limit);
                    brainsleep::copy(_held, _sum, {{_columns}});
                    _next[_step] = _event;
                }
        }
        {% endfor %}
    }
    memcpy({{get_array_name(_drive)}} + _tile_first, _sums + brainsleep::block_step*_width, _width*sizeof *_sums);
{% endblock %}
