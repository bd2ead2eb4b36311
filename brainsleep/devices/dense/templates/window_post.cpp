{# Postsynaptic spikes change a kernel that all positions of a channel share. Each weight of it
   changes as at one synapse whose presynaptic neuron is the mean of the neurons that the weight
   meets at the spiking positions; this change is multiplied by the fraction of positions that
   spike. Spikes come in ascending order, so those of one channel are side by side. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _channels, _height, _width = window.in_shape %}
    {% set _out_channels, _out_height, _out_width = window.out_shape %}
    {% set _, _per_group, _ky, _kx = window.kernel_shape %}
    {% set _out_per_group = _out_channels // window.groups %}
    {% set _size = _per_group*_ky*_kx %}
    {% set _scalar = c_data_type(synaptic_arrays[0][1].dtype) %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    static const {{_scalar}} _positions[{{_ky*_kx}}] = { {{valid_positions|join(', ')}} };
    {% for _array in presynaptic_arrays %}
    static {{c_data_type(_array.dtype)}} _mean_{{_array.name}}[{{_size}}];
    {% endfor %}
    {% for _name, _array in synaptic_arrays if _name in written %}
    static {{c_data_type(_array.dtype)}} _old_{{_name}}[{{_size}}];
    {% endfor %}
    const int32_t _n_events = {{_eventspace}}[{{n_post}}];
    int32_t _event = 0;
    while (_event < _n_events)
    {
        const int _out = {{_eventspace}}[_event] / {{_out_height*_out_width}};
        {% for _array in presynaptic_arrays %}
        memset(_mean_{{_array.name}}, 0, sizeof _mean_{{_array.name}});
        {% endfor %}
        {{_scalar}} _met[{{_ky*_kx}}] = {0};
        for (; _event < _n_events && {{_eventspace}}[_event] / {{_out_height*_out_width}} == _out; _event++)
        {
            const int _position = {{_eventspace}}[_event] % {{_out_height*_out_width}};
            const int _top = _position / {{_out_width}} * {{window.stride[0]}} - {{window.padding[0]}};
            const int _left = _position % {{_out_width}} * {{window.stride[1]}} - {{window.padding[1]}};
            const int _first_column = _left >= 0 ? 0 : (-_left + {{window.dilation[1] - 1}}) / {{window.dilation[1]}};
            const int _last_column = brainsleep::smaller<int>({{_kx}}, ({{_width + window.dilation[1] - 1}} - _left) / {{window.dilation[1]}});
            for (int _r = 0; _r < {{_ky}}; _r++)
            {
                const int _y = _top + _r*{{window.dilation[0]}};
                if (_y < 0 || _y >= {{_height}}) continue;
                for (int _c = _first_column; _c < _last_column; _c++) _met[_r*{{_kx}} + _c] += 1;
                {% for _array in presynaptic_arrays %}
                for (int _inner = 0; _inner < {{_per_group}}; _inner++)
                {
                    const size_t _channel = _out / {{_out_per_group}} * {{_per_group}} + _inner;
                    const size_t _source = (_channel*{{_height}} + _y)*{{_width}};
                    const size_t _k = (_inner*{{_ky}} + _r)*{{_kx}};
                    for (int _c = _first_column; _c < _last_column; _c++)
                        _mean_{{_array.name}}[_k + _c] += {{get_array_name(_array)}}[_source + _left + _c*{{window.dilation[1]}}];
                }
                {% endfor %}
            }
        }
        {% for _array in presynaptic_arrays %}
        for (int _inner = 0; _inner < {{_per_group}}; _inner++)
            for (int _k = 0; _k < {{_ky*_kx}}; _k++)
                _mean_{{_array.name}}[_inner*{{_ky*_kx}} + _k] /= _met[_k] > 0 ? _met[_k] : 1;
        {% endfor %}
        const size_t _row = _out*{{_size}};
        {% for _name, _array in synaptic_arrays if _name in written %}
        brainsleep::copy({{get_array_name(_array)}} + _row, _old_{{_name}}, {{_size}});
        {% endfor %}
        {
            {% for _array in presynaptic_arrays %}
            const {{c_data_type(_array.dtype)}}* const {{get_array_name(_array)}} = _mean_{{_array.name}};
            {% endfor %}
            #pragma GCC ivdep
            for (size_t _presynaptic_idx = 0; _presynaptic_idx < {{_size}}; _presynaptic_idx++)
            {
                const size_t _idx = _row + _presynaptic_idx;
                const size_t _vectorisation_idx = _idx;
                {{vector_code|autoindent}}
            }
        }
        {% for _name, _array in synaptic_arrays if _name in written %}
        for (int _inner = 0; _inner < {{_per_group}}; _inner++)
            for (int _k = 0; _k < {{_ky*_kx}}; _k++)
            {
                const int _place = _inner*{{_ky*_kx}} + _k;
                {{_scalar}}& _new = {{get_array_name(_array)}}[_row + _place];
                _new = _old_{{_name}}[_place] + (_new - _old_{{_name}}[_place]) * (_met[_k]/_positions[_k]);
            }
        {% endfor %}
    }
{% endblock %}
