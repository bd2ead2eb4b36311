{# Brian2's clip compares in double precision, which costs a loop in single precision much time. #}

template<typename T>
static inline T _clip_in_kind(const T value, const T low, const T high)
{
    const T raised = value < low ? low : value;
    return raised > high ? high : raised;
}
template<typename T, typename A, typename B>
static inline T _clip_in_kind(const T value, const A low, const B high)
{ return _clip_in_kind(value, T(low), T(high)); }
