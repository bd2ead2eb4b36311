{# Tell Brian2's code the modulation of a step. #}
static inline double step_modulation(const int64_t step)
{ return brainsleep::step_modulation(step); }
