{# Tell Brian2's code the value of a signal in a step. #}
static inline double step_signal(const int place, const int64_t step)
{ return brainsleep::step_signal(place, step); }
