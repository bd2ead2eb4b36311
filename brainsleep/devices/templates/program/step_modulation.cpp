static inline double step_modulation(const int64_t step)
{ return brainsleep::step_modulation(step); }
