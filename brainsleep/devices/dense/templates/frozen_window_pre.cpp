{# Presynaptic spikes at a kernel that nothing changes. Which neurons one reaches is looked up. The sums
   are held with all channels of a place side by side, and so is a copy of the kernel: a spike adds
   whole rows. When all spikes of the step are added, the sums go to where Brian2 has them. Each sum
   is in the order of the spikes, as with stock synapses. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _channels, _height, _width = window.in_shape %}
    {% set _out_channels, _out_height, _out_width = window.out_shape %}
    {% set _, _per_group, _ky, _kx = window.kernel_shape %}
    {% set _out_per_group = _out_channels // window.groups %}
    {% set _places = _out_height*_out_width %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    if (_n_events == 0) return;
    static const brainsleep::WindowReach _reach(
        {{ '{%d, %d, %d, %d, %d, %d}' % (_height, _out_height, _ky, window.stride[0], window.padding[0], window.dilation[0]) }},
        {{ '{%d, %d, %d, %d, %d, %d}' % (_width, _out_width, _kx, window.stride[1], window.padding[1], window.dilation[1]) }});
    {% if channels_last %}
    {% for _name, _array in synaptic_arrays %}
    static const {{c_data_type(_array.dtype)}}* const _rows_of_{{_name}} = brainsleep::kernel_by_source(
        {{get_array_name(_array)}}, {{_channels}}, {{_per_group}}, {{_ky*_kx}}, {{_out_per_group}});
    {% endfor %}
    {% for _name, _array in summed %}
    static brainsleep::ChannelsLast<{{c_data_type(_array.dtype)}}, {{window.groups}}, {{_out_per_group}}, {{_places}}> _held_{{_name}};
    _held_{{_name}}.take({{get_array_name(_array)}});
    {% endfor %}
    {% endif %}
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _presynaptic_idx = {{_eventspace}}[_event];
        const size_t _channel = _presynaptic_idx / {{_height*_width}}, _from = _presynaptic_idx % {{_height*_width}};
        const brainsleep::Reached* const _end = _reach.end(_from);
        for (const brainsleep::Reached* _one = _reach.begin(_from); _one < _end; _one++)
        {
            {% if channels_last %}
            const size_t _row = (_channel*{{_ky*_kx}} + _one->weight) * {{_out_per_group}};
            const size_t _sums = (_channel / {{_per_group}} * {{_places}} + _one->place) * {{_out_per_group}};
            {% for _name, _array in synaptic_arrays %}
            const {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _rows_of_{{_name}};
            {% endfor %}
            {% for _name, _array in summed %}
            {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _held_{{_name}}.values;
            {% endfor %}
            #pragma GCC ivdep
            for (size_t _out = 0; _out < {{_out_per_group}}; _out++)
            {
                const size_t _postsynaptic_idx = _sums + _out;
                const size_t _idx = _row + _out;
            {% else %}
            for (size_t _out = 0; _out < {{_out_per_group}}; _out++)
            {
                const size_t _target = _channel / {{_per_group}} * {{_out_per_group}} + _out;
                const size_t _postsynaptic_idx = _target*{{_places}} + _one->place;
                const size_t _idx = (_target*{{_per_group}} + _channel % {{_per_group}}) * {{_ky*_kx}} + _one->weight;
            {% endif %}
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
        }
    }
    {% if channels_last %}
    {% for _name, _array in summed %}
    _held_{{_name}}.put({{get_array_name(_array)}});
    {% endfor %}
    {% endif %}
{% endblock %}
