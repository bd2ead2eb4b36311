{# Presynaptic spikes at a kernel that nothing changes. Sums are held with the channels of a place side
   by side, as many as fill a vector register, and so is a copy of the kernel: a spike adds whole rows.
   One slice of the channels after the other takes all spikes of the step, and stays in the first-level
   cache meanwhile; then its sums go to where Brian2 has them. Where windows move by single places, the
   sums are in a larger image: a spike adds the whole kernel, wherever it is. Otherwise, which neurons
   it reaches is looked up. Each sum is in the order of the spikes, as with stock synapses. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _channels, _height, _width = window.in_shape %}
    {% set _out_channels, _out_height, _out_width = window.out_shape %}
    {% set _, _per_group, _ky, _kx = window.kernel_shape %}
    {% set _out_per_group = _out_channels // window.groups %}
    {% set _places = _out_height*_out_width %}
    {% set _area = _height*_width %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    if (_n_events == 0) return;
    {% if not (slice_channels and frame.catches_all) %}
    static const brainsleep::WindowReach _reach(
        {{ '{%d, %d, %d, %d, %d, %d}' % (_height, _out_height, _ky, window.stride[0], window.padding[0], window.dilation[0]) }},
        {{ '{%d, %d, %d, %d, %d, %d}' % (_width, _out_width, _kx, window.stride[1], window.padding[1], window.dilation[1]) }});
    {% endif %}
    {% if slice_channels %}
    {% for _name, _array in synaptic_arrays %}
    static const {{c_data_type(_array.dtype)}}* const _rows_of_{{_name}} = brainsleep::kernel_by_source(
        {{get_array_name(_array)}}, {{_channels}}, {{_per_group}}, {{_ky*_kx}}, {{_out_per_group}}, {{slice_channels}});
    {% endfor %}
    for (int32_t _group_end, _group_first = 0; _group_first < _n_events; _group_first = _group_end)
    {
        const int32_t _group = {{_eventspace}}[_group_first] / {{_per_group*_area}};
        for (_group_end = {{'_n_events' if window.groups == 1 else '_group_first'}}; _group_end < _n_events; _group_end++)
            if ({{_eventspace}}[_group_end] >= (_group + 1)*{{_per_group*_area}}) break;
        size_t _first = 0;  // of the slice's channels
        {% for _slice in (slice_channels, _out_per_group % slice_channels) if _slice %}
        for (; _first + {{_slice}} <= {{_out_per_group}}; _first += {{_slice}})
        {
            const size_t _sums = (_group*{{_out_per_group}} + _first) * {{_places}};
            {% for _name, _array in summed %}
            static brainsleep::ChannelsLast<{{c_data_type(_array.dtype)}}, {{_slice}}, {{_out_height}}, {{_out_width}}, {{frame.n_places}}, {{frame.row_length}}, {{frame.begin}}> _held_{{_name}};
            _held_{{_name}}.take({{get_array_name(_array)}} + _sums);
            {% endfor %}
            for (int32_t _event = _group_first; _event < _group_end;)
            {
                const int32_t _channel = {{_eventspace}}[_event] / {{_area}};
                {% for _name, _array in synaptic_arrays %}
                const {{c_data_type(_array.dtype)}}* const _kernel_of_{{_name}} = _rows_of_{{_name}} + (_first*{{_channels}} + _channel*{{_slice}}) * {{_ky*_kx}};
                {% endfor %}
                do
                {
                    const size_t _presynaptic_idx = {{_eventspace}}[_event];
                    const int32_t _from = {{_eventspace}}[_event] - _channel*{{_area}};
                    {% if frame.catches_all %}
                    const size_t _corner = _from / {{_width}} * {{frame.row_length}} + _from % {{_width}};
                    for (size_t _r = 0; _r < {{_ky}}; _r++)
                    for (size_t _c = 0; _c < {{_kx}}; _c++)
                    {
                        const size_t _weight = _r*{{_kx}} + _c;
                        const size_t _place = _corner + ({{_ky - 1}} - _r)*{{window.dilation[0]*frame.row_length}} + ({{_kx - 1}} - _c)*{{window.dilation[1]}};
                    {% else %}
                    const brainsleep::Reached* const _end = _reach.end(_from);
                    for (const brainsleep::Reached* _one = _reach.begin(_from); _one < _end; _one++)
                    {
                        const size_t _weight = _one->weight, _place = _one->place;
                    {% endif %}
                        {% for _name, _array in synaptic_arrays %}
                        const {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _kernel_of_{{_name}};
                        {% endfor %}
                        {% for _name, _array in summed %}
                        {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _held_{{_name}}.values;
                        {% endfor %}
                        #pragma GCC ivdep
                        for (size_t _out = 0; _out < {{_slice}}; _out++)
                        {
                            const size_t _postsynaptic_idx = _place*{{_slice}} + _out;
                            const size_t _idx = _weight*{{_slice}} + _out;
                            const size_t _vectorisation_idx = _idx;
                            {{vector_code|autoindent}}
                        }
                    }
                } while (++_event < _group_end && {{_eventspace}}[_event] < (_channel + 1)*{{_area}});
            }
            {% for _name, _array in summed %}
            _held_{{_name}}.put({{get_array_name(_array)}} + _sums);
            {% endfor %}
        }
        {% endfor %}
    }
    {% else %}
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _presynaptic_idx = {{_eventspace}}[_event];
        const size_t _channel = _presynaptic_idx / {{_area}}, _from = _presynaptic_idx % {{_area}};
        {% if reaches_one %}
        const brainsleep::Reached* const _one = _reach.only(_from);
        {% else %}
        const brainsleep::Reached* const _end = _reach.end(_from);
        for (const brainsleep::Reached* _one = _reach.begin(_from); _one < _end; _one++)
        {% endif %}
            for (size_t _out = 0; _out < {{_out_per_group}}; _out++)
            {
                const size_t _target = _channel / {{_per_group}} * {{_out_per_group}} + _out;
                const size_t _postsynaptic_idx = _target*{{_places}} + _one->place;
                const size_t _idx = (_target*{{_per_group}} + _channel % {{_per_group}}) * {{_ky*_kx}} + _one->weight;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
    }
    {% endif %}
{% endblock %}
