{# A presynaptic spike reaches, in every channel of its group, the neurons whose window it is in. #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    {% set _eventspace = get_array_name(eventspace_variable) %}
    {% set _channels, _height, _width = window.in_shape %}
    {% set _out_channels, _out_height, _out_width = window.out_shape %}
    {% set _, _per_group, _ky, _kx = window.kernel_shape %}
    {% set _out_per_group = _out_channels // window.groups %}
    const size_t _vectorisation_idx = -1;
    {{scalar_code|autoindent}}

    const int32_t _n_events = {{_eventspace}}[{{n_pre}}];
    for (int32_t _event = 0; _event < _n_events; _event++)
    {
        const size_t _presynaptic_idx = {{_eventspace}}[_event];
        const int _channel = _presynaptic_idx / {{_height*_width}};
        const int _y = _presynaptic_idx / {{_width}} % {{_height}}, _x = _presynaptic_idx % {{_width}};
        // where in the kernel, and where among the targets
        int _rows = 0, _row[{{_ky}}], _target_row[{{_ky}}];
        for (int _k = 0; _k < {{_ky}}; _k++)
        {
            const int _place = _y + {{window.padding[0]}} - _k*{{window.dilation[0]}};
            if (_place < 0 || _place % {{window.stride[0]}} || _place / {{window.stride[0]}} >= {{_out_height}}) continue;
            _row[_rows] = _k;
            _target_row[_rows++] = _place / {{window.stride[0]}} * {{_out_width}};
        }
        int _columns = 0, _column[{{_kx}}], _target_column[{{_kx}}];
        for (int _k = 0; _k < {{_kx}}; _k++)
        {
            const int _place = _x + {{window.padding[1]}} - _k*{{window.dilation[1]}};
            if (_place < 0 || _place % {{window.stride[1]}} || _place / {{window.stride[1]}} >= {{_out_width}}) continue;
            _column[_columns] = _k;
            _target_column[_columns++] = _place / {{window.stride[1]}};
        }
        const int _first = _channel / {{_per_group}} * {{_out_per_group}};
        {% if window.stride == (1, 1) %}
        if (_rows == {{_ky}} && _columns == {{_kx}})
        {
            // the whole kernel is inside: loops of known length, and nothing to look up
            const size_t _corner = _target_row[0] + _target_column[0];
            for (int _out = _first; _out < _first + {{_out_per_group}}; _out++)
            {
                const size_t _kernel = (_out*{{_per_group}} + _channel % {{_per_group}}) * {{_ky*_kx}};
                const size_t _target = _out*{{_out_height*_out_width}} + _corner;
                for (int _r = 0; _r < {{_ky}}; _r++)
                    for (int _c = 0; _c < {{_kx}}; _c++)
                    {
                        const size_t _postsynaptic_idx = _target - _r*{{window.dilation[0]*_out_width}} - _c*{{window.dilation[1]}};
                        const size_t _idx = _kernel + _r*{{_kx}} + _c;
                        const size_t _vectorisation_idx = _idx;
                        {{vector_code|autoindent}}
                    }
            }
            continue;
        }
        {% endif %}
        for (int _out = _first; _out < _first + {{_out_per_group}}; _out++)
        {
            const size_t _kernel = (_out*{{_per_group}} + _channel % {{_per_group}}) * {{_ky*_kx}};
            const size_t _target = _out*{{_out_height*_out_width}};
            for (int _r = 0; _r < _rows; _r++)
                for (int _c = 0; _c < _columns; _c++)
                {
                    const size_t _postsynaptic_idx = _target + _target_row[_r] + _target_column[_c];
                    const size_t _idx = _kernel + _row[_r]*{{_kx}} + _column[_c];
                    const size_t _vectorisation_idx = _idx;
                    {{vector_code|autoindent}}
                }
        }
    }
{% endblock %}
