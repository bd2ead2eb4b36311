{# Of the neurons at threshold, leave only those with the highest potentials; of equals the first. #}
{# USES_VARIABLES { N, v, is_candidate, n_winners } #}
{% extends 'common_group.cpp' %}
{% block maincode %}
    static std::vector<int32_t> _found;
    _found.clear();
    for (int32_t _idx = 0; _idx < N; _idx++)
        if ({{is_candidate}}[_idx]) _found.push_back(_idx);
    const size_t _most = {{n_winners}};
    if (_found.size() > _most)
    {
        const auto _wins = [&](int32_t _one, int32_t _other) {
            return {{v}}[_one] > {{v}}[_other] || ({{v}}[_one] == {{v}}[_other] && _one < _other);
        };
        std::nth_element(_found.begin(), _found.begin() + _most, _found.end(), _wins);
        for (size_t _k = _most; _k < _found.size(); _k++) {{is_candidate}}[_found[_k]] = false;
    }
{% endblock %}
