static inline bool input_spike(const int neuron, const int64_t step)
{ return brainsleep::input_spike(neuron, step); }
