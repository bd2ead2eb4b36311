{# Tell Brian2's code whether an input neuron spikes in a step. #}
static inline bool input_spike(const int neuron, const int64_t step)
{ return brainsleep::input_spike(neuron, step); }
